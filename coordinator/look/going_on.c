/* Going on: see the header. */
#include "coordinator/look/going_on.h"

#include "coordinator/batch/quote.h"

#include <string.h>

/* All of them take a value. */
static const char *const launch_options[] = {"-n",
                                             "--local",
                                             "--workers-per-rank",
                                             "--memory",
                                             "--scratch",
                                             "--heartbeat",
                                             "--lease",
                                             "--interface",
                                             "--metrics",
                                             "--metrics-every",
                                             "--metrics-listen"};

static lode_status append(struct lode_bytes *text, const char *words)
{
    return lode_bytes_append(text, words, strlen(words));
}

/* 1: the word is such an option, its value is the next; 2: it holds both. */
static int launch_words(const char *word)
{
    for (size_t i = 0; i < sizeof launch_options / sizeof *launch_options; i++) {
        const size_t size = strlen(launch_options[i]);
        if (strncmp(word, launch_options[i], size) != 0) continue;
        if (word[size] == '\0') return 1;
        if (word[size] == '=' && word[1] == '-') return 2;
    }
    return 0;
}

lode_status going_on_command(const char *run, const cJSON *command, struct lode_bytes *text)
{
    lode_try(append(text, "lode run --resume "));
    lode_try(quote_shell(run, text));
    const cJSON *item = cJSON_IsArray(command) ? command->child : NULL;
    for (; item; item = item->next) {
        const char *word = cJSON_GetStringValue(item);
        if (word && strcmp(word, "--") == 0) break; /* only words from here on */
        const int kind = word ? launch_words(word) : 0;
        const char *value = kind == 1 && item->next ? cJSON_GetStringValue(item->next) : NULL;
        if (kind == 0 || (kind == 1 && !value)) continue;
        lode_try(append(text, " "));
        lode_try(quote_shell(word, text));
        if (kind == 2) continue;
        lode_try(append(text, " "));
        lode_try(quote_shell(value, text));
        item = item->next;
    }
    return LODE_OK;
}
