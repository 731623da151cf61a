/* Bench: Lasso paths of every series on all others, as the peer benchmark W5 defines them; or the
 * neighbourhoods of every series.
 *
 * usage: bench_lasso FILE SERIES [THREADS] [REPS] [TARGETS] [neighbours]
 * FILE: float32 [SERIES x points], the values of counters.h5. Series are standardised; then, timed:
 * the Gram matrix, and for each target the weights at 30 lambdas, lambda_max 10^(-3 k / 29). Prints
 * one JSON line: seconds of each run, the sum of the objectives of the first 10 targets, the number
 * of weights that are not 0, and the largest distance from an optimum. Gram and targets are cut
 * among threads; the weights do not depend on that. With `neighbours`, instead of paths, the errors
 * of least squares (on one thread) and each target's neighbours, 70 % explained: as the job does.
 */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "common/memory.h"
#include "common/text.h"
#include "jobs/hierarchy/grouping/gram.h"
#include "jobs/hierarchy/grouping/lasso.h"
#include "jobs/hierarchy/grouping/neighbourhood.h"

enum { LAMBDAS = 30, CHECKED = 10, MOST_THREADS = 64, MOST_REPS = 100 };

static void check(lode_status status)
{
    if (status == LODE_OK) return;
    fprintf(stderr, "bench_lasso: %s\n", lode_error_text());
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct bench {
    int64_t p, n, n_targets;
    const double **series;
    double *means, *gram;
    double *weights;     /* [n_targets x LAMBDAS x p] */
    bool has_paths;      /* else neighbours */
    double *least_error; /* [p] */
    atomic_llong n_edges;
    double begun, until_gram, until_errors, until_end; /* of the last run */
    int n_threads;
    atomic_llong next; /* target */
    pthread_barrier_t barrier;
};

struct thread {
    struct bench *bench;
    int index;
    pthread_t id;
    struct lode_arena *arena;
};

/* Rows of the upper triangle shrink: shares of equal area. */
static int64_t row_of_share(const struct bench *bench, int share)
{
    const double left = 1.0 - (double)share / bench->n_threads;
    return bench->p - (int64_t)lround(sqrt(left) * (double)bench->p);
}

static void fit_paths(struct bench *bench, struct lode_arena *arena)
{
    struct lasso lasso;
    check(lasso_create(bench->gram, bench->p, arena, &lasso));
    for (;;) {
        const int64_t target = atomic_fetch_add(&bench->next, 1);
        if (target >= bench->n_targets) return;
        lasso_begin(&lasso, target);
        for (int k = 0; k < LAMBDAS; k++) {
            const double lambda = lasso.largest * pow(10.0, -3.0 * k / (LAMBDAS - 1));
            check(lasso_descend(&lasso, lambda, -1.0));
            lasso_weights(&lasso, bench->weights + (target * LAMBDAS + k) * bench->p);
        }
    }
}

static void find_neighbours(struct bench *bench, struct lode_arena *arena)
{
    const struct neighbourhood_options options = {.rule = NEIGHBOURHOOD_EXPLAINED, .fraction = 0.3};
    for (;;) {
        const int64_t target = atomic_fetch_add(&bench->next, 1);
        if (target >= bench->n_targets) return;
        struct neighbourhoods one;
        const struct lode_arena_mark mark = lode_arena_mark(arena);
        check(neighbourhoods_fit_range(bench->gram, bench->p, bench->least_error, &options, target,
                                       1, arena, &one));
        atomic_fetch_add(&bench->n_edges, one.n_edges);
        lode_arena_rewind(arena, mark);
    }
}

/* What one does while the others wait. */
static void prepare(struct bench *bench, struct lode_arena *arena)
{
    gram_mirror(bench->gram, bench->p);
    bench->until_gram = seconds(CLOCK_MONOTONIC);
    if (!bench->has_paths)
        check(gram_least_errors(bench->gram, bench->p, arena, bench->least_error));
    bench->until_errors = seconds(CLOCK_MONOTONIC);
}

static void *work(void *context)
{
    struct thread *thread = context;
    struct bench *bench = thread->bench;
    lode_arena_reset(thread->arena);
    check(gram_rows(bench->series, bench->means, bench->p, bench->n,
                    row_of_share(bench, thread->index), row_of_share(bench, thread->index + 1),
                    thread->arena, bench->gram));
    pthread_barrier_wait(&bench->barrier);
    if (thread->index == 0) prepare(bench, thread->arena);
    pthread_barrier_wait(&bench->barrier);
    if (bench->has_paths)
        fit_paths(bench, thread->arena);
    else
        find_neighbours(bench, thread->arena);
    return NULL;
}

static void run(struct bench *bench, struct thread *threads)
{
    bench->next = 0;
    bench->n_edges = 0;
    bench->begun = seconds(CLOCK_MONOTONIC);
    for (int i = 0; i < bench->n_threads; i++)
        if (pthread_create(&threads[i].id, NULL, work, &threads[i]) != 0) exit(1);
    for (int i = 0; i < bench->n_threads; i++) pthread_join(threads[i].id, NULL);
    bench->until_end = seconds(CLOCK_MONOTONIC);
}

static void load(const char *path, struct bench *bench, struct lode_arena *arena)
{
    struct stat info;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &info) != 0) {
        perror(path);
        exit(1);
    }
    bench->n = info.st_size / (int64_t)sizeof(float) / bench->p;
    float *values;
    check(lode_take(arena, bench->n, &values));
    check(lode_take(arena, bench->p, &bench->series));
    for (int64_t i = 0; i < bench->p; i++) {
        double *x, sum = 0.0, squares = 0.0;
        check(lode_take(arena, bench->n, &x));
        if (fread(values, sizeof *values, (size_t)bench->n, file) != (size_t)bench->n) exit(1);
        for (int64_t t = 0; t < bench->n; t++) sum += (double)values[t];
        for (int64_t t = 0; t < bench->n; t++) {
            x[t] = (double)values[t] - sum / (double)bench->n;
            squares += x[t] * x[t];
        }
        const double deviation = sqrt(squares / (double)bench->n);
        for (int64_t t = 0; t < bench->n; t++) x[t] /= deviation;
        bench->series[i] = x;
    }
    fclose(file);
}

static double objective(const struct bench *bench, int64_t target, double lambda,
                        const double *weights)
{
    const int64_t p = bench->p;
    const double *c = bench->gram + target * p;
    double error = c[target], size = 0.0;
    for (int64_t j = 0; j < p; j++) {
        double product = -2.0 * c[j];
        if (weights[j] == 0.0) continue;
        for (int64_t i = 0; i < p; i++) product += bench->gram[j * p + i] * weights[i];
        error += weights[j] * product;
        size += fabs(weights[j]);
    }
    return error / 2.0 + lambda * size;
}

static void check_paths(const struct bench *bench, double *scratch)
{
    double total = 0.0, residual = 0.0;
    int64_t nonzero = 0;
    for (int64_t target = 0; target < bench->n_targets; target++) {
        const double *c = bench->gram + target * bench->p;
        double largest = 0.0;
        for (int64_t j = 0; j < bench->p; j++)
            if (j != target) largest = fmax(largest, fabs(c[j]));
        for (int k = 0; k < LAMBDAS; k++) {
            const double lambda = largest * pow(10.0, -3.0 * k / (LAMBDAS - 1));
            const double *weights = bench->weights + (target * LAMBDAS + k) * bench->p;
            residual = fmax(
                residual, lasso_residual(bench->gram, bench->p, target, lambda, weights, scratch));
            if (target >= CHECKED) continue;
            total += objective(bench, target, lambda, weights);
            for (int64_t j = 0; j < bench->p; j++) nonzero += weights[j] != 0.0;
        }
    }
    printf("\"result\": [%lld, %d, \"%.3e\"], \"objective\": %.8f, \"nonzero\": %lld, "
           "\"residual\": %.2e",
           (long long)(bench->n_targets < CHECKED ? bench->n_targets : CHECKED), LAMBDAS, total,
           total, (long long)nonzero, residual);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const struct bench *bench, double *runs, int n_runs, double cpu, double *scratch)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"workload\": \"W5\", \"peer\": \"lode\", \"n\": %lld, \"threads\": %d, \"runs\": [",
           (long long)bench->n_targets, bench->n_threads);
    for (int i = 0; i < n_runs; i++) printf("%s%.4f", i ? ", " : "", runs[i]);
    qsort(runs, (size_t)n_runs, sizeof *runs, by_size);
    printf("], \"seconds\": %.4f, \"cpu_seconds\": %.4f, \"peak_mb\": %.1f, \"unit\": \"targets\", "
           "\"case\": \"p=%lld\", \"points\": %lld, ",
           runs[n_runs / 2], cpu, (double)usage.ru_maxrss / 1024.0, (long long)bench->p,
           (long long)bench->n);
    if (bench->has_paths)
        check_paths(bench, scratch);
    else
        printf("\"edges\": %lld, \"seconds_gram\": %.3f, \"seconds_errors\": %.3f, "
               "\"seconds_targets\": %.3f",
               (long long)bench->n_edges, bench->until_gram - bench->begun,
               bench->until_errors - bench->until_gram, bench->until_end - bench->until_errors);
    printf("}\n");
}

static int64_t number(int argc, char **argv, int i, int64_t otherwise, int64_t limit)
{
    int64_t value = otherwise;
    if (argc > i && !lode_text_to_i64(argv[i], strlen(argv[i]), &value)) value = 0;
    if (value >= 1 && value <= limit) return value;
    fprintf(stderr, "usage: bench_lasso FILE SERIES [THREADS] [REPS] [TARGETS] [neighbours]\n");
    exit(2);
}

int main(int argc, char **argv)
{
    struct bench bench = {.n_threads = (int)number(argc, argv, 3, 1, MOST_THREADS)};
    struct thread threads[MOST_THREADS];
    struct lode_arena *arena;
    double runs[MOST_REPS], cpu, *scratch;
    bench.has_paths = argc <= 6 || strcmp(argv[6], "neighbours") != 0;
    const int n_runs = (int)number(argc, argv, 4, 3, MOST_REPS);
    bench.p = number(argc, argv, 2, 0, INT32_MAX);
    bench.n_targets = number(argc, argv, 5, bench.p, bench.p);
    check(lode_arena_create(0, &arena));
    load(argv[1], &bench, arena);
    check(lode_take(arena, bench.p, &bench.means));
    check(lode_take(arena, bench.p, &scratch));
    check(lode_take(arena, bench.p * bench.p, &bench.gram));
    check(lode_take(arena, bench.p, &bench.least_error));
    if (bench.has_paths)
        check(lode_take(arena, bench.n_targets * LAMBDAS * bench.p, &bench.weights));
    memset(bench.means, 0, (size_t)bench.p * sizeof *bench.means); /* standardised */
    pthread_barrier_init(&bench.barrier, NULL, (unsigned)bench.n_threads);
    for (int i = 0; i < bench.n_threads; i++) {
        threads[i] = (struct thread){.bench = &bench, .index = i};
        check(lode_arena_create(0, &threads[i].arena));
    }
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < n_runs; i++) {
        runs[i] = seconds(CLOCK_MONOTONIC);
        run(&bench, threads);
        runs[i] = seconds(CLOCK_MONOTONIC) - runs[i];
    }
    cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / n_runs;
    report(&bench, runs, n_runs, cpu, scratch);
    for (int i = 0; i < bench.n_threads; i++) lode_arena_destroy(threads[i].arena);
    lode_arena_destroy(arena);
    return 0;
}
