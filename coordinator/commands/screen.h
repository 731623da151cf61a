/* Screen: tables on standard output that fit a person's terminal.
 *
 * Columns take what their content needs; the text columns share what is left of the terminal's
 * width and wrap at blanks. Off a terminal the width is 100 and there is no colour.
 */
#ifndef LODE_COORDINATOR_SCREEN_H
#define LODE_COORDINATOR_SCREEN_H

#include "common/memory.h"

#include <stdbool.h>

enum { SCREEN_COLUMNS_MAX = 16, SCREEN_NUMBER_SIZE = 48 };

struct screen_column {
    const char *name; /* borrowed */
    bool is_text;     /* to the left and may wrap; else a number: to the right, whole */
    int width;
};

/* A table under construction; start with all zero, release with screen_clear. */
struct screen {
    int n_columns;
    struct screen_column columns[SCREEN_COLUMNS_MAX];
    struct lode_bytes cells; /* row by row, each text with its zero */
    int64_t n_cells;
};
void screen_clear(struct screen *screen);

/* All columns come before the first cell; more than SCREEN_COLUMNS_MAX are left out. */
void screen_add_column(struct screen *screen, const char *name, bool is_text);
/* The next cell, row by row; control bytes are made visible. */
LODE_CHECKED lode_status screen_add_cell(struct screen *screen, const char *text);
/* The same for a number: "1,234"; a value below 0 is one that is not known: "-". */
LODE_CHECKED lode_status screen_add_count(struct screen *screen, double value);
/* Three digits: "0.0123", "12.3", "1,234"; NaN is one that is not known: "-". */
LODE_CHECKED lode_status screen_add_number(struct screen *screen, double value);
/* The same text, into buffer (>= SCREEN_NUMBER_SIZE bytes); returns buffer. */
const char *screen_number(double value, char *buffer);

/* Prints names and rows. */
void screen_print(struct screen *screen);

/* One line of text that may hold anybody's bytes: control bytes are made visible. */
LODE_CHECKED lode_status screen_say(const char *format, ...) LODE_PRINTF(1, 2);

/* Prints JSON (a document, or one a line) that may come from anywhere; `name` stands for it in
 * errors. DEL and U+0080..U+009F, which JSON allows and terminals obey, become \u00NN.
 * LODE_E_INPUT, with nothing printed, for what is in no JSON: other control bytes, bytes that are
 * not UTF-8. */
LODE_CHECKED lode_status screen_print_json(const char *name, const char *text, size_t size);

#endif
