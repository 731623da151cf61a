/* Names of levels, roles and states, texts of parameters, and how the E of members becomes one. */
#include "jobs/hierarchy/model/model.h"

#include <stdio.h>
#include <string.h>

#include "jobs/hierarchy/model/one_class.h"
#include "jobs/hierarchy/model/vote.h"

const char *const model_role_names[] = {"leaf", "group", "end", "whole", NULL};
const char *const model_state_names[] = {"used", "dead", "isolated", "alone", "unfit", "top", NULL};

const char *model_level_name(enum model_role role, int32_t level, char *text, size_t size)
{
    if (role == MODEL_LEAF) return "low";
    if (role == MODEL_END) return "high";
    if (role == MODEL_WHOLE) return "whole";
    if (level == 1) return "mid";
    snprintf(text, size, "level-%d", (int)level);
    return text;
}

const char *model_parameter(const struct model *model, const char *name)
{
    for (int64_t i = 0; i < model->parameters.n; i++)
        if (strcmp(model->parameters.names[i], name) == 0) return model->parameters.values[i];
    return NULL;
}

const char *model_kind_name(const struct model_detector *leaf)
{
    return leaf->rule      ? "rule"
           : leaf->pattern ? "pattern"
                           : detector_kinds[leaf->settings.kind]->name;
}

bool model_is_one_class(const struct model *model, const struct model_detector *detector)
{
    return detector->role == MODEL_GROUP && model->options.combiner == HIERARCHY_ONE_CLASS;
}

const char *model_family_name(const struct model_detector *leaf)
{
    return strcmp(model_kind_name(leaf), "hellinger") == 0
               ? detector_family_names[leaf->settings.family]
               : NULL;
}

double model_combine(const struct model *model, int64_t detector, const double *e, double *votes)
{
    const struct model_detector *one = &model->detectors[detector];
    const struct model_member *members = &model->members[one->first_member];
    double sum = 0.0, weights = 0.0, largest = 0.0;
    if (model_is_one_class(model, one)) {
        for (int64_t i = 0; i < one->n_members; i++)
            votes[i] = vote_of(e[members[i].detector], model->options.vote);
        return detector_e(one->sigma, one_class_distance(one->factor, one->n_members, votes));
    }
    for (int64_t i = 0; i < one->n_members; i++) {
        double value = e[members[i].detector];
        if (model->options.combiner == HIERARCHY_VOTES &&
            model->detectors[members[i].detector].role == MODEL_LEAF)
            value = vote_of(value, model->options.vote);
        sum += members[i].weight * value;
        weights += members[i].weight;
        if (value > largest) largest = value;
    }
    return one->role == MODEL_GROUP && model->options.combiner == HIERARCHY_LARGEST ? largest
                                                                                    : sum / weights;
}
