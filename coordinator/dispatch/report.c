/* Report: see the header. */
#include "coordinator/dispatch/report.h"

#include <stdlib.h>

lode_status report_make(enum report_kind kind, struct report **report)
{
    *report = calloc(1, sizeof **report);
    if (!*report) return lode_fail(LODE_E_MEMORY, "no memory for a report");
    (*report)->kind = kind;
    (*report)->worker = -1;
    (*report)->outcome = "";
    return LODE_OK;
}

void report_free(struct report *report)
{
    if (!report) return;
    free(report->text);
    lode_bytes_clear(&report->bytes);
    free(report);
}
