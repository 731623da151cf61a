/* Hostile bytes as a spec: YAML that nests, repeats, aliases or is none is refused with its place;
 * what is accepted is names and values without NUL, each name once. */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/param/spec.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int fact)
{
    if (!fact) abort();
}

/* Takes every setting, and fails at a name that it is told to. */
static lode_status take(void *context, const char *item, const char *name, const char *value)
{
    struct lode_bytes *names = context;
    if (item) { /* names are each once within an item */
        check(lode_text_is_utf8(item, strlen(item)));
        return LODE_OK;
    }
    for (size_t at = 0; at < names->size; at += strlen((const char *)names->data + at) + 1)
        check(strcmp((const char *)names->data + at, name) != 0);
    check(lode_text_is_utf8(name, strlen(name)) && lode_text_is_utf8(value, strlen(value)));
    check(lode_bytes_append(names, name, strlen(name) + 1) == LODE_OK);
    return strcmp(name, "stop") == 0 ? lode_fail(LODE_E_USAGE, "unknown parameter") : LODE_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_bytes names = {0};
    const lode_status status = lode_spec_parse("spec.yaml", data, size, "files", take, &names);
    check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_USAGE);
    if (status != LODE_OK) check(strncmp(lode_error_text(), "spec.yaml:", 10) == 0);
    lode_bytes_clear(&names);
    return 0;
}
