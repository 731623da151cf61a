/* Generated: what the generator has settled on, as the file RUN/generated.json.
 *
 * It is written before anything is computed from it, so a run that goes on uses the same
 * definitions whatever a model, a template or people would say now; `--set
 * generate=RUN/generated.json` gives another run the same ones. docs/formats.md has the format.
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_GENERATED_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_GENERATED_H

#include "jobs/opportunities/generator/instantiate.h"
#include "jobs/opportunities/generator/weights.h"

struct generated_definition {
    const char *name, *expression;
    const char *template, *class; /* their names */
    const char *parameters;       /* a JSON object */
    int64_t round;                /* from 1 */
};

/* What was left out, and why. */
struct generated_note {
    const char *what, *why;
};

struct generated {
    const char *asked; /* the parameter `generate` */
    const char *used;  /* "offline", "llm" or "file" */
    const char *why;   /* used is not what was asked for; "" */
    const char *model; /* llm_model; "" */
    bool is_chosen;    /* false: `used` is known, definitions are still to be chosen */
    int64_t n;
    struct generated_definition *list;
    int64_t n_notes;
    struct generated_note *notes;
    int64_t n_opinions;
    struct generator_opinion *opinions;
};

enum { GENERATED_MAX = 10000, GENERATED_NOTES_MAX = 100 };
#define GENERATED_FILE "generated.json"

/* Appends definitions as those of `round`; texts are borrowed, the list is taken anew from the
 * arena. */
LODE_CHECKED lode_status generated_add(struct generated *generated,
                                       const struct generator_definitions *definitions,
                                       int64_t round, struct lode_arena *arena);
/* Adds a note, copied; beyond GENERATED_NOTES_MAX it is only counted in the last one's place. */
LODE_CHECKED lode_status generated_note(struct generated *generated, const char *what,
                                        const char *why, struct lode_arena *arena);

/* The document, with a newline at its end. */
LODE_CHECKED lode_status generated_append(const struct generated *generated,
                                          struct lode_bytes *out);
/* From text; `path` for messages. All copied to the arena. LODE_E_INPUT: no JSON, another format,
 * a value that is missing or not what it must be (with its place in the document). */
LODE_CHECKED lode_status generated_parse(const char *path, const char *text, size_t size,
                                         struct lode_arena *arena, struct generated *generated);

/* The file of a run; *found is false where there is none. */
LODE_CHECKED lode_status generated_load(const char *directory, struct lode_arena *arena,
                                        struct generated *generated, bool *found);
LODE_CHECKED lode_status generated_save(const char *directory, const struct generated *generated);

#endif
