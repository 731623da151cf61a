/* Bench: reading a CSV file of whole numbers, wall seconds of each way, the best of some repeats.
 *
 * usage: bench_parse FILE TIME_COLUMN [REPEATS]
 * naive   the file mapped, every cell added up digit by digit into columns in memory; no quotes, no
 *         checks: what one thread can do at most
 * rows    lode_rows: records, with NUL, UTF-8, quotes and number of fields looked at
 * checks  rows, and what a parse task asks of an event: ids and names not empty nor too long, its
 *         time a time
 * A TIME_COLUMN of -1 asks for `rows` alone, of any CSV file.
 * Prints the sums of the time column, which must agree, and how much of the naive speed each has.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/input/rows.h"
#include "jobs/stage/moment.h"
#include "jobs/stage/stage.h"

enum { COLUMNS_MOST = 64 };

struct sum {
    int64_t rows, times;
};

static double wall_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void check(lode_status status)
{
    if (status == LODE_OK) return;
    fprintf(stderr, "bench_parse: %s\n", lode_error_text());
    exit(1);
}

/* Fills column after column; returns the rows. `text` ends with a line end. */
static int64_t fill_columns(const char *at, const char *end, int n_columns, int64_t **columns)
{
    int64_t row = 0;
    for (; at < end; row++)
        for (int c = 0; c < n_columns; c++) {
            int64_t value = 0;
            while (*at >= '0') value = 10 * value + (*at++ - '0');
            columns[c][row] = value;
            at++;
        }
    return row;
}

static double naive(const char *path, int time_column, struct sum *sum)
{
    struct stat info;
    int64_t *columns[COLUMNS_MOST];
    int n_columns = 1;
    const double start = wall_seconds();
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0) {
        perror(path);
        exit(1);
    }
    const size_t size = (size_t)info.st_size;
    const char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED) exit(1);
    const char *body = (const char *)memchr(text, '\n', size) + 1;
    for (const char *at = text; at < body; at++) n_columns += *at == ',';
    if (n_columns > COLUMNS_MOST || time_column >= n_columns) exit(2);
    const size_t room = size / (2 * (size_t)n_columns) + 1; /* a cell has two bytes or more */
    for (int c = 0; c < n_columns; c++) {
        columns[c] = malloc(room * sizeof **columns);
        if (!columns[c]) exit(1);
    }
    sum->rows = fill_columns(body, text + size, n_columns, columns);
    const double seconds = wall_seconds() - start;
    sum->times = 0;
    for (int64_t i = 0; i < sum->rows; i++) sum->times += columns[time_column][i];
    for (int c = 0; c < n_columns; c++) free(columns[c]);
    munmap((void *)(uintptr_t)text, size);
    close(fd);
    return seconds;
}

/* As check_row of jobs/stage/parse.c does it. */
static const char *check_event(const struct lode_field *fields, int count, int time_column,
                               const struct moment_rule *rule, int64_t *time_ms)
{
    for (int c = 0; c < count; c++) {
        if (c == time_column) continue;
        if (fields[c].size == 0) return "empty";
        if (fields[c].size > STAGE_ID_LIMIT) return "longer than 255 bytes";
    }
    return moment_read(rule, fields[time_column].text, fields[time_column].size, time_ms);
}

static double rows_seconds(const char *path, int time_column, bool with_checks, struct sum *sum)
{
    static const struct moment_rule rule = {.unit = STAGE_TIME_AUTO};
    struct lode_field fields[COLUMNS_MOST];
    struct lode_rows *rows = NULL;
    int count = 0;
    const double start = wall_seconds();
    check(lode_rows_open(path, &rows));
    (void)lode_rows_columns(rows, &count);
    if (count > COLUMNS_MOST) exit(2);
    *sum = (struct sum){0};
    for (;;) {
        const char *fault = NULL;
        bool more = false;
        int64_t time_ms = 0;
        check(lode_rows_next(rows, fields, &fault, &more));
        if (!more) break;
        if (!fault && with_checks) fault = check_event(fields, count, time_column, &rule, &time_ms);
        if (fault) {
            fprintf(stderr, "line %" PRId64 ": %s\n", lode_rows_line(rows), fault);
            exit(1);
        }
        sum->times += time_ms;
    }
    sum->rows = lode_rows_count(rows);
    lode_rows_close(rows);
    return wall_seconds() - start;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_parse FILE TIME_COLUMN [REPEATS]\n");
        return 2;
    }
    static const char *const names[] = {"naive", "rows", "checks"};
    const int column = (int)strtol(argv[2], NULL, 10);
    const int repeats = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 3;
    double best[3] = {1e9, 1e9, 1e9};
    struct sum sums[3] = {{0}};
    for (int r = 0; r < repeats; r++)
        for (int way = 0; way < 3; way++) {
            if (column < 0 && way != 1) continue;
            const double seconds = way == 0 ? naive(argv[1], column, &sums[way])
                                            : rows_seconds(argv[1], column, way == 2, &sums[way]);
            if (seconds < best[way]) best[way] = seconds;
        }
    if (column < 0) {
        printf("rows %.3f s  %" PRId64 " rows\n", best[1], sums[1].rows);
        return 0;
    }
    for (int way = 0; way < 3; way++)
        printf("%-6s %.3f s  %.0f %% of naive  %" PRId64 " rows, sum of times %" PRId64 "\n",
               names[way], best[way], 100.0 * best[0] / best[way], sums[way].rows, sums[way].times);
    return sums[0].rows == sums[2].rows && sums[0].times == sums[2].times ? 0 : 1;
}
