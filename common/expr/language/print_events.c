/* Print events: the canonical text of selectors and patterns. */
#include "common/expr/language/print.h"

#include <math.h>
#include <string.h>

#include "common/text.h"

static lode_status print_names(struct printer *printer, const uint8_t *names)
{
    const struct lode_dictionary *words = &printer->schema->event_names;
    int64_t count = 0, shown = 0;
    if (words->count != printer->graph->n_names) return print_text(printer, "?");
    for (int64_t i = 0; i < words->count; i++) count += names[i];
    if (count != 1) lode_try(print_text(printer, "("));
    for (int64_t i = 0; i < words->count && printer->out->size < printer->limit; i++) {
        if (!names[i]) continue;
        if (shown++) lode_try(print_text(printer, " | "));
        lode_try(print_name(printer, words->words[i]));
    }
    return count == 1 ? LODE_OK : print_text(printer, ")");
}

/* An end of an interval. An open end is kept as the next number inside; the shorter way to say it
 * is what was written. */
static lode_status print_end(struct printer *printer, const char *name, bool is_low, double value)
{
    lode_status status = LODE_OK;
    struct lode_bytes closed = {0}, open = {0};
    lode_try_done(lode_text_append_f64(&closed, value));
    lode_try_done(lode_text_append_f64(&open, nextafter(value, is_low ? -HUGE_VAL : HUGE_VAL)));
    const bool is_open = open.size < closed.size || isinf(value);
    const struct lode_bytes *bound = is_open ? &open : &closed;
    lode_try_done(print_name(printer, name));
    lode_try_done(
        lode_bytes_printf(printer->out, " %s%s ", is_low ? ">" : "<", is_open ? "" : "="));
    lode_try_done(lode_bytes_append(printer->out, bound->data, bound->size));
done:
    lode_bytes_clear(&closed);
    lode_bytes_clear(&open);
    return status;
}

static lode_status print_interval(struct printer *printer, const char *name,
                                  const struct expr_condition *condition)
{
    const bool has_low = !isinf(condition->low) || condition->low > 0.0;
    const bool has_high = !isinf(condition->high) || condition->high < 0.0;
    if (has_low && condition->low == condition->high &&
        signbit(condition->low) == signbit(condition->high)) {
        lode_try(print_name(printer, name));
        lode_try(print_text(printer, " = "));
        return lode_text_append_f64(printer->out, condition->low);
    }
    if (has_low) lode_try(print_end(printer, name, true, condition->low));
    if (has_low && has_high) lode_try(print_text(printer, " and "));
    if (has_high) return print_end(printer, name, false, condition->high);
    if (has_low) return LODE_OK;
    lode_try(print_text(printer, "not is_missing("));
    lode_try(print_name(printer, name));
    return print_text(printer, ")");
}

static lode_status print_top(struct printer *printer, int64_t index, const char *attribute)
{
    const struct expr_top *top = &printer->graph->tops[index];
    lode_try(lode_bytes_printf(printer->out, "top(%lld, ", (long long)top->n));
    if (attribute) {
        lode_try(print_name(printer, attribute));
        lode_try(print_text(printer, " of "));
    }
    lode_try(print_selector(printer, top->selector, false));
    return print_text(printer, ")");
}

static lode_status print_condition(struct printer *printer, const struct expr_condition *condition)
{
    const struct expr_schema *schema = printer->schema;
    if (condition->attribute >= schema->n_event_attributes) return print_text(printer, "?");
    const struct expr_event_attribute *attribute = &schema->event_attributes[condition->attribute];
    if (condition->top < 0 && !condition->words)
        return print_interval(printer, attribute->name, condition);
    if (condition->top < 0 && condition->words[condition->n_words]) {
        lode_try(print_text(printer, "is_missing("));
        lode_try(print_name(printer, attribute->name));
        return print_text(printer, ")");
    }
    lode_try(print_name(printer, attribute->name));
    lode_try(print_text(printer, " "));
    if (condition->top >= 0) {
        lode_try(print_text(printer, "in "));
        return print_top(printer, condition->top, attribute->name);
    }
    if (condition->n_words != attribute->words.count) return print_text(printer, "in {?}");
    return print_words(printer, &attribute->words, condition->words);
}

static lode_status print_window(struct printer *printer, const struct expr_selector *selector)
{
    static const char *const words[] = {"", " before ", " after ", " between "};
    lode_try(print_text(printer, words[selector->window]));
    lode_try(print_selector(printer, selector->from, true));
    if (selector->window != EXPR_BETWEEN) return LODE_OK;
    lode_try(print_text(printer, " and "));
    return print_selector(printer, selector->until, true);
}

lode_status print_selector(struct printer *printer, int32_t index, bool is_atom)
{
    const struct expr_selector *selector = &printer->graph->selectors[index];
    const bool has_window = selector->window != EXPR_ALWAYS;
    if (printer->out->size >= printer->limit) return LODE_OK;
    if (is_atom && has_window) lode_try(print_text(printer, "("));
    if (selector->top >= 0)
        lode_try(print_top(printer, selector->top, NULL));
    else if (selector->names)
        lode_try(print_names(printer, selector->names));
    else
        lode_try(print_text(printer, "any"));
    for (int32_t i = 0; i < selector->n_conditions; i++) {
        lode_try(print_text(printer, i ? " and " : "{"));
        lode_try(print_condition(printer, &selector->conditions[i]));
    }
    if (selector->n_conditions) lode_try(print_text(printer, "}"));
    if (has_window) lode_try(print_window(printer, selector));
    return is_atom && has_window ? print_text(printer, ")") : LODE_OK;
}

lode_status print_pattern(struct printer *printer, int32_t index)
{
    const struct expr_pattern *pattern = &printer->graph->patterns[index];
    for (int32_t i = 0; i < pattern->n_steps; i++) {
        const struct expr_step *step = &pattern->steps[i];
        const char *link = step->link == EXPR_LATER ? " => " : " -> ";
        if (i) lode_try(print_text(printer, step[-1].repeats ? " until " : link));
        lode_try(print_selector(printer, step->selector, true));
        if (step->without < 0) continue;
        lode_try(print_text(printer, " without "));
        lode_try(print_selector(printer, step->without, true));
    }
    if (pattern->within_ms == INT64_MAX) return LODE_OK;
    lode_try(print_text(printer, " within "));
    return print_duration(printer, (double)pattern->within_ms);
}
