/* Labels: what the labels of a Prometheus series mean: component, machine and counter. Pure. */
#ifndef LODE_JOBS_STAGE_COUNTERS_SERIES_LABELS_H
#define LODE_JOBS_STAGE_COUNTERS_SERIES_LABELS_H

#include "common/input/query_range.h"
#include "common/memory.h"

struct series_labels_rule {
    /* Labels whose values are the component's name: alternatives joined by commas, of which the
     * first counts whose labels the series has; several labels of one joined by slashes, as their
     * values then are (`job/instance`). "": instance, else job. */
    const char *component;
    const char *machine; /* the label that is the machine; NULL: none is */
    const char *name;    /* of a series that has none: an expression's */
};

/* Texts [size], not zero-terminated; cleared by the caller. */
struct series_labels {
    struct lode_bytes component, machine, counter;
};

/* The counter is the series' name and, in braces, all labels that are neither component nor
 * machine: `requests{code="200",method="GET"}`, in order of their names. An empty value is as good
 * as no label. LODE_E_INPUT: a component's label is missing; a name is too long. */
LODE_CHECKED lode_status series_labels_read(const struct series_labels_rule *rule,
                                            const struct lode_query_series *series,
                                            struct series_labels *named);

#endif
