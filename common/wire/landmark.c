/* Landmarks: see the header. A list is MessagePack values: what, path, size, sample; ... */
#include "common/wire/landmark.h"

#include "common/hash.h"
#include "common/patience.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

lode_status lode_landmark_append(struct lode_bytes *list, const struct lode_landmark *landmark)
{
    lode_try(lode_pack_text(list, (const char *)landmark->what.data, landmark->what.size));
    lode_try(lode_pack_text(list, (const char *)landmark->path.data, landmark->path.size));
    lode_try(lode_pack_u64(list, landmark->size_bytes));
    return lode_pack_u64(list, landmark->sample);
}

lode_status lode_landmark_add(struct lode_bytes *list, const char *what, const char *path)
{
    struct lode_landmark landmark = {.what = lode_span_text(what), .path = lode_span_text(path)};
    lode_try(lode_hash_sample(path, UINT64_MAX, &landmark.sample, &landmark.size_bytes));
    return lode_landmark_append(list, &landmark);
}

lode_status lode_landmark_next(struct lode_unpack *in, struct lode_landmark *landmark, bool *more)
{
    const char *what = NULL, *path = NULL;
    *more = in->at < in->end;
    if (!*more) return LODE_OK;
    lode_try(lode_unpack_text(in, &what, &landmark->what.size));
    lode_try(lode_unpack_text(in, &path, &landmark->path.size));
    lode_try(lode_unpack_u64(in, &landmark->size_bytes));
    lode_try(lode_unpack_u64(in, &landmark->sample));
    landmark->what.data = (const uint8_t *)what;
    landmark->path.data = (const uint8_t *)path;
    if (landmark->path.size >= LODE_LANDMARK_PATH_MAX || landmark->path.size < 1 ||
        path[0] != '/' || memchr(path, '\0', landmark->path.size))
        return lode_fail(LODE_E_MESSAGE,
                         "a landmark without an absolute path of less than %d bytes",
                         LODE_LANDMARK_PATH_MAX);
    return LODE_OK;
}

/* One look, without patience. A file may have grown since (somebody appends to an input while it is
 * being staged): it is the same file then, and what that means is for those who read it. */
static lode_status look(const struct lode_landmark *landmark, const char *path)
{
    uint64_t size_bytes = 0, sample = 0;
    lode_try(lode_hash_sample(path, landmark->size_bytes, &sample, &size_bytes));
    if (size_bytes < landmark->size_bytes)
        return lode_fail(LODE_E_INPUT,
                         "%s: another file than the coordinator sees there: %" PRIu64
                         " bytes, not %" PRIu64,
                         path, size_bytes, landmark->size_bytes);
    if (sample == landmark->sample) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s: another file than the coordinator sees there: with other content", path);
}

static lode_status check(const struct lode_landmark *landmark, const char *host)
{
    char path[LODE_LANDMARK_PATH_MAX];
    struct lode_patience patience = lode_patience_begin();
    snprintf(path, sizeof path, "%.*s", (int)landmark->path.size,
             (const char *)landmark->path.data);
    lode_status status = look(landmark, path);
    while (status && lode_patience_again(&patience, path)) status = look(landmark, path);
    if (!status) return LODE_OK;
    return lode_note(status,
                     "host %s does not see %.*s (mount it there under the same path, or leave "
                     "this host out)",
                     host, landmark->what.size < 80 ? (int)landmark->what.size : 80,
                     (const char *)landmark->what.data);
}

lode_status lode_landmarks_check(struct lode_span list, const char *host)
{
    struct lode_unpack in = lode_unpack_begin(list.data, list.size);
    for (int n = 0;; n++) {
        struct lode_landmark landmark;
        bool more = false;
        lode_try(lode_landmark_next(&in, &landmark, &more));
        if (!more) return LODE_OK;
        if (n == LODE_LANDMARKS_MAX)
            return lode_fail(LODE_E_MESSAGE, "more than %d landmarks", LODE_LANDMARKS_MAX);
        lode_try(check(&landmark, host));
    }
}
