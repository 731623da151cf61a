/* Merge: a heap of readers, ordered by the key of their next record. The one on top is replaced by
 * its own next record, which mostly stays there (data that were sorted already, blocks of a key).
 *
 * All it needs, its own state included, is in the memory it was given. A record that passed through
 * a scratch file has its source in front of its value, as 8 bytes.
 */
#include "jobs/shuffle/merge.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { ADVANCE_RECORDS = 1 << 16, ALIGNMENT = 64 };

static const char scratch_name[] = "a scratch file of the merge";

struct reading {
    struct extent_reader reader;
    const struct merge_input *input;
    struct shuffle_record record;
    bool owns_fd, has_source;
};

struct entry {
    uint64_t prefix;
    int64_t reading; /* ties: the first */
};

struct merge {
    struct shuffle_site site;
    struct merge_input *inputs; /* the merge's own */
    int64_t n;
    bool has_source; /* inputs lie in a scratch file and their values begin with it */
    uint8_t *memory;
    size_t size;
    int scratch;              /* that the inputs lie in, once there was a pass; -1: none */
    struct reading *readings; /* [n_readings] */
    int64_t n_readings;
    struct entry *heap;
    int64_t n_heap;
    bool has_top; /* the record of heap[0] was given out */
    int64_t n_given;
};

static bool is_before(const struct merge *m, const struct entry *a, const struct entry *b)
{
    if (a->prefix != b->prefix) return a->prefix < b->prefix;
    if (place_is_cut(a->prefix)) {
        const struct shuffle_record *p = &m->readings[a->reading].record;
        const struct shuffle_record *q = &m->readings[b->reading].record;
        const int order = shuffle_compare(p->key, p->key_size, q->key, q->key_size);
        if (order != 0) return order < 0;
    }
    return a->reading < b->reading;
}

static void sift_down(struct merge *m, int64_t at)
{
    const struct entry entry = m->heap[at];
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= m->n_heap) break;
        if (child + 1 < m->n_heap && is_before(m, &m->heap[child + 1], &m->heap[child])) child++;
        if (!is_before(m, &m->heap[child], &entry)) break;
        m->heap[at] = m->heap[child];
        at = child;
    }
    m->heap[at] = entry;
}

static lode_status read_next(struct reading *reading, bool *more)
{
    struct shuffle_record *record = &reading->record;
    lode_try(extent_next(&reading->reader, record, more));
    if (!*more) return LODE_OK;
    record->source = reading->input->source;
    if (!reading->has_source) return LODE_OK;
    if (record->value_size < sizeof record->source)
        return lode_fail(LODE_E_INPUT, "%s: a record without its source", reading->reader.path);
    memcpy(&record->source, record->value, sizeof record->source);
    record->value += sizeof record->source;
    record->value_size -= sizeof record->source;
    return LODE_OK;
}

static void close_reading(struct reading *reading)
{
    if (reading->owns_fd) close(reading->reader.fd);
    reading->owns_fd = false;
}

static void close_readings(struct merge *m)
{
    for (int64_t r = 0; r < m->n_readings; r++) close_reading(&m->readings[r]);
    m->n_readings = 0;
    m->n_heap = 0;
}

static lode_status open_reading(struct merge *m, const struct merge_input *input, uint8_t *memory)
{
    struct reading *reading = &m->readings[m->n_readings];
    bool more = false;
    const char *path = input->path ? input->path : scratch_name;
    int fd = input->fd;
    if (input->path) {
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) return lode_fail(LODE_E_INPUT, "%s: %s", path, strerror(errno));
    }
    *reading = (struct reading){
        .input = input, .owns_fd = input->path != NULL, .has_source = m->has_source};
    extent_reader_init(&reading->reader, fd, path, &input->extent, memory);
    m->n_readings++;
    lode_try(read_next(reading, &more));
    if (!more) {
        close_reading(reading);
        return LODE_OK;
    }
    m->heap[m->n_heap++] = (struct entry){
        place_prefix(reading->record.key, reading->record.key_size), m->n_readings - 1};
    return LODE_OK;
}

/* How many inputs from `first` on fit into the memory beside `reserved` bytes, at most the width.
 */
static int64_t group_size(const struct merge *m, int64_t first, size_t reserved)
{
    uint64_t bytes = reserved;
    int64_t count = 0;
    while (first + count < m->n && count < MERGE_WIDTH) {
        bytes += m->inputs[first + count].extent.largest;
        if (bytes > m->size) break;
        count++;
    }
    return count;
}

static lode_status open_group(struct merge *m, int64_t first, int64_t count)
{
    uint8_t *memory = m->memory;
    m->has_top = false;
    for (int64_t i = first; i < first + count; i++) {
        lode_try(open_reading(m, &m->inputs[i], memory));
        memory += m->inputs[i].extent.largest;
    }
    for (int64_t at = m->n_heap / 2; at-- > 0;) sift_down(m, at);
    return LODE_OK;
}

lode_status merge_next(struct merge *m, struct shuffle_record *record, bool *more)
{
    if (m->has_top) {
        struct reading *top = &m->readings[m->heap[0].reading];
        bool left = false;
        lode_try(read_next(top, &left));
        if (left) {
            m->heap[0].prefix = place_prefix(top->record.key, top->record.key_size);
        } else {
            close_reading(top);
            m->heap[0] = m->heap[--m->n_heap];
        }
        if (m->n_heap > 1) sift_down(m, 0);
    }
    *more = m->has_top = m->n_heap > 0;
    if (!*more) return LODE_OK;
    *record = m->readings[m->heap[0].reading].record;
    if (++m->n_given % ADVANCE_RECORDS == 0 && m->site.task)
        return lode_task_advance(m->site.task, ADVANCE_RECORDS);
    return LODE_OK;
}

/* Merges one group into an extent at the end of `out`. */
static lode_status merge_group(struct merge *m, int64_t first, int64_t count,
                               struct extent_writer *out, struct lode_bytes *value,
                               struct extent *extent)
{
    struct shuffle_record record;
    bool more = false;
    lode_try(open_group(m, first, count));
    extent_begin(out);
    for (;;) {
        lode_try(merge_next(m, &record, &more));
        if (!more) break;
        value->size = 0;
        lode_try(lode_bytes_append(value, &record.source, sizeof record.source));
        lode_try(lode_bytes_append(value, record.value, record.value_size));
        record.value = value->data;
        record.value_size = value->size;
        lode_try(extent_put(out, &record));
    }
    extent_end(out, extent);
    close_readings(m);
    return LODE_OK;
}

/* One pass: every group of neighbours becomes one extent of a new scratch file. */
static lode_status merge_pass(struct merge *m)
{
    struct extent_writer out;
    struct lode_bytes value = {0};
    lode_status status = LODE_OK;
    int fd = -1;
    int64_t n = 0;
    lode_try(scratch_open(m->site.directory, &fd));
    extent_writer_init(&out, fd, scratch_name, 0, m->memory + m->size - EXTENT_OUT_BYTES,
                       EXTENT_OUT_BYTES, m->site.arena);
    for (int64_t first = 0; first < m->n;) {
        struct extent extent = {0};
        const int64_t count = group_size(m, first, EXTENT_OUT_BYTES);
        if (count < 2 && first + count < m->n) {
            status =
                lode_fail(LODE_E_MEMORY, "merging records of %llu bytes takes more than %zu bytes",
                          (unsigned long long)m->inputs[first].extent.largest, m->size);
            goto done;
        }
        lode_try_done(merge_group(m, first, count, &out, &value, &extent));
        m->inputs[n++] = (struct merge_input){.fd = fd, .extent = extent, .source = -1};
        first += count;
    }
    lode_try_done(extent_flush(&out));
    m->n = n;
    m->has_source = true;
    if (m->scratch >= 0) close(m->scratch);
    m->scratch = fd;
    fd = -1;
done:
    lode_bytes_clear(&value);
    if (fd >= 0) close(fd);
    return status;
}

/* Part of the memory for `count` items. */
static lode_status carve(struct merge *m, int64_t count, size_t item_size, void **items)
{
    size_t bytes = 0;
    lode_try(lode_mul_size((uint64_t)count, item_size, &bytes));
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes > m->size)
        return lode_fail(LODE_E_MEMORY, "merging %lld pieces takes more than %zu bytes",
                         (long long)count, m->size);
    *items = m->memory;
    m->memory += bytes;
    m->size -= bytes;
    return LODE_OK;
}

static lode_status prepare(struct merge *m, const struct merge_input *inputs, int64_t n)
{
    const int64_t width = n < MERGE_WIDTH ? n : MERGE_WIDTH;
    lode_try(carve(m, n, sizeof *m->inputs, (void **)&m->inputs));
    lode_try(carve(m, width, sizeof *m->readings, (void **)&m->readings));
    lode_try(carve(m, width, sizeof *m->heap, (void **)&m->heap));
    for (int64_t i = 0; i < n; i++)
        if (inputs[i].extent.n_records > 0) m->inputs[m->n++] = inputs[i];
    while (group_size(m, 0, 0) < m->n) lode_try(merge_pass(m));
    return open_group(m, 0, m->n);
}

lode_status merge_open(const struct shuffle_site *site, const struct merge_input *inputs, int64_t n,
                       void *memory, size_t size, struct merge **merge)
{
    struct merge opening = {.site = *site, .memory = memory, .size = size, .scratch = -1};
    struct merge *m = NULL;
    lode_try(carve(&opening, 1, sizeof *m, (void **)&m));
    *m = opening;
    const lode_status status = prepare(m, inputs, n);
    if (status) {
        merge_close(m);
        return status;
    }
    *merge = m;
    return LODE_OK;
}

void merge_close(struct merge *m)
{
    if (!m) return;
    close_readings(m);
    if (m->scratch >= 0) close(m->scratch);
    m->scratch = -1;
}
