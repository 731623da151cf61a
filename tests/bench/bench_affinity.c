/* Bench: affinity propagation on given similarities, one thread.
 *
 * usage: bench_affinity dense|sparse ITEMS PREFERENCE RAW
 * RAW holds doubles in the order of the machine: dense, ITEMS x ITEMS similarities; sparse, all a,
 * then all b, then all similarities of edges by (a, b). Damping 0.9, at most 1,000 iterations, stop
 * after 100 without a change, ties as they are. Loading is not timed. Prints a line of JSON:
 * seconds, peak memory, and [clusters, sum of (item + 1) x exemplar, sum of the
 * similarities of items that are no exemplars to theirs].
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "jobs/hierarchy/grouping/affinity.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void check(lode_status status)
{
    if (status == LODE_OK) return;
    fprintf(stderr, "bench_affinity: %s\n", lode_error_text());
    exit(1);
}

static void read_doubles(FILE *raw, int64_t count, double *out)
{
    if (fread(out, sizeof *out, (size_t)count, raw) == (size_t)count) return;
    fprintf(stderr, "bench_affinity: the file has fewer numbers than it should\n");
    exit(1);
}

/* One column of the edges at a time, through a small buffer, so that the peak is that of the work.
 */
static void read_edges(FILE *raw, int64_t n_edges, struct lode_arena *arena,
                       struct affinity_graph *graph)
{
    double piece[4096];
    int64_t *begin;
    int32_t *to;
    double *similarity;
    check(lode_take_zero(arena, graph->n + 1, &begin));
    check(lode_take(arena, n_edges, &to));
    check(lode_take(arena, n_edges, &similarity));
    for (int column = 0; column < 2; column++) {
        for (int64_t first = 0; first < n_edges; first += 4096) {
            const int64_t count = n_edges - first < 4096 ? n_edges - first : 4096;
            read_doubles(raw, count, piece);
            for (int64_t e = 0; e < count; e++) {
                if (column == 0)
                    begin[(int64_t)piece[e] + 1]++;
                else
                    to[first + e] = (int32_t)piece[e];
            }
        }
    }
    for (int64_t i = 0; i < graph->n; i++) begin[i + 1] += begin[i];
    read_doubles(raw, n_edges, similarity);
    graph->begin = begin;
    graph->to = to;
    graph->similarity = similarity;
}

static void print_line(const char *kind, const struct affinity_graph *graph, double preference,
                       double taken, const struct affinity_result *result)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < graph->n; i++) sum += (i + 1) * result->exemplar[i];
    printf("{\"workload\": \"W6\", \"peer\": \"lode\", \"n\": %" PRId64 ", \"threads\": 1, ",
           graph->n);
    printf("\"seconds\": %.4f, \"unit\": \"items\", ", taken);
    printf("\"case\": \"%s n=%" PRId64 "\", ", kind, graph->n);
    printf("\"peak_mb\": %.1f, ", (double)lode_memory_peak() / 1048576.0);
    printf("\"iterations\": %" PRId64 ", \"converged\": %d, ", result->n_iterations,
           result->is_converged);
    printf("\"result\": [%" PRId64 ", %" PRId64 ", \"%.5e\"]}\n", result->n_clusters, sum,
           result->net_similarity - preference * (double)result->n_clusters);
}

int main(int argc, char **argv)
{
    struct stat about;
    struct lode_arena *data, *scratch;
    struct affinity_result result = {0};
    if (argc < 5) {
        fprintf(stderr, "usage: bench_affinity dense|sparse ITEMS PREFERENCE RAW\n");
        return 2;
    }
    const bool is_dense = strcmp(argv[1], "dense") == 0;
    const struct affinity_options options = {
        .preference = strtod(argv[3], NULL), .damping = 0.9, .max_iterations = 1000, .stable = 100};
    struct affinity_graph graph = {.n = strtoll(argv[2], NULL, 10)};
    FILE *raw = fopen(argv[4], "rb");
    if (!raw || fstat(fileno(raw), &about) != 0) {
        perror(argv[4]);
        return 1;
    }
    check(lode_arena_create(0, &data));
    check(lode_arena_create(0, &scratch));
    if (is_dense) {
        double *similarity;
        check(lode_take(data, graph.n * graph.n, &similarity));
        read_doubles(raw, graph.n * graph.n, similarity);
        graph.similarity = similarity;
    } else {
        read_edges(raw, about.st_size / 24, data, &graph);
    }
    fclose(raw);
    const double begin = seconds();
    check(is_dense ? affinity_propagate_dense(graph.similarity, graph.n, &options, scratch, &result)
                   : affinity_propagate(&graph, &options, scratch, &result));
    print_line(argv[1], &graph, options.preference, seconds() - begin, &result);
    lode_arena_destroy(scratch);
    lode_arena_destroy(data);
    return 0;
}
