/* Errors: a status, and beside it a chain of words that says what went wrong, outermost first.
 *
 * Every function that can fail returns lode_status. The failing place calls lode_fail with the
 * value that is wrong; a caller that knows something more calls lode_note. The chain belongs to the
 * thread; lode prints it once, at the end ("lode: counting words: partition 3: ...").
 *
 *     if (limit < 1) return lode_fail(LODE_E_USAGE, "limit %d: must be at least 1", limit);
 *     lode_try(read_rows(&part, arena, &rows));
 */
#ifndef LODE_ERROR_H
#define LODE_ERROR_H

#include "lode/api.h"

LODE_API_BEGIN

typedef enum {
    LODE_OK = 0,
    LODE_E_RUN,     /* a task failed for good, or a step of the run did */
    LODE_E_USAGE,   /* unknown option, parameter, KPI, job */
    LODE_E_INPUT,   /* a file, row or store is not what it must be */
    LODE_E_NUMERIC, /* no convergence, a value that is not finite */
    LODE_E_MEMORY,  /* the budget or the machine has no more memory */
    LODE_E_DISK,    /* no space, no permission to write */
    LODE_E_CLUSTER, /* no worker left, none came */
    LODE_E_STOPPED, /* asked to stop; resumable */
    LODE_E_MESSAGE, /* bytes that are no message of ours */
    LODE_E_BUG      /* a branch that cannot happen */
} lode_status;

/* Starts the thread's chain anew with one message (as printf) and returns `status`, which is never
 * LODE_OK. */
#define lode_fail(status, ...)                                                                     \
    lode_failed(lode_error_start((status), __FILE__, __LINE__, __VA_ARGS__))
/* Puts one more message in front of the chain and returns `status`, which is never LODE_OK. */
#define lode_note(status, ...)                                                                     \
    lode_failed(lode_error_add((status), __FILE__, __LINE__, __VA_ARGS__))

/* What the two above call. The text is copied; a long one is cut. */
lode_status lode_error_start(lode_status status, const char *file, int line, const char *format,
                             ...) LODE_PRINTF(4, 5);
lode_status lode_error_add(lode_status status, const char *file, int line, const char *format, ...)
    LODE_PRINTF(4, 5);

/* Tells compiler and analyzer what the two above promise: the result is never LODE_OK. */
static inline lode_status lode_failed(lode_status status)
{
    if (status == LODE_OK) __builtin_unreachable();
    return status;
}

/* Returns the status of a call that failed to the caller. */
#define lode_try(call)                                                                             \
    do {                                                                                           \
        const lode_status try_status_ = (call);                                                    \
        if (try_status_ != LODE_OK) return try_status_;                                            \
    } while (0)

/* The same for functions that have something to release: they have a `status` variable and a label
 * `done`. */
#define lode_try_done(call)                                                                        \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != LODE_OK) goto done;                                                          \
    } while (0)

LODE_API_END

#endif
