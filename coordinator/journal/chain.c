/* Chain: see the header. */
#include "coordinator/journal/chain.h"

#include <inttypes.h>

struct heading {
    struct lode_arena *arena;
    struct header *header;
};

/* Takes the header, and ends the scan with LODE_E_STOPPED: it says what else to read. */
static lode_status take_header(void *context, const struct entry *entry, uint64_t offset)
{
    const struct heading *heading = context;
    (void)offset;
    if (entry->kind != ENTRY_HEADER)
        return lode_fail(LODE_E_MESSAGE, "it does not begin with a header");
    const lode_status status =
        header_decode(entry->bytes.data, entry->bytes.size, heading->arena, heading->header);
    return status ? lode_note(status, "the journal's header") : LODE_E_STOPPED;
}

/* *epoch: of the leader; 0: there is none. */
static lode_status find_leader(const struct chain_source *source, struct lode_arena *arena,
                               struct header *header, uint64_t *leader)
{
    struct heading heading = {.arena = arena, .header = header};
    for (*leader = source->newest; *leader >= 1; --*leader) {
        struct segment_source segment;
        uint64_t end = 0;
        lode_try(source->open(source->context, *leader, &segment));
        const lode_status status = segment_scan(&segment, take_header, &heading, &end);
        if (status == LODE_E_STOPPED && header->epoch == *leader) return LODE_OK;
        if (status == LODE_E_STOPPED)
            return lode_fail(LODE_E_INPUT, "%s is not what its name says: its epoch is %" PRIu64,
                             segment.name, header->epoch);
        lode_try(status);
    }
    return LODE_OK;
}

struct reading {
    struct history *history;
    uint64_t epoch;
    bool is_begun; /* its first entry, the header, was there */
};

static lode_status take_fact(void *context, const struct entry *entry, uint64_t offset)
{
    struct reading *reading = context;
    if (!reading->is_begun && entry->kind == ENTRY_HEADER) {
        reading->is_begun = true;
        return LODE_OK; /* known already, or of no more interest */
    }
    return history_take(reading->history, reading->epoch, entry, offset);
}

/* counts->size_bytes: what must be there; for the leader what was found whole. */
static lode_status read_segment(const struct chain_source *source, bool is_leader,
                                struct header_segment *counts, struct history *history)
{
    struct segment_source segment;
    struct reading reading = {.history = history, .epoch = counts->epoch};
    lode_try(source->open(source->context, counts->epoch, &segment));
    if (!is_leader && segment.size < counts->size_bytes)
        return lode_fail(LODE_E_INPUT,
                         "%s is damaged at offset %" PRIu64 ": it ends there, it had %" PRIu64
                         " bytes",
                         segment.name, segment.size, counts->size_bytes);
    if (!is_leader) segment.size = counts->size_bytes;
    segment.is_whole = !is_leader;
    return segment_scan(&segment, take_fact, &reading, &counts->size_bytes);
}

lode_status chain_read(const struct chain_source *source, struct lode_arena *arena,
                       struct chain *chain, struct history *history)
{
    uint64_t leader = 0;
    *chain = (struct chain){0};
    lode_try(find_leader(source, arena, &chain->header, &leader));
    if (leader == 0) return LODE_OK;
    const int64_t n = chain->header.n_earlier;
    lode_try(lode_take(arena, n + 1, &chain->counts));
    for (int64_t i = 0; i <= n; i++) {
        struct header_segment *counts = &chain->counts[i];
        *counts = i < n ? chain->header.earlier[i] : (struct header_segment){.epoch = leader};
        if (i < n && (counts->epoch >= leader || (i > 0 && counts->epoch <= counts[-1].epoch)))
            return lode_fail(LODE_E_INPUT,
                             "the journal's epoch %" PRIu64 " cannot continue epoch %" PRIu64,
                             leader, counts->epoch);
        lode_try(read_segment(source, i == n, counts, history));
    }
    chain->n_counts = n + 1;
    return LODE_OK;
}
