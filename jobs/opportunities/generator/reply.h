/* Reply: what a language model answered, hostile until checked.
 *
 * The body of a chat completion holds, as text in choices[0].message.content, the document
 *
 *   {"hypotheses": [{"template": "retries", "parameters": {"retry": "login_retry", ...}}, ...]}
 *
 * Every entry is checked against library and schema as if a person had written it; one that does
 * not hold is dropped with a note. Nothing else of the reply is used.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_REPLY_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_REPLY_H

#include "jobs/opportunities/generator/generated.h"

enum { REPLY_ENTRIES_MAX = 1000 };

/* Adds the definitions of valid entries, at most `budget`, and notes about the others.
 * LODE_E_INPUT when there is no such document or no entry of it holds; then no definition was
 * added. Cost O(size + entries x names). */
LODE_CHECKED lode_status reply_parse(const char *body, size_t size,
                                     const struct template_library *library,
                                     const struct generator_schema *schema, int64_t budget,
                                     struct generator_definitions *definitions,
                                     struct generated *generated);

#endif
