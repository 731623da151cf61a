/* Zone: the changes of offset as one sorted list, and a binary search in it.
 *
 * Not by glibc (setenv TZ, tzset, mktime): its zone belongs to the whole process, mktime is slow,
 * says nothing about gaps and overlaps, and reads the data base of the host that it runs on.
 *
 * A file lists changes up to some year; the rule at its end is unrolled for 403 years more. The
 * calendar repeats every 400 years (146,097 days, whole weeks), so later times are moved back by
 * that until they are in the list. Source: RFC 8536 (TZif).
 */
#include "common/zone.h"

#include "common/file.h"
#include "common/text.h"
#include "common/zone_rule.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CYCLE_SECONDS (INT64_C(146097) * 86400)
#define TIME_LIMIT (INT64_C(1) << 59) /* the time of a change; some files begin at the big bang */

enum {
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    CHANGES_LIMIT = 6000, /* in the file; the longest of today has 240 */
    OFFSET_LIMIT = 26 * 3600,
    UNROLLED_YEARS = 403, /* 400, and no year that the last change listed may lie in */
    RULE_SIZE = 256,
    NAMES_MAX = 1024
};

struct change {
    int64_t wall; /* the first second of the clock that is read by `offset`; see the header */
    int offset;   /* seconds east of UTC */
};

struct lode_zone {
    int first_offset; /* before the first change */
    int64_t n;
    struct change *changes;
    int64_t end; /* clock times from here on are those of 400 years before; INT64_MAX: never */
};

/* "UTC", "Z", "+02:00", "-0330", "+02" */
static bool read_offset(const char *name, int *offset)
{
    const size_t size = strlen(name);
    int digits[4] = {0, 0, 0, 0}, n = 0;
    *offset = 0;
    if (strcmp(name, "UTC") == 0 || strcmp(name, "Z") == 0) return true;
    if (size < 3 || (name[0] != '+' && name[0] != '-')) return false;
    for (size_t i = 1; i < size; i++) {
        if (i == 3 && size == 6 && name[i] == ':') continue;
        if (n == 4 || name[i] < '0' || name[i] > '9') return false;
        digits[n++] = name[i] - '0';
    }
    const int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
    if ((n != 2 && n != 4) || hours > 14 || minutes > 59) return false;
    *offset = (hours * 60 + minutes) * (name[0] == '-' ? -60 : 60);
    return true;
}

static const char *folder(void)
{
    const char *given = getenv("TZDIR");
    return given && given[0] == '/' ? given : "/usr/share/zoneinfo";
}

/* Third word of each line of zone.tab, the folder's own list; "" when there is none. */
static void find_nearest(const char *name, char *nearest, size_t size)
{
    char path[PATH_MAX];
    const char *names[NAMES_MAX + 1];
    int n = 0;
    struct lode_bytes text = {0};
    nearest[0] = '\0';
    snprintf(path, sizeof path, "%s/zone.tab", folder());
    lode_status status = lode_file_read(path, 1 << 20, &text);
    if (!status) status = lode_bytes_append(&text, "", 1);
    char *rest = status ? NULL : (char *)text.data;
    for (char *line; n < NAMES_MAX && (line = strsep(&rest, "\n"));) {
        if (line[0] == '#') continue;
        char *word = NULL;
        for (int i = 0; i < 3 && line; i++) word = strsep(&line, "\t");
        if (word && word[0]) names[n++] = word;
    }
    names[n] = NULL;
    const char *found = lode_text_nearest(name, names);
    if (found) snprintf(nearest, size, "%s", found);
    lode_bytes_clear(&text);
}

/* A name is a path below the folder, whoever gives it: nothing but words and slashes. */
static bool is_name(const char *name)
{
    if (!name[0] || name[0] == '/' || strlen(name) > 64) return false;
    for (const char *c = name; *c; c++) {
        const bool good = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                          (*c >= '0' && *c <= '9') || strchr("_+-/", *c);
        if (!good) return false;
    }
    return true;
}

lode_status lode_zone_read(const char *name, struct lode_bytes *rules)
{
    char path[PATH_MAX], nearest[80];
    int offset;
    rules->size = 0;
    if (read_offset(name, &offset)) return LODE_OK;
    snprintf(path, sizeof path, "%s/%s", folder(), is_name(name) ? name : "");
    if (is_name(name) && lode_file_read(path, LODE_ZONE_RULES_LIMIT, rules) == LODE_OK)
        return LODE_OK;
    find_nearest(name, nearest, sizeof nearest);
    return lode_fail(
        LODE_E_USAGE, "time zone '%s': no offset such as +02:00, and no name in %s (tzdata)%s%s%s",
        name, folder(), nearest[0] ? "; did you mean '" : "", nearest, nearest[0] ? "'?" : "");
}

struct reader {
    const char *name;
    const uint8_t *at;
    size_t left;
};

/* Counts of a header, in the order of the file. */
enum { ISUT, ISSTD, LEAP, TIMES, TYPES, CHARS, COUNTS };

static lode_status fault(const struct reader *in, const char *what)
{
    return lode_fail(LODE_E_INPUT, "rules of time zone '%s': %s", in->name, what);
}

static int64_t number(const uint8_t *bytes, int size)
{
    uint64_t value = bytes[0] & 0x80 ? UINT64_MAX : 0;
    for (int i = 0; i < size; i++) value = value << 8 | bytes[i];
    return (int64_t)value;
}

static lode_status take_header(struct reader *in, int64_t *counts)
{
    if (in->left < HEADER_SIZE || memcmp(in->at, "TZif", 4) != 0)
        return fault(in, "not a zoneinfo file");
    if (in->at[4] < '2') return fault(in, "zoneinfo of version 1; 2 or later is wanted");
    for (int i = 0; i < COUNTS; i++) {
        counts[i] = number(in->at + 20 + (size_t)4 * (size_t)i, 4);
        if (counts[i] < 0 || counts[i] > CHANGES_LIMIT) return fault(in, "a count out of range");
    }
    in->at += HEADER_SIZE;
    in->left -= HEADER_SIZE;
    return LODE_OK;
}

static size_t body_size(const int64_t *counts, int64_t time_size)
{
    return (size_t)(counts[TIMES] * (time_size + 1) + counts[TYPES] * TYPE_SIZE + counts[CHARS] +
                    counts[LEAP] * (time_size + 4) + counts[ISSTD] + counts[ISUT]);
}

/* The change at `utc` from one offset to another: see lode_zone_utc_ms for the larger of both. */
static void add_change(struct lode_zone *zone, int64_t utc, int before, int after)
{
    zone->changes[zone->n++] =
        (struct change){.wall = utc + (before > after ? before : after), .offset = after};
}

static lode_status take_offset(const struct reader *in, const uint8_t *types, int64_t n_types,
                               int64_t type, int *offset)
{
    if (type >= n_types) return fault(in, "a type that is not there");
    const int64_t seconds = number(types + type * TYPE_SIZE, 4);
    if (seconds < -OFFSET_LIMIT || seconds > OFFSET_LIMIT)
        return fault(in, "an offset of more than 26 hours");
    *offset = (int)seconds;
    return LODE_OK;
}

/* The body of 64-bit times; *last is when the last change was, *offset what has held since. */
static lode_status take_changes(const struct reader *in, const int64_t *counts,
                                struct lode_zone *zone, int64_t *last, int *offset)
{
    const uint8_t *kinds = in->at + counts[TIMES] * 8, *types = kinds + counts[TIMES];
    lode_try(take_offset(in, types, counts[TYPES], 0, &zone->first_offset));
    *offset = zone->first_offset;
    *last = INT64_MIN;
    for (int64_t i = 0; i < counts[TIMES]; i++) {
        const int64_t utc = number(in->at + 8 * i, 8);
        int after;
        if (utc < -TIME_LIMIT || utc > TIME_LIMIT || utc <= *last)
            return fault(in, "its changes are not in order");
        lode_try(take_offset(in, types, counts[TYPES], kinds[i], &after));
        add_change(zone, utc, *offset, after);
        *offset = after;
        *last = utc;
    }
    return LODE_OK;
}

/* "\nRULE\n" at the end of the file; an empty one means that nothing is known. */
static lode_status take_rule(const struct reader *in, char *text)
{
    const uint8_t *end = in->left > 1 ? memchr(in->at + 1, '\n', in->left - 1) : NULL;
    if (!end || in->at[0] != '\n' || end - in->at > RULE_SIZE - 1)
        return fault(in, "no rule at its end");
    snprintf(text, RULE_SIZE, "%.*s", (int)(end - in->at - 1), (const char *)in->at + 1);
    return LODE_OK;
}

static void unroll(struct lode_zone *zone, const struct lode_zone_rule *rule, int64_t last,
                   int offset)
{
    const int64_t since = last > 0 ? last : 0;
    const int first_year = 1969 + (int)(since / (CYCLE_SECONDS / 400));
    for (int year = first_year; year < first_year + UNROLLED_YEARS; year++) {
        int64_t start, end;
        lode_zone_rule_year(rule, year, &start, &end);
        const bool start_first = start < end;
        const int64_t moments[2] = {start_first ? start : end, start_first ? end : start};
        for (int i = 0; i < 2; i++) {
            const int after = (i == 0) == start_first ? rule->daylight : rule->standard;
            if (moments[i] <= last) continue;
            add_change(zone, moments[i], offset, after);
            offset = after;
        }
    }
    zone->end = lode_text_days(first_year + UNROLLED_YEARS, 1, 1) * 86400;
}

static lode_status read_file(struct reader *in, struct lode_arena *arena, struct lode_zone *zone)
{
    int64_t counts[COUNTS], last;
    int offset;
    char text[RULE_SIZE];
    struct lode_zone_rule rule;
    lode_try(take_header(in, counts));
    for (int block = 0; block < 2; block++) { /* the 32-bit one is for readers of old */
        const size_t size = body_size(counts, block == 0 ? 4 : 8);
        if (size > in->left) return fault(in, "cut short");
        if (block == 1) break;
        in->at += size;
        in->left -= size;
        lode_try(take_header(in, counts));
    }
    if (counts[TYPES] < 1) return fault(in, "no offset at all");
    if (counts[LEAP] > 0) return fault(in, "with leap seconds; name the zone without `right/`");
    lode_try(lode_take(arena, counts[TIMES] + INT64_C(2) * UNROLLED_YEARS, &zone->changes));
    lode_try(take_changes(in, counts, zone, &last, &offset));
    const size_t size = body_size(counts, 8);
    in->at += size;
    in->left -= size;
    lode_try(take_rule(in, text));
    if (!text[0]) return LODE_OK;
    if (!lode_zone_rule_parse(text, &rule) || abs(rule.standard) > OFFSET_LIMIT ||
        abs(rule.daylight) > OFFSET_LIMIT)
        return fault(in, "its rule for later years is none");
    if (last >= lode_text_days(9000, 1, 1) * 86400) return fault(in, "changes after the year 9000");
    if (rule.has_daylight) unroll(zone, &rule, last, offset);
    return LODE_OK;
}

lode_status lode_zone_make(const char *name, const void *rules, size_t size,
                           struct lode_arena *arena, const struct lode_zone **zone)
{
    struct lode_zone *made = NULL;
    struct reader in = {.name = name, .at = rules, .left = size};
    lode_try(lode_take_zero(arena, 1, &made));
    made->end = INT64_MAX;
    if (size > 0)
        lode_try(read_file(&in, arena, made));
    else if (!read_offset(name, &made->first_offset))
        return fault(&in, "there are none");
    *zone = made;
    return LODE_OK;
}

/* Offset in force before change i. */
static int offset_before(const struct lode_zone *zone, int64_t i)
{
    return i > 0 ? zone->changes[i - 1].offset : zone->first_offset;
}

/* The moment of change i, from the clock time that is kept of it (see add_change). */
static int64_t moment_of(const struct lode_zone *zone, int64_t i)
{
    const int before = offset_before(zone, i), after = zone->changes[i].offset;
    return zone->changes[i].wall - (before > after ? before : after);
}

/* ms to whole seconds, moved back by whole cycles into the years of the list */
static int64_t listed_seconds(const struct lode_zone *zone, int64_t ms)
{
    const int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    if (seconds < zone->end) return seconds;
    return seconds - ((seconds - zone->end) / CYCLE_SECONDS + 1) * CYCLE_SECONDS;
}

/* Offset after the changes that are not after `seconds`, of a clock or of UTC. */
static int offset_at(const struct lode_zone *zone, int64_t seconds, bool is_utc)
{
    int64_t low = 0, high = zone->n;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int64_t change = is_utc ? moment_of(zone, middle) : zone->changes[middle].wall;
        if (change <= seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return offset_before(zone, low);
}

int64_t lode_zone_utc_ms(const struct lode_zone *zone, int64_t local_ms)
{
    return local_ms - offset_at(zone, listed_seconds(zone, local_ms), false) * INT64_C(1000);
}

int64_t lode_zone_local_ms(const struct lode_zone *zone, int64_t utc_ms)
{
    return utc_ms + offset_at(zone, listed_seconds(zone, utc_ms), true) * INT64_C(1000);
}
