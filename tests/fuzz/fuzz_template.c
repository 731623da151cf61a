/* Hostile bytes as a template and as an outline: refused with their place, or whole. */
#include <stdlib.h>
#include <string.h>

#include "jobs/opportunities/generator/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct template made;
    check(lode_arena_create(0, &arena) == LODE_OK);
    const lode_status status = template_parse("t.yaml", data, size, arena, &made);
    check(status == LODE_OK || status == LODE_E_INPUT);
    if (status) check(strncmp(lode_error_text(), "t.yaml:", 7) == 0);
    if (!status) check(made.name && made.docs && made.n_definitions + made.n_settings > 0);
    lode_arena_destroy(arena);
    return 0;
}
