/* Samples: the series of other stores that a graph names, on their way to the leaves.
 *
 * All partitions of the store of events need the same series. Few samples are read once, on the
 * coordinator, and travel with the parameters of a stage; many are named there, and each leaf reads
 * them. Either way a series is where a leaf looks for it.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_SAMPLES_H
#define LODE_JOBS_OPPORTUNITIES_SAMPLES_H

#include "common/expr/evaluate.h"
#include "common/wire/pack.h"
#include "jobs/opportunities/derive/sources.h"
#include "lode/store.h"

/* With more bytes of samples than this, of all series together, each leaf reads its own. */
enum { SAMPLES_HELD_BYTES = 4 << 20 };

/* Bytes of the samples of one series of the graph in a leaf, at most. `attributes` [n_attributes of
 * the graph] are those of the store. LODE_E_MEMORY; scratch is the arena's. */
LODE_CHECKED lode_status samples_bytes(const struct sources *sources,
                                       const struct expr_graph *graph,
                                       const struct lode_attribute *attributes, int64_t series,
                                       struct lode_arena *arena, int64_t *bytes);

/* Appends all series of the graph, with samples if they are at most `held_bytes`. LODE_E_INPUT: a
 * store of samples cannot be read. LODE_E_MEMORY. */
LODE_CHECKED lode_status samples_pack(const struct sources *sources, const struct expr_graph *graph,
                                      const struct lode_attribute *attributes, int64_t held_bytes,
                                      struct lode_arena *arena, struct lode_bytes *out);

/* What a leaf has been told. */
struct samples_item;
struct samples {
    uint32_t n_items, n_series;
    struct samples_item *items;
    struct samples_slots {
        uint32_t n;
        int64_t *items; /* [n] -1: there is none */
    } * series; /* [n_series] one slot, or one for each word of the attribute that names it */
};

/* Reads what samples_pack wrote; from the arena. LODE_E_MESSAGE: not of this graph and these
 * attributes. LODE_E_MEMORY. */
LODE_CHECKED lode_status samples_unpack(struct lode_unpack *in, const struct expr_graph *graph,
                                        const struct lode_attribute *attributes,
                                        int64_t n_attributes, struct lode_arena *arena,
                                        struct samples *samples);

/* Columns of the series that are needed ([n_series] of flags); those that did not travel are read,
 * into the arena. LODE_E_INPUT, LODE_E_MEMORY. */
LODE_CHECKED lode_status samples_columns(const struct samples *samples, const uint8_t *needed,
                                         struct lode_arena *arena,
                                         const struct expr_series_column **columns);

#endif
