/* Model: asks a language model which hypotheses to look at. Nothing of it is trusted. */
#ifndef LODE_COORDINATOR_MODEL_H
#define LODE_COORDINATOR_MODEL_H

#include "common/store/store.h"
#include "jobs/opportunities/generator/generator.h"

/* Adds the definitions that the model's answer names and that hold, and notes about the others. The
 * key is LODE_LLM_KEY of the environment, from which it is removed: workers do not get it.
 * LODE_E_INPUT: the endpoint did not answer, or with nothing that holds. LODE_E_USAGE (llm_url,
 * metadata), LODE_E_STOPPED (a signal), LODE_E_MEMORY. Ends within (llm_retries + 1) x llm_timeout
 * and the waits between (common/http.h). */
LODE_CHECKED lode_status model_ask(const struct lode_params *params, const struct lode_store *store,
                                   const struct generator_options *options,
                                   struct generator_definitions *definitions,
                                   struct generated *generated);

#endif
