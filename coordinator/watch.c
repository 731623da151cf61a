/* Watch: reasons to end mpirun first, then drains; see the header. */
#include "coordinator/watch.h"

/* Why mpirun has to be ended, as the time it then gets before KILL; 0: there is no reason. */
static int64_t reason_to_end(struct watch *watch, const struct watch_news *news)
{
    if (news->stops >= 2) return WATCH_HURRY_US;
    if (news->state == VERDICT_ENDED) {
        if (watch->ended_us == 0) watch->ended_us = news->now_us;
        return news->now_us - watch->ended_us > WATCH_LINGER_US ? WATCH_GRACE_US : 0;
    }
    if (!news->is_orphaned) return 0;
    watch->is_leaderless = true;
    return WATCH_GRACE_US;
}

/* Is there a drain to pass on? One that comes before rank 0 is up is held back: USR1 ends a process
 * that has no handler for it yet. */
static bool drain_is_due(struct watch *watch, const struct watch_news *news)
{
    const int wanted = (news->stops > 0) + news->warnings;
    if (wanted == watch->drains || news->state == VERDICT_ENDED) return false;
    if (watch->since_us == 0) watch->since_us = news->now_us;
    if (news->state == VERDICT_NONE && news->now_us - watch->since_us < WATCH_HOLD_US) return false;
    watch->since_us = 0;
    watch->drains = wanted;
    return true;
}

enum watch_action watch_step(struct watch *watch, const struct watch_news *news)
{
    if (watch->kill_us == 0) {
        const int64_t grace_us = reason_to_end(watch, news);
        if (grace_us > 0) {
            watch->kill_us = news->now_us + grace_us;
            return WATCH_TERM;
        }
        return drain_is_due(watch, news) ? WATCH_DRAIN : WATCH_WAIT;
    }
    if (watch->is_killed || news->now_us < watch->kill_us) return WATCH_WAIT;
    watch->is_killed = true;
    return WATCH_KILL;
}
