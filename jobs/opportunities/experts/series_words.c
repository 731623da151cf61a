/* Series, in words: names of parts and slots. */
#include "jobs/opportunities/experts/series.h"

#include <stdio.h>
#include <time.h>

const char *series_part_name(enum series_part part)
{
    return part == SERIES_FIRST   ? "session_index=1"
           : part == SERIES_LATER ? "session_index>1"
                                  : NULL;
}

const char *series_slot_text(const struct series_list *series, int64_t slot, char *buffer)
{
    const int64_t time_ms =
        series->first_ms + slot * series->width_ms; /* a multiple of 1 s or so */
    const time_t seconds = (time_t)(time_ms / 1000);
    struct tm utc;
    char text[32];
    if (!gmtime_r(&seconds, &utc) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc))
        snprintf(text, sizeof text, "%lld s", (long long)seconds);
    if (time_ms % 1000)
        snprintf(buffer, 40, "%s.%03dZ", text, (int)(time_ms % 1000));
    else
        snprintf(buffer, 40, "%sZ", text);
    return buffer;
}
