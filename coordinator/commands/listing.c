/* Listing: see the header. */
#include "coordinator/commands/listing.h"

#include "coordinator/commands/screen.h"
#include "coordinator/look/fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_MAX = 100 };

const char *listing_seconds(double seconds, char *text)
{
    if (isnan(seconds))
        snprintf(text, LISTING_SECONDS_SIZE, "?");
    else
        snprintf(text, LISTING_SECONDS_SIZE, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
    return text;
}

static lode_status add_field(struct screen *screen, const struct listing_column *column,
                             const cJSON *row)
{
    char text[32];
    const double number = field_number(row, column->field);
    switch (column->kind) {
    case LISTING_TEXT:
        return screen_add_cell(screen, field_text(row, column->field));
    case LISTING_COUNT:
        return screen_add_count(screen, number);
    case LISTING_NUMBER:
        return screen_add_number(screen, number);
    case LISTING_ID:
        break;
    }
    snprintf(text, sizeof text, isnan(number) ? "-" : "%.0f", number);
    return screen_add_cell(screen, text);
}

lode_status listing_print(const cJSON *list, const struct listing_column *columns)
{
    struct screen screen = {0};
    lode_status status = LODE_OK;
    const cJSON *row = NULL;
    const int n_rows = cJSON_GetArraySize(list);
    int n_shown = 0;
    if (n_rows == 0) return LODE_OK;
    for (int c = 0; columns[c].field; c++)
        screen_add_column(&screen, columns[c].title, columns[c].kind == LISTING_TEXT);
    cJSON_ArrayForEach(row, list)
    {
        if (n_shown++ == ROWS_MAX) break;
        for (int c = 0; columns[c].field && !status; c++)
            status = add_field(&screen, &columns[c], row);
    }
    if (!status) {
        putchar('\n');
        screen_print(&screen);
    }
    screen_clear(&screen);
    if (!status && n_rows > ROWS_MAX)
        printf("... and %d more: --json shows all\n", n_rows - ROWS_MAX);
    return status;
}

lode_status listing_print_json(const cJSON *document)
{
    char *text = cJSON_Print(document);
    if (!text) return lode_fail(LODE_E_MEMORY, "no memory for the answer");
    const lode_status status = screen_print_json("the answer", text, strlen(text));
    if (!status) putchar('\n');
    free(text);
    return status;
}
