/* Weights of members: one pass, as members come before who holds them. */
#include "jobs/hierarchy/training/weight_members.h"

#include <math.h>

lode_status weight_members(const struct model *model, const double *of_leaves,
                           struct lode_arena *arena, double *weights)
{
    double *mean; /* of the leaves that a detector is made of */
    lode_try(lode_take(arena, model->n_detectors, &mean));
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *one = &model->detectors[d];
        const bool is_lowest = one->role == MODEL_GROUP && one->level == 1;
        double sum = 0.0;
        for (int64_t i = one->first_member; i < one->first_member + one->n_members; i++) {
            const struct model_member *member = &model->members[i];
            const double own = mean[member->detector];
            sum += own;
            weights[i] = one->role == MODEL_WHOLE ? member->weight
                         : is_lowest              ? own
                                                  : fmin(member->weight * own, WEIGHT_MOST);
        }
        mean[d] = one->role == MODEL_LEAF ? of_leaves[d] : sum / (double)one->n_members;
    }
    return LODE_OK;
}
