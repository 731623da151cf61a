/* Errors: a status, and beside it a chain of words that says what went wrong, outermost first.
 *
 * Every function that can fail returns lode_status. The failing place calls lode_fail with the
 * value that is wrong; a caller that knows something more calls lode_note. The chain belongs to the
 * thread (one of the two pieces of mutable file-scope state in lode) and is printed once, by main.
 */
#ifndef LODE_COMMON_ERROR_H
#define LODE_COMMON_ERROR_H

#include <stdbool.h>

#define LODE_CHECKED __attribute__((warn_unused_result))
#define LODE_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

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

/* The process exit status of a status (DESIGN.md section 6, docs/formats.md): the only such table.
 */
int lode_exit_status(lode_status status);

/* Short name of a status, for logs and messages ("input", "memory", ...). Static. */
const char *lode_status_name(lode_status status);

/* Starts the thread's chain anew with one message and returns `status` (never LODE_OK). */
#define lode_fail(status, ...)                                                                     \
    lode_failed(lode_error_start((status), __FILE__, __LINE__, __VA_ARGS__))
/* Puts one more message in front of the chain and returns `status`. */
#define lode_note(status, ...)                                                                     \
    lode_failed(lode_error_add((status), __FILE__, __LINE__, __VA_ARGS__))

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

/* The thread's chain as one line, "outer: inner: cause"; "" when empty. Borrowed until the thread's
 * next failure. Control bytes are replaced, so that it can go to a terminal. */
const char *lode_error_text(void);
/* Where the chain began, "file:line"; "" when empty. */
const char *lode_error_origin(void);
void lode_error_clear(void);

#define lode_try(call)                                                                             \
    do {                                                                                           \
        const lode_status try_status_ = (call);                                                    \
        if (try_status_ != LODE_OK) return try_status_;                                            \
    } while (0)

/* For functions with a `status` variable and a label `done`. */
#define lode_try_done(call)                                                                        \
    do {                                                                                           \
        status = (call);                                                                           \
        if (status != LODE_OK) goto done;                                                          \
    } while (0)

#endif
