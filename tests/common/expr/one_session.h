/* One session: values of a node for a session that a test writes down as its events, for the tests
 * of the evaluator. Each test begins with `begin`.
 */
#ifndef LODE_TESTS_COMMON_EXPR_ONE_SESSION_H
#define LODE_TESTS_COMMON_EXPR_ONE_SESSION_H

#include "tests/common/expr/builder.h"

#define MISSING ((double)NAN)

static struct builder builder;
static struct part part;

static int begin(void **state)
{
    (void)state;
    builder_begin(&builder);
    part_begin(&part);
    part_user(&part);
    return 0;
}

/* The value of a node for the one session of these events. */
static double value_of(const char *events, int32_t node)
{
    static double values[PART_SESSIONS];
    part_begin(&part);
    part_user(&part);
    part_session(&part, 0, events);
    evaluate(&builder, &part, node, values);
    return values[0];
}

#define assert_value(expected, got)                                                                \
    do {                                                                                           \
        const double expected_ = (expected), got_ = (got);                                         \
        if (!same_value(expected_, got_)) fail_msg("%s is %g, not %g", #got, got_, expected_);     \
    } while (0)

#endif
