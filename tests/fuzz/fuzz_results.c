/* Hostile bytes as results.h5, behind a right seal: every table that is accepted can be printed, as
 * CSV and as JSON Lines. */
#include <string.h>

#include "common/store/table.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return atexit(sealed_remove);
}

static void print(const char *path, const char *name, struct lode_arena *arena, FILE *nowhere)
{
    struct lode_table table = {0};
    if (lode_results_read(path, name, arena, &table) != LODE_OK) return;
    check(lode_table_print(&table, LODE_TABLE_CSV, nowhere) == LODE_OK);
    check(lode_table_print(&table, LODE_TABLE_JSONL, nowhere) == LODE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    char **names = NULL;
    int64_t count = 0;
    const char *path = sealed_write("results.h5", data, size);
    FILE *nowhere = fopen("/dev/null", "w");
    check(nowhere != NULL && lode_arena_create(64 << 20, &arena) == LODE_OK);
    const lode_status status = lode_results_list(path, arena, &names, &count);
    check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_MEMORY);
    for (int64_t i = 0; status == LODE_OK && i < count && i < 16; i++)
        print(path, names[i], arena, nowhere);
    fclose(nowhere);
    lode_arena_destroy(arena);
    return 0;
}
