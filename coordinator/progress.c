/* Progress: see the header. */
#include "coordinator/progress.h"

#include "common/error.h"
#include "common/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LIVE_US = 100000, PLAIN_US = 60000000, PLAIN_PERCENT = 5, QUIET_STAGE_US = 1000000 };

void progress_init(struct progress *progress, bool quiet)
{
    *progress = (struct progress){.quiet = quiet, .is_terminal = isatty(STDERR_FILENO) == 1};
}

static double cost_of(const struct progress *progress, int64_t task)
{
    if (!progress->costs) return 1.0;
    return progress->costs[task] > 0 ? (double)progress->costs[task] : 0.0;
}

void progress_begin(struct progress *progress, const char *title, int64_t n_tasks,
                    const int64_t *costs, const char *cost_units, int64_t now_us)
{
    *progress = (struct progress){.quiet = progress->quiet,
                                  .is_terminal = progress->is_terminal,
                                  .title = title,
                                  .costs = costs,
                                  .cost_units = costs ? cost_units : NULL,
                                  .n_tasks = n_tasks,
                                  .start_us = now_us,
                                  .shown_us = now_us};
    for (int64_t task = 0; task < n_tasks; task++) progress->cost += cost_of(progress, task);
    if (progress->cost > 0.0) return;
    progress->costs = NULL;
    progress->cost_units = NULL;
    progress->cost = (double)n_tasks;
}

void progress_task(struct progress *progress, int64_t task, bool replayed)
{
    const double cost = cost_of(progress, task);
    progress->n_done++;
    progress->cost_done += cost;
    if (!replayed) return;
    progress->n_replayed++;
    progress->cost_replayed += cost;
}

/* Costs a second of what was computed here and now; 0 as long as nothing was. */
static double rate(const struct progress *progress, int64_t now_us)
{
    const double seconds = (double)(now_us - progress->start_us) / 1e6;
    return seconds > 0.0 ? (progress->cost_done - progress->cost_replayed) / seconds : 0.0;
}

double progress_seconds_left(const struct progress *progress, int64_t now_us)
{
    const double per_second = rate(progress, now_us);
    if (per_second <= 0.0) return (double)NAN;
    return (progress->cost - progress->cost_done) / per_second;
}

/* Down to whole percents: 100 is done. */
static int64_t percent_of(const struct progress *progress)
{
    if (progress->n_done == progress->n_tasks) return 100;
    const int64_t percent = (int64_t)(progress->cost_done * 100.0 / progress->cost);
    return percent < 99 ? percent : 99;
}

static void append(char *line, const char *format, ...) LODE_PRINTF(2, 3);
static void append(char *line, const char *format, ...)
{
    const size_t used = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, PROGRESS_LINE_SIZE - used, format, arguments);
    va_end(arguments);
}

static void append_duration(char *line, double seconds)
{
    if (!(seconds < 9e8)) {
        append(line, "years");
        return;
    }
    const int64_t whole = (int64_t)llround(seconds);
    if (whole < 100)
        append(line, "%lld s", (long long)whole);
    else if (whole < 3600)
        append(line, "%lld min %02lld s", (long long)(whole / 60), (long long)(whole % 60));
    else
        append(line, "%lld h %02lld min", (long long)(whole / 3600),
               (long long)(whole % 3600 / 60));
}

/* "12.3 MB/s", "45,600 events/s"; without units tasks. */
static void append_rate(const struct progress *progress, int64_t now_us, char *line)
{
    char text[32];
    const double seconds = (double)(now_us - progress->start_us) / 1e6;
    const double per_second = progress->cost_units ? rate(progress, now_us)
                              : seconds > 0.0
                                  ? (double)(progress->n_done - progress->n_replayed) / seconds
                                  : 0.0;
    if (per_second <= 0.0) return;
    if (!progress->cost_units)
        append(line, "  %.1f tasks/s", per_second);
    else if (strcmp(progress->cost_units, "bytes") == 0)
        append(line, "  %.1f MB/s", per_second / 1e6);
    else
        append(line, "  %s %s/s", lode_text_grouped((int64_t)fmin(per_second, 9e18), text),
               progress->cost_units);
}

void progress_line(const struct progress *progress, int workers, int64_t now_us, bool is_last,
                   char *line)
{
    char done[32], total[32];
    const double seconds = (double)(now_us - progress->start_us) / 1e6;
    const double left = progress_seconds_left(progress, now_us);
    line[0] = '\0';
    append(line, "%-28s %s/%s tasks (%lld %%)  %d worker%s  %.1f s", progress->title,
           lode_text_grouped(progress->n_done, done), lode_text_grouped(progress->n_tasks, total),
           (long long)percent_of(progress), workers, workers == 1 ? "" : "s", seconds);
    append_rate(progress, now_us, line);
    if (progress->n_replayed > 0)
        append(line, "  (%s from before)", lode_text_grouped(progress->n_replayed, done));
    if (is_last || isnan(left)) return;
    append(line, "  ");
    append_duration(line, left);
    append(line, " left");
}

bool progress_is_due(const struct progress *progress, int64_t now_us)
{
    const int64_t waited = now_us - progress->shown_us;
    if (progress->is_terminal) return waited >= LIVE_US;
    return waited >= PLAIN_US || (percent_of(progress) >= progress->shown_percent + PLAIN_PERCENT &&
                                  waited >= QUIET_STAGE_US);
}

/* A live line must not wrap: what does not fit is cut. */
static void cut_to_terminal(char *line)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 2) return;
    if (strlen(line) >= size.ws_col) line[size.ws_col - 1] = '\0';
}

static void print_line(const struct progress *progress, int workers, int64_t now_us, bool is_last)
{
    char line[PROGRESS_LINE_SIZE];
    progress_line(progress, workers, now_us, is_last, line);
    if (progress->is_terminal) {
        cut_to_terminal(line);
        fprintf(stderr, "\r%s\033[K%s", line, is_last ? "\n" : "");
    } else {
        fprintf(stderr, "%s\n", line);
    }
    fflush(stderr);
}

void progress_update(struct progress *progress, int workers, int64_t now_us)
{
    if (progress->quiet || !progress_is_due(progress, now_us)) return;
    progress->shown_us = now_us;
    progress->shown_percent = percent_of(progress);
    print_line(progress, workers, now_us, false);
}

void progress_end(struct progress *progress, int workers, int64_t now_us)
{
    if (!progress->quiet) print_line(progress, workers, now_us, true);
    progress->costs = NULL; /* the stage's, and that is over */
}
