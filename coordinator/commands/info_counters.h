/* Info, counters: what `lode info` says of a store of that kind. */
#ifndef LODE_COORDINATOR_INFO_COUNTERS_H
#define LODE_COORDINATOR_INFO_COUNTERS_H

#include "common/store/store.h"

#include <cjson/cJSON.h>

/* Keys components (a list), counters (a list), times, values, slot_ms. */
void info_describe_counters(const struct lode_store *store, cJSON *object);
/* The numbers; then the lists, of which the beginning is shown. */
void info_print_counts(const struct lode_store *store);
LODE_CHECKED lode_status info_print_counters(const struct lode_store *store);

#endif
