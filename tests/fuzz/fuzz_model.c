/* Hostile bytes as a model's results.h5, behind a right seal: it is refused, or every index in it
 * leads somewhere and every E of it is a finite number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "jobs/hierarchy/detection/levels.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return atexit(sealed_remove);
}

/* As detection goes through it: one pass forward, the largest E in every leaf. */
static void use(const struct model *model, struct lode_arena *arena)
{
    const struct levels_wanted wanted = {.alerts = &model->options.thresholds};
    struct levels levels;
    double *e = NULL, *votes = NULL;
    if (lode_take_zero(arena, model->n_detectors, &e) != LODE_OK) return;
    if (lode_take(arena, model->n_members, &votes) != LODE_OK) return;
    if (levels_make(model, &wanted, arena, &levels) != LODE_OK) return;
    for (int64_t d = 0; d < model->n_detectors; d++) {
        const struct model_detector *one = &model->detectors[d];
        check(strlen(model->components[one->component].name) > 0 && strlen(one->name) < SIZE_MAX);
        check(levels_of(&levels, one) >= 0);
        e[d] = one->role == MODEL_LEAF ? detector_e(one->sigma, 1e50)
                                       : model_combine(model, d, e, votes);
        check(isfinite(e[d]) && e[d] >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct model model;
    char folder[4096];
    const char *path = sealed_write("results.h5", data, size);
    check(strlen(path) < sizeof folder && lode_arena_create(64 << 20, &arena) == LODE_OK);
    memcpy(folder, path, strlen(path) + 1);
    *strrchr(folder, '/') = '\0';
    const lode_status status = model_read(folder, arena, &model);
    check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_USAGE ||
          status == LODE_E_MEMORY);
    if (status == LODE_OK) use(&model, arena);
    lode_arena_destroy(arena);
    return 0;
}
