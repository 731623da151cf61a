/* Hostile bytes as a partition of counters, behind a right seal and a right index. What is accepted
 * keeps the promises of lode/counters.h, so that a leaf may index without looking. */
#include <math.h>
#include <string.h>

#include "common/hash.h"
#include "common/store/counters.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return atexit(sealed_remove);
}

/* An index that says of the partition what is right: its size, checksum and rows, as far as HDF5
 * can tell them. */
static bool write_index(const char *path, struct lode_arena *arena)
{
    static struct lode_component components[] = {{.name = "a", .parent = -1},
                                                 {.name = "b", .parent = -1}};
    static struct lode_counter counters[] = {{.name = "cpu", .unit = ""},
                                             {.name = "mem", .unit = ""}};
    const char *const names[] = {LODE_BLOCK_NAME, LODE_SAMPLE_TIME, LODE_SAMPLE_VALUE};
    struct lode_partition partition = {.file = "part-00000.h5"};
    int64_t *const rows[] = {&partition.n_users, &partition.n_sessions, &partition.n_events};
    struct lode_hdf *file = NULL;
    uint64_t size_bytes = 0;
    bool is_right = lode_hdf_open(path, &file) == LODE_OK;
    for (int i = 0; i < 3 && is_right; i++) {
        struct lode_hdf_column column;
        is_right = lode_hdf_describe(file, names[i], arena, &column) == LODE_OK;
        if (is_right) *rows[i] = column.rows;
    }
    lode_hdf_close(file);
    if (!is_right) return false;
    check(lode_hash_file(path, &partition.checksum, &size_bytes) == LODE_OK);
    partition.size_bytes = (int64_t)size_bytes;
    const struct lode_store store = {.kind = LODE_STORE_COUNTERS,
                                     .counters = {.n_components = 2,
                                                  .components = components,
                                                  .n_counters = 2,
                                                  .counters = counters},
                                     .n_partitions = 1,
                                     .partitions = &partition};
    check(lode_store_write_index(&store, sealed_folder()) == LODE_OK);
    return true;
}

static void use_block(struct lode_counters *part, int64_t at, struct lode_arena *arena)
{
    const struct lode_counters_block *block = lode_counters_block(part, at);
    struct lode_open_slot *open;
    int64_t *times;
    double *values;
    check(block->component < 2 && block->n_times >= 0 && strlen(block->name) > 0);
    if (lode_counters_times(part, at, arena, &times) == LODE_OK)
        for (int64_t i = 1; i < block->n_times; i++) check(times[i - 1] < times[i]);
    for (int64_t c = 0; c < block->n_counters; c++) {
        check(block->counters[c] >= 0 && block->counters[c] < 2);
        if (lode_counters_values(part, at, block->counters[c], arena, &values) == LODE_OK)
            for (int64_t i = 0; i < block->n_times; i++) check(!isinf(values[i]));
    }
    if (lode_counters_open_slots(part, at, arena, &open) == LODE_OK)
        for (int64_t c = 0; c < block->n_counters; c++)
            check(open[c].count >= 0 && isfinite(open[c].sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_counters *part = NULL;
    struct lode_arena *arena = NULL;
    const char *path = sealed_write("part-00000.h5", data, size);
    check(lode_arena_create(64 << 20, &arena) == LODE_OK);
    if (write_index(path, arena)) {
        const lode_status status = lode_counters_open_as_of(sealed_folder(), INT64_MAX, 0, &part);
        check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_MEMORY);
        for (int64_t b = 0; status == LODE_OK && b < lode_counters_blocks(part); b++)
            use_block(part, b, arena);
        if (status == LODE_OK) lode_counters_close(part);
    }
    lode_arena_destroy(arena);
    return 0;
}
