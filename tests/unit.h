/* The headers that cmocka needs first, and one helper for lode_status. */
#ifndef LODE_TESTS_UNIT_H
#define LODE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the four above, which it does not include itself */
#include <cmocka.h>

#include "common/error.h"

/* On failure the chain says why. */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        const lode_status ok_status_ = (call);                                                     \
        if (ok_status_ != LODE_OK) fail_msg("%s: %s", #call, lode_error_text());                   \
    } while (0)
#define assert_status(expected, call) assert_int_equal((expected), (call))

#endif
