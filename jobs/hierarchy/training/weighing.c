/* Weighing: see the header. Reads top to bottom: files, rows of the regression, what becomes of the
 * weights.
 */
#include "jobs/hierarchy/training/weighing.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/text.h"
#include "jobs/hierarchy/model/vote.h"
#include "jobs/hierarchy/training/weigh_votes.h"
#include "jobs/hierarchy/training/weight_fit.h"
#include "jobs/hierarchy/training/weight_members.h"

/* A counter is never silenced: what weighs nothing could not be heard when it is alone. */
static const double least_factor = 1e-3;

enum { ISSUES, MARKS };

struct work {
    struct lode_run *run;
    struct model *model;
    struct weigh_votes votes;
    struct weighing *weighing;
    double *before; /* [n_detectors] weights of leaves, as given */
};

/* --- files --- */

/* What counters' names in a file are looked up in. */
struct known {
    const struct lode_store *store;
    const struct hierarchy_options *options;
    struct lode_arena *arena;
};

static lode_status refuse_counter(const struct known *known, const char *path,
                                  const struct label *label, const char *name)
{
    const int64_t n = lode_store_counters(known->store);
    const char **names;
    lode_try(lode_take_zero(known->arena, n + 1, &names));
    for (int64_t i = 0; i < n; i++) names[i] = lode_store_counter(known->store, i)->name;
    const char *nearest = lode_text_nearest(name, names);
    return lode_fail(LODE_E_INPUT, "%s, line %" PRId64 ": no counter '%s'%s%s%s", path, label->line,
                     name, nearest ? " (nearest: '" : "", nearest ? nearest : "",
                     nearest ? "')" : "");
}

static bool is_named(const struct lode_definition *list, int64_t n, const char *name)
{
    for (int64_t i = 0; i < n; i++)
        if (strcmp(list[i].name, name) == 0) return true;
    return false;
}

/* A counter, or a rule or a pattern. */
static bool is_known(const struct known *known, const char *name)
{
    const struct hierarchy_options *options = known->options;
    return is_named(options->rules, options->n_rules, name) ||
           is_named(options->patterns, options->n_patterns, name) ||
           lode_store_find_counter(known->store, name) >= 0;
}

/* The counters of a mark: "a; b". */
static lode_status read_meant(const struct known *known, const char *path,
                              const struct label *label, char ***meant, int64_t *n_meant)
{
    const char *at = label->counters;
    int64_t room = 1;
    *n_meant = 0;
    for (const char *c = at; *c; c++) room += *c == ';';
    lode_try(lode_take(known->arena, room, meant));
    while (*at) {
        size_t size = strcspn(at, ";");
        const char *next = at + size + (at[size] == ';');
        for (; size > 0 && at[0] == ' '; size--) at++;
        while (size > 0 && at[size - 1] == ' ') size--;
        if (size > 0) {
            char **name = &(*meant)[(*n_meant)++];
            lode_try(lode_arena_text(known->arena, at, size, name));
            if (!is_known(known, *name)) return refuse_counter(known, path, label, *name);
        }
        at = next;
    }
    return LODE_OK;
}

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

lode_status weigh_check(const struct lode_store *store, const struct hierarchy_options *options,
                        const char *labels, const char *harmless, struct lode_arena *arena)
{
    const struct known known = {store, options, arena};
    const int64_t n = lode_store_components(store);
    const char **names;
    struct labels issues, marks = {0};
    lode_try(lode_take_zero(arena, n + 1, &names));
    for (int64_t c = 0; c < n; c++) names[c] = lode_store_component(store, c)->name;
    if (n > 0) qsort(names, (size_t)n, sizeof *names, compare_names);
    if (labels) lode_try(labels_read(labels, names, n, arena, &issues));
    if (harmless) lode_try(labels_read(harmless, names, n, arena, &marks));
    for (int64_t i = 0; i < marks.n; i++) {
        char **meant = NULL;
        int64_t n_meant = 0;
        lode_try(read_meant(&known, harmless, &marks.list[i], &meant, &n_meant));
    }
    return LODE_OK;
}

static lode_status read_file(struct work *w, const char *path, int kind, struct labels *labels)
{
    struct weighed_file *file = &w->weighing->files[kind];
    *file = (struct weighed_file){.kind = kind == ISSUES ? "issues" : "marks"};
    if (!path) return LODE_OK;
    lode_try(labels_read_of(path, file->kind, w->model, w->run->arena, labels));
    file->unknown = labels->n_unknown;
    return LODE_OK;
}

static lode_status read_files(struct work *w, const char *const *paths)
{
    const struct known known = {w->run->store, &w->model->options, w->run->arena};
    struct labels labels[2] = {0};
    lode_try(read_file(w, paths[ISSUES], ISSUES, &labels[ISSUES]));
    lode_try(read_file(w, paths[MARKS], MARKS, &labels[MARKS]));
    lode_try(lode_take_zero(w->run->arena, labels[ISSUES].n + labels[MARKS].n, &w->votes.events));
    for (int kind = ISSUES; kind <= MARKS; kind++)
        for (int64_t i = 0; i < labels[kind].n; i++) {
            struct weigh_event *event = &w->votes.events[w->votes.n_events++];
            event->label = &labels[kind].list[i];
            event->is_issue = kind == ISSUES;
            if (kind == MARKS)
                lode_try(
                    read_meant(&known, paths[MARKS], event->label, &event->meant, &event->n_meant));
        }
    return LODE_OK;
}

static void count_events(const struct work *w)
{
    for (int64_t e = 0; e < w->votes.n_events; e++) {
        const struct weigh_event *event = &w->votes.events[e];
        struct weighed_file *file = &w->weighing->files[event->is_issue ? ISSUES : MARKS];
        if (event->of)
            file->used++;
        else
            file->outside++;
    }
    for (int kind = ISSUES; kind <= MARKS; kind++)
        if (w->weighing->files[kind].outside > 0)
            lode_log_warn("%s outside the trained slots are left out count=%" PRId64,
                          w->weighing->files[kind].kind, w->weighing->files[kind].outside);
}

/* --- rows --- */

static lode_status make_row(const struct work *w, const struct weigh_component *of,
                            const double *votes, struct weight_row *row)
{
    double *x;
    lode_try(lode_take(w->run->arena, of->n_leaves, &x));
    for (int64_t l = 0; l < of->n_leaves; l++) x[l] = of->shares[l] * votes[l];
    *row = (struct weight_row){.n = of->n_leaves, .names = of->names, .x = x};
    return LODE_OK;
}

static bool is_alert(const struct weight_row *row)
{
    double high = 0.0;
    for (int64_t k = 0; k < row->n; k++) high += row->x[k];
    return high >= WEIGHT_FIT_ALERT;
}

/* Since when alerts that are not marked are presumed right: the first mark; never, where issues are
 * labelled. */
static int64_t presumed_since(const struct work *w)
{
    int64_t first_ms = INT64_MAX;
    if (w->weighing->files[ISSUES].used > 0) return first_ms;
    for (int64_t e = 0; e < w->votes.n_events; e++) {
        const struct weigh_event *event = &w->votes.events[e];
        if (event->of && event->label->start_ms < first_ms) first_ms = event->label->start_ms;
    }
    return first_ms;
}

/* The other hours, together as heavy as the issues; where there are none, those that are presumed
 * and those that are not each as heavy as the marks. */
static lode_status make_rest(const struct work *w, struct weight_row *rows, int64_t *n_rows)
{
    const struct weigh_votes *votes = &w->votes;
    const struct weighed_file *files = w->weighing->files;
    const int64_t since = presumed_since(w);
    const double all = (double)(files[ISSUES].used > 0 ? files[ISSUES].used : files[MARKS].used);
    int64_t n = 0, presumed = 0;
    for (int64_t c = 0; c < votes->n_components; c++) {
        const struct weigh_component *one = &votes->components[c];
        for (int64_t h = 0; h < one->n_hours; h++) {
            struct weight_row *row = &rows[n++];
            lode_try(make_row(w, one, one->votes + h * one->n_leaves, row));
            row->is_issue = one->times_ms[h] >= since && is_alert(row);
            presumed += row->is_issue;
        }
    }
    for (int64_t i = 0; i < n; i++)
        rows[i].weight = all / (double)(rows[i].is_issue ? presumed : n - presumed);
    w->weighing->presumed = presumed;
    *n_rows += n;
    return LODE_OK;
}

static lode_status make_rows(const struct work *w, struct weight_problem *problem)
{
    const struct weigh_votes *votes = &w->votes;
    struct weight_row *rows;
    int64_t n = votes->n_events, n_rows = 0;
    for (int64_t c = 0; c < votes->n_components; c++) n += votes->components[c].n_hours;
    lode_try(lode_take_zero(w->run->arena, n, &rows));
    for (int64_t e = 0; e < votes->n_events; e++) {
        const struct weigh_event *event = &votes->events[e];
        if (!event->of) continue;
        struct weight_row *row = &rows[n_rows++];
        lode_try(make_row(w, event->of, event->votes, row));
        row->weight = 1.0;
        row->is_issue = event->is_issue;
    }
    const bool has_any = n_rows > 0;
    lode_try(make_rest(w, rows + n_rows, &n_rows));
    problem->n_names = votes->n_names;
    problem->n_rows = has_any ? n_rows : 0;
    problem->rows = rows;
    return LODE_OK;
}

/* --- what becomes of the weights --- */

/* In how many slots a leaf of each name was saturated. */
static void count_saturated(const struct work *w)
{
    const struct weigh_votes *votes = &w->votes;
    const double saturated = vote_of(WEIGHT_FIT_ALERT, w->model->options.vote);
    struct weighed_name *names = w->weighing->names;
    for (int64_t e = 0; e < votes->n_events; e++) {
        const struct weigh_event *event = &votes->events[e];
        for (int64_t l = 0; event->of && l < event->of->n_leaves; l++) {
            struct weighed_name *name = &names[event->of->names[l]];
            if (event->votes[l] < saturated) continue;
            if (event->is_issue)
                name->issues++;
            else
                name->marks++;
        }
    }
    for (int64_t c = 0; c < votes->n_components; c++) {
        const struct weigh_component *one = &votes->components[c];
        for (int64_t h = 0; h < one->n_hours; h++)
            for (int64_t l = 0; l < one->n_leaves; l++)
                names[one->names[l]].rest += one->votes[h * one->n_leaves + l] >= saturated;
        for (int64_t l = 0; l < one->n_leaves; l++) {
            names[one->names[l]].hours += one->n_hours;
            names[one->names[l]].leaves++;
            names[one->names[l]].prior = w->before[one->leaves[l]];
        }
    }
    for (int64_t j = 0; j < votes->n_names; j++)
        names[j].rest = names[j].hours > 0 ? names[j].rest / (double)names[j].hours : (double)NAN;
}

/* Factors with a mean of 1: detection divides by the sum of weights, so their scale says nothing.
 */
static lode_status set_weights(const struct work *w, const double *factors)
{
    struct model *model = w->model;
    const struct weigh_votes *votes = &w->votes;
    double *after, *members, mean = 0.0;
    for (int64_t j = 0; j < votes->n_names; j++) mean += fmax(factors[j], least_factor);
    mean /= (double)votes->n_names;
    lode_try(lode_take(w->run->arena, model->n_detectors, &after));
    lode_try(lode_take(w->run->arena, model->n_members, &members));
    for (int64_t d = 0; d < model->n_detectors; d++) after[d] = w->before[d];
    for (int64_t c = 0; c < votes->n_components; c++) {
        const struct weigh_component *one = &votes->components[c];
        for (int64_t l = 0; l < one->n_leaves; l++) {
            double *weight = &after[one->leaves[l]];
            const double factor = fmax(factors[one->names[l]], least_factor) / mean;
            *weight = fmin(*weight * factor, WEIGHT_MOST);
            w->weighing->names[one->names[l]].weight = *weight;
        }
    }
    lode_try(weight_members(model, after, w->run->arena, members));
    for (int64_t d = 0; d < model->n_detectors; d++) model->detectors[d].weight = after[d];
    for (int64_t m = 0; m < model->n_members; m++) model->members[m].weight = members[m];
    return LODE_OK;
}

static lode_status fit(const struct work *w)
{
    struct weight_problem problem = {.ridge = w->model->options.label_ridge};
    struct weight_solution solution;
    struct weighing *weighing = w->weighing;
    lode_try(make_rows(w, &problem));
    lode_try(weight_fit(&problem, w->run->arena, &solution));
    weighing->n_names = w->votes.n_names;
    lode_try(lode_take_zero(w->run->arena, weighing->n_names, &weighing->names));
    for (int64_t j = 0; j < weighing->n_names; j++) weighing->names[j].name = w->votes.names[j];
    count_saturated(w);
    lode_log_info("weights: rows=%" PRId64 " counters=%" PRId64 " slope=%.3f intercept=%.3f",
                  problem.n_rows, problem.n_names, solution.slope, solution.intercept);
    return set_weights(w, solution.factors);
}

lode_status weigh(struct lode_run *run, const struct given *given, const char *labels,
                  const char *harmless, struct tree *tree, struct weighing *weighing)
{
    const char *const paths[] = {[ISSUES] = labels, [MARKS] = harmless};
    struct work w = {.run = run, .model = &tree->model, .weighing = weighing};
    double *members;
    *weighing = (struct weighing){0};
    lode_try(read_files(&w, paths));
    lode_try(lode_take(run->arena, w.model->n_detectors, &w.before));
    lode_try(lode_take(run->arena, w.model->n_members, &members));
    for (int64_t d = 0; d < w.model->n_detectors; d++) w.before[d] = w.model->detectors[d].weight;
    lode_try(weight_members(w.model, w.before, run->arena, members));
    lode_try(weigh_votes_find(run, given, w.model, members, &w.votes));
    count_events(&w);
    lode_try(fit(&w));
    return weight_words(weighing, run->arena, &tree->lesson);
}
