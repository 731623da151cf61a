/* Progress: see the header. */
#include "coordinator/progress.h"

#include "common/text.h"

#include <stdio.h>
#include <unistd.h>

enum { LIVE_US = 100000, PLAIN_US = 60000000, PLAIN_PERCENT = 5, QUIET_STAGE_US = 1000000 };

void progress_init(struct progress *progress, bool quiet)
{
    *progress = (struct progress){.quiet = quiet, .is_terminal = isatty(STDERR_FILENO) == 1};
}

void progress_begin(struct progress *progress, const char *title, int64_t total, int64_t now_us)
{
    progress->title = title;
    progress->total = total;
    progress->start_us = progress->shown_us = now_us;
    progress->shown_percent = 0;
}

static void print_line(const struct progress *progress, int64_t done, int workers, int64_t now_us,
                       bool last)
{
    char done_text[32], total_text[32];
    const double seconds = (double)(now_us - progress->start_us) / 1e6;
    const double rate = seconds > 0.0 ? (double)done / seconds : 0.0;
    fprintf(stderr, "%s%-28s %s/%s tasks  %d workers  %.1f s", progress->is_terminal ? "\r" : "",
            progress->title, lode_text_grouped(done, done_text),
            lode_text_grouped(progress->total, total_text), workers, seconds);
    if (rate > 0.0) fprintf(stderr, "  %.1f tasks/s", rate);
    if (!last && rate > 0.0)
        fprintf(stderr, "  %.0f s left", (double)(progress->total - done) / rate);
    fputs(progress->is_terminal ? "\033[K" : "\n", stderr);
    if (last && progress->is_terminal) fputc('\n', stderr);
    fflush(stderr);
}

void progress_update(struct progress *progress, int64_t done, int workers, int64_t now_us)
{
    if (progress->quiet || progress->total == 0) return;
    const int64_t percent = done * 100 / progress->total;
    const int64_t waited = now_us - progress->shown_us;
    const bool due =
        progress->is_terminal
            ? waited >= LIVE_US
            : waited >= PLAIN_US ||
                  (percent >= progress->shown_percent + PLAIN_PERCENT && waited >= QUIET_STAGE_US);
    if (!due) return;
    progress->shown_us = now_us;
    progress->shown_percent = percent;
    print_line(progress, done, workers, now_us, false);
}

void progress_end(struct progress *progress, int64_t done, int workers, int64_t now_us)
{
    if (!progress->quiet) print_line(progress, done, workers, now_us, true);
}
