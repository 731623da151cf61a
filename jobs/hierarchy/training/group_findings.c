/* Findings of a training run: what moves together, in words. */
#include "jobs/hierarchy/model/rows.h"
#include "jobs/hierarchy/training/tables.h"

enum { NAMED = 6 }; /* members that are named; the others are counted */

static lode_status append_member(const struct model *model, const struct model_detector *group,
                                 int64_t member, struct lode_bytes *text)
{
    const struct model_detector *held =
        &model->detectors[model->members[group->first_member + member].detector];
    lode_try(lode_bytes_printf(text, "%s", member > 0 ? ", " : ""));
    if (held->component != group->component)
        lode_try(lode_bytes_printf(text, "%s ", model->components[held->component].name));
    return lode_bytes_printf(text, "%s", held->name);
}

/* "storage/volume-3: 4 counters move together: a, b, c and d; most like the others: b" */
static lode_status write_words(const struct model *model, const struct model_detector *group,
                               struct lode_bytes *text)
{
    const int64_t n_named = group->n_members > NAMED ? NAMED - 1 : group->n_members;
    text->size = 0;
    lode_try(lode_bytes_printf(
        text, "%s: %lld %s move together: ", model->components[group->component].name,
        (long long)group->n_members, group->level > 1 ? "groups" : "counters"));
    for (int64_t m = 0; m < n_named; m++) lode_try(append_member(model, group, m, text));
    if (n_named < group->n_members)
        lode_try(
            lode_bytes_printf(text, " and %lld more", (long long)(group->n_members - n_named)));
    if (group->exemplar >= 0 && group->n_members > 2)
        lode_try(lode_bytes_printf(text, "; most like the others: %s",
                                   model->detectors[group->exemplar].name));
    return lode_bytes_append(text, "", 1);
}

static lode_status fill(const struct tree *tree, struct rows *rows)
{
    const struct model *model = &tree->model;
    char level[MODEL_LEVEL_TEXT];
    struct lode_bytes words = {0};
    uint32_t *components = NULL, *levels = NULL, *names = NULL, *starts = NULL, *texts = NULL;
    int64_t *ranks = NULL, *members = NULL, row = 0;
    lode_status status = LODE_OK;
    lode_try(rows_i64(rows, "rank", NULL, "place in the list, from 1", &ranks));
    lode_try(rows_text(rows, "component", "that the group is about", &components));
    lode_try(rows_text(rows, "level", "mid: of counters; level-2, ...: of groups", &levels));
    lode_try(rows_text(rows, "detector", "the group's name in component and level", &names));
    lode_try(rows_text(rows, "start", "empty: of detection alone", &starts));
    lode_try(rows_i64(rows, "members", NULL, "how many", &members));
    lode_try(rows_text(rows, "text", "the finding in words", &texts));
    if (tree->lesson) {
        lode_try(rows_code(rows, "weights", &names[row]));
        lode_try(rows_code(rows, tree->lesson, &texts[row]));
        ranks[row++] = 1;
    }
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *group = &model->detectors[d];
        if (group->role != MODEL_GROUP) continue;
        lode_try_done(rows_code(rows, model->components[group->component].name, &components[row]));
        lode_try_done(rows_code(
            rows, model_level_name(group->role, group->level, level, sizeof level), &levels[row]));
        lode_try_done(rows_code(rows, group->name, &names[row]));
        lode_try_done(write_words(model, group, &words));
        lode_try_done(rows_code(rows, (const char *)words.data, &texts[row]));
        members[row] = group->n_members;
        ranks[row] = row + 1;
        row++;
    }
done:
    lode_bytes_clear(&words);
    return status;
}

lode_status group_findings_put(const struct lode_run *run, const struct tree *tree)
{
    const struct model *model = &tree->model;
    struct rows rows;
    int64_t n = tree->lesson != NULL;
    for (int64_t d = 0; d < model->n_detectors; d++) n += model->detectors[d].role == MODEL_GROUP;
    lode_try(rows_begin(&rows, "findings", "what moves together", n, run->arena));
    lode_try(fill(tree, &rows));
    return lode_findings_put(run, rows_end(&rows));
}
