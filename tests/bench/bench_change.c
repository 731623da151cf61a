/* Bench: scores of the hellinger detector on W3 of the peer benchmarks, one thread.
 *
 * usage: bench_change FILE COUNTERS POINTS SCORE WINDOW REPS
 * FILE: doubles, counter after counter. SCORE: splits (Poisson, every split with 5 slots a side) or
 * hellinger (Gaussian, centre). The peer's window is a half of ours. Prints one JSON line in the
 * peers' format; `result` is theirs: slots over the threshold, round(1000 x sum of the counters'
 * largest scores), sum of where these are. Reading is not timed; processor seconds, median of REPS.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/memory.h"
#include "jobs/hierarchy/detectors/detector.h"

enum { MOST_REPS = 100 };

struct bench {
    int64_t n_counters, n_points, half;
    bool is_splits;
    double *values;
};

struct answer {
    int64_t over, places;
    double top;
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare_seconds(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void check(lode_status status)
{
    if (status == LODE_OK) return;
    fprintf(stderr, "bench_change: %s\n", lode_error_text());
    exit(1);
}

static void load(const char *path, struct bench *bench)
{
    const size_t count = (size_t)(bench->n_counters * bench->n_points);
    FILE *file = fopen(path, "rb");
    bench->values = malloc(count * sizeof *bench->values);
    if (!file || !bench->values || fread(bench->values, sizeof(double), count, file) != count) {
        fprintf(stderr, "bench_change: %s: cannot read %zu doubles\n", path, count);
        exit(1);
    }
    fclose(file);
}

/* Adds one counter's part of the answer. */
static void add_scores(const struct bench *bench, const double *distance, struct answer *answer)
{
    /* splits: the score is D; hellinger: 1 - exp(-D / 2) */
    const double over = bench->is_splits ? 4.00001 : -2.0 * log1p(-0.200001);
    int64_t best = 2 * bench->half - 1, count = 0;
    for (int64_t i = best; i < bench->n_points; i++) {
        if (distance[i] > distance[best]) best = i;
        count += distance[i] > over;
    }
    answer->over += count;
    answer->places += best + 1 - bench->half;
    answer->top += bench->is_splits ? distance[best] : -expm1(-distance[best] / 2.0);
}

static struct answer score(const struct bench *bench)
{
    const struct detector_settings settings = {
        .splits = bench->is_splits ? DETECTOR_SPLITS_MAX : DETECTOR_SPLITS_CENTRE,
        .family = bench->is_splits ? DETECTOR_POISSON : DETECTOR_GAUSSIAN,
        .window = 2 * bench->half,
        .least_side = 5,
    };
    struct answer answer = {0};
    struct lode_arena *arena;
    double *distance;
    int32_t *since;
    check(lode_arena_create(0, &arena));
    check(lode_take(arena, bench->n_points, &distance));
    check(lode_take(arena, bench->n_points, &since));
    for (int64_t c = 0; c < bench->n_counters; c++) {
        const double *values = bench->values + c * bench->n_points;
        check(detector_kinds[0]->scan(&settings, values, bench->n_points, arena, distance, since));
        add_scores(bench, distance, &answer);
    }
    lode_arena_destroy(arena);
    return answer;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: bench_change FILE COUNTERS POINTS splits|hellinger WINDOW REPS\n");
        return 2;
    }
    struct bench bench = {.n_counters = strtoll(argv[2], NULL, 10),
                          .n_points = strtoll(argv[3], NULL, 10),
                          .is_splits = strcmp(argv[4], "splits") == 0,
                          .half = strtoll(argv[5], NULL, 10)};
    load(argv[1], &bench);
    const int reps = (int)strtol(argv[6], NULL, 10);
    if (reps < 1 || reps > MOST_REPS) return 2;
    struct answer answer = score(&bench); /* the peer is called once before, too */
    double seconds[MOST_REPS];
    for (int i = 0; i < reps; i++) {
        const double start = cpu_seconds();
        answer = score(&bench);
        seconds[i] = cpu_seconds() - start;
    }
    qsort(seconds, (size_t)reps, sizeof *seconds, compare_seconds);
    const int64_t n = bench.n_counters * bench.n_points;
    printf("{\"workload\": \"W3\", \"peer\": \"lode\", \"n\": %lld, \"threads\": 1, "
           "\"cpu_seconds\": %.6f, \"peak_mb\": %.1f, \"unit\": \"points\", "
           "\"score\": \"%s\", \"window\": %lld, \"counters\": %lld, "
           "\"result\": [%lld, %lld, %lld]}\n",
           (long long)n, seconds[reps / 2], (double)lode_memory_peak() / 1048576.0, argv[4],
           (long long)bench.half, (long long)bench.n_counters, (long long)answer.over,
           llround(answer.top * 1e3), (long long)answer.places);
    free(bench.values);
    return 0;
}
