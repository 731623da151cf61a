/* Evaluation: values of expressions for the sessions of one partition, in a leaf.
 *
 * What stands between common/expr, which knows arrays, and a partition, which has columns: the
 * graph and its zone travel as parameters, what the asked nodes need is read and nothing else, and
 * users are done in blocks, so that values of a thousand nodes fit.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_EVALUATION_H
#define LODE_JOBS_OPPORTUNITIES_EVALUATION_H

#include "common/expr/evaluate.h"
#include "common/expr/expr.h"
#include "jobs/job.h"
#include "jobs/opportunities/derive/samples.h"

/* Stored columns that a graph's indices mean, and those that the leaf has read already. */
struct evaluation_part {
    struct lode_part *part;
    int64_t n_kpis, n_attributes;            /* of the store */
    const struct lode_kpi *kpis;             /* [n_kpis] name, is_binary */
    const struct lode_attribute *attributes; /* [n_attributes] name, of_user, dictionary.count */
    int64_t n_event_attributes;
    const struct expr_event_attribute *event_attributes; /* name, is_number, words.count */
    struct samples samples;
    const int64_t *session_offsets; /* these four: NULL: not read */
    const int64_t *event_offsets;
    const int64_t *starts;
    const uint32_t *event_names;
    /* [n_kpis], [n_attributes], zeroed: what is read of these is left here, for the leaf to use
     * instead of reading it again; NULL: it is not wanted. */
    double **kpi_numbers;
    uint32_t **attribute_codes;
};

/* A graph, its zone, the event attributes of its schema and its series (samples_pack), as bytes and
 * back; event attributes and series go into `part`, which has the attributes already. Everything is
 * the arena's. LODE_E_MESSAGE. */
LODE_CHECKED lode_status evaluation_pack(const struct expr_graph *graph,
                                         const struct expr_schema *schema,
                                         const struct lode_bytes *zone_rules,
                                         const struct lode_bytes *samples, struct lode_bytes *out);
LODE_CHECKED lode_status evaluation_unpack(struct lode_unpack *in, struct lode_arena *arena,
                                           struct expr_graph **graph, const struct lode_zone **zone,
                                           struct evaluation_part *part);

/* Reads the columns that are needed, but for those that the leaf has. From the task's arena. */
LODE_CHECKED lode_status evaluation_read_columns(const struct expr_needs *needs,
                                                 const struct evaluation_part *part,
                                                 const struct expr_graph *graph,
                                                 struct lode_task *task,
                                                 struct expr_columns *columns);

/* Takes values of a block: values[r][s] of root r and session first_session + s. */
typedef lode_status (*evaluation_take_fn)(void *context, int64_t first_session, int64_t n_sessions,
                                          double *const *values);

struct evaluation {
    const struct expr_graph *graph;
    const struct lode_zone *zone;
    const int32_t *roots;
    int32_t n_roots;
    int64_t step; /* every step-th block of users, for a sample; 1: all */
    evaluation_take_fn take;
    void *context;
};

/* Evaluates the roots for all users (or a sample) in order, block by block. Memory but for columns
 * that are left is given back at the end. The graph must be one for this store: LODE_E_MESSAGE. */
LODE_CHECKED lode_status evaluation_run(const struct evaluation *evaluation,
                                        const struct evaluation_part *part, struct lode_task *task);

#endif
