/* Screen: see the header. */
#include "coordinator/commands/screen.h"

#include "common/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PLAIN_WIDTH = 100, TEXT_LEAST = 24, GAP = 2, LINE_SIZE = 8192 };

void screen_clear(struct screen *screen)
{
    lode_bytes_clear(&screen->cells);
    *screen = (struct screen){0};
}

void screen_add_column(struct screen *screen, const char *name, bool is_text)
{
    if (screen->n_columns == SCREEN_COLUMNS_MAX) return;
    screen->columns[screen->n_columns++] =
        (struct screen_column){.name = name, .is_text = is_text, .width = lode_text_width(name)};
}

lode_status screen_add_cell(struct screen *screen, const char *text)
{
    struct screen_column *column = &screen->columns[screen->n_cells % screen->n_columns];
    const size_t begin = screen->cells.size;
    lode_try(lode_text_append_visible(&screen->cells, text, strlen(text)));
    lode_try(lode_bytes_append(&screen->cells, "", 1));
    const int width = lode_text_width((const char *)screen->cells.data + begin);
    if (width > column->width) column->width = width;
    screen->n_cells++;
    return LODE_OK;
}

lode_status screen_add_count(struct screen *screen, double value)
{
    char text[32];
    return screen_add_cell(
        screen, value >= 0 && value < 9e18 ? lode_text_grouped((int64_t)value, text) : "-");
}

const char *screen_number(double value, char *buffer)
{
    if (isnan(value))
        snprintf(buffer, SCREEN_NUMBER_SIZE, "-");
    else if (fabs(value) >= 1000.0 && fabs(value) < 9e18)
        lode_text_grouped((int64_t)llround(value), buffer);
    else
        snprintf(buffer, SCREEN_NUMBER_SIZE, fabs(value) < 0.001 && value != 0.0 ? "%.1e" : "%.3g",
                 value);
    return buffer;
}

lode_status screen_add_number(struct screen *screen, double value)
{
    char text[SCREEN_NUMBER_SIZE];
    return screen_add_cell(screen, screen_number(value, text));
}

static int terminal_width(void)
{
    struct winsize size;
    if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < 40)
        return PLAIN_WIDTH;
    return size.ws_col;
}

/* Takes width from the widest text column until the table fits (or nothing is left to take). */
static void fit(struct screen *screen, int width)
{
    for (;;) {
        int total = 0, widest = -1;
        for (int c = 0; c < screen->n_columns; c++) {
            total += screen->columns[c].width + GAP;
            if (screen->columns[c].is_text && screen->columns[c].width > TEXT_LEAST &&
                (widest < 0 || screen->columns[c].width > screen->columns[widest].width))
                widest = c;
        }
        if (total - GAP <= width || widest < 0) return;
        screen->columns[widest].width--;
    }
}

/* How many bytes of `text` go on a line of `width` columns: to the last blank, else cut. */
static size_t line_bytes(const char *text, int width)
{
    size_t at = 0, last_blank = 0;
    int used = 0;
    while (text[at] && used < width) {
        size_t next = at + 1;
        while (((unsigned char)text[next] & 0xc0) == 0x80) next++;
        if (text[at] == ' ') last_blank = at;
        at = next;
        used++;
    }
    return text[at] && text[at] != ' ' && last_blank > 0 ? last_blank : at;
}

static void pad(int count)
{
    for (int i = 0; i < count; i++) fputc(' ', stdout);
}

/* Prints one row of cells, wrapped over as many lines as its longest needs. */
static void print_cells(const struct screen *screen, const char **rest)
{
    bool more = true;
    while (more) {
        int due = 0; /* blanks that only matter if something follows */
        more = false;
        for (int c = 0; c < screen->n_columns; c++) {
            const struct screen_column *column = &screen->columns[c];
            const size_t size = line_bytes(rest[c], column->width);
            char part[1024];
            snprintf(part, sizeof part, "%.*s", (int)size, rest[c]);
            const int blank = column->width - lode_text_width(part);
            if (size > 0) {
                pad(due + (column->is_text ? 0 : blank));
                fputs(part, stdout);
                due = (column->is_text ? blank : 0) + GAP;
            } else {
                due += column->width + GAP;
            }
            rest[c] += size;
            while (*rest[c] == ' ') rest[c]++;
            more = more || *rest[c];
        }
        fputc('\n', stdout);
    }
}

void screen_print(struct screen *screen)
{
    const char *row[SCREEN_COLUMNS_MAX];
    const bool colour = isatty(STDOUT_FILENO) == 1 && !getenv("NO_COLOR");
    fit(screen, terminal_width());
    for (int c = 0; c < screen->n_columns; c++) row[c] = screen->columns[c].name;
    if (colour) fputs("\033[1m", stdout);
    print_cells(screen, row);
    if (colour) fputs("\033[0m", stdout);
    const char *at = (const char *)screen->cells.data;
    for (int64_t i = 0; i + screen->n_columns <= screen->n_cells; i += screen->n_columns) {
        for (int c = 0; c < screen->n_columns; c++) {
            row[c] = at;
            at += strlen(at) + 1;
        }
        print_cells(screen, row);
    }
}

lode_status screen_say(const char *format, ...)
{
    char line[LINE_SIZE];
    struct lode_bytes text = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    const lode_status status = lode_text_append_visible(&text, line, strlen(line));
    if (!status) printf("%.*s\n", (int)text.size, (const char *)text.data);
    lode_bytes_clear(&text);
    return status;
}

static lode_status check_json_bytes(const char *name, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 && byte != '\n' && byte != '\t' && byte != '\r') {
            return lode_fail(LODE_E_INPUT, "%s: no JSON: byte %zu is the control byte 0x%02x", name,
                             i, byte);
        }
    }
    if (lode_text_is_utf8(text, size)) return LODE_OK;
    return lode_fail(LODE_E_INPUT, "%s: no JSON: not UTF-8", name);
}

lode_status screen_print_json(const char *name, const char *text, size_t size)
{
    lode_try(check_json_bytes(name, text, size));
    const unsigned char *at = (const unsigned char *)text, *end = at + size, *from = at;
    while (at < end) {
        const bool is_c1 = *at == 0xc2 && at[1] < 0xa0; /* UTF-8, so a second byte is there */
        if (!is_c1 && *at != 0x7f) {
            at++;
            continue;
        }
        fwrite(from, 1, (size_t)(at - from), stdout);
        printf("\\u00%02x", is_c1 ? at[1] : *at);
        at += is_c1 ? 2 : 1;
        from = at;
    }
    fwrite(from, 1, (size_t)(end - from), stdout);
    return ferror(stdout) ? lode_fail(LODE_E_DISK, "standard output cannot be written") : LODE_OK;
}
