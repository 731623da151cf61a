/* Hostile bytes as the index of a store, behind a right seal. What is accepted keeps the promises
 * of store.h: every text ends, every count is right, no partition's name leads elsewhere. */
#include <string.h>

#include "common/store/store.h"
#include "tests/fuzz/sealed.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    sealed_write("part-00000.h5", (const uint8_t *)"", 0); /* never opened here, but there */
    return atexit(sealed_remove);
}

static void use_words(const struct lode_dictionary *dictionary)
{
    for (int64_t i = 0; i < dictionary->count; i++) check(strlen(dictionary->words[i]) <= INT_MAX);
}

static void use(const struct lode_store *store)
{
    char text[256];
    check(strlen(store->kind) + strlen(store->source) + strlen(store->history) <= INT_MAX);
    use_words(&store->event_names);
    for (int64_t i = 0; i < store->n_attributes; i++) {
        use_words(&store->attributes[i].dictionary);
        check(lode_store_find_attribute(store, store->attributes[i].name) <= i);
    }
    for (int64_t i = 0; i < store->n_kpis; i++)
        check(lode_store_find_kpi(store, store->kpis[i].name) <= i);
    for (int64_t i = 0; i < store->n_partitions; i++) {
        check(strchr(store->partitions[i].file, '/') == NULL);
        lode_store_name_partition(store, i, text, sizeof text);
    }
    check(store->n_users >= 0 && store->n_sessions >= 0 && store->n_events >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lode_store *store = NULL;
    struct lode_part part;
    (void)sealed_write(LODE_STORE_INDEX, data, size);
    const lode_status status = lode_store_open(sealed_folder(), &store);
    check(status == LODE_OK || status == LODE_E_INPUT || status == LODE_E_MEMORY);
    if (status == LODE_OK) use(store);
    lode_store_close(status == LODE_OK ? store : NULL);
    check(lode_part_open(sealed_folder(), 0, &part) != LODE_OK); /* an empty file */
    return 0;
}
