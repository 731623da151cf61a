/* Model: request, HTTP, reply. */
#include "coordinator/commands/model.h"

#include "common/file.h"
#include "common/http.h"
#include "common/text.h"
#include "coordinator/commands/bearer.h"
#include "coordinator/signals.h"
#include "jobs/opportunities/derive/derivation.h"
#include "jobs/opportunities/generator/reply.h"
#include "jobs/opportunities/generator/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPLY_LIMIT = 1 << 20,
    DOCUMENT_LIMIT = 64 << 10, /* of one file of metadata */
    DOCUMENTS_LIMIT = 256 << 10,
    DOCUMENTS_MAX = 32
};

static lode_status read_documents(const struct lode_params *params, struct lode_arena *arena,
                                  struct model_request *request)
{
    char **paths = NULL;
    struct request_document *documents = NULL;
    size_t total = 0;
    lode_try(lode_params_list(params, "metadata", arena, &paths, &request->n_documents));
    if (request->n_documents > DOCUMENTS_MAX)
        return lode_fail(LODE_E_USAGE, "parameter metadata: at most %d files", DOCUMENTS_MAX);
    lode_try(lode_take(arena, request->n_documents, &documents));
    for (int64_t i = 0; i < request->n_documents; i++) {
        struct lode_bytes text = {0};
        char *copy = NULL;
        const char *slash = strrchr(paths[i], '/');
        lode_status status = lode_file_read(paths[i], DOCUMENT_LIMIT, &text);
        total += text.size;
        if (!status &&
            (total > DOCUMENTS_LIMIT || !lode_text_is_utf8((const char *)text.data, text.size)))
            status = lode_fail(LODE_E_USAGE, "%s: not UTF-8 text, or more than %d KiB in all",
                               paths[i], DOCUMENTS_LIMIT >> 10);
        if (!status)
            status =
                lode_arena_text(arena, text.size ? (const char *)text.data : "", text.size, &copy);
        lode_bytes_clear(&text);
        /* a file of the user's that is not there is no fault of the endpoint */
        if (status) return lode_note(LODE_E_USAGE, "parameter metadata");
        documents[i] = (struct request_document){slash ? slash + 1 : paths[i], copy};
    }
    request->documents = documents;
    return LODE_OK;
}

static bool is_stopped(void)
{
    return signals_seen().stops > 0;
}

/* One exchange. An endpoint that does not know response_format says 400: it is asked without. */
static lode_status exchange(const struct lode_params *params, struct model_request *request,
                            const char *key, struct lode_arena *arena, struct lode_bytes *reply)
{
    int64_t timeout_ms = 0, retries = 0;
    const char *headers[] = {"Content-Type: application/json", "Accept: application/json", key,
                             NULL};
    lode_try(lode_params_duration_ms(params, "llm_timeout", &timeout_ms));
    lode_try(lode_params_i64(params, "llm_retries", 0, INT32_MAX, &retries));
    for (request->json_object = true;; request->json_object = false) {
        struct lode_bytes body = {0};
        lode_status status = request_append(request, arena, &body);
        const struct lode_http_request post = {.url = lode_params_text(params, "llm_url"),
                                               .headers = headers,
                                               .body = body.data,
                                               .body_size = body.size,
                                               .timeout_ms = timeout_ms,
                                               .retries = (int)retries,
                                               .reply_limit = REPLY_LIMIT,
                                               .is_stopped = is_stopped};
        if (!status) status = lode_http_post(&post, reply);
        lode_bytes_clear(&body);
        if (!status || !request->json_object || !strstr(lode_error_text(), "HTTP status 400"))
            return status;
    }
}

lode_status model_ask(const struct lode_params *params, const struct lode_store *store,
                      const struct generator_options *options,
                      struct generator_definitions *definitions, struct generated *generated)
{
    struct lode_bytes reply = {0};
    struct lode_arena *arena = definitions->arena;
    struct derivation derivation;
    struct generator_schema names;
    struct model_request request = {.model = lode_params_text(params, "llm_model"),
                                    .prompt = lode_params_text(params, "prompt"),
                                    .library = &options->library,
                                    .schema = &names,
                                    .budget = options->max_hypotheses};
    char *key = NULL;
    lode_try(derivation_make(params, store, arena, &derivation));
    lode_try(generator_schema_make(&derivation.schema, arena, &names));
    lode_try(read_documents(params, arena, &request));
    lode_try(bearer_take("LODE_LLM_KEY", arena, &key));
    lode_status status = exchange(params, &request, key, arena, &reply);
    if (!status)
        status = reply_parse((const char *)reply.data, reply.size, &options->library, &names,
                             options->max_hypotheses, definitions, generated);
    lode_bytes_clear(&reply);
    return status;
}
