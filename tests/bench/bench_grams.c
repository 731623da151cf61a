/* Bench: pattern counting on raw arrays, leaf and merge, CPU seconds of each.
 *
 * usage: bench_grams PREFIX TOKENS PARTITIONS [KMAX]
 * PREFIX.offsets int64 [sessions + 1], PREFIX.events uint16, PREFIX.faulty uint8 [sessions]: the
 * events of each session side by side. Sessions are cut into PARTITIONS runs of equal length.
 * Prints a line per k with the sums and the order-free checksum that other tools can compute.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "jobs/opportunities/grams/gram_merge.h"
#include "jobs/opportunities/grams/grams.h"

enum { MOST_K = 8 };

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void *load(const char *prefix, const char *suffix, int64_t *bytes)
{
    char path[4096];
    struct stat info;
    snprintf(path, sizeof path, "%s.%s", prefix, suffix);
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &info) != 0) {
        perror(path);
        exit(1);
    }
    void *data = malloc((size_t)info.st_size);
    if (!data || fread(data, 1, (size_t)info.st_size, file) != (size_t)info.st_size) exit(1);
    fclose(file);
    *bytes = info.st_size;
    return data;
}

static void check(lode_status status)
{
    if (status == LODE_OK) return;
    fprintf(stderr, "bench_grams: %s\n", lode_error_text());
    exit(1);
}

struct bench {
    const int64_t *offsets;
    const uint16_t *events;
    const uint8_t *faulty;
    int64_t n_sessions, n_tokens;
    int n_parts, last_k;
};

/* One partition, as the leaf does it: codes widened, offsets from 0, then every k. */
static void leaf(const struct bench *bench, int part, struct lode_arena *arena,
                 struct lode_bytes *out, double *seconds)
{
    const int64_t from = bench->n_sessions * part / bench->n_parts;
    const int64_t end = bench->n_sessions * (part + 1) / bench->n_parts;
    const int64_t first = bench->offsets[from], n_events = bench->offsets[end] - first;
    double start = cpu_seconds();
    int64_t *starts;
    uint32_t *tokens;
    check(lode_take(arena, end - from + 1, &starts));
    check(lode_take(arena, n_events, &tokens));
    for (int64_t s = from; s <= end; s++) starts[s - from] = bench->offsets[s] - first;
    for (int64_t i = 0; i < n_events; i++) tokens[i] = bench->events[first + i];
    const struct gram_sessions sessions = {.n_sessions = end - from,
                                           .starts = starts,
                                           .tokens = tokens,
                                           .classes = bench->faulty + from};
    seconds[0] += cpu_seconds() - start;
    for (int k = 1; k <= bench->last_k; k++) {
        start = cpu_seconds();
        const struct gram_space space = {
            .n_cohorts = 1, .n_tokens = bench->n_tokens, .k = k, .n_classes = 2};
        check(grams_count(&sessions, &space, GRAM_WAY_BEST, arena, out));
        seconds[k] += cpu_seconds() - start;
    }
}

static void print_sums(const struct pattern_counts *counts)
{
    uint64_t faulty = 0, normal = 0, sum = 0;
    for (int64_t i = 0; i < counts->n_patterns; i++) {
        const uint64_t n = counts->counts[2 * i], f = counts->counts[2 * i + 1];
        faulty += f;
        normal += n;
        sum += counts->keys[i] % 1000003 * (7 * f + 13 * n);
    }
    printf("k %d patterns %lld faulty %llu normal %llu checksum %llu\n", counts->k,
           (long long)counts->n_patterns, (unsigned long long)faulty, (unsigned long long)normal,
           (unsigned long long)sum);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench_grams PREFIX TOKENS PARTITIONS [KMAX]\n");
        return 2;
    }
    int64_t bytes;
    struct bench bench = {.n_tokens = strtoll(argv[2], NULL, 10),
                          .n_parts = (int)strtol(argv[3], NULL, 10),
                          .last_k = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 3};
    if (bench.last_k > MOST_K) return 2;
    bench.offsets = load(argv[1], "offsets", &bytes);
    bench.n_sessions = bytes / 8 - 1;
    bench.events = load(argv[1], "events", &bytes);
    bench.faulty = load(argv[1], "faulty", &bytes);

    struct lode_arena *scratch, *results;
    struct gram_merge merges[MOST_K + 1] = {0};
    struct lode_bytes out = {0};
    double seconds[MOST_K + 1] = {0}, adding = 0.0, finishing[MOST_K + 1] = {0}, all = 0.0;
    size_t result_bytes = 0;
    check(lode_arena_create(0, &scratch));
    check(lode_arena_create(0, &results));
    for (int k = 1; k <= bench.last_k; k++)
        merges[k] = (struct gram_merge){
            .space = {.n_cohorts = 1, .n_tokens = bench.n_tokens, .k = k, .n_classes = 2},
            .arena = scratch};
    for (int part = 0; part < bench.n_parts; part++) {
        out.size = 0;
        lode_arena_reset(scratch);
        leaf(&bench, part, scratch, &out, seconds);
        lode_arena_reset(scratch);
        const double start = cpu_seconds();
        size_t at = 0, used;
        for (int k = 1; k <= bench.last_k; k++, at += used)
            check(gram_merge_add(&merges[k], out.data + at, out.size - at, &used));
        adding += cpu_seconds() - start;
        result_bytes += out.size;
    }
    struct pattern_counts counts[MOST_K + 1];
    double leaves = 0.0, merging = adding;
    for (int k = 1; k <= bench.last_k; k++) {
        const double start = cpu_seconds();
        check(gram_merge_finish(&merges[k], results, &counts[k]));
        finishing[k] = cpu_seconds() - start;
        merging += finishing[k];
    }
    for (int k = 0; k <= bench.last_k; k++) leaves += seconds[k];
    all = leaves + merging;
    printf("tokens %lld partitions %d: widen %.3f", (long long)bench.n_tokens, bench.n_parts,
           seconds[0]);
    for (int k = 1; k <= bench.last_k; k++) printf(" k%d %.3f", k, seconds[k]);
    printf(" | add %.3f", adding);
    for (int k = 1; k <= bench.last_k; k++) printf(" k%d %.3f", k, finishing[k]);
    printf(" | leaves %.3f merge %.3f all %.3f s CPU, results %.1f MB\n", leaves, merging, all,
           (double)result_bytes / 1e6);
    for (int k = 1; k <= bench.last_k; k++) print_sums(&counts[k]);
    lode_bytes_clear(&out);
    lode_arena_destroy(scratch);
    lode_arena_destroy(results);
    return 0;
}
