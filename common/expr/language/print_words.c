/* Print words: names, texts, times and sets of words, as the printers of values and of events write
 * them. */
#include "common/expr/language/print.h"

#include <math.h>
#include <string.h>

#include "common/expr/language/parse.h"
#include "common/text.h"

lode_status print_text(struct printer *printer, const char *text)
{
    return lode_bytes_append(printer->out, text, strlen(text));
}

lode_status print_quoted(struct printer *printer, const char *text)
{
    lode_try(print_text(printer, "'"));
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '\'' || c == '\\')
            lode_try(lode_bytes_printf(printer->out, "\\%c", c));
        else if (c < ' ' || c == 0x7f)
            lode_try(lode_bytes_printf(printer->out, "\\x%02x", c));
        else
            lode_try(lode_bytes_append(printer->out, text, 1));
    }
    return print_text(printer, "'");
}

lode_status print_name(struct printer *printer, const char *name)
{
    if (parse_is_name(name) && !parse_is_reserved(name)) return print_text(printer, name);
    return print_quoted(printer, name);
}

lode_status print_duration(struct printer *printer, double ms)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"w", 6048e5}, {"d", 864e5}, {"h", 36e5}, {"m", 6e4}, {"s", 1e3}};
    for (size_t i = ms == 0.0 ? 4 : 0; i < sizeof units / sizeof *units; i++) {
        const double count = ms / units[i].ms;
        if (fabs(count) < 1e9 && count == floor(count) && count * units[i].ms == ms)
            return lode_bytes_printf(printer->out, "%.0f%s", count, units[i].name);
    }
    lode_try(lode_text_append_f64(printer->out, ms));
    return print_text(printer, "ms");
}

lode_status print_words(struct printer *printer, const struct lode_dictionary *words,
                        const uint8_t *holds)
{
    int64_t n_holds = 0, shown = 0;
    for (int64_t i = 0; i < words->count; i++) n_holds += holds[i];
    const bool negated = n_holds > words->count - n_holds;
    const int64_t n_shown = negated ? words->count - n_holds : n_holds;
    if (n_shown == 1)
        lode_try(print_text(printer, negated ? "!= " : "= "));
    else
        lode_try(print_text(printer, negated ? "not in {" : "in {"));
    for (int64_t i = 0; i < words->count && printer->out->size < printer->limit; i++) {
        if ((holds[i] != 0) == negated) continue;
        if (shown++) lode_try(print_text(printer, ", "));
        lode_try(print_quoted(printer, words->words[i]));
    }
    return n_shown == 1 ? LODE_OK : print_text(printer, "}");
}
