/* Template: one class of hypotheses, as a file says it: parameters, and the definitions (or job
 * parameters) that they fill. docs/templates.md shows how to write one.
 *
 * In a definition's name and expression, {parameter} stands for a value; it is quoted by the
 * parameter's type when it is filled in (instantiate.h). Braces around anything but one word are
 * the language's own (conditions on event attributes).
 */
#ifndef LODE_JOBS_OPPORTUNITIES_GENERATOR_TEMPLATE_H
#define LODE_JOBS_OPPORTUNITIES_GENERATOR_TEMPLATE_H

#include "common/error.h"
#include "common/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum template_class {
    TEMPLATE_INDIRECT,
    TEMPLATE_STATEFUL,
    TEMPLATE_NONLOCAL,
    TEMPLATE_LIFECYCLE,
    TEMPLATE_GIVEN_PATTERNS,
    TEMPLATE_EVENT_PATTERNS,
    TEMPLATE_STATIC,
    TEMPLATE_CLASSES
};
/* "indirect", ...; ends with NULL */
extern const char *const template_class_names[];

enum template_type {
    TEMPLATE_EVENT,           /* the name of one event */
    TEMPLATE_EVENTS,          /* one or more, alternatives */
    TEMPLATE_ATTRIBUTE,       /* a session attribute */
    TEMPLATE_EVENT_ATTRIBUTE, /* an attribute of events */
    TEMPLATE_KPI,
    TEMPLATE_SERIES,   /* "source.counter", "source[attribute].counter" of other stores */
    TEMPLATE_DURATION, /* "30s" */
    TEMPLATE_NUMBER,   /* "3", "90%" */
    TEMPLATE_TEXT,     /* a word of an attribute */
    TEMPLATE_REGEX,
    TEMPLATE_WORDS, /* a list of words, taken whole; may be empty */
    TEMPLATE_TYPES
};
extern const char *const template_type_names[]; /* "event", ...; ends with NULL */

/* Which events the offline rules try for a parameter, best first. */
enum template_candidates {
    TEMPLATE_CONTRAST, /* more common in faulty sessions, by faulty sessions too many */
    TEMPLATE_FREQUENT, /* in most sessions */
    TEMPLATE_REPEATED, /* more than once in most sessions */
    TEMPLATE_ERRORS,   /* with a name of trouble: error, fail, timeout, ... */
    TEMPLATE_CANDIDATES
};
extern const char *const template_candidates_names[]; /* ends with NULL */

struct template_parameter {
    const char *name;
    enum template_type type;
    const char *initial; /* as a user would write it; NULL: must be given */
    const char *unit;    /* "" where there is none */
    const char *meaning;
    double low, high; /* of a number */
    enum template_candidates candidates;
    const char *attempts; /* a list: values that the offline rules try; "": the default alone */
};

struct template_definition {
    const char *name, *expression; /* with placeholders */
};
struct template_setting {
    const char *parameter, *value; /* of the job; with placeholders */
};

struct template
{
    const char *path; /* of its file */
    const char *name, *summary, *docs, *example, *expected;
    enum template_class class;
    const char *extension; /* the template with one event more; NULL: none */
    bool offline;          /* the offline rules may choose it */
    int n_parameters, n_definitions, n_settings;
    struct template_parameter *parameters;
    struct template_definition *definitions; /* or settings: a template has one of the two */
    struct template_setting *settings;
};

enum { TEMPLATE_PARAMETERS_MAX = 8, TEMPLATE_DEFINITIONS_MAX = 16 };

/* Reads the text of a template's file; `path` for messages. All from the arena. LODE_E_INPUT names
 * path, line and column, and the nearest known word: a key, class, type or placeholder that is
 * none, a parameter that nothing uses, what is missing. */
LODE_CHECKED lode_status template_parse(const char *path, const void *text, size_t size,
                                        struct lode_arena *arena, struct template *made);

/* Whether a value of that type is a list, as lode_params_list reads it. */
bool template_takes_list(enum template_type type);

/* Index of the parameter of that name (size bytes); -1. */
int template_find_parameter(const struct template *template, const char *name, size_t size);

/* The next placeholder {word} in `text` at or after `at`: begins at its brace, *size bytes long
 * with both; NULL: none. */
const char *template_next_placeholder(const char *at, size_t *size);

#endif
