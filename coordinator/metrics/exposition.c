/* Exposition: see the header. */
#include "coordinator/metrics/exposition.h"

#include "common/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 128, NUMBER_SIZE = 40 };

struct exposition_labels exposition_with(struct exposition_labels labels, const char *name,
                                         const char *value)
{
    assert(labels.n < EXPOSITION_LABELS_MAX);
    labels.list[labels.n++] = (struct exposition_label){name, value};
    return labels;
}

static lode_status put(struct lode_bytes *out, const char *text)
{
    return lode_bytes_append(out, text, strlen(text));
}

lode_status exposition_family(struct lode_bytes *out, const char *name, enum exposition_type type,
                              const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram"};
    return lode_bytes_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

/* Bytes of the character that `text` begins with; 0: it is no UTF-8. */
static size_t character_size(const char *text)
{
    for (size_t size = 1; size <= 4 && text[size - 1]; size++)
        if (lode_text_is_utf8(text, size)) return size;
    return 0;
}

static lode_status put_label_value(struct lode_bytes *out, const char *value)
{
    for (const char *at = value; *at;) {
        const size_t size = character_size(at);
        if (*at == '\n')
            lode_try(put(out, "\\n"));
        else if (*at == '"' || *at == '\\')
            lode_try(lode_bytes_printf(out, "\\%c", *at));
        else if (size > 0)
            lode_try(lode_bytes_append(out, at, size));
        else
            lode_try(put(out, "\xef\xbf\xbd"));
        at += size > 0 ? size : 1;
    }
    return LODE_OK;
}

static lode_status put_value(struct lode_bytes *out, double value)
{
    if (isnan(value)) return put(out, "NaN");
    if (isinf(value)) return put(out, value > 0 ? "+Inf" : "-Inf");
    return lode_text_append_f64(out, value);
}

lode_status exposition_sample(struct lode_bytes *out, const char *name,
                              const struct exposition_labels *labels, double value)
{
    lode_try(put(out, name));
    for (int i = 0; i < labels->n; i++) {
        lode_try(lode_bytes_printf(out, "%s%s=\"", i > 0 ? "," : "{", labels->list[i].name));
        lode_try(put_label_value(out, labels->list[i].value));
        lode_try(put(out, i + 1 == labels->n ? "\"}" : "\""));
    }
    lode_try(put(out, " "));
    lode_try(put_value(out, value));
    return put(out, "\n");
}

lode_status exposition_histogram(struct lode_bytes *out, const char *name,
                                 const struct exposition_labels *labels,
                                 const struct exposition_histogram *histogram)
{
    char full[NAME_SIZE], bound[NUMBER_SIZE];
    int64_t count = 0;
    snprintf(full, sizeof full, "%s_bucket", name);
    for (int i = 0; i <= histogram->n_bounds; i++) {
        if (i < histogram->n_bounds)
            snprintf(bound, sizeof bound, "%.15g", histogram->bounds[i]);
        else
            snprintf(bound, sizeof bound, "+Inf");
        const struct exposition_labels bucket = exposition_with(*labels, "le", bound);
        count += histogram->counts[i];
        lode_try(exposition_sample(out, full, &bucket, (double)count));
    }
    snprintf(full, sizeof full, "%s_sum", name);
    lode_try(exposition_sample(out, full, labels, histogram->sum));
    snprintf(full, sizeof full, "%s_count", name);
    return exposition_sample(out, full, labels, (double)count);
}
