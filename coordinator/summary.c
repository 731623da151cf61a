/* Summary: see the header. */
#include "coordinator/summary.h"

#include "common/text.h"

#include <inttypes.h>
#include <math.h>

enum {
    STRAGGLER_FACTOR = 3, /* of the median */
    STRAGGLER_US = 1000000,
    WAIT_US = 500000, /* waiting that is worth a line: that much, and ... */
    WAIT_SHARE = 20,  /* ... that part of the run */
    STAGES_MAX = 12,  /* lines of a kind */
    SUMMARY_MAX = 5,
    SPAN_SIZE = 32
};

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

/* "12.3 s", "8 ms"; returns text, of SPAN_SIZE. */
static const char *span(int64_t us, char *text)
{
    if (us < 100000)
        snprintf(text, SPAN_SIZE, "%.0f ms", (double)us / 1e3);
    else
        snprintf(text, SPAN_SIZE, "%.1f s", seconds(us));
    return text;
}

static double megabytes(uint64_t bytes)
{
    return (double)bytes / 1e6;
}

double summary_efficiency(const struct stage_statistics *stage)
{
    const double offered = (double)stage->wall_us * stage->workers;
    if (stage->pace.count == 0 || !(offered > 0)) return (double)NAN;
    return fmin((double)stage->pace.total_us / offered, 1.0);
}

int64_t summary_wait_us(const struct stage_statistics *stage)
{
    return stage->first_us > stage->begin_us ? stage->first_us - stage->begin_us : 0;
}

int64_t summary_alone_us(const struct stage_statistics *stage)
{
    const struct ledger_tail *tail = &stage->tail;
    if (tail->others_end_us == 0 || stage->workers < 2) return 0;
    return tail->end_us - tail->others_end_us;
}

int64_t summary_coordinator_us(const struct ledger *ledger, int64_t wall_us)
{
    for (int i = 0; i < ledger->n_stages; i++) wall_us -= ledger->stages[i].wall_us;
    return wall_us > 0 ? wall_us : 0;
}

int64_t summary_critical_us(const struct ledger *ledger, int64_t wall_us)
{
    int64_t critical_us = summary_coordinator_us(ledger, wall_us);
    for (int i = 0; i < ledger->n_stages; i++) critical_us += ledger->stages[i].chain_us;
    return critical_us;
}

static void tell_stage(const struct stage_statistics *s, FILE *out)
{
    char count[32], wall[SPAN_SIZE], task[SPAN_SIZE];
    const double efficiency = summary_efficiency(s);
    fprintf(out, "%-28s %9s %10s %10s %8d ", s->title, lode_text_grouped(s->tasks, count),
            span(s->wall_us, wall), span(s->pace.total_us, task), s->workers);
    if (isnan(efficiency))
        fprintf(out, "      -");
    else
        fprintf(out, "%5.0f %%", 100.0 * efficiency);
    if (s->slowest_task >= 0)
        fprintf(out, "  %s %s, worker %s of %s", span(s->slowest_us, wall), s->slowest_what,
                s->slowest_place, s->slowest_host);
    else if (s->known > 0)
        fprintf(out, "  (%s from before)", lode_text_grouped(s->known, count));
    fputc('\n', out);
}

static void tell_stages(const struct ledger *ledger, FILE *out)
{
    if (ledger->n_stages == 0) return;
    fprintf(out, "%-28s %9s %10s %10s %8s %7s  %s\n", "stage", "tasks", "wall", "task time",
            "workers", "in use", "longest task");
    for (int i = 0; i < ledger->n_stages && i < STAGES_MAX; i++)
        tell_stage(&ledger->stages[i], out);
    if (ledger->n_stages > STAGES_MAX)
        fprintf(out, "%d stages more: lode status\n", ledger->n_stages - STAGES_MAX);
}

static void tell_critical_path(const struct ledger *ledger, int64_t wall_us, FILE *out)
{
    const int64_t coordinator_us = summary_coordinator_us(ledger, wall_us);
    const int64_t critical_us = summary_critical_us(ledger, wall_us);
    char critical[SPAN_SIZE], wall[SPAN_SIZE], tasks[SPAN_SIZE], coordinator[SPAN_SIZE];
    if (ledger->n_stages == 0) return;
    fprintf(
        out,
        "critical path: %s of %s (longest tasks %s, coordinator outside of stages %s); no number "
        "of workers makes it shorter\n",
        span(critical_us, critical), span(wall_us, wall), span(critical_us - coordinator_us, tasks),
        span(coordinator_us, coordinator));
}

static void tell_traffic(const struct ledger *ledger, FILE *out)
{
    struct ledger_traffic sum = {0};
    for (int i = 0; i < ledger->n_stages; i++) {
        sum.read_bytes += ledger->stages[i].traffic.read_bytes;
        sum.written_bytes += ledger->stages[i].traffic.written_bytes;
        sum.shuffled_bytes += ledger->stages[i].traffic.shuffled_bytes;
    }
    if (ledger->n_stages > 0)
        fprintf(out, "tasks read %.1f MB, wrote %.1f MB, shuffled %.1f MB\n",
                megabytes(sum.read_bytes), megabytes(sum.written_bytes),
                megabytes(sum.shuffled_bytes));
}

/* What idle workers, or the whole run, waited for, where it was long. */
static void tell_waits(const struct ledger *ledger, int64_t wall_us, FILE *out)
{
    const int64_t share_us = wall_us / WAIT_SHARE;
    const int64_t least_us = share_us > WAIT_US ? share_us : WAIT_US;
    for (int i = 0; i < ledger->n_stages; i++) {
        const struct stage_statistics *s = &ledger->stages[i];
        const int64_t wait_us = summary_wait_us(s), alone_us = summary_alone_us(s);
        if (wait_us >= least_us)
            fprintf(out, "waited: %.1f s for workers to begin with '%s'\n", seconds(wait_us),
                    s->title);
        if (alone_us >= least_us)
            fprintf(out, "waited: %.1f s at the end of '%s' for worker %s of %s alone, with %s\n",
                    seconds(alone_us), s->title, s->tail.place, s->tail.host, s->tail.what);
    }
    if (summary_coordinator_us(ledger, wall_us) >= wall_us / 4 && wall_us >= 4 * (int64_t)WAIT_US)
        fprintf(out, "waited: %.1f s for the coordinator, outside of stages\n",
                seconds(summary_coordinator_us(ledger, wall_us)));
}

static void tell_stragglers(const struct ledger *ledger, FILE *out)
{
    for (int i = 0; i < ledger->n_stages; i++) {
        const struct stage_statistics *s = &ledger->stages[i];
        const int64_t median = pace_median_us(&s->pace);
        if (s->slowest_us < STRAGGLER_US || s->slowest_us < STRAGGLER_FACTOR * median) continue;
        fprintf(out, "straggler: %s, %s took %.1f s on worker %s of %s, the median is %.1f s\n",
                s->title, s->slowest_what, seconds(s->slowest_us), s->slowest_place,
                s->slowest_host, seconds(median));
    }
}

static void tell_losses(const struct ledger *ledger, FILE *out)
{
    int64_t repeated = 0;
    for (int i = 0; i < ledger->n_stages; i++) repeated += ledger->stages[i].repeated;
    for (int64_t i = 0; i < ledger->n_lost && i < SUMMARY_MAX; i++)
        fprintf(out, "%s: worker %s of %s (pid %" PRId64 "): %s\n",
                ledger->lost[i].was_unfit ? "left out" : "lost", ledger->lost[i].place,
                ledger->lost[i].host, ledger->lost[i].pid,
                ledger->lost[i].why ? ledger->lost[i].why : "");
    if (ledger->n_lost > SUMMARY_MAX)
        fprintf(out, "lost: %" PRId64 " workers more\n", ledger->n_lost - SUMMARY_MAX);
    if (repeated)
        fprintf(out, "repeated: %" PRId64 " attempt%s, lost or gone wrong\n", repeated,
                repeated == 1 ? "" : "s");
}

static void tell_missing(const struct ledger *ledger, FILE *out)
{
    for (int64_t i = 0; i < ledger->n_missing && i < SUMMARY_MAX; i++)
        fprintf(out, "MISSING: %s, %s: %s\n", ledger->stages[ledger->missing[i].stage].title,
                ledger->missing[i].what, ledger->missing[i].why ? ledger->missing[i].why : "");
    if (ledger->n_missing > SUMMARY_MAX)
        fprintf(out, "MISSING: %" PRId64 " tasks more\n", ledger->n_missing - SUMMARY_MAX);
}

void summary_write(const struct ledger *ledger, int64_t wall_us, FILE *out)
{
    tell_stages(ledger, out);
    tell_traffic(ledger, out);
    tell_critical_path(ledger, wall_us, out);
    tell_waits(ledger, wall_us, out);
    tell_losses(ledger, out);
    tell_stragglers(ledger, out);
    tell_missing(ledger, out);
}
