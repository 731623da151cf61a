/* Query range: yajl calls back for each token; where in the answer a token stands is one `place`
 * and the key read last. Containers that mean nothing are counted, not followed.
 *
 * yajl keeps a token that a block cuts and one byte for each level of nesting: both are bounded
 * here, by the callbacks that come and by the ones that do not come.
 */
#include "common/input/query_range.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "common/memory.h"
#include "common/text.h"

enum { SNIFFED = 1 << 16, ERROR_SHOWN = 200 };

/* The container that is open. */
enum place { NOWHERE, ANSWER, DATA, RESULT, SERIES, METRIC, VALUES, SAMPLE, HISTOGRAMS, HISTOGRAM };
static const enum place parents[] = {NOWHERE, NOWHERE, ANSWER, DATA,   RESULT,
                                     SERIES,  SERIES,  VALUES, SERIES, HISTOGRAMS};

enum key {
    OTHER,
    STATUS,
    ERROR_TYPE,
    ERROR_TEXT,
    DATA_KEY,
    TYPE,
    RESULT_KEY,
    METRIC_KEY,
    VALUES_KEY,
    VALUE_KEY,
    HISTOGRAMS_KEY
};
static const struct {
    enum place place;
    enum key key;
    const char *name;
} keys[] = {
    {ANSWER, STATUS, "status"},     {ANSWER, ERROR_TYPE, "errorType"},
    {ANSWER, ERROR_TEXT, "error"},  {ANSWER, DATA_KEY, "data"},
    {DATA, TYPE, "resultType"},     {DATA, RESULT_KEY, "result"},
    {SERIES, METRIC_KEY, "metric"}, {SERIES, VALUES_KEY, "values"},
    {SERIES, VALUE_KEY, "value"},   {SERIES, HISTOGRAMS_KEY, "histograms"},
};

struct reader {
    const struct lode_query_taker *taker;
    enum place place;
    enum key key;
    int skipped;   /* containers open inside of one that means nothing */
    int depth;     /* all that are open */
    uint32_t seen; /* bits of keys: of the answer and its data, once for all; of the series */
    bool is_error; /* of the answer's status */
    char error_type[ERROR_SHOWN], error_text[ERROR_SHOWN];

    int64_t series;         /* number of the one that is read */
    struct lode_bytes text; /* names and values of its labels, each with its zero */
    size_t at[2 * LODE_QUERY_LABELS_LIMIT];
    int n_texts; /* names and values so far */
    struct lode_label labels[LODE_QUERY_LABELS_LIMIT];

    int n_numbers; /* of the sample */
    char time[LODE_QUERY_NUMBER_LIMIT + 1], value[LODE_QUERY_NUMBER_LIMIT + 1];

    uint64_t n_tokens;
    const char *fault;            /* static */
    char words[64 + ERROR_SHOWN]; /* of a fault that tells more */
    lode_status status;           /* of the taker, or of memory */
};

/* The callbacks return 1 to go on and 0 to stop, as yajl wants it. */

static int stop(struct reader *r, const char *fault)
{
    if (!r->fault) r->fault = fault;
    return 0;
}

static int go_on_if(struct reader *r, lode_status status)
{
    r->status = status;
    return status == LODE_OK;
}

static int stop_at_type(struct reader *r, const char *type, size_t size)
{
    snprintf(r->words, sizeof r->words, "resultType is '");
    const size_t at = strlen(r->words);
    const size_t shown = lode_text_visible(type, size < 40 ? size : 40, r->words + at, 60);
    snprintf(r->words + at + shown, sizeof r->words - at - shown,
             "': only a matrix, the answer to query_range, has series");
    return stop(r, r->words);
}

/* --- labels --- */

static int add_text(struct reader *r, const char *text, size_t size)
{
    if (memchr(text, '\0', size)) return stop(r, "a NUL byte in a label");
    if (r->n_texts == 2 * LODE_QUERY_LABELS_LIMIT) return stop(r, "more than 256 labels");
    if (r->text.size + size + 1 > LODE_QUERY_LABEL_BYTES)
        return stop(r, "labels of more than 65536 bytes");
    r->at[r->n_texts++] = r->text.size;
    if (!go_on_if(r, lode_bytes_append(&r->text, text, size))) return 0;
    return go_on_if(r, lode_bytes_append(&r->text, "", 1));
}

static int compare_labels(const void *left, const void *right)
{
    return strcmp(((const struct lode_label *)left)->name,
                  ((const struct lode_label *)right)->name);
}

/* The metric is whole. */
static int end_labels(struct reader *r)
{
    const int n = r->n_texts / 2;
    const char *text = (const char *)r->text.data;
    const size_t *at = r->at;
    for (int i = 0; i < n; i++, at += 2)
        r->labels[i] = (struct lode_label){text + at[0], text + at[1]};
    if (n > 1) qsort(r->labels, (size_t)n, sizeof *r->labels, compare_labels);
    for (int i = 1; i < n; i++)
        if (strcmp(r->labels[i - 1].name, r->labels[i].name) == 0)
            return stop(r, "a label is there twice");
    const struct lode_query_series series = {r->series, n, r->labels};
    return go_on_if(r, r->taker->series(r->taker->context, &series));
}

/* --- samples --- */

static int take_number(struct reader *r, char *to, const char *text, size_t size)
{
    if (size > LODE_QUERY_NUMBER_LIMIT) return stop(r, "a number of more than 63 bytes");
    memcpy(to, text, size);
    to[size] = '\0';
    r->n_numbers++;
    return 1;
}

static int end_sample(struct reader *r)
{
    const bool is_histogram = r->place == HISTOGRAM;
    if (r->n_numbers != 2) return stop(r, "a sample is not [time, \"value\"]");
    if (is_histogram) r->value[0] = '\0';
    const struct lode_query_sample sample = {r->time, r->value, is_histogram};
    return go_on_if(r, r->taker->sample(r->taker->context, &sample));
}

/* --- values --- */

enum kind { PLAIN, NUMBER, TEXT }; /* PLAIN: null, true, false */

static void show(char *to, const char *text, size_t size)
{
    to[lode_text_visible(text, size, to, ERROR_SHOWN - 1)] = '\0';
}

static int take_answer(struct reader *r, enum kind kind, const char *text, size_t size)
{
    if (r->key == DATA_KEY && kind != PLAIN) return stop(r, "data is no object");
    if (r->key == ERROR_TYPE && kind == TEXT) show(r->error_type, text, size);
    if (r->key == ERROR_TEXT && kind == TEXT) show(r->error_text, text, size);
    if (r->key != STATUS) return 1;
    if (kind == TEXT && size == 7 && memcmp(text, "success", 7) == 0) return 1;
    r->is_error = kind == TEXT && size == 5 && memcmp(text, "error", 5) == 0;
    return r->is_error ? 1 : stop(r, "status is neither success nor error");
}

static int take_value(struct reader *r, enum kind kind, const char *text, size_t size)
{
    r->n_tokens++;
    if (r->skipped > 0) return 1;
    switch (r->place) {
    case ANSWER:
        return take_answer(r, kind, text, size);
    case DATA:
        if (r->key == RESULT_KEY) return stop(r, "result is no list of series");
        if (r->key != TYPE) return 1;
        if (kind != TEXT) return stop(r, "resultType is no text");
        return size == 6 && memcmp(text, "matrix", 6) == 0 ? 1 : stop_at_type(r, text, size);
    case SERIES:
        return r->key == OTHER ? 1 : stop(r, "metric, values or histograms is of another type");
    case METRIC:
        return kind == TEXT ? add_text(r, text, size) : stop(r, "a label's value is no text");
    case SAMPLE:
    case HISTOGRAM:
        if (r->n_numbers == 0 && kind == NUMBER) return take_number(r, r->time, text, size);
        if (r->n_numbers == 1 && kind == TEXT && r->place == SAMPLE)
            return take_number(r, r->value, text, size);
        return stop(r, "a sample is not [time, \"value\"]");
    case NOWHERE:
        return stop(r, "not a JSON object");
    case RESULT:
        return stop(r, "a series is no object");
    case VALUES:
    case HISTOGRAMS:
        break;
    }
    return stop(r, "a sample is not [time, \"value\"]");
}

static int on_null(void *context)
{
    return take_value(context, PLAIN, "", 0);
}

static int on_boolean(void *context, int value)
{
    (void)value;
    return take_value(context, PLAIN, "", 0);
}

static int on_number(void *context, const char *text, size_t size)
{
    return take_value(context, NUMBER, text, size);
}

static int on_string(void *context, const unsigned char *text, size_t size)
{
    return take_value(context, TEXT, (const char *)text, size);
}

static int on_key(void *context, const unsigned char *text, size_t size)
{
    struct reader *r = context;
    r->n_tokens++;
    if (r->skipped > 0) return 1;
    if (r->place == METRIC) return add_text(r, (const char *)text, size);
    r->key = OTHER;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].place == r->place && strlen(keys[i].name) == size &&
            memcmp(keys[i].name, text, size) == 0)
            r->key = keys[i].key;
    if (r->key == OTHER) return 1;
    if (r->seen >> r->key & 1) return stop(r, "a key is there twice");
    r->seen |= UINT32_C(1) << r->key;
    return r->key == VALUE_KEY ? stop_at_type(r, "vector", 6) : 1;
}

/* --- containers --- */

/* What an opening bracket opens; NOWHERE: something that means nothing. *fault: it may not be. */
static enum place open_what(const struct reader *r, bool is_map, const char **fault)
{
    switch (r->place) {
    case NOWHERE:
        if (!is_map) *fault = "not a JSON object";
        return ANSWER;
    case ANSWER:
        if (r->key == STATUS) *fault = "status is no text";
        if (r->key == DATA_KEY && !is_map) *fault = "data is no object";
        return r->key == DATA_KEY ? DATA : NOWHERE;
    case DATA:
        if (r->key == TYPE) *fault = "resultType is no text";
        if (r->key == RESULT_KEY && is_map) *fault = "result is no list of series";
        return r->key == RESULT_KEY ? RESULT : NOWHERE;
    case RESULT:
        if (!is_map) *fault = "a series is no object";
        return SERIES;
    case SERIES:
        if (r->key == METRIC_KEY && !is_map) *fault = "metric is no object";
        if (r->key == METRIC_KEY) return METRIC;
        if (r->key == OTHER) return NOWHERE;
        if (is_map) *fault = "values are no list";
        if (!(r->seen >> METRIC_KEY & 1)) *fault = "values stand in front of their metric";
        return r->key == VALUES_KEY ? VALUES : HISTOGRAMS;
    case METRIC:
        *fault = "a label's value is no text";
        return NOWHERE;
    case VALUES:
    case HISTOGRAMS:
        if (is_map) *fault = "a sample is not [time, \"value\"]";
        return r->place == VALUES ? SAMPLE : HISTOGRAM;
    case HISTOGRAM:
        if (r->n_numbers == 1 && is_map) return NOWHERE;
        break;
    case SAMPLE:
        break;
    }
    *fault = "a sample is not [time, \"value\"]";
    return NOWHERE;
}

static void begin_series(struct reader *r)
{
    const uint32_t of_series =
        UINT32_C(1) << METRIC_KEY | UINT32_C(1) << VALUES_KEY | UINT32_C(1) << HISTOGRAMS_KEY;
    r->seen &= ~of_series;
    r->series++;
    r->text.size = 0;
    r->n_texts = 0;
}

static int begin(struct reader *r, bool is_map)
{
    const char *fault = NULL;
    r->n_tokens++;
    if (++r->depth > LODE_QUERY_DEPTH_LIMIT) return stop(r, "nested deeper than 64");
    if (r->skipped > 0) {
        r->skipped++;
        return 1;
    }
    const enum place place = open_what(r, is_map, &fault);
    if (place == SERIES) begin_series(r);
    if (fault) return stop(r, fault);
    if (place == NOWHERE && r->place == HISTOGRAM) r->n_numbers++;
    if (place == SAMPLE || place == HISTOGRAM) r->n_numbers = 0;
    if (place == NOWHERE)
        r->skipped = 1;
    else
        r->place = place;
    return 1;
}

static int begin_map(void *context)
{
    return begin(context, true);
}

static int begin_array(void *context)
{
    return begin(context, false);
}

static int end(void *context)
{
    struct reader *r = context;
    r->n_tokens++;
    r->depth--;
    if (r->skipped > 0) {
        r->skipped--;
        return 1;
    }
    const enum place place = r->place;
    if (place == METRIC && !end_labels(r)) return 0;
    if ((place == SAMPLE || place == HISTOGRAM) && !end_sample(r)) return 0;
    if (place == SERIES && !(r->seen >> VALUES_KEY & 1) && !(r->seen >> HISTOGRAMS_KEY & 1))
        return stop(r, "a series without values");
    r->place = parents[place];
    return 1;
}

static const yajl_callbacks callbacks = {.yajl_null = on_null,
                                         .yajl_boolean = on_boolean,
                                         .yajl_number = on_number,
                                         .yajl_string = on_string,
                                         .yajl_start_map = begin_map,
                                         .yajl_map_key = on_key,
                                         .yajl_end_map = end,
                                         .yajl_start_array = begin_array,
                                         .yajl_end_array = end};

/* --- the file --- */

/* Why the reading ends at that byte. */
static lode_status fail_at(const struct reader *r, const struct lode_input *input, uint64_t byte,
                           const char *fault)
{
    const char *path = lode_input_path(input);
    if (r->status && r->series > 0)
        return lode_note(r->status, "%s: byte %" PRIu64 ": series %" PRId64, path, byte, r->series);
    if (r->status) return lode_note(r->status, "%s: byte %" PRIu64, path, byte);
    if (r->series > 0 && r->place >= SERIES)
        return lode_fail(LODE_E_INPUT, "%s: byte %" PRIu64 ": series %" PRId64 ": %s", path, byte,
                         r->series, fault);
    return lode_fail(LODE_E_INPUT, "%s: byte %" PRIu64 ": %s", path, byte, fault);
}

/* What can only be said once all is read. */
static lode_status check_answer(const struct reader *r, const struct lode_input *input,
                                uint64_t size)
{
    if (r->is_error)
        return lode_fail(LODE_E_INPUT, "%s: the answer is an error%s%s: %s", lode_input_path(input),
                         r->error_type[0] ? " of type " : "", r->error_type,
                         r->error_text[0] ? r->error_text : "it does not say which");
    if (!(r->seen >> STATUS & 1)) return fail_at(r, input, size, "no status");
    if (!(r->seen >> TYPE & 1)) return fail_at(r, input, size, "no resultType");
    if (!(r->seen >> RESULT_KEY & 1)) return fail_at(r, input, size, "no result");
    return LODE_OK;
}

static lode_status parse(struct reader *r, yajl_handle yajl, struct lode_input *input,
                         unsigned char *block)
{
    uint64_t size = 0, token_at = 0;
    for (;;) {
        const uint64_t n_tokens = r->n_tokens;
        size_t got = 0;
        lode_try(lode_input_read(input, block, lode_input_block(input), &got));
        const yajl_status parsed =
            got > 0 ? yajl_parse(yajl, block, got) : yajl_complete_parse(yajl);
        const uint64_t byte = size + (got > 0 ? yajl_get_bytes_consumed(yajl) : 0);
        if (r->status || r->fault) return fail_at(r, input, byte, r->fault);
        if (parsed != yajl_status_ok)
            return fail_at(r, input, byte,
                           got > 0 ? "no JSON from here on" : "the JSON ends early");
        if (got == 0) return check_answer(r, input, size);
        size += got;
        if (r->n_tokens != n_tokens) token_at = size;
        if (size - token_at > LODE_QUERY_TOKEN_LIMIT)
            return fail_at(r, input, token_at, "a text of more than 1048576 bytes");
    }
}

lode_status lode_query_range_read_input(struct lode_input *input,
                                        const struct lode_query_taker *taker)
{
    struct reader *r = calloc(1, sizeof *r);
    unsigned char *block = malloc(lode_input_block(input));
    yajl_handle yajl = yajl_alloc(&callbacks, NULL, r);
    lode_status status = LODE_OK;
    if (r && block && yajl) {
        r->taker = taker;
        status = parse(r, yajl, input, block);
        lode_bytes_clear(&r->text);
    } else {
        status = lode_fail(LODE_E_MEMORY, "no memory for a JSON reader");
    }
    if (yajl) yajl_free(yajl);
    free(block);
    free(r);
    return status;
}

lode_status lode_query_range_read(const char *path, const struct lode_query_taker *taker)
{
    enum { BLOCK = 1 << 16 }; /* what is parsed at once: stays in the processor's cache */
    struct lode_input *input = NULL;
    lode_try(lode_input_open(path, BLOCK, &input));
    const lode_status status = lode_query_range_read_input(input, taker);
    lode_input_close(input);
    return status;
}

/* --- is it one? --- */

/* Stops the parser where it is decided, or at the end of the first object. */
struct sniffer {
    int depth;
    bool in_data, in_status;
    bool is_error, has_type, has_others; /* of the keys that an error has */
    bool is_answer;
};

static bool is_word(const unsigned char *text, size_t size, const char *word)
{
    return strlen(word) == size && memcmp(text, word, size) == 0;
}

static int sniff_key(void *context, const unsigned char *text, size_t size)
{
    struct sniffer *s = context;
    if (s->depth == 1) {
        s->in_data = is_word(text, size, "data");
        s->in_status = is_word(text, size, "status");
        const bool is_type = is_word(text, size, "errorType");
        s->has_type |= is_type;
        s->has_others |= !is_type && !s->in_data && !s->in_status &&
                         !is_word(text, size, "error") && !is_word(text, size, "warnings") &&
                         !is_word(text, size, "infos");
    }
    if (s->depth == 2 && s->in_data)
        s->is_answer = is_word(text, size, "resultType") || is_word(text, size, "result");
    return !s->is_answer;
}

static int sniff_text(void *context, const unsigned char *text, size_t size)
{
    struct sniffer *s = context;
    if (s->depth == 1 && s->in_status) s->is_error = is_word(text, size, "error");
    return 1;
}

static int sniff_begin(void *context)
{
    struct sniffer *s = context;
    return ++s->depth <= LODE_QUERY_DEPTH_LIMIT;
}

static int sniff_end(void *context)
{
    struct sniffer *s = context;
    if (--s->depth > 0) return 1;
    s->is_answer = s->is_error && s->has_type && !s->has_others;
    return 0;
}

static void sniff(struct lode_input *input, yajl_handle yajl)
{
    unsigned char block[4096];
    for (size_t size = 0; size < SNIFFED;) {
        size_t got = 0;
        if (lode_input_read(input, block, sizeof block, &got) || got == 0) return;
        if (yajl_parse(yajl, block, got) != yajl_status_ok) return;
        size += got;
    }
}

bool lode_query_range_is(const char *path, bool *is_packed)
{
    static const yajl_callbacks looking = {.yajl_string = sniff_text,
                                           .yajl_start_map = sniff_begin,
                                           .yajl_map_key = sniff_key,
                                           .yajl_end_map = sniff_end,
                                           .yajl_start_array = sniff_begin,
                                           .yajl_end_array = sniff_end};
    struct sniffer s = {0};
    struct lode_input *input = NULL;
    if (lode_input_open(path, SNIFFED, &input)) {
        lode_error_clear(); /* whoever reads it next says so */
        return false;
    }
    yajl_handle yajl = yajl_alloc(&looking, NULL, &s);
    if (yajl) sniff(input, yajl);
    *is_packed = lode_input_is_packed(input);
    if (yajl) yajl_free(yajl);
    lode_input_close(input);
    if (!s.is_answer) lode_error_clear();
    return s.is_answer;
}
