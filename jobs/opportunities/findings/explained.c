/* Explained: three groups of sessions: with the narrower finding, with the wider one alone, with
 * neither. */
#include "jobs/opportunities/findings/explained.h"

#include "common/stats/stats.h"

/* Faulty and all sessions of a group. */
struct group {
    int64_t faulty, all;
};

static struct group with(const struct two_by_two *table)
{
    return (struct group){table->faulty_with, table->faulty_with + table->normal_with};
}

static struct group without(const struct two_by_two *table)
{
    const struct group has = with(table);
    return (struct group){table->faulty_total - has.faulty,
                          table->faulty_total + table->normal_total - has.all};
}

static struct group wide_alone(const struct two_by_two *wide, const struct two_by_two *narrow)
{
    return (struct group){with(wide).faulty - with(narrow).faulty,
                          with(wide).all - with(narrow).all};
}

bool rate_is_worse(int64_t faulty, int64_t sessions, int64_t other_faulty, int64_t other_sessions,
                   double least_relative)
{
    double low, high;
    lode_rate_difference_interval(faulty, sessions, other_faulty, other_sessions, 0.95, &low,
                                  &high);
    return low > 0 && (double)faulty / (double)sessions >
                          (1 + least_relative) * ((double)other_faulty / (double)other_sessions);
}

static bool is_worse(struct group group, struct group other, double least_relative)
{
    if (group.all == 0) return false;
    if (other.all == 0) return true;
    return rate_is_worse(group.faulty, group.all, other.faulty, other.all, least_relative);
}

bool is_explained(const struct two_by_two *wide, const struct two_by_two *narrow,
                  double least_relative)
{
    return !is_worse(wide_alone(wide, narrow), without(wide), least_relative);
}

bool adds_nothing(const struct two_by_two *narrow, const struct two_by_two *wide,
                  double least_relative)
{
    return !is_worse(with(narrow), wide_alone(wide, narrow), least_relative);
}
