/* Contributions: weights multiplied down the tree, from each root to its leaves. Those below a
 * classifier depend on the slot: they have no number here. */
#include <math.h>

#include "jobs/hierarchy/model/rows.h"
#include "jobs/hierarchy/training/tables.h"

/* Where a walk down stands in one detector. */
struct frame {
    int64_t detector, next; /* the member to go to */
    double share, weights;  /* of the detector in the root; sum of its members' weights */
};

struct walk {
    const struct model *model;
    double *share;   /* [detectors] of leaves in the root at hand */
    int64_t *leaves; /* those with a share, in the order in which they are added up */
    int64_t n_leaves;
    struct frame *frames; /* [deepest] members are always of a lower level */
};

static bool is_root(const struct model_detector *detector)
{
    return detector->role == MODEL_END || detector->role == MODEL_WHOLE ||
           (detector->role == MODEL_GROUP && detector->level > 1);
}

static struct frame enter(const struct model *model, int64_t detector, double share)
{
    const struct model_detector *one = &model->detectors[detector];
    struct frame frame = {.detector = detector, .share = share};
    for (int64_t i = 0; i < one->n_members; i++)
        frame.weights += model->members[one->first_member + i].weight;
    return frame;
}

static void add_leaf(struct walk *walk, int64_t leaf, double share)
{
    if (walk->share[leaf] == 0) walk->leaves[walk->n_leaves++] = leaf;
    walk->share[leaf] += share;
}

/* Leaves of a root, depth first. */
static void walk_down(struct walk *walk, int64_t root)
{
    const struct model *model = walk->model;
    int depth = 0;
    for (int64_t i = 0; i < walk->n_leaves; i++) walk->share[walk->leaves[i]] = 0;
    walk->n_leaves = 0;
    walk->frames[depth++] = enter(model, root, 1.0);
    while (depth > 0) {
        struct frame *frame = &walk->frames[depth - 1];
        const struct model_detector *holder = &model->detectors[frame->detector];
        if (frame->next == holder->n_members) {
            depth--;
            continue;
        }
        const struct model_member *member = &model->members[holder->first_member + frame->next++];
        const double share = model_is_one_class(model, holder)
                                 ? (double)NAN
                                 : frame->share * (member->weight / frame->weights);
        if (model->detectors[member->detector].role == MODEL_LEAF)
            add_leaf(walk, member->detector, share);
        else
            walk->frames[depth++] = enter(model, member->detector, share);
    }
}

static lode_status begin_walk(const struct model *model, struct lode_arena *arena,
                              struct walk *walk)
{
    int64_t deepest = 0;
    *walk = (struct walk){.model = model};
    for (int64_t d = 0; d < model->n_detectors; d++)
        if (model->detectors[d].level > deepest) deepest = model->detectors[d].level;
    lode_try(lode_take_zero(arena, model->n_detectors, &walk->share));
    lode_try(lode_take(arena, model->n_detectors, &walk->leaves));
    return lode_take(arena, deepest + 1, &walk->frames);
}

/* The largest of its members says nothing of shares. */
static bool has_shares(const struct model *model)
{
    return model->options.combiner != HIERARCHY_LARGEST;
}

static int64_t count_rows(struct walk *walk)
{
    int64_t n = 0;
    for (int64_t d = 0; d < walk->model->n_detectors && has_shares(walk->model); d++) {
        if (!is_root(&walk->model->detectors[d])) continue;
        walk_down(walk, d);
        n += walk->n_leaves;
    }
    return n;
}

lode_status contributions_put(const struct lode_run *run, const struct model *model)
{
    char text[MODEL_LEVEL_TEXT];
    struct walk walk;
    struct rows rows;
    uint32_t *levels = NULL, *components = NULL, *names = NULL, *leaf_components = NULL,
             *leaves = NULL;
    double *shares = NULL;
    int64_t row = 0;
    lode_try(begin_walk(model, run->arena, &walk));
    lode_try(rows_begin(&rows, "contributions", "what every leaf is worth in a detector above",
                        count_rows(&walk), run->arena));
    lode_try(rows_text(&rows, "level", "of the detector above", &levels));
    lode_try(rows_text(&rows, "component", "that it is about", &components));
    lode_try(rows_text(&rows, "detector", "its name", &names));
    lode_try(rows_text(&rows, "leaf_component", "of the leaf", &leaf_components));
    lode_try(rows_text(&rows, "leaf", "its name", &leaves));
    lode_try(
        rows_f64(&rows, "share", "1",
                 "E above = sum of share x E of leaves (with votes: x vote); empty: depends on "
                 "the slot",
                 &shares));
    for (int64_t d = 0; d < model->n_detectors && has_shares(model); d++) {
        const struct model_detector *root = &model->detectors[d];
        if (!is_root(root)) continue;
        walk_down(&walk, d);
        for (int64_t i = 0; i < walk.n_leaves; i++, row++) {
            const struct model_detector *leaf = &model->detectors[walk.leaves[i]];
            lode_try(rows_code(&rows, model_level_name(root->role, root->level, text, sizeof text),
                               &levels[row]));
            lode_try(rows_code(&rows, model->components[root->component].name, &components[row]));
            lode_try(rows_code(&rows, root->name, &names[row]));
            lode_try(
                rows_code(&rows, model->components[leaf->component].name, &leaf_components[row]));
            lode_try(rows_code(&rows, leaf->name, &leaves[row]));
            shares[row] = walk.share[walk.leaves[i]];
        }
    }
    return lode_results_put(run->results, rows_end(&rows));
}
