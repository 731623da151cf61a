/* Model, read back: nothing is believed. */
#include "jobs/hierarchy/model/model.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/version.h"
#include "jobs/hierarchy/model/one_class.h"

/* Staging takes no time further from 1970 (285,000 years): sums of a few do not overflow. */
static const int64_t furthest_ms = INT64_C(1) << 53;
/* As parameter weights allows: sums of weight x E stay finite. */
static const double largest_weight = 1e6;

/* A table on its way in. */
struct reading {
    char path[PATH_MAX]; /* of results.h5 */
    struct lode_arena *arena;
    struct lode_table table;
};

static lode_status fault(const struct reading *reading, int64_t row, const char *column,
                         const char *what)
{
    return lode_fail(LODE_E_INPUT, "%s: table %s, row %lld, column %s: %s", reading->path,
                     reading->table.name, (long long)row, column, what);
}

static lode_status open_table(struct reading *reading, const char *name)
{
    return lode_results_read(reading->path, name, reading->arena, &reading->table);
}

static lode_status find(const struct reading *reading, const char *name, enum lode_column_type type,
                        const struct lode_column **column)
{
    *column = lode_table_column(&reading->table, name);
    if (!*column || (*column)->type != type)
        return lode_fail(LODE_E_INPUT, "%s: table %s has no column %s of the right kind",
                         reading->path, reading->table.name, name);
    return LODE_OK;
}

/* Whole columns as plain arrays of the arena. */
static lode_status get_i64(const struct reading *reading, const char *name, int64_t low,
                           int64_t high, int64_t **values)
{
    const struct lode_column *column = NULL;
    lode_try(find(reading, name, LODE_COLUMN_I64, &column));
    lode_try(lode_take(reading->arena, reading->table.n_rows, values));
    for (int64_t i = 0; i < reading->table.n_rows; i++) {
        (*values)[i] = ((const int64_t *)column->data)[lode_column_at(column, i)];
        if ((*values)[i] < low || (*values)[i] > high)
            return fault(reading, i, name, "a number that cannot be");
    }
    return LODE_OK;
}

/* Numbers in [low, high]. */
static lode_status get_numbers(const struct reading *reading, const char *name, double low,
                               double high, double **values)
{
    const struct lode_column *column = NULL;
    lode_try(find(reading, name, LODE_COLUMN_F64, &column));
    lode_try(lode_take(reading->arena, reading->table.n_rows, values));
    for (int64_t i = 0; i < reading->table.n_rows; i++) {
        (*values)[i] = ((const double *)column->data)[lode_column_at(column, i)];
        if (!((*values)[i] >= low && (*values)[i] <= high))
            return fault(reading, i, name, "a number that cannot be");
    }
    return LODE_OK;
}

static lode_status get_f64(const struct reading *reading, const char *name, double **values)
{
    return get_numbers(reading, name, 0, 1e300, values);
}

static lode_status get_text(const struct reading *reading, const char *name, const char ***values)
{
    const struct lode_column *column = NULL;
    lode_try(find(reading, name, LODE_COLUMN_WORD, &column));
    lode_try(lode_take(reading->arena, reading->table.n_rows, values));
    for (int64_t i = 0; i < reading->table.n_rows; i++) {
        const uint32_t code = ((const uint32_t *)column->data)[lode_column_at(column, i)];
        (*values)[i] = code == UINT32_MAX ? "" : column->words[code];
    }
    return LODE_OK;
}

/* A text column as places in a list that ends with NULL. */
static lode_status get_choice(const struct reading *reading, const char *name,
                              const char *const *words, int64_t **values)
{
    const char **texts = NULL;
    lode_try(get_text(reading, name, &texts));
    lode_try(lode_take(reading->arena, reading->table.n_rows, values));
    for (int64_t i = 0; i < reading->table.n_rows; i++) {
        int64_t at = 0;
        while (words[at] && strcmp(words[at], texts[i]) != 0) at++;
        if (!words[at]) return fault(reading, i, name, "a word that cannot be");
        (*values)[i] = at;
    }
    return LODE_OK;
}

/* --- parameters --- */

static lode_status set_param(const char *name, const char *value, struct lode_params *params)
{
    struct lode_bytes text = {0};
    lode_status status = lode_bytes_printf(&text, "%s=%s", name, value);
    if (!status) status = lode_bytes_append(&text, "", 1);
    if (!status) status = lode_params_set(params, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

/* Another version may count otherwise, and what it learned would not fit what this one scores. */
static lode_status check_version(const struct reading *reading, const char *version)
{
    if (strcmp(version, lode_version()) == 0) return LODE_OK;
    return lode_fail(LODE_E_INPUT,
                     "%s: the model was learned by lode %s, this is %s: learn it anew",
                     reading->path, version, lode_version());
}

static lode_status set_params(const struct reading *reading, struct lode_params *params,
                              struct model_parameters *parameters)
{
    const char **names = NULL, **values = NULL;
    bool has_version = false;
    lode_try(get_text(reading, "parameter", &names));
    lode_try(get_text(reading, "value", &values));
    for (int64_t i = 0; i < reading->table.n_rows; i++) {
        if (strcmp(names[i], MODEL_VERSION) == 0) {
            has_version = true;
            lode_try(check_version(reading, values[i]));
        }
    }
    if (!has_version)
        return lode_fail(LODE_E_INPUT, "%s: table parameters does not say which lode made it",
                         reading->path);
    for (int64_t i = 0; i < reading->table.n_rows; i++)
        if (strcmp(names[i], MODEL_VERSION) != 0) lode_try(set_param(names[i], values[i], params));
    *parameters = (struct model_parameters){reading->table.n_rows, names, values};
    return LODE_OK;
}

static lode_status read_parameters(struct reading *reading, struct model *model)
{
    struct lode_params *params = NULL;
    lode_try(open_table(reading, "parameters"));
    lode_try(lode_params_create(hierarchy_params, &params));
    lode_status status = set_params(reading, params, &model->parameters);
    if (!status) status = hierarchy_options_read(params, reading->arena, &model->options);
    lode_params_destroy(params);
    return status == LODE_E_USAGE ? lode_note(LODE_E_INPUT, "%s: table parameters", reading->path)
                                  : status;
}

static const char weight_range[] = "must be above 0, at most 1e6";

static bool is_weight(double weight)
{
    return weight > 0 && weight <= largest_weight;
}

/* --- components --- */

/* Following parents must end: a line of them is never longer than the list. */
static lode_status check_parents(const struct reading *reading, const struct model *model)
{
    for (int64_t i = 0; i < model->n_components; i++) {
        int64_t at = i, steps = 0;
        while (at >= 0 && steps++ <= model->n_components) at = model->components[at].parent;
        if (at >= 0) return fault(reading, i, "parent", "goes round in a circle");
    }
    return LODE_OK;
}

static lode_status read_components(struct reading *reading, struct model *model)
{
    const char **names = NULL;
    int64_t *parents = NULL, *lasts = NULL, *steps = NULL, *slots = NULL;
    lode_try(open_table(reading, "components"));
    const int64_t n = reading->table.n_rows;
    lode_try(get_text(reading, "component", &names));
    lode_try(get_i64(reading, "parent", -1, n - 1, &parents));
    lode_try(get_i64(reading, "last_ms", INT64_MIN, furthest_ms, &lasts));
    lode_try(get_i64(reading, "step_ms", 0, furthest_ms, &steps));
    lode_try(get_i64(reading, "slots", 0, INT64_MAX / 2, &slots));
    lode_try(lode_take(reading->arena, n, &model->components));
    model->n_components = n;
    for (int64_t i = 0; i < n; i++) {
        if (steps[i] > 0 && lasts[i] < -furthest_ms)
            return fault(reading, i, "last_ms", "a number that cannot be");
        if (names[i][0] == '\0' || (i > 0 && strcmp(names[i - 1], names[i]) >= 0))
            return fault(reading, i, "component", "names are not in order");
        model->components[i] =
            (struct model_component){names[i], parents[i], lasts[i], steps[i], slots[i]};
    }
    return check_parents(reading, model);
}

/* --- detectors --- */

/* The columns of table detectors. */
struct detector_columns {
    int64_t *roles, *depths, *states, *exemplars, *kinds, *families, *windows, *edges, *noises;
    const char **components, **names, **counters;
    double *severities, *sigmas, *saturations, *weights, *variances, *largest;
};

/* Names of kinds, the empty one of those that are no leaves in front, rule and pattern behind. */
static lode_status kind_names(struct lode_arena *arena, const char *const **names)
{
    int n = 0;
    const char **list = NULL;
    while (detector_kinds[n]) n++;
    lode_try(lode_take(arena, n + 4, &list));
    list[0] = "";
    for (int i = 0; i < n; i++) list[i + 1] = detector_kinds[i]->name;
    list[n + 1] = "rule";
    list[n + 2] = "pattern";
    list[n + 3] = NULL;
    *names = list;
    return LODE_OK;
}

static lode_status get_detectors(const struct reading *reading, struct detector_columns *columns)
{
    enum { MOST_SLOTS = DETECTOR_LONGEST_WINDOW };
    static const char *const families[] = {"",          "poisson", "gaussian", "exponential",
                                           "lognormal", "pareto",  NULL};
    const int64_t n = reading->table.n_rows;
    const char *const *kinds = NULL;
    lode_try(kind_names(reading->arena, &kinds));
    lode_try(get_choice(reading, "role", model_role_names, &columns->roles));
    lode_try(get_choice(reading, "state", model_state_names, &columns->states));
    lode_try(get_choice(reading, "kind", kinds, &columns->kinds));
    lode_try(get_choice(reading, "family", families, &columns->families));
    lode_try(get_i64(reading, "depth", 0, MOST_SLOTS, &columns->depths));
    lode_try(get_i64(reading, "exemplar", -1, n - 1, &columns->exemplars));
    lode_try(get_i64(reading, "window", 0, MOST_SLOTS, &columns->windows));
    lode_try(get_i64(reading, "edge", 0, MOST_SLOTS, &columns->edges));
    lode_try(get_i64(reading, "noise", 0, MOST_SLOTS, &columns->noises));
    lode_try(get_f64(reading, "usual_variance", &columns->variances));
    lode_try(get_f64(reading, "largest_value", &columns->largest));
    lode_try(get_text(reading, "component", &columns->components));
    lode_try(get_text(reading, "detector", &columns->names));
    lode_try(get_text(reading, "counter", &columns->counters));
    lode_try(get_f64(reading, "severity", &columns->severities));
    lode_try(get_f64(reading, "sigma", &columns->sigmas));
    lode_try(get_f64(reading, "saturation", &columns->saturations));
    return get_f64(reading, "weight", &columns->weights);
}

/* The component of that name; -1: there is none. */
static int64_t find_component(const struct model *model, const char *name)
{
    int64_t low = 0, high = model->n_components;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        const int order = strcmp(model->components[middle].name, name);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* The definition of what is given. */
static lode_status find_given(const struct reading *reading, const struct model *model, int64_t row,
                              bool is_pattern, struct model_detector *made)
{
    const struct hierarchy_options *options = &model->options;
    const struct lode_definition *list = is_pattern ? options->patterns : options->rules;
    const int64_t n = is_pattern ? options->n_patterns : options->n_rules;
    for (int64_t i = 0; i < n; i++) {
        if (strcmp(list[i].name, made->counter) != 0) continue;
        made->rule = is_pattern ? NULL : &list[i];
        made->pattern = is_pattern ? &list[i] : NULL;
        return LODE_OK;
    }
    return fault(reading, row, "counter",
                 is_pattern ? "parameter patterns has no pattern of that name"
                            : "parameter rules has no rule of that name");
}

/* Kinds and families count from 1 here: 0 is the empty cell. */
static lode_status make_settings(const struct reading *reading,
                                 const struct detector_columns *columns, int64_t row,
                                 const struct model *model, struct model_detector *made)
{
    const int kind = (int)columns->kinds[row] - 1;
    int n_kinds = 0;
    while (detector_kinds[n_kinds]) n_kinds++;
    if (kind >= n_kinds) return find_given(reading, model, row, kind > n_kinds, made);
    const int64_t family = columns->families[row];
    if (family == 0 && kind == detector_kind_find("hellinger"))
        return fault(reading, row, "family", "a leaf of no family");
    made->settings =
        hierarchy_settings(&model->options, kind, model->components[made->component].step_ms);
    made->settings.family = family > 0 ? (enum detector_family)(family - 1) : DETECTOR_POISSON;
    if (made->settings.window != columns->windows[row] ||
        made->settings.edge != columns->edges[row] || made->settings.noise != columns->noises[row])
        return fault(reading, row, "window", "does not follow from the parameters");
    made->settings.usual_variance = columns->variances[row];
    made->settings.largest_value = columns->largest[row];
    return LODE_OK;
}

static lode_status make_leaf(const struct reading *reading, const struct detector_columns *columns,
                             int64_t row, const struct model *model, struct model_detector *made)
{
    if (columns->kinds[row] == 0) return fault(reading, row, "kind", "a leaf of no kind");
    if (columns->counters[row][0] == '\0')
        return fault(reading, row, "counter", "a leaf without a counter");
    if (model->components[made->component].step_ms < 1)
        return fault(reading, row, "component", "has no step");
    if (!is_weight(columns->weights[row])) return fault(reading, row, "weight", weight_range);
    made->counter = columns->counters[row];
    made->sigma = columns->sigmas[row];
    made->saturation = columns->saturations[row];
    made->weight = columns->weights[row];
    return make_settings(reading, columns, row, model, made);
}

static lode_status make_detector(const struct reading *reading,
                                 const struct detector_columns *columns, int64_t row,
                                 const struct model *model, struct model_detector *made)
{
    const int64_t component = find_component(model, columns->components[row]);
    if (component < 0) return fault(reading, row, "component", "there is no such component");
    *made = (struct model_detector){.role = (enum model_role)columns->roles[row],
                                    .level = (int32_t)columns->depths[row],
                                    .component = (int32_t)component,
                                    .name = columns->names[row],
                                    .state = (enum model_state)columns->states[row],
                                    .severity = columns->severities[row],
                                    .weight = 1.0,
                                    .exemplar = columns->exemplars[row]};
    if (row > 0 && columns->roles[row - 1] > columns->roles[row])
        return fault(reading, row, "role", "out of order");
    if (!(made->severity > 0)) return fault(reading, row, "severity", "must be above 0");
    if (made->exemplar >= row) return fault(reading, row, "exemplar", "is no member");
    if ((made->role == MODEL_LEAF) != (made->level == 0))
        return fault(reading, row, "depth", "of a leaf 0, of others more");
    if (model_is_one_class(model, made)) {
        made->sigma = columns->sigmas[row];
        made->saturation = columns->saturations[row];
    }
    return made->role == MODEL_LEAF ? make_leaf(reading, columns, row, model, made) : LODE_OK;
}

static lode_status read_detectors(struct reading *reading, struct model *model)
{
    struct detector_columns columns;
    lode_try(open_table(reading, "detectors"));
    const int64_t n = reading->table.n_rows;
    lode_try(get_detectors(reading, &columns));
    lode_try(lode_take(reading->arena, n, &model->detectors));
    model->n_detectors = n;
    model->n_levels = 1;
    for (int64_t i = 0; i < n; i++) {
        struct model_detector *made = &model->detectors[i];
        lode_try(make_detector(reading, &columns, i, model, made));
        if (made->role != MODEL_GROUP) continue;
        if (made->level > model->options.max_levels)
            return fault(reading, i, "depth", "more than parameter max_levels");
        if (made->level >= model->n_levels) model->n_levels = made->level + 1;
    }
    return LODE_OK;
}

/* --- members --- */

static lode_status read_members(struct reading *reading, struct model *model)
{
    int64_t *holders = NULL, *members = NULL;
    double *weights = NULL;
    lode_try(open_table(reading, "members"));
    const int64_t n = reading->table.n_rows;
    lode_try(get_i64(reading, "detector", 0, model->n_detectors - 1, &holders));
    lode_try(get_i64(reading, "member", 0, model->n_detectors - 1, &members));
    lode_try(get_f64(reading, "weight", &weights));
    lode_try(lode_take(reading->arena, n, &model->members));
    model->n_members = n;
    for (int64_t i = 0; i < n; i++) {
        struct model_detector *holder = &model->detectors[holders[i]];
        if (i > 0 && holders[i] < holders[i - 1])
            return fault(reading, i, "detector", "out of order");
        if (holder->role == MODEL_LEAF)
            return fault(reading, i, "detector", "a leaf has no members");
        if (members[i] >= holders[i])
            return fault(reading, i, "member", "must come before the detector that holds it");
        if (model->detectors[members[i]].level >= holder->level)
            return fault(reading, i, "member", "must be below the detector that holds it");
        if (!is_weight(weights[i])) return fault(reading, i, "weight", weight_range);
        if (holder->n_members++ == 0) holder->first_member = i;
        model->members[i] = (struct model_member){members[i], weights[i]};
    }
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model->detectors[d].role != MODEL_LEAF && model->detectors[d].n_members == 0)
            return fault(reading, d, "detector", "has no members");
    return LODE_OK;
}

/* --- patterns --- */

struct pattern_columns {
    const char **names, **counters, **wheres;
    int64_t *steps;
    double *values;
};

/* The rows of one definition, from `row` on. */
static lode_status read_pattern(const struct reading *reading,
                                const struct pattern_columns *columns, const char *name,
                                int64_t row, struct pattern *made)
{
    *made = (struct pattern){.name = name, .index = -1, .values = columns->values + row};
    while (row + made->n < reading->table.n_rows &&
           strcmp(columns->names[row + made->n], name) == 0) {
        const int64_t at = row + made->n++;
        if (columns->steps[at] != columns->steps[row])
            return fault(reading, at, "step_ms", "is another than in the rows before");
        if (strcmp(columns->counters[at], columns->counters[row]) != 0)
            return fault(reading, at, "counter", "is another than in the rows before");
        if (strcmp(columns->wheres[at], columns->wheres[row]) != 0)
            return fault(reading, at, "components", "is another than in the rows before");
    }
    if (made->n == 0) return fault(reading, row, "pattern", "is not that of parameter patterns");
    if (columns->counters[row][0] == '\0')
        return fault(reading, row, "counter", "a pattern of no counter");
    if (!pattern_is_shape(made->values, made->n))
        return fault(reading, row, "value", "values from here on that are no shape to look for");
    made->counter = columns->counters[row];
    made->where = columns->wheres[row];
    made->step_ms = columns->steps[row];
    return LODE_OK;
}

/* As many and in the order of the definitions. */
static lode_status read_patterns(struct reading *reading, struct model *model)
{
    const struct hierarchy_options *options = &model->options;
    struct patterns made = {.match = options->pattern_match,
                            .amplitude = options->pattern_amplitude};
    struct pattern_columns columns;
    int64_t row = 0;
    if (options->n_patterns > 0) {
        lode_try(open_table(reading, "patterns"));
        lode_try(get_text(reading, "pattern", &columns.names));
        lode_try(get_text(reading, "counter", &columns.counters));
        lode_try(get_text(reading, "components", &columns.wheres));
        lode_try(get_i64(reading, "step_ms", 1, furthest_ms, &columns.steps));
        lode_try(get_numbers(reading, "value", -1e300, 1e300, &columns.values));
        lode_try(lode_take_zero(reading->arena, options->n_patterns, &made.list));
        for (; made.n < options->n_patterns; made.n++) {
            struct pattern *one = &made.list[made.n];
            lode_try(read_pattern(reading, &columns, options->patterns[made.n].name, row, one));
            row += one->n;
        }
        if (row < reading->table.n_rows)
            return fault(reading, row, "pattern", "is not that of parameter patterns");
    }
    model->patterns = made;
    return LODE_OK;
}

/* --- classifiers --- */

/* The rows of a group's, from *at on. */
static lode_status make_factor(const struct reading *reading, int64_t detector,
                               const int64_t *const keys[3], const double *values, int64_t *at,
                               struct model_detector *made)
{
    static const char *const names[3] = {"detector", "member", "other"};
    const int64_t n = reading->table.n_rows, n_members = made->n_members;
    if (n_members > n || one_class_size(n_members) > n - *at)
        return lode_fail(LODE_E_INPUT, "%s: table %s: has no %lld rows of detector %lld",
                         reading->path, reading->table.name, (long long)one_class_size(n_members),
                         (long long)detector);
    made->factor = values + *at;
    for (int64_t k = 0; k < n_members; k++)
        for (int64_t j = 0; j <= k; j++, (*at)++) {
            const int64_t expected[3] = {detector, k, j};
            for (int i = 0; i < 3; i++)
                if (keys[i][*at] != expected[i])
                    return fault(reading, *at, names[i], "out of order");
        }
    return LODE_OK;
}

static lode_status read_classifiers(struct reading *reading, struct model *model)
{
    const int64_t most = model->n_detectors + model->n_members;
    int64_t *holders = NULL, *members = NULL, *others = NULL, at = 0;
    double *values = NULL;
    if (model->options.combiner != HIERARCHY_ONE_CLASS) return LODE_OK;
    lode_try(open_table(reading, "classifiers"));
    lode_try(get_i64(reading, "detector", 0, most, &holders));
    lode_try(get_i64(reading, "member", 0, most, &members));
    lode_try(get_i64(reading, "other", 0, most, &others));
    lode_try(get_numbers(reading, "value", -ONE_CLASS_MOST, ONE_CLASS_MOST, &values));
    const int64_t *const keys[3] = {holders, members, others};
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model_is_one_class(model, &model->detectors[d]))
            lode_try(make_factor(reading, d, keys, values, &at, &model->detectors[d]));
    return at == reading->table.n_rows ? LODE_OK : fault(reading, at, "detector", "is of no group");
}

/* Of another job's run, or of one that scored, not learned. */
static lode_status check_tables(const struct reading *reading)
{
    static const char *const needed[] = {"parameters", "components", "detectors", "members"};
    char **names = NULL;
    int64_t n = 0;
    lode_try(lode_results_list(reading->path, reading->arena, &names, &n));
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        int64_t at = 0;
        while (at < n && strcmp(names[at], needed[i]) != 0) at++;
        if (at == n)
            return lode_fail(LODE_E_USAGE,
                             "%s holds no model (no table %s): a model is the directory of a run "
                             "`lode run hierarchy STORE -o MODEL`",
                             reading->path, needed[i]);
    }
    return LODE_OK;
}

lode_status model_read(const char *directory, struct lode_arena *arena, struct model *model)
{
    struct reading reading = {.arena = arena};
    struct model read = {0};
    if ((size_t)snprintf(reading.path, sizeof reading.path, "%s/results.h5", directory) >=
        sizeof reading.path)
        return lode_fail(LODE_E_USAGE, "%s: the path is too long", directory);
    if (access(reading.path, R_OK))
        return lode_fail(LODE_E_USAGE,
                         "%s: there is no model (a model is the directory of a run `lode run "
                         "hierarchy STORE -o MODEL` that is done)",
                         directory);
    lode_try(check_tables(&reading));
    lode_try(read_parameters(&reading, &read));
    lode_try(read_components(&reading, &read));
    lode_try(read_detectors(&reading, &read));
    lode_try(read_members(&reading, &read));
    lode_try(read_patterns(&reading, &read));
    lode_try(read_classifiers(&reading, &read));
    *model = read;
    return LODE_OK;
}
