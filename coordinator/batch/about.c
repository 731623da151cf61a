/* About: see the header. */
#include "coordinator/batch/about.h"

#include "common/slurm.h"

#include <time.h>

void batch_describe(cJSON *record)
{
    const struct lode_slurm slurm = lode_slurm_here();
    char ends[32];
    struct tm utc;
    const time_t end = (time_t)slurm.end_s;
    if (!slurm.is_here) return;
    cJSON *batch = cJSON_AddObjectToObject(record, "batch");
    cJSON_AddStringToObject(batch, "system", "slurm");
    cJSON_AddStringToObject(batch, "job", slurm.job);
    cJSON_AddNumberToObject(batch, "restarts", (double)slurm.restarts);
    if (slurm.end_s > 0 && gmtime_r(&end, &utc) &&
        strftime(ends, sizeof ends, "%Y-%m-%dT%H:%M:%SZ", &utc))
        cJSON_AddStringToObject(batch, "ends", ends);
}
