#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/stats/random.h"
#include "jobs/hierarchy/grouping/gram.h"
#include "tests/unit.h"

enum { PATH_BYTES = 4096, FILE_LIMIT = 1 << 26 };

static void find(const char *name, char *path)
{
    const char *data = getenv("LODE_DATA");
    const char *tests = strstr(__FILE__, "tests/jobs/hierarchy/");
    assert_non_null(tests);
    if (data)
        snprintf(path, PATH_BYTES, "%s/counters/parity/%s", data, name);
    else
        snprintf(path, PATH_BYTES, "%.*s../shared/data/counters/parity/%s", (int)(tests - __FILE__),
                 __FILE__, name);
}

static int64_t count(const char *text, char c)
{
    int64_t n = 0;
    for (; *text; text++) n += *text == c;
    return n;
}

static void cut(char *line, int64_t n, char **fields)
{
    for (int64_t i = 0; i < n; i++) {
        assert_non_null(line);
        const bool is_quoted = *line == '"'; /* nothing doubled inside */
        fields[i] = is_quoted ? line + 1 : strsep(&line, ",");
        if (!is_quoted) continue;
        line = strchr(fields[i], '"');
        assert_non_null(line);
        *line++ = '\0';
        strsep(&line, ",");
    }
    assert_null(line);
}

void reference_load(const char *name, struct lode_arena *arena, struct reference *table)
{
    char path[PATH_BYTES], *text, *line;
    struct lode_bytes bytes = {0};
    find(name, path);
    if (lode_file_read(path, FILE_LIMIT, &bytes) != LODE_OK) {
        const char *ci = getenv("CI");
        if (ci && strcmp(ci, "true") == 0) fail_msg("no %s; set LODE_DATA", path);
        print_message("SKIPPED: no %s; set LODE_DATA\n", path);
        skip();
    }
    assert_ok(lode_arena_text(arena, (const char *)bytes.data, bytes.size, &text));
    lode_bytes_clear(&bytes);
    table->n_rows = count(text, '\n') - 1;
    line = strsep(&text, "\n");
    table->n_columns = count(line, ',') + 1;
    assert_ok(lode_take(arena, table->n_columns, &table->names));
    assert_ok(lode_take(arena, table->n_rows * table->n_columns, &table->cells));
    cut(line, table->n_columns, table->names);
    for (int64_t r = 0; r < table->n_rows; r++)
        cut(strsep(&text, "\n"), table->n_columns, table->cells + r * table->n_columns);
}

double reference_number(const struct reference *table, int64_t row, int64_t column)
{
    char *end;
    const double value = strtod(table->cells[row * table->n_columns + column], &end);
    assert_true(*end == '\0');
    return value;
}

static void take_series(int64_t p, int64_t n, struct lode_arena *arena,
                        struct reference_series *out)
{
    *out = (struct reference_series){p, n, NULL, NULL, NULL};
    assert_ok(lode_take(arena, p, &out->series));
    assert_ok(lode_take(arena, p, &out->means));
    assert_ok(lode_take(arena, p * p, &out->gram));
    for (int64_t i = 0; i < p; i++) assert_ok(lode_take(arena, n, &out->series[i]));
}

static void multiply(struct lode_arena *arena, struct reference_series *out)
{
    assert_ok(gram_of_series((const double *const *)out->series, out->p, out->n, NULL, arena,
                             out->means, out->gram));
}

void reference_load_series(const char *name, struct lode_arena *arena, struct reference_series *out)
{
    struct reference table;
    reference_load(name, arena, &table);
    take_series(table.n_columns - 1, table.n_rows, arena, out);
    for (int64_t i = 0; i < out->p; i++)
        for (int64_t t = 0; t < out->n; t++) out->series[i][t] = reference_number(&table, t, i + 1);
    multiply(arena, out);
}

void random_series(uint64_t seed, int64_t p, int64_t n, struct lode_arena *arena,
                   struct reference_series *out)
{
    struct lode_random random = lode_random_begin(seed, 0);
    take_series(p, n, arena, out);
    for (int64_t i = 0; i < p; i++) {
        const uint64_t kind = i < 2 ? 9 : lode_random_below(&random, 10);
        const double *a = i < 2 ? NULL : out->series[lode_random_below(&random, (uint64_t)i)];
        const double *b = i < 2 ? NULL : out->series[lode_random_below(&random, (uint64_t)i)];
        for (int64_t t = 0; t < n; t++) {
            const double noise = lode_random_normal(&random);
            const double values[] = {a ? a[t] : 0,
                                     a ? -a[t] : 0,
                                     a ? a[t] + b[t] : 0,
                                     4.0,
                                     a ? a[t] + 1e-3 * noise : 0,
                                     a ? 0.5 * a[t] + 0.5 * b[t] + 0.1 * noise : 0};
            out->series[i][t] = kind < 6 ? values[kind] : noise;
        }
    }
    multiply(arena, out);
}
