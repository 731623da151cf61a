/* Manual groups: see the header. */
#include "jobs/hierarchy/evaluation/manual_groups.h"

#include <string.h>

#include "common/text.h"
#include "jobs/hierarchy/evaluation/columns.h"
#include "lode/table.h"

enum { COMPONENT, GROUP, COUNTER, COLUMNS };
static const char *const column_names[] = {"component", "group", "counter", NULL};

struct reader {
    struct evaluation_columns columns;
    struct lode_arena *arena;
    struct lode_words *names; /* of groups */
    struct manual_groups groups;
    int64_t room;
};

static lode_status copy_field(struct reader *r, int column, const char **text)
{
    const struct lode_field *field = evaluation_columns_field(&r->columns, column);
    char *copy;
    if (field->size == 0)
        return evaluation_columns_refuse(&r->columns, "no %s", column_names[column]);
    lode_try(lode_arena_text(r->arena, field->text, field->size, &copy));
    *text = copy;
    return LODE_OK;
}

static lode_status read_row(struct reader *r)
{
    struct manual_groups *groups = &r->groups;
    const char *group = "";
    uint32_t code = 0;
    if (groups->n_rows == r->room) {
        struct manual_row *more;
        r->room = r->room ? 2 * r->room : 64;
        lode_try(lode_take(r->arena, r->room, &more));
        if (groups->n_rows > 0) memcpy(more, groups->rows, (size_t)groups->n_rows * sizeof *more);
        groups->rows = more;
    }
    struct manual_row *row = &groups->rows[groups->n_rows];
    lode_try(copy_field(r, COMPONENT, &row->component));
    lode_try(copy_field(r, COUNTER, &row->counter));
    lode_try(copy_field(r, GROUP, &group));
    lode_try(lode_words_add(r->names, group, strlen(group), &code));
    row->group = code;
    groups->n_rows++;
    return LODE_OK;
}

lode_status manual_groups_read(const char *path, struct lode_arena *arena,
                               struct manual_groups *groups)
{
    struct reader r = {.arena = arena};
    struct lode_rows *rows = NULL;
    lode_status status = LODE_OK;
    bool more = true;
    lode_try_done(lode_words_create(arena, &r.names));
    lode_try_done(lode_rows_open(path, &rows));
    lode_try_done(evaluation_columns_find(rows, path, column_names, arena, &r.columns));
    for (;;) {
        lode_try_done(evaluation_columns_next(&r.columns, &more));
        if (!more) break;
        lode_try_done(read_row(&r));
    }
    r.groups.groups = (const char *const *)lode_words_list(r.names, &r.groups.n_groups);
    *groups = r.groups;
done:
    lode_rows_close(rows);
    return status ? lode_note(status, "reading manual groups") : LODE_OK;
}

bool manual_groups_has(const struct manual_groups *groups, int64_t group, const char *component,
                       const char *counter)
{
    for (int64_t i = 0; i < groups->n_rows; i++) {
        const struct manual_row *row = &groups->rows[i];
        if (row->group == group && lode_text_glob(row->component, component) &&
            lode_text_glob(row->counter, counter))
            return true;
    }
    return false;
}
