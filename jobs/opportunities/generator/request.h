/* Request: what a language model is asked, as the body of a chat completion.
 *
 * It is told the templates, the names in the schema, the user's prompt and metadata, and the form
 * of the answer (reply.h). Never a value of the data: no words of attributes, no ids, no counts.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_REQUEST_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_REQUEST_H

#include "jobs/opportunities/generator/library.h"
#include "jobs/opportunities/generator/schema.h"

/* A file of the parameter metadata. */
struct request_document {
    const char *name, *text;
};

struct model_request {
    const char *model, *prompt;
    const struct template_library *library;
    const struct generator_schema *schema;
    int64_t n_documents;
    const struct request_document *documents;
    int64_t budget;
    bool json_object; /* ask for response_format json_object, which not every endpoint knows */
};

enum { REQUEST_NAMES_MAX = 500 }; /* of each kind; by name, so that the same ones are told */

/* Appends the body. Same request, same bytes. LODE_E_MEMORY. */
LODE_CHECKED lode_status request_append(const struct model_request *request,
                                        struct lode_arena *arena, struct lode_bytes *out);

#endif
