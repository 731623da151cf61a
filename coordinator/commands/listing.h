/* Listing: a JSON list of objects as a table on the screen. */
#ifndef LODE_COORDINATOR_LISTING_H
#define LODE_COORDINATOR_LISTING_H

#include "common/error.h"

#include <cjson/cJSON.h>

enum listing_kind {
    LISTING_TEXT,
    LISTING_COUNT,  /* 1,234 */
    LISTING_NUMBER, /* three digits */
    LISTING_ID      /* 1234 */
};

/* Fields that are not there are "-", texts "". */
struct listing_column {
    const char *title, *field; /* both NULL: the end */
    enum listing_kind kind;
};

/* A blank line and the table, at most 100 rows of it; nothing for a list without any. */
LODE_CHECKED lode_status listing_print(const cJSON *list, const struct listing_column *columns);

/* The whole document as JSON. */
LODE_CHECKED lode_status listing_print_json(const cJSON *document);

/* "0.15 s", "12.3 s"; "?" for NaN. Into text (>= LISTING_SECONDS_SIZE); returns it. */
enum { LISTING_SECONDS_SIZE = 32 };
const char *listing_seconds(double seconds, char *text);

#endif
