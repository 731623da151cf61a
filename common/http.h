/* HTTP: one POST of a document, for optional services that a run can do without.
 *
 * It blocks, and ends: every try has a time limit from its first byte to its last, the reply a size
 * limit, and there are a few tries. Redirects are not followed (a key would go with them).
 */
#ifndef LODE_COMMON_HTTP_H
#define LODE_COMMON_HTTP_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lode_http_request {
    const char *url;            /* http:// or https://, without user and password */
    const char *const *headers; /* "Name: value", ends with NULL; they never get into a message */
    const void *body;
    size_t body_size;
    int64_t timeout_ms; /* of one try */
    int retries;        /* further tries after a status of 408, 429 or 5xx, or no reply */
    int64_t total_ms;   /* of all tries and pauses together; 0: no such limit */
    size_t reply_limit; /* a larger reply is refused */
    /* Asked every 100 ms or so; true ends it with LODE_E_STOPPED. NULL: never. */
    bool (*is_stopped)(void);
};

enum { LODE_HTTP_WAIT_MAX_MS = 30000 };

/* Posts the body and appends the reply's to `reply` when its status is 200 to 299. Between tries it
 * waits as long as the reply's Retry-After says (seconds; more than LODE_HTTP_WAIT_MAX_MS: no
 * further try), else 500 ms, then twice as long each time.
 *
 * LODE_E_USAGE: the URL is none of the above. LODE_E_INPUT: no reply, too slow, too large, another
 * status; the message says which, with the first words of a reply of an error. LODE_E_STOPPED.
 * LODE_E_MEMORY. `reply` is as it was on failure. */
LODE_CHECKED lode_status lode_http_post(const struct lode_http_request *request,
                                        struct lode_bytes *reply);

/* Checks the URL alone: LODE_E_USAGE. */
LODE_CHECKED lode_status lode_http_check_url(const char *url);

#endif
