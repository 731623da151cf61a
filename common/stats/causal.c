/* Causal: AIPW over weighted cells. A row of every model is a combination of covariates, with the
 * units that it has in the folds that the model is fitted on; its one-hot columns are kept as a
 * short list, so that a Hessian costs covariates^2 a row and not weights^2.
 */
#include "common/stats/causal.h"

#include <assert.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <string.h>

enum { MOST_ITERATIONS = 60, MOST_HALVINGS = 30 };

static const double no_value = (double)NAN;
static const double ridge = 1.0;
static const double settled = 1e-9; /* largest step of a weight, in log odds */
static const double normal_975 = 1.959963984540054;
static const double most_clipped = 0.1, clip_at = 0.01, clip_share = 0.1;

/* The model that is being fitted; arrays are made once and used for all fits. */
struct model {
    const struct lode_causal_data *data;
    int64_t n_weights, n_active; /* columns; of them one a row: intercept and one a covariate */
    const int32_t *active;       /* [combinations x n_active] column, or -1: the first level */
    double *trials, *hits;       /* [combinations] units, sum of their outcomes */
    double *fitted;              /* [combinations] */
    double *weights, *step;      /* [n_weights] */
    double *gradient;            /* [n_weights] */
    double *hessian;             /* [n_weights x n_weights] */
};

const char *lode_causal_words(enum lode_causal_verdict verdict)
{
    switch (verdict) {
    case LODE_CAUSAL_JUDGED:
        return "judged";
    case LODE_CAUSAL_SMALL_ARM:
        return "too few sessions with it, or without";
    case LODE_CAUSAL_EMPTY_FOLD:
        return "too few sessions with it, or without, outside of one fold";
    case LODE_CAUSAL_ONE_OUTCOME:
        return "all sessions have the same outcome";
    case LODE_CAUSAL_NO_OVERLAP:
        return "the covariates nearly decide which sessions have it: nothing to compare with";
    case LODE_CAUSAL_NO_CONVERGENCE:
        return "a model did not converge";
    }
    return "unknown";
}

static lode_status model_init(const struct lode_causal_data *data, struct lode_arena *arena,
                              struct model *model)
{
    int32_t *active;
    *model = (struct model){.data = data, .n_active = data->n_covariates + 1, .n_weights = 1};
    lode_try(lode_take(arena, data->n_combinations * model->n_active, &active));
    for (int64_t c = 0; c < data->n_combinations; c++) active[c * model->n_active] = 0;
    for (int64_t v = 0; v < data->n_covariates; v++) {
        for (int64_t c = 0; c < data->n_combinations; c++) {
            const uint32_t code = data->codes[c * data->n_covariates + v];
            assert(code < data->levels[v]);
            active[c * model->n_active + v + 1] =
                code ? (int32_t)(model->n_weights + code - 1) : -1;
        }
        model->n_weights += data->levels[v] - 1;
    }
    model->active = active;
    lode_try(lode_take(arena, data->n_combinations, &model->trials));
    lode_try(lode_take(arena, data->n_combinations, &model->hits));
    lode_try(lode_take(arena, data->n_combinations, &model->fitted));
    lode_try(lode_take(arena, model->n_weights, &model->weights));
    lode_try(lode_take(arena, model->n_weights, &model->step));
    lode_try(lode_take(arena, model->n_weights, &model->gradient));
    return lode_take(arena, model->n_weights * model->n_weights, &model->hessian);
}

static double score_of(const struct model *model, int64_t combination, const double *weights)
{
    const int32_t *active = model->active + combination * model->n_active;
    double score = 0.0;
    for (int64_t k = 0; k < model->n_active; k++)
        if (active[k] >= 0) score += weights[active[k]];
    return score;
}

/* Adds `pull` to the gradient and `curve` to the Hessian's lower triangle in a row's columns. */
static void add_row(struct model *model, int64_t combination, double pull, double curve)
{
    const int32_t *active = model->active + combination * model->n_active;
    for (int64_t k = 0; k < model->n_active; k++) {
        if (active[k] < 0) continue;
        model->gradient[active[k]] += pull;
        for (int64_t l = 0; l <= k; l++) /* columns ascend with the covariate */
            if (active[l] >= 0) model->hessian[active[k] * model->n_weights + active[l]] += curve;
    }
}

/* step = hessian^-1 gradient. False: the matrix is not positive, or something is not finite. */
static bool solve(struct model *model)
{
    const size_t n = (size_t)model->n_weights;
    gsl_matrix_view hessian = gsl_matrix_view_array(model->hessian, n, n);
    const gsl_vector_const_view gradient = gsl_vector_const_view_array(model->gradient, n);
    gsl_vector_view step = gsl_vector_view_array(model->step, n);
    if (gsl_linalg_cholesky_decomp1(&hessian.matrix) != GSL_SUCCESS) return false;
    if (gsl_linalg_cholesky_solve(&hessian.matrix, &gradient.vector, &step.vector) != GSL_SUCCESS)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(model->step[i])) return false;
    return true;
}

static void begin_equations(struct model *model)
{
    const int64_t n = model->n_weights;
    memset(model->gradient, 0, (size_t)n * sizeof *model->gradient);
    memset(model->hessian, 0, (size_t)(n * n) * sizeof *model->hessian);
    for (int64_t i = 1; i < n; i++) {
        model->gradient[i] = -ridge * model->weights[i];
        model->hessian[i * n + i] = ridge;
    }
}

static double logistic(double score)
{
    return score >= 0.0 ? 1.0 / (1.0 + exp(-score)) : exp(score) / (1.0 + exp(score));
}

/* Log likelihood less the ridge's penalty. */
static double objective(const struct model *model, const double *weights)
{
    double sum = 0.0;
    for (int64_t c = 0; c < model->data->n_combinations; c++) {
        if (!(model->trials[c] > 0.0)) continue;
        const double score = score_of(model, c, weights);
        const double log_of_1_plus = score > 0.0 ? score + log1p(exp(-score)) : log1p(exp(score));
        sum += model->hits[c] * score - model->trials[c] * log_of_1_plus;
    }
    for (int64_t i = 1; i < model->n_weights; i++) sum -= 0.5 * ridge * weights[i] * weights[i];
    return sum;
}

/* One Newton step, halved until it is no step back. Its largest move; negative: trouble. */
static double newton_step(struct model *model)
{
    const double before = objective(model, model->weights);
    begin_equations(model);
    for (int64_t c = 0; c < model->data->n_combinations; c++) {
        if (!(model->trials[c] > 0.0)) continue;
        const double rate = logistic(score_of(model, c, model->weights));
        add_row(model, c, model->hits[c] - model->trials[c] * rate,
                model->trials[c] * rate * (1.0 - rate));
    }
    if (!isfinite(before) || !solve(model)) return -1.0;
    for (int64_t i = 0; i < model->n_weights; i++) model->weights[i] += model->step[i];
    for (int halvings = 0; halvings < MOST_HALVINGS; halvings++) {
        const double slack = 1e-12 * fabs(before); /* at the top, rounding alone decides */
        if (objective(model, model->weights) >= before - slack) break;
        for (int64_t i = 0; i < model->n_weights; i++) {
            model->step[i] *= 0.5;
            model->weights[i] -= model->step[i];
        }
    }
    double largest = 0.0;
    for (int64_t i = 0; i < model->n_weights; i++) largest = fmax(largest, fabs(model->step[i]));
    return largest;
}

/* Rates of all combinations into fitted. Outcomes that are all 0, or all 1, need no model. */
static bool fit_logistic(struct model *model, double trials, double hits)
{
    const int64_t n = model->data->n_combinations;
    memset(model->weights, 0, (size_t)model->n_weights * sizeof *model->weights);
    if (!(hits > 0.0) || !(hits < trials)) {
        for (int64_t c = 0; c < n; c++) model->fitted[c] = hits > 0.0 ? 1.0 : 0.0;
        return true;
    }
    model->weights[0] = log(hits / (trials - hits));
    double moved = 1.0;
    for (int i = 0; i < MOST_ITERATIONS && moved > settled; i++) {
        moved = newton_step(model);
        if (moved < 0.0) return false;
    }
    for (int64_t c = 0; c < n; c++) model->fitted[c] = logistic(score_of(model, c, model->weights));
    return moved <= settled;
}

static bool fit_linear(struct model *model)
{
    const int64_t n = model->data->n_combinations;
    memset(model->weights, 0, (size_t)model->n_weights * sizeof *model->weights);
    begin_equations(model);
    for (int64_t c = 0; c < n; c++)
        if (model->trials[c] > 0.0) add_row(model, c, model->hits[c], model->trials[c]);
    if (!solve(model)) return false;
    for (int64_t c = 0; c < n; c++) model->fitted[c] = score_of(model, c, model->step);
    return true;
}

/* --- the estimate --- */

struct estimate {
    const struct lode_causal_data *data;
    struct model model;
    double centre;      /* numeric outcomes are taken from here: their squares cancel less */
    double clip;        /* propensities lie in [clip, 1 - clip] */
    double *propensity; /* [combinations], as fitted for the fold at hand */
    double *outcome[2]; /* [combinations] without, with treatment */
    double units, sum, squares, clipped; /* of the influence function's values */
};

static int64_t cell_of(const struct lode_causal_data *data, int64_t combination, int fold, int arm)
{
    return (combination * data->folds + fold) * 2 + arm;
}

/* Units of a cell, and the sums of their outcomes, less the centre. */
struct cell {
    double count, sum, squares;
};

static struct cell read_cell(const struct estimate *of, int64_t combination, int fold, int arm)
{
    const struct lode_causal_data *data = of->data;
    const int64_t at = cell_of(data, combination, fold, arm);
    const double n = data->counts[at], sum = data->sums[at];
    const double squares = data->squares ? data->squares[at] : sum;
    return (struct cell){n, sum - n * of->centre,
                         squares - of->centre * (2.0 * sum - n * of->centre)};
}

/* Fills trials and hits from all folds but one: for arm 0 or 1 its outcomes, for arm 2 who is
 * treated. False: too few to fit. */
static bool gather(struct estimate *of, int without_fold, int arm, struct cell *total)
{
    const int64_t n = of->data->n_combinations;
    struct model *model = &of->model;
    *total = (struct cell){0};
    for (int64_t c = 0; c < n; c++) {
        model->trials[c] = model->hits[c] = 0.0;
        for (int fold = 0; fold < of->data->folds; fold++) {
            if (fold == without_fold) continue;
            const struct cell one = read_cell(of, c, fold, arm == 0 ? 0 : 1);
            const double others = arm == 2 ? read_cell(of, c, fold, 0).count : 0.0;
            model->trials[c] += one.count + others;
            model->hits[c] += arm == 2 ? one.count : one.sum;
        }
        total->count += model->trials[c];
        total->sum += model->hits[c];
    }
    const double other = arm == 2 ? fmin(total->sum, total->count - total->sum) : total->count;
    return other >= LODE_CAUSAL_LEAST_FIT;
}

/* The three models of a fold. */
static enum lode_causal_verdict fit_fold(struct estimate *of, int fold)
{
    const size_t bytes = (size_t)of->data->n_combinations * sizeof(double);
    double *const into[] = {of->outcome[0], of->outcome[1], of->propensity};
    for (int arm = 0; arm < 3; arm++) {
        struct cell total;
        if (!gather(of, fold, arm, &total)) return LODE_CAUSAL_EMPTY_FOLD;
        if (!(arm == 2 || of->data->is_binary ? fit_logistic(&of->model, total.count, total.sum)
                                              : fit_linear(&of->model)))
            return LODE_CAUSAL_NO_CONVERGENCE;
        memcpy(into[arm], of->model.fitted, bytes);
    }
    return LODE_CAUSAL_JUDGED;
}

/* The influence function's values of a fold: effect + (y - m1) / e with treatment, effect - (y -
 * m0) / (1 - e) without; each is a + b y. */
static void add_fold(struct estimate *of, int fold)
{
    for (int64_t c = 0; c < of->data->n_combinations; c++) {
        const double fitted = of->propensity[c];
        const double e = fmin(fmax(fitted, of->clip), 1.0 - of->clip);
        const double effect = of->outcome[1][c] - of->outcome[0][c];
        for (int arm = 0; arm < 2; arm++) {
            const struct cell cell = read_cell(of, c, fold, arm);
            if (!(cell.count > 0.0)) continue;
            const double b = arm == 1 ? 1.0 / e : -1.0 / (1.0 - e);
            const double a = effect - b * of->outcome[arm][c];
            of->units += cell.count;
            of->sum += cell.count * a + b * cell.sum;
            of->squares += cell.count * a * a + 2.0 * a * b * cell.sum + b * b * cell.squares;
            if (fitted < of->clip || fitted > 1.0 - of->clip) of->clipped += cell.count;
        }
    }
}

/* Totals of both arms, the centre and the clip. */
static enum lode_causal_verdict look(struct estimate *of, struct lode_causal *result)
{
    struct cell arms[2] = {0};
    for (int64_t c = 0; c < of->data->n_combinations; c++) {
        for (int fold = 0; fold < of->data->folds; fold++) {
            for (int arm = 0; arm < 2; arm++) {
                const struct cell cell = read_cell(of, c, fold, arm);
                arms[arm].count += cell.count;
                arms[arm].sum += cell.sum;
                arms[arm].squares += cell.squares;
            }
        }
    }
    const double units = arms[0].count + arms[1].count,
                 smaller = fmin(arms[0].count, arms[1].count);
    const double sum = arms[0].sum + arms[1].sum, squares = arms[0].squares + arms[1].squares;
    if (smaller > 0.0) result->raw = arms[1].sum / arms[1].count - arms[0].sum / arms[0].count;
    if (smaller < LODE_CAUSAL_LEAST_ARM) return LODE_CAUSAL_SMALL_ARM;
    if (!isfinite(sum) || !isfinite(squares)) return LODE_CAUSAL_NO_CONVERGENCE;
    if (!(squares - sum * (sum / units) > 1e-12 * squares)) return LODE_CAUSAL_ONE_OUTCOME;
    if (!of->data->is_binary) of->centre = sum / units;
    of->clip = fmin(clip_at, clip_share * smaller / units);
    return LODE_CAUSAL_JUDGED;
}

static void finish(const struct estimate *of, struct lode_causal *result)
{
    result->clipped = of->clipped / of->units;
    if (result->clipped > most_clipped) {
        result->verdict = LODE_CAUSAL_NO_OVERLAP;
        return;
    }
    const double mean = of->sum / of->units;
    const double variance = fmax(0.0, of->squares / of->units - mean * mean);
    const double error = sqrt(variance / of->units);
    if (!isfinite(mean) || !isfinite(error)) {
        result->verdict = LODE_CAUSAL_NO_CONVERGENCE;
        return;
    }
    result->adjusted = mean;
    result->error = error;
    result->low = mean - normal_975 * error;
    result->high = mean + normal_975 * error;
    if (fabs(result->raw) > 0.0) result->survives = mean / result->raw;
}

lode_status lode_causal_estimate(const struct lode_causal_data *data, struct lode_arena *arena,
                                 struct lode_causal *result)
{
    assert(data->folds >= 2 && data->folds <= LODE_CAUSAL_MOST_FOLDS);
    assert(data->is_binary || data->squares);
    const struct lode_arena_mark mark = lode_arena_mark(arena);
    struct estimate of = {.data = data};
    struct lode_causal made = {.raw = no_value,
                               .adjusted = no_value,
                               .error = no_value,
                               .low = no_value,
                               .high = no_value,
                               .survives = no_value,
                               .clipped = no_value};
    made.verdict = look(&of, &made);
    if (made.verdict == LODE_CAUSAL_JUDGED) {
        lode_try(model_init(data, arena, &of.model));
        lode_try(lode_take(arena, data->n_combinations, &of.propensity));
        for (int arm = 0; arm < 2; arm++)
            lode_try(lode_take(arena, data->n_combinations, &of.outcome[arm]));
        gsl_error_handler_t *const handler = gsl_set_error_handler_off(); /* the default aborts */
        for (int fold = 0; fold < data->folds && made.verdict == LODE_CAUSAL_JUDGED; fold++) {
            made.verdict = fit_fold(&of, fold);
            if (made.verdict == LODE_CAUSAL_JUDGED) add_fold(&of, fold);
        }
        gsl_set_error_handler(handler);
        if (made.verdict == LODE_CAUSAL_JUDGED) finish(&of, &made);
    }
    lode_arena_rewind(arena, mark);
    *result = made;
    return LODE_OK;
}
