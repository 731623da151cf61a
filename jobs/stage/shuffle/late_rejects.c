/* Late rejects: a sorter by [kind][range][line]; the value is the reason's address, which lives as
 * long as the process, as the sorter does. */
#include "jobs/stage/shuffle/late_rejects.h"

#include "jobs/shuffle/sorter.h"

#include <string.h>

lode_status late_rejects_add(struct late_rejects *late, const struct record *record,
                             const char *reason)
{
    const uint64_t key[3] = {__builtin_bswap64((uint64_t)record->kind),
                             __builtin_bswap64((uint64_t)record->file),
                             __builtin_bswap64((uint64_t)record->line)};
    const struct shuffle_record reject = {(const uint8_t *)key, sizeof key,
                                          (const uint8_t *)&reason, sizeof(const char *), -1};
    if (!late->sorter) lode_try(sorter_open(&late->site, LATE_REJECTS_BYTES, &late->sorter));
    return sorter_put(late->sorter, &reject);
}

lode_status late_rejects_finish(struct late_rejects *late, struct rejects *rejects)
{
    if (!late->sorter) return LODE_OK;
    lode_try(sorter_begin(late->sorter));
    for (;;) {
        struct shuffle_record record;
        uint64_t key[3];
        const char *reason = NULL;
        bool more = false;
        lode_try(sorter_next(late->sorter, &record, &more));
        if (!more) return LODE_OK;
        memcpy(key, record.key, sizeof key);
        memcpy(&reason, record.value, sizeof(const char *));
        lode_try(rejects_add(rejects, (int64_t)__builtin_bswap64(key[1]),
                             (int64_t)__builtin_bswap64(key[2]), reason));
    }
}

void late_rejects_close(struct late_rejects *late)
{
    sorter_close(late->sorter);
    late->sorter = NULL;
}
