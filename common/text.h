/* Text: strict numbers, durations, times, UTF-8, nearest matches. Nothing here depends on a locale.
 */
#ifndef LODE_COMMON_TEXT_H
#define LODE_COMMON_TEXT_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whole text as a number: no space, no rest, finite. False leaves *value alone. */
bool lode_text_to_i64(const char *text, size_t size, int64_t *value);
bool lode_text_to_f64(const char *text, size_t size, double *value);

/* "30d", "2h", "15m", "10s", "500ms" to milliseconds; a bare number counts in seconds. >= 0. */
bool lode_text_to_duration_ms(const char *text, size_t size, int64_t *duration_ms);
/* "64M", "1GiB", "512": bytes, powers of 1024. */
bool lode_text_to_bytes(const char *text, size_t size, uint64_t *bytes);

/* ISO 8601: 2026-11-21, 2026-11-21T10:17:31[.123456][Z|+01:00] (T or space) to milliseconds since
 * 1970-01-01 UTC; a time without an offset is UTC. Fractions beyond ms are cut. */
bool lode_text_iso_to_ms(const char *text, size_t size, int64_t *time_ms);

/* Days from 1970-01-01 to a date of the years 0 to 10,000 (month from 1, day from 1). */
int64_t lode_text_days(int year, int month, int day);

/* Is it UTF-8 (RFC 3629) without a NUL byte? */
bool lode_text_is_utf8(const char *text, size_t size);

/* Levenshtein distance of two short texts (bytes; at most 64 of each count). */
int lode_text_distance(const char *a, const char *b);
/* The candidate nearest to `word` if near enough to be meant (distance <= 1 + length / 3), else
 * NULL. `candidates` ends with NULL. */
const char *lode_text_nearest(const char *word, const char *const *candidates);

/* Shell-like glob with * and ?; the whole text must match. Linear in text for one star. */
bool lode_text_glob(const char *pattern, const char *text);

/* "1,234,567" into buffer (>= 32 bytes); returns buffer. */
const char *lode_text_grouped(int64_t value, char *buffer);
/* Columns that UTF-8 text takes on a terminal (code points; combining marks are not considered). */
int lode_text_width(const char *text);
/* Writes text into buffer[0..room) with control bytes, and bytes that are not UTF-8, shown as \xNN;
 * cut where the next character would not fit. Returns the bytes written; no final zero. Takes no
 * memory: for log lines. */
size_t lode_text_visible(const char *text, size_t size, char *buffer, size_t room);
/* Appends text with control bytes shown as \xNN, so that it can go to a terminal. */
LODE_CHECKED lode_status lode_text_append_visible(struct lode_bytes *out, const char *text,
                                                  size_t size);
/* Appends a JSON string with its quotes; all control characters are escaped, also those above
 * U+007F; bytes that are not UTF-8 become U+FFFD. */
LODE_CHECKED lode_status lode_text_append_json(struct lode_bytes *out, const char *text,
                                               size_t size);
/* Appends one CSV field, quoted where RFC 4180 asks for it. */
LODE_CHECKED lode_status lode_text_append_csv(struct lode_bytes *out, const char *text,
                                              size_t size);
/* Appends the shortest decimal form that reads back as the same double ("inf", "" for NaN). */
LODE_CHECKED lode_status lode_text_append_f64(struct lode_bytes *out, double value);

#endif
