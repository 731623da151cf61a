/* Landmarks: files by which a worker proves that it sees the disk as the coordinator does.
 *
 * The same path on two hosts may be two folders: a disk that was not mounted, or another one in its
 * place. So the coordinator says for a few files (the run's own mark, the index of the store, input
 * files) how large they are at least and a sample of those bytes, and a worker that does not find
 * the same leaves before it is given a task. Without that it would fail every task that it is
 * given, or worse, work on other data.
 */
#ifndef LODE_COMMON_LANDMARK_H
#define LODE_COMMON_LANDMARK_H

#include "common/error.h"
#include "common/memory.h"
#include "common/wire/message.h"
#include "common/wire/pack.h"

#include <stdbool.h>
#include <stdint.h>

enum { LODE_LANDMARKS_MAX = 128, LODE_LANDMARK_PATH_MAX = 4096 };

/* Spans are borrowed. */
struct lode_landmark {
    struct lode_span what;       /* in words: "the store" */
    struct lode_span path;       /* absolute */
    uint64_t size_bytes, sample; /* lode_hash_sample */
};

/* Adds the file at this absolute path, as it is here, to a list. */
LODE_CHECKED lode_status lode_landmark_add(struct lode_bytes *list, const char *what,
                                           const char *path);
LODE_CHECKED lode_status lode_landmark_append(struct lode_bytes *list,
                                              const struct lode_landmark *landmark);
/* The next of a list; *more is false at its end. LODE_E_MESSAGE for a path that no host can have.
 */
LODE_CHECKED lode_status lode_landmark_next(struct lode_unpack *in, struct lode_landmark *landmark,
                                            bool *more);

/* Whether this host sees all of them. LODE_E_INPUT names this host (`host`), the path, what is
 * wrong with it and what to do. A file that another node has just written is waited for a little
 * (patience.h). */
LODE_CHECKED lode_status lode_landmarks_check(struct lode_span list, const char *host);

#endif
