/* Generation: what a run's generator of hypotheses needs from outside of the job, before the job
 * begins: job parameters that templates set, what people said, and the answer of a language model.
 *
 * The job itself sees no socket (docs/decisions/0012-model-before-the-run.md): what came from
 * outside is in RUN/generated.json when it starts, and stays there for a run that goes on.
 */
#ifndef LODE_COORDINATOR_GENERATION_H
#define LODE_COORDINATOR_GENERATION_H

#include "common/param/param.h"
#include "common/store/store.h"

#include <cjson/cJSON.h>

/* Sets the job parameters that templates of the parameter `templates` stand for; one that the user
 * has set to something else is an error. Nothing for jobs without that parameter. LODE_E_USAGE,
 * LODE_E_INPUT (a template is broken). */
LODE_CHECKED lode_status generation_set(struct lode_params *params);

/* Writes RUN/generated.json where it is not yet there and `generate` is not `off`: feedback beside
 * the store; for `llm` the model's choice, or why there is none (a warning: the offline rules
 * choose then); for a file its definitions. Nothing for jobs without the parameter. The key of the
 * endpoint is taken from LODE_LLM_KEY, which is removed from the environment. LODE_E_STOPPED,
 * LODE_E_DISK, LODE_E_INPUT (feedback or the file of definitions is broken). */
LODE_CHECKED lode_status generation_prepare(const struct lode_params *params,
                                            const struct lode_store *store, const char *directory);

/* Adds "generator" to a run's record: asked, used, why, and numbers; nothing without the file. */
void generation_describe(const char *directory, cJSON *record);

#endif
