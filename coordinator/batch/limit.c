/* Limit: days before a dash, then one to three numbers between colons. */
#include "coordinator/batch/limit.h"

#include "common/text.h"

#include <string.h>
#include <strings.h>

enum { NUMBERS_MAX = 3, LONGEST = 1000000, SHORT_LIMIT_S = 600 };

/* The numbers of "a:b:c"; 0 when they are none, or too many. */
static int read_numbers(const char *text, int64_t numbers[NUMBERS_MAX])
{
    int count = 0;
    for (;;) {
        const size_t size = strcspn(text, ":");
        if (count == NUMBERS_MAX || !lode_text_to_i64(text, size, &numbers[count]) ||
            numbers[count] < 0 || numbers[count] > LONGEST)
            return 0;
        count++;
        if (text[size] == '\0') return count;
        text += size + 1;
    }
}

bool limit_parse(const char *text, int64_t *seconds)
{
    int64_t days = 0, n[NUMBERS_MAX] = {0};
    if (strcasecmp(text, "UNLIMITED") == 0 || strcasecmp(text, "INFINITE") == 0) {
        *seconds = 0;
        return true;
    }
    const char *dash = strchr(text, '-');
    if (dash) {
        if (!lode_text_to_i64(text, (size_t)(dash - text), &days) || days < 0 || days > LONGEST)
            return false;
        if (read_numbers(dash + 1, n) == 0) return false;
        *seconds = ((days * 24 + n[0]) * 60 + n[1]) * 60 + n[2];
        return true;
    }
    const int count = read_numbers(text, n);
    if (count == 0) return false;
    *seconds = count == NUMBERS_MAX ? (n[0] * 60 + n[1]) * 60 + n[2] : n[0] * 60 + n[1];
    return true;
}

int64_t limit_lead(int64_t limit_s)
{
    return limit_s > 0 && limit_s < SHORT_LIMIT_S ? limit_s / 5 : LIMIT_LEAD_S;
}
