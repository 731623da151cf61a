/* Hostile bytes as a partition, behind a right seal. A column that is accepted keeps the promises
 * of store.h, so that a leaf may index without looking. */
#include <string.h>

#include "common/store/store.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WORDS = 3 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return atexit(sealed_remove);
}

static void use_offsets(const int64_t *offsets, int64_t rows, int64_t end)
{
    check(offsets[0] == 0 && offsets[rows] == end);
    for (int64_t i = 0; i < rows; i++) check(offsets[i] <= offsets[i + 1]);
}

static void use_codes(const uint32_t *codes, int64_t count, bool optional)
{
    for (int64_t i = 0; i < count; i++)
        check(codes[i] < WORDS || (optional && codes[i] == LODE_NO_CODE));
}

/* Whatever the name: "kpi_a" and the like are in the corpus, so they are found. */
static void use_session_columns(struct lode_part *part, struct lode_arena *arena)
{
    double *values;
    uint8_t *outcomes;
    uint32_t *codes;
    char *id;
    if (lode_part_kpi_binary(part, "kpi_a", arena, &outcomes) == LODE_OK) {
        for (int64_t i = 0; i < part->n_sessions; i++) check(outcomes[i] <= LODE_KPI_NO_VALUE);
    }
    if (lode_part_kpi(part, "kpi_b", false, arena, &values) == LODE_OK && part->n_sessions > 0)
        check(values[0] <= values[0] || values[0] != values[0]);
    if (lode_part_attribute(part, "of_user", true, WORDS, arena, &codes) == LODE_OK)
        use_codes(codes, part->n_sessions, true);
    if (lode_part_attribute(part, "of/session", false, WORDS, arena, &codes) == LODE_OK)
        use_codes(codes, part->n_sessions, true);
    if (lode_part_session_id(part, part->n_sessions - 1, arena, &id) == LODE_OK)
        check(strlen(id) <= INT_MAX);
}

static void use_event_columns(struct lode_part *part, struct lode_arena *arena)
{
    double *values;
    uint32_t *codes;
    if (lode_part_event_names(part, WORDS, arena, &codes) == LODE_OK)
        use_codes(codes, part->n_events, false);
    if (lode_part_event_attribute(part, "word", WORDS, arena, &codes) == LODE_OK)
        use_codes(codes, part->n_events, true);
    if (lode_part_event_value(part, "number", arena, &values) == LODE_OK && part->n_events > 0)
        check(values[part->n_events - 1] <= 0 || !(values[part->n_events - 1] <= 0));
}

static void use(struct lode_part *part, struct lode_arena *arena)
{
    int64_t *offsets, *starts;
    if (lode_part_session_offsets(part, arena, &offsets) == LODE_OK)
        use_offsets(offsets, part->n_users, part->n_sessions);
    if (lode_part_event_offsets(part, arena, &offsets) == LODE_OK)
        use_offsets(offsets, part->n_sessions, part->n_events);
    if (lode_part_session_starts(part, arena, &starts) == LODE_OK && part->n_sessions > 0)
        check(starts[part->n_sessions - 1] <= INT64_MAX);
    use_event_columns(part, arena);
    use_session_columns(part, arena);
}

/* Rows of a data set; the counts that an index would name. */
static bool count_rows(struct lode_part *part, const char *name, struct lode_arena *arena,
                       int64_t *rows)
{
    struct lode_hdf_column column;
    if (lode_hdf_describe(part->file, name, arena, &column) != LODE_OK) return false;
    *rows = column.rows;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_part part = {0};
    struct lode_arena *arena = NULL;
    const char *path = sealed_write("part.h5", data, size);
    const lode_status status = lode_hdf_open(path, &part.file);
    check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_MEMORY);
    if (status != LODE_OK) return 0;
    check(lode_arena_create(64 << 20, &arena) == LODE_OK);
    if (count_rows(&part, LODE_PART_USER_ID, arena, &part.n_users) &&
        count_rows(&part, LODE_PART_SESSION_ID, arena, &part.n_sessions) &&
        count_rows(&part, LODE_PART_EVENT_NAME, arena, &part.n_events))
        use(&part, arena);
    lode_hdf_close(part.file);
    lode_arena_destroy(arena);
    return 0;
}
