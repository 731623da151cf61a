/* Plan: see the header. */
#include "jobs/hierarchy/detection/plan.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "jobs/hierarchy/model/one_class.h"
#include "jobs/hierarchy/model/vote.h"

/* Of what the parameters of a job and the table of a model allow. */
static const double least_vote = 1e-3, most_vote = 1e6, most_number = 1e300;

/* --- on the wire --- */

static lode_status pack_node(const struct plan_node *node, struct lode_bytes *out)
{
    const struct detector_settings *s = &node->settings;
    const int64_t numbers[] = {node->kind,         node->level,     node->is_kept, node->is_dead,
                               node->counter,      s->kind,         s->splits,     s->family,
                               s->window,          s->edge,         s->least_side, s->noise,
                               node->first_member, node->n_members, node->given};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        lode_try(lode_pack_i64(out, numbers[i]));
    lode_try(lode_pack_f64(out, s->usual_variance));
    lode_try(lode_pack_f64(out, s->largest_value));
    lode_try(lode_pack_f64(out, node->alert));
    lode_try(lode_pack_f64(out, node->sigma));
    const size_t size = node->factor ? (size_t)one_class_size(node->n_members) : 0;
    return lode_pack_bin(out, node->factor, size * sizeof *node->factor);
}

lode_status plan_pack(const struct plan_component *plan, struct lode_bytes *out)
{
    lode_try(lode_pack_i64(out, plan->component));
    lode_try(lode_pack_i64(out, plan->first_ms));
    lode_try(lode_pack_i64(out, plan->step_ms));
    lode_try(lode_pack_i64(out, plan->trained_ms));
    lode_try(lode_pack_i64(out, plan->last_ms));
    lode_try(lode_pack_i64(out, plan->from_ms));
    lode_try(lode_pack_f64(out, plan->vote));
    lode_try(lode_pack_u64(out, (uint64_t)plan->n_nodes));
    lode_try(lode_pack_u64(out, (uint64_t)plan->n_members));
    lode_try(lode_pack_u64(out, (uint64_t)plan->n_issues));
    for (int64_t i = 0; i < plan->n_nodes; i++) lode_try(pack_node(&plan->nodes[i], out));
    for (int64_t i = 0; i < plan->n_members; i++) {
        lode_try(lode_pack_i64(out, plan->members[i].node));
        lode_try(lode_pack_f64(out, plan->members[i].weight));
    }
    for (int64_t i = 0; i < plan->n_issues; i++) {
        lode_try(lode_pack_i64(out, plan->issues[i].start_ms));
        lode_try(lode_pack_i64(out, plan->issues[i].end_ms));
        lode_try(lode_pack_i64(out, plan->issues[i].label));
    }
    return LODE_OK;
}

static bool is_combination(const struct plan_node *node)
{
    return node->kind == PLAN_MEAN || node->kind == PLAN_LARGEST || node->kind == PLAN_VOTES ||
           node->kind == PLAN_ONE_CLASS;
}

/* A number that must lie in [low, high]. */
static lode_status unpack_in(struct lode_unpack *in, const char *what, int64_t low, int64_t high,
                             int64_t *value)
{
    lode_try(lode_unpack_i64(in, value));
    if (*value >= low && *value <= high) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%s of a plan is %lld, not %lld to %lld", what,
                     (long long)*value, (long long)low, (long long)high);
}

static lode_status unpack_f64_in(struct lode_unpack *in, const char *what, double low, double high,
                                 double *value)
{
    lode_try(lode_unpack_f64(in, value));
    if (*value >= low && *value <= high) return LODE_OK;
    return lode_fail(LODE_E_MESSAGE, "%s of a plan is %g, not %g to %g", what, *value, low, high);
}

static lode_status unpack_settings(struct lode_unpack *in, struct detector_settings *settings)
{
    int64_t kind = 0, splits = 0, family = 0, n_kinds = 0;
    const int64_t longest = DETECTOR_LONGEST_WINDOW;
    while (detector_kinds[n_kinds]) n_kinds++;
    lode_try(unpack_in(in, "kind of detector", 0, n_kinds - 1, &kind));
    lode_try(unpack_in(in, "splits", 0, DETECTOR_SPLITS_EDGE, &splits));
    lode_try(unpack_in(in, "family", 0, DETECTOR_AUTO, &family));
    lode_try(unpack_in(in, "window", 0, longest, &settings->window));
    lode_try(unpack_in(in, "edge", 0, longest, &settings->edge));
    lode_try(unpack_in(in, "least side", 0, longest, &settings->least_side));
    lode_try(unpack_in(in, "noise", 0, longest, &settings->noise));
    settings->kind = (int)kind;
    settings->splits = (enum detector_splits)splits;
    settings->family = (enum detector_family)family;
    return LODE_OK;
}

/* The classifier of a node, empty where it has none. Members are fewer than bytes of the message,
 * so their square is a number. */
static lode_status unpack_factor(struct lode_unpack *in, struct lode_arena *arena,
                                 struct plan_node *node)
{
    const int64_t n = node->kind == PLAN_ONE_CLASS ? one_class_size(node->n_members) : 0;
    const uint8_t *data = NULL;
    size_t size = 0;
    double *factor = NULL;
    lode_try(lode_unpack_bin(in, &data, &size));
    if (size % sizeof *factor != 0 || (int64_t)(size / sizeof *factor) != n)
        return lode_fail(LODE_E_MESSAGE, "%zu bytes of a classifier of %lld members", size,
                         (long long)node->n_members);
    if (n == 0) return LODE_OK;
    lode_try(lode_take(arena, n, &factor));
    memcpy(factor, data, size);
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(factor[i]) <= ONE_CLASS_MOST))
            return lode_fail(LODE_E_MESSAGE, "number %lld of a classifier is %g", (long long)i,
                             factor[i]);
    node->factor = factor;
    return LODE_OK;
}

static lode_status unpack_node(struct lode_unpack *in, int64_t n_levels, int64_t n_members,
                               struct lode_arena *arena, struct plan_node *node)
{
    int64_t kind = 0, level = 0, is_kept = 0, is_dead = 0;
    lode_try(unpack_in(in, "kind of node", 0, PLAN_ONE_CLASS, &kind));
    lode_try(unpack_in(in, "level", 0, n_levels - 1, &level));
    lode_try(unpack_in(in, "whether it is kept", 0, 1, &is_kept));
    lode_try(unpack_in(in, "whether it is dead", 0, 1, &is_dead));
    lode_try(unpack_in(in, "counter", -1, INT64_MAX, &node->counter));
    lode_try(unpack_settings(in, &node->settings));
    lode_try(unpack_in(in, "first member", 0, n_members, &node->first_member));
    lode_try(unpack_in(in, "members", 0, n_members - node->first_member, &node->n_members));
    lode_try(unpack_in(in, "given", 0, INT64_MAX, &node->given));
    lode_try(unpack_f64_in(in, "variance", 0, most_number, &node->settings.usual_variance));
    lode_try(unpack_f64_in(in, "largest value", 0, most_number, &node->settings.largest_value));
    lode_try(unpack_f64_in(in, "threshold", 0, (double)INFINITY, &node->alert));
    lode_try(unpack_f64_in(in, "sigma", 0, most_number, &node->sigma));
    node->kind = (enum plan_kind)kind;
    node->level = (int32_t)level;
    node->is_kept = is_kept != 0;
    node->is_dead = is_dead != 0;
    if (is_combination(node) && node->n_members < 1)
        return lode_fail(LODE_E_MESSAGE, "a node of a plan combines nothing");
    return unpack_factor(in, arena, node);
}

static lode_status unpack_members(struct lode_unpack *in, struct plan_component *plan)
{
    for (int64_t i = 0; i < plan->n_members; i++) {
        lode_try(unpack_in(in, "member", 0, plan->n_nodes - 1, &plan->members[i].node));
        lode_try(unpack_f64_in(in, "weight", DBL_MIN, most_number, &plan->members[i].weight));
    }
    for (int64_t n = 0; n < plan->n_nodes; n++)
        for (int64_t i = 0; is_combination(&plan->nodes[n]) && i < plan->nodes[n].n_members; i++)
            if (plan->members[plan->nodes[n].first_member + i].node >= n)
                return lode_fail(LODE_E_MESSAGE, "node %lld of a plan is made of a later one",
                                 (long long)n);
    return LODE_OK;
}

lode_status plan_unpack(struct lode_unpack *in, int n_levels, struct lode_arena *arena,
                        struct plan_component *plan)
{
    const uint64_t left = (uint64_t)(in->end - in->at);
    lode_try(unpack_in(in, "component", 0, INT64_MAX, &plan->component));
    lode_try(lode_unpack_i64(in, &plan->first_ms));
    lode_try(unpack_in(in, "step", 1, INT64_MAX, &plan->step_ms));
    lode_try(lode_unpack_i64(in, &plan->trained_ms));
    lode_try(lode_unpack_i64(in, &plan->last_ms));
    lode_try(lode_unpack_i64(in, &plan->from_ms));
    lode_try(unpack_f64_in(in, "vote", least_vote, most_vote, &plan->vote));
    lode_try(lode_unpack_count(in, "nodes", left, &plan->n_nodes));
    lode_try(lode_unpack_count(in, "members", left, &plan->n_members));
    lode_try(lode_unpack_count(in, "issues", left, &plan->n_issues));
    lode_try(lode_take_zero(arena, plan->n_nodes, &plan->nodes));
    lode_try(lode_take_zero(arena, plan->n_members, &plan->members));
    lode_try(lode_take_zero(arena, plan->n_issues, &plan->issues));
    for (int64_t i = 0; i < plan->n_nodes; i++)
        lode_try(unpack_node(in, n_levels, plan->n_members, arena, &plan->nodes[i]));
    lode_try(unpack_members(in, plan));
    for (int64_t i = 0; i < plan->n_issues; i++) {
        struct plan_issue *issue = &plan->issues[i];
        lode_try(lode_unpack_i64(in, &issue->start_ms));
        lode_try(lode_unpack_i64(in, &issue->end_ms));
        lode_try(unpack_in(in, "label", 0, INT64_MAX, &issue->label));
    }
    return LODE_OK;
}

/* --- arithmetic --- */

static void classify(const struct plan_component *plan, const struct plan_node *of, int64_t n,
                     double *const *e, double *votes, double *combined)
{
    const struct plan_member *members = plan->members + of->first_member;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t m = 0; m < of->n_members; m++)
            votes[m] = vote_of(e[members[m].node][i], plan->vote);
        combined[i] = detector_e(of->sigma, one_class_distance(of->factor, of->n_members, votes));
    }
}

void plan_combine(const struct plan_component *plan, int64_t node, int64_t n, double *const *e,
                  double *scratch)
{
    const struct plan_node *of = &plan->nodes[node];
    if (of->kind == PLAN_ONE_CLASS) {
        classify(plan, of, n, e, scratch, e[node]);
        return;
    }
    const struct plan_member *members = plan->members + of->first_member;
    double *combined = e[node];
    double weights = 0.0;
    for (int64_t i = 0; i < n; i++) combined[i] = 0.0;
    for (int64_t m = 0; m < of->n_members; m++) {
        const double *one = e[members[m].node];
        const double weight = members[m].weight;
        weights += weight;
        if (of->kind == PLAN_VOTES && plan_is_leaf(&plan->nodes[members[m].node]))
            for (int64_t i = 0; i < n; i++) combined[i] += weight * vote_of(one[i], plan->vote);
        else if (of->kind == PLAN_LARGEST)
            for (int64_t i = 0; i < n; i++) combined[i] = fmax(combined[i], one[i]);
        else
            for (int64_t i = 0; i < n; i++) combined[i] += weight * one[i];
    }
    if (of->kind != PLAN_LARGEST)
        for (int64_t i = 0; i < n; i++) combined[i] /= weights;
}

/* The first of the largest. */
static int64_t largest_member(const struct plan_component *plan, const struct plan_node *node,
                              const double *e)
{
    int64_t largest = plan->members[node->first_member].node;
    for (int64_t m = 1; m < node->n_members; m++) {
        const int64_t other = plan->members[node->first_member + m].node;
        if (e[other] > e[largest]) largest = other;
    }
    return largest;
}

/* What the members answer for of the E that a classifier does: their part of its D, each in units
 * of its own E. */
static void share_out(const struct plan_component *plan, const struct plan_node *of, double part,
                      const double *e, double *scratch, double *contribution)
{
    const struct plan_member *members = plan->members + of->first_member;
    double *votes = scratch, *shares = scratch + of->n_members;
    for (int64_t m = 0; m < of->n_members; m++) votes[m] = vote_of(e[members[m].node], plan->vote);
    one_class_shares(of->factor, of->n_members, votes, shares);
    for (int64_t m = 0; m < of->n_members; m++)
        if (e[members[m].node] > 0.0)
            contribution[members[m].node] += part * shares[m] / e[members[m].node];
}

void plan_contributions(const struct plan_component *plan, int64_t node, const double *e,
                        double *scratch, double *contribution)
{
    for (int64_t i = 0; i < plan->n_nodes; i++) contribution[i] = 0.0;
    contribution[node] = 1.0; /* first the share of E that a node answers for, from the top down */
    bool votes = false;
    for (int64_t i = node; i >= 0; i--) {
        const struct plan_node *of = &plan->nodes[i];
        const double share = contribution[i];
        if (!is_combination(of) || share == 0.0) continue; /* not below the node */
        contribution[i] = 0.0;
        votes = votes || of->kind == PLAN_VOTES;
        if (of->kind == PLAN_ONE_CLASS) {
            share_out(plan, of, share * e[i], e, scratch, contribution);
            continue;
        }
        if (of->kind == PLAN_LARGEST) {
            contribution[largest_member(plan, of, e)] += share;
            continue;
        }
        double weights = 0.0;
        for (int64_t m = 0; m < of->n_members; m++)
            weights += plan->members[of->first_member + m].weight;
        for (int64_t m = 0; m < of->n_members; m++) {
            const struct plan_member *member = &plan->members[of->first_member + m];
            contribution[member->node] += share * member->weight / weights;
        }
    }
    for (int64_t i = 0; i <= node; i++)
        if (contribution[i] != 0.0) contribution[i] *= votes ? vote_of(e[i], plan->vote) : e[i];
}
