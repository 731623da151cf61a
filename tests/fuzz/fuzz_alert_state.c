/* Fuzz target: a state file of alerts. What is read is printed and read as the same. */
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/memory.h"
#include "jobs/hierarchy/alerts/desk/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_arena *arena = NULL;
    struct memory memory, again;
    struct lode_bytes text = {0}, twice = {0};
    if (lode_arena_create(64 << 20, &arena)) return 0;
    if (memory_parse((const char *)data, size, arena, &memory) == LODE_OK) {
        if (memory_print(&memory, &text) ||
            memory_parse((const char *)text.data, text.size, arena, &again) ||
            memory_print(&again, &twice))
            abort();
        if (text.size != twice.size || memcmp(text.data, twice.data, text.size) != 0) abort();
    }
    lode_error_clear();
    lode_bytes_clear(&text);
    lode_bytes_clear(&twice);
    lode_arena_destroy(arena);
    return 0;
}
