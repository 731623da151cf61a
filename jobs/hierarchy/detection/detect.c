/* Detect: see the header. Reads top to bottom: what to look for, the stage, what crosses
 * components, tables.
 */
#include "jobs/hierarchy/detection/detect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "jobs/hierarchy/alerts/alert_tables.h"
#include "jobs/hierarchy/alerts/evidence.h"
#include "jobs/hierarchy/detection/detection_tables.h"
#include "jobs/hierarchy/detection/mismatch.h"
#include "jobs/hierarchy/detection/news.h"
#include "jobs/hierarchy/evaluation/quality.h"
#include "jobs/hierarchy/given.h"

/* All that the run is about. */
struct detection {
    struct lode_run *run;
    const struct model *model;
    struct levels levels;
    struct labels labels;
    struct manual_groups manual;
    struct given given; /* of the model, over this store */
    struct planning planning;
    struct planned planned;
    int n_thresholds;
    double thresholds[EVALUATION_THRESHOLDS];
    struct outcome outcome;
    /* tasks: a partition with its planned components [first[t], first[t + 1]) */
    int64_t n_tasks;
    int64_t *first, *partitions, *costs;
};

/* --- what to look for --- */

static lode_status read_labels(struct detection *d, const char *path)
{
    if (!path) return LODE_OK;
    lode_try(labels_read_of(path, "issues", d->model, d->run->arena, &d->labels));
    d->n_thresholds = EVALUATION_THRESHOLDS;
    thresholds_make(d->thresholds);
    return LODE_OK;
}

/* 0: it is empty. */
static lode_status read_newest(const struct lode_params *params, int64_t *newest_ms)
{
    const char *text = lode_params_text(params, "newest");
    *newest_ms = 0;
    if (!text || text[0] == '\0') return LODE_OK;
    lode_try(lode_params_duration_ms(params, "newest", newest_ms));
    if (*newest_ms > 0) return LODE_OK;
    return lode_fail(LODE_E_USAGE, "parameter newest: a length of time above 0, or empty for all");
}

/* What parameter scores is where nothing is said. */
static struct levels_wanted keep_high(struct levels_wanted wanted)
{
    static char *const high[] = {"high"};
    wanted.kept = high;
    wanted.n_kept = 1;
    return wanted;
}

static lode_status make_levels(struct detection *d)
{
    struct lode_run *run = d->run;
    const char *manual = lode_params_text(run->params, "manual_groups");
    struct hierarchy_options now;
    struct levels_wanted wanted = {.has_counter_thresholds = d->n_thresholds > 0};
    char **kept = NULL;
    if (manual && manual[0]) lode_try(manual_groups_read(manual, run->arena, &d->manual));
    mismatch_warn_manual(&d->manual, d->model);
    wanted.has_manual = d->manual.n_groups > 0;
    lode_try(hierarchy_options_read(run->params, run->arena, &now));
    wanted.are_alerts_learned = now.thresholds.n == 0;
    wanted.alerts = wanted.are_alerts_learned ? &d->model->options.thresholds : &now.thresholds;
    lode_try(lode_params_list(run->params, "scores", run->arena, &kept, &wanted.n_kept));
    wanted.kept = kept;
    if (wanted.n_kept == 0) wanted = keep_high(wanted);
    return levels_make(d->model, &wanted, run->arena, &d->levels);
}

static void warn_unscored(const struct planned *planned)
{
    int64_t counts[UNSCORED_REASONS] = {0}, n_silent = 0;
    for (int64_t i = 0; i < planned->n_unscored; i++) {
        counts[planned->unscored[i].reason]++;
        n_silent += planned->unscored[i].is_news;
    }
    if (planned->n == 0)
        lode_log_warn("no component has slots after the model's last, nothing is scored");
    if (counts[UNSCORED_COMPONENT_UNKNOWN] + counts[UNSCORED_COMPONENT_GONE] > 0)
        lode_log_warn("model and store have different components (table unscored) "
                      "unknown_to_model=%" PRId64 " gone_from_store=%" PRId64,
                      counts[UNSCORED_COMPONENT_UNKNOWN], counts[UNSCORED_COMPONENT_GONE]);
    if (counts[UNSCORED_HOLLOW] > 0)
        lode_log_warn("components whose times are nearly all empty are not scored: was a clock "
                      "wrong? (table unscored) count=%" PRId64,
                      counts[UNSCORED_HOLLOW]);
    if (n_silent > 0)
        lode_log_warn("components send no samples any more while others do (table unscored) "
                      "count=%" PRId64,
                      n_silent);
}

static void warn_silent(const struct outcome *outcome)
{
    int64_t n = 0, n_components = 0;
    const char *last = NULL;
    for (int64_t i = 0; i < outcome->n_unscored; i++) {
        const struct unscored *of = &outcome->unscored[i];
        if (of->reason != UNSCORED_SILENT) continue;
        n++;
        n_components += of->component != last;
        last = of->component;
    }
    if (n > 0)
        lode_log_warn("counters send no values any more, their last ones are scored on (table "
                      "unscored) count=%" PRId64 " components=%" PRId64,
                      n, n_components);
}

/* --- the stage --- */

static lode_status plan_tasks(struct detection *d)
{
    const struct planned *planned = &d->planned;
    struct lode_arena *arena = d->run->arena;
    lode_try(lode_take_zero(arena, planned->n + 1, &d->first));
    lode_try(lode_take(arena, planned->n, &d->partitions));
    lode_try(lode_take_zero(arena, planned->n, &d->costs));
    for (int64_t i = 0; i < planned->n; i++) {
        const struct planned_component *of = &planned->list[i];
        if (i == 0 || of->partition != planned->list[i - 1].partition) {
            d->first[d->n_tasks] = i;
            d->partitions[d->n_tasks++] = of->partition;
        }
        const int64_t before_ms =
            of->plan.from_ms > of->plan.trained_ms ? of->plan.from_ms : of->plan.trained_ms;
        d->costs[d->n_tasks - 1] +=
            of->plan.n_nodes * ((of->plan.last_ms - before_ms) / of->plan.step_ms + 1);
    }
    d->first[d->n_tasks] = planned->n;
    return LODE_OK;
}

static lode_status pack_params(const struct detection *d, struct lode_bytes *out)
{
    lode_try(lode_store_refer(d->run->store, out));
    lode_try(lode_pack_u64(out, (uint64_t)d->levels.n));
    lode_try(lode_pack_u64(out, (uint64_t)d->n_thresholds));
    for (int i = 0; i < d->n_thresholds; i++) lode_try(lode_pack_f64(out, d->thresholds[i]));
    return given_pack(&d->given, out);
}

static lode_status pack_input(const struct detection *d, int64_t task, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, d->partitions[task]));
    lode_try(lode_pack_u64(out, (uint64_t)(d->first[task + 1] - d->first[task])));
    for (int64_t i = d->first[task]; i < d->first[task + 1]; i++)
        lode_try(plan_pack(&d->planned.list[i].plan, out));
    return LODE_OK;
}

static lode_status merge(void *context, int64_t task, const uint8_t *result, size_t size)
{
    struct detection *d = context;
    return outcome_add(&d->outcome, d->first[task], d->first[task + 1] - d->first[task], result,
                       size);
}

static void describe(const void *context, int64_t task, char *text, size_t size)
{
    const struct detection *d = context;
    snprintf(text, size, "%" PRId64 " components of part-%05" PRId64 ".h5",
             d->first[task + 1] - d->first[task], d->partitions[task]);
}

static lode_status score(struct detection *d)
{
    struct lode_stage stage = {.leaf = "hierarchy.detect",
                               .title = "scoring new slots",
                               .n_tasks = d->n_tasks,
                               .costs = d->costs,
                               .keys = d->partitions,
                               .cost_units = "scores",
                               .describe = describe,
                               .describe_context = d};
    struct lode_bytes *inputs;
    lode_status status = LODE_OK;
    if (d->n_tasks == 0) return LODE_OK;
    lode_try(lode_take_zero(d->run->arena, d->n_tasks, &inputs));
    stage.inputs = inputs;
    lode_try_done(pack_params(d, &stage.params));
    for (int64_t t = 0; t < d->n_tasks; t++) lode_try_done(pack_input(d, t, &inputs[t]));
    lode_try_done(lode_map(d->run, &stage, merge, d));
done:
    lode_bytes_clear(&stage.params);
    for (int64_t t = 0; t < d->n_tasks; t++) lode_bytes_clear(&inputs[t]);
    return status;
}

/* --- evaluation --- */

static lode_status evaluate(const struct detection *d)
{
    struct lode_arena *arena = d->run->arena;
    const int n = d->n_thresholds;
    struct quality quality = {
        .n_thresholds = n, .thresholds = d->thresholds, .n_levels = d->levels.n};
    struct quality_level *levels;
    int64_t *found;
    if (n == 0) return LODE_OK;
    lode_try(lode_take(arena, d->levels.n, &levels));
    lode_try(lode_take_zero(arena, (int64_t)d->levels.n * n, &found));
    for (int64_t i = 0; i < d->labels.n; i++) {
        if (!outcome_counts(&d->outcome, &d->labels.list[i])) continue;
        const uint8_t *is_found = d->outcome.is_found + i * d->levels.n * n;
        quality.n_issues++;
        for (int64_t k = 0; k < (int64_t)d->levels.n * n; k++) found[k] += is_found[k];
    }
    if (quality.n_issues == 0)
        lode_log_warn("no issue of the labels starts in the scored slots: tables evaluation and "
                      "summary have no recall issues=%" PRId64,
                      d->labels.n);
    for (int level = 0; level < d->levels.n; level++)
        levels[level] =
            (struct quality_level){d->levels.names[level], d->outcome.tallies[level].firings,
                                   d->outcome.tallies[level].inside, found + (int64_t)level * n};
    quality.levels = levels;
    return quality_put(&quality, arena, d->run->results);
}

lode_status hierarchy_detect(struct lode_run *run, const struct model *model,
                             const char *labels_path)
{
    struct detection *d;
    struct crossing crossing;
    struct detection_findings findings;
    lode_try(lode_take_zero(run->arena, 1, &d));
    d->run = run;
    d->model = model;
    lode_try(read_labels(d, labels_path));
    lode_try(make_levels(d));
    lode_try(given_make(&model->options, &model->patterns, run->store, run->arena, &d->given));
    d->planning = (struct planning){model, run->store, &d->levels, &d->labels, &d->manual, 0};
    lode_try(read_newest(run->params, &d->planning.newest_ms));
    lode_try(planning_make(&d->planning, run->arena, &d->planned));
    warn_unscored(&d->planned);
    mismatch_warn_steps(&d->planned, run->store);
    lode_try(plan_tasks(d));
    lode_try(outcome_begin(&d->planning, &d->planned, d->thresholds, d->n_thresholds, run->arena,
                           &d->outcome));
    lode_try(score(d));
    warn_silent(&d->outcome);
    lode_try(crossing_combine(&d->outcome, &crossing));
    lode_try(news_fire(&d->outcome));
    outcome_end(&d->outcome);
    lode_try(detection_findings_make(&d->outcome, run->arena, &findings));
    lode_try(detection_tables_put(run, &d->outcome, &crossing, &findings));
    lode_try(alert_tables_put(run, &d->outcome, &findings));
    lode_try(evidence_put(run, &d->outcome, &findings));
    return evaluate(d);
}
