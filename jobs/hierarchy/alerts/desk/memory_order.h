/* Memory: the order of its detectors, for memory.c, memory_heads.c and memory_file.c. */
#ifndef LODE_JOBS_HIERARCHY_ALERTS_DESK_MEMORY_ORDER_H
#define LODE_JOBS_HIERARCHY_ALERTS_DESK_MEMORY_ORDER_H

#include "jobs/hierarchy/alerts/desk/memory.h"

/* By level, component, detector. */
int memory_compare(const struct memory_detector *a, const struct memory_detector *b);

/* The record of that detector; NULL: there is none. */
struct memory_detector *memory_find(const struct memory *memory, const char *level,
                                    const char *component, const char *detector);

#endif
