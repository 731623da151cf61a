/* Mismatch: see the header. */
#include "jobs/hierarchy/detection/mismatch.h"

#include <inttypes.h>

#include "common/log.h"
#include "common/text.h"

static bool fits_a_leaf(const struct model *model, const struct manual_row *row)
{
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *leaf = &model->detectors[d];
        if (leaf->role == MODEL_LEAF && lode_text_glob(row->counter, leaf->counter) &&
            lode_text_glob(row->component, model->components[leaf->component].name))
            return true;
    }
    return false;
}

int64_t mismatch_warn_manual(const struct manual_groups *manual, const struct model *model)
{
    const struct manual_row *first = NULL;
    int64_t n = 0;
    for (int64_t i = 0; i < manual->n_rows; i++)
        if (!fits_a_leaf(model, &manual->rows[i]) && n++ == 0) first = &manual->rows[i];
    if (first)
        lode_log_warn("rows of manual groups fit no counter of the model count=%" PRId64
                      " of=%" PRId64 " first=\"%s\" component=\"%s\" counter=\"%s\"",
                      n, manual->n_rows, manual->groups[first->group], first->component,
                      first->counter);
    return n;
}

static bool is_other(int64_t step_ms, int64_t other_ms)
{
    const int64_t shorter = step_ms < other_ms ? step_ms : other_ms;
    const int64_t longer = step_ms < other_ms ? other_ms : step_ms;
    return shorter > 0 && 2 * (longer - shorter) >= shorter;
}

int64_t mismatch_warn_steps(const struct planned *planned, const struct lode_store *store)
{
    const struct plan_component *first = NULL;
    int64_t n = 0;
    for (int64_t i = 0; i < planned->n; i++) {
        const struct plan_component *plan = &planned->list[i].plan;
        const struct lode_component *about = lode_store_component(store, plan->component);
        if (is_other(about->step_ms, plan->step_ms) && n++ == 0) first = plan;
    }
    if (first)
        lode_log_warn("the store's slots have another length than those that the model was learned "
                      "from, which are scored: stage with --slot, or learn anew count=%" PRId64
                      " of=%" PRId64 " first=\"%s\" model_slot_ms=%" PRId64
                      " store_slot_ms=%" PRId64,
                      n, planned->n, lode_store_component(store, first->component)->name,
                      first->step_ms, lode_store_component(store, first->component)->step_ms);
    return n;
}
