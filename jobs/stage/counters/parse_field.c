/* Parse, fields: numbers and machines, alike in rows and in answers. */
#include "jobs/stage/counters/parse.h"

#include "common/text.h"
#include "jobs/stage/counters/machine.h"

#include <math.h>
#include <strings.h>

/* A slot of 10^8 such samples still has a finite sum. */
static const double slot_limit = 1e300;

const char *parse_number(const struct parser *p, struct lode_field field, double *value)
{
    const char *text = field.text;
    size_t size = field.size;
    *value = (double)NAN;
    if (size == 0) return NULL;
    if (lode_text_to_f64(text, size, value))
        return p->plan.slot_ms > 0 && fabs(*value) > slot_limit ? "too large for a mean" : NULL;
    if (*text == '-' || *text == '+') text++, size--;
    if (size == 3 && strncasecmp(text, "nan", 3) == 0) {
        *value = (double)NAN;
        return NULL;
    }
    const bool is_infinite = (size == 3 && strncasecmp(text, "inf", 3) == 0) ||
                             (size == 8 && strncasecmp(text, "infinity", 8) == 0);
    return is_infinite ? "an infinite number" : "text in a number";
}

void parse_machine(const struct parser *p, struct lode_field *component, struct lode_field *machine)
{
    if (p->plan.machine[0] && machine_is_pattern(p->plan.machine))
        machine_cut(p->plan.machine, component, machine);
}
