/* Sight: see the header. */
#include "coordinator/sight.h"

#include "common/file.h"
#include "common/wire/landmark.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    INPUTS_MAX =
        64 /* of many inputs so many are looked at, evenly: hosts lack folders, not files */
};

/* Random: the same path on another host is another folder if its mark is another. */
static lode_status make_mark(const char *path)
{
    uint64_t numbers[2];
    char text[64];
    if (getrandom(numbers, sizeof numbers, 0) != (ssize_t)sizeof numbers)
        return lode_fail(LODE_E_BUG, "no random numbers: %s", strerror(errno));
    const int size =
        snprintf(text, sizeof text, "%016" PRIx64 "%016" PRIx64 "\n", numbers[0], numbers[1]);
    return lode_file_write(path, text, (size_t)size, false);
}

static lode_status add_inputs(const struct execution *execution, struct lode_bytes *list)
{
    const int n = execution->n_inputs,
              step = n > INPUTS_MAX ? (n + INPUTS_MAX - 1) / INPUTS_MAX : 1;
    for (int i = 0; i < n; i += step) {
        char *path = NULL;
        lode_try(lode_path_absolute(execution->inputs[i], execution->arena, &path));
        const lode_status status = lode_landmark_add(list, "an input file", path);
        if (status && status != LODE_E_INPUT) return status;
        lode_error_clear();
    }
    return LODE_OK;
}

/* A store that is read is known by its index. One that grows gets a new index at the end, while
 * workers may still be on their way, but its first partition stays what it is. */
static lode_status add_store(const struct execution *execution, struct lode_bytes *list)
{
    char path[PATH_MAX], name[64];
    if (execution->store) {
        snprintf(path, sizeof path, "%s/" LODE_STORE_INDEX, execution->store->path);
        return lode_landmark_add(list, "the store", path);
    }
    if (!execution->grows) return LODE_OK;
    snprintf(path, sizeof path, "%s/%s", execution->grows, lode_store_part_name(0, name));
    if (access(path, R_OK) != 0) return LODE_OK; /* the job says what is wrong with it */
    return lode_landmark_add(list, "the store", path);
}

lode_status sight_describe(const struct execution *execution, struct lode_bytes *list)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/stages/mark", execution->directory);
    lode_try(make_mark(path));
    lode_try(lode_landmark_add(list, "the run's directory", path));
    lode_try(add_store(execution, list));
    return add_inputs(execution, list);
}
