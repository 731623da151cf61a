/* Calendar: what clock and calendar of a zone show at a moment. */
#ifndef LODE_COMMON_EXPR_CALENDAR_H
#define LODE_COMMON_EXPR_CALENDAR_H

#include "common/expr/graph.h"
#include "common/zone.h"

/* `part`: EXPR_HOUR to EXPR_MONTH. Weekday 1 is Monday; day of the month and month are from 1. NaN:
 * the moment is NaN or beyond the years 1..9999. */
double expr_calendar(enum expr_op part, const struct lode_zone *zone, double utc_ms);

#endif
