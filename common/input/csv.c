/* CSV: see the header. The hot path looks at eight bytes at a time and stops only at the three
 * bytes that mean something: ',', '"' and LF. It needs no test for the end of the text because an
 * LF stands there. Quoted fields leave it for memchr and come back. Splitting changes nothing in
 * the text, so a record that is cut off by its end can be split again.
 */
#include "common/input/csv.h"

#include <endian.h>
#include <string.h>

enum { WORD = 8 };

struct split {
    const char *text;
    const char *end; /* an LF that is not part of the text */
    bool last;
    struct lode_field *fields;
    int64_t capacity;
    int64_t n_fields;
    bool quoted;  /* a field is */
    bool doubled; /* a field has quotes to be halved */
    const char *fault;
    const char *open_quote;
};

/* Top bit set in each byte of `word` that equals the byte repeated in `pattern`; exact, unlike the
 * shorter (x - ones) & ~x, which would take '-' after ',' for another ','. */
static inline uint64_t equal_bytes(uint64_t word, uint64_t pattern)
{
    const uint64_t low = UINT64_MAX / 255 * 0x7f;
    const uint64_t x = word ^ pattern;
    return ~(((x & low) + low) | x | low);
}

static inline uint64_t special_bytes(const char *at)
{
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t word;
    memcpy(&word, at, WORD);
    word = le64toh(word); /* the first byte is the lowest */
    return equal_bytes(word, ones * ',') | equal_bytes(word, ones * '"') |
           equal_bytes(word, ones * '\n');
}

static inline void put_field(struct split *split, const char *begin, const char *end)
{
    if (split->n_fields < split->capacity) {
        split->fields[split->n_fields] =
            (struct lode_field){.text = begin, .size = (size_t)(end - begin)};
    }
    split->n_fields++;
}

/* Is this the end of a line? A CR that is the last byte so far may be half of one: `cut`. */
static bool at_line_end(const struct split *split, const char *at, bool *cut)
{
    *cut = !split->last && (at == split->end || (*at == '\r' && at + 1 == split->end));
    return *at == '\n' || (*at == '\r' && at[1] == '\n');
}

/* Takes the quoted field that opens at `open`; returns the separator or line end behind it, or NULL
 * when it does not end within the text. */
static const char *quoted_field(struct split *split, const char *open)
{
    const char *at = open + 1;
    split->quoted = true;
    split->open_quote = open;
    for (;;) {
        at = memchr(at, '"', (size_t)(split->end - at));
        if (at == NULL) return NULL;
        if (at[1] != '"') break; /* at[1] may be the LF at `end`: decided below */
        split->doubled = true;
        at += 2;
    }
    bool cut = false;
    const char *close = at++;
    const bool ends = at_line_end(split, at, &cut);
    /* Cut here, the next byte to come may still be a second quote. */
    if (cut && at == split->end) return NULL;
    split->open_quote = NULL;
    if (cut) return NULL;
    put_field(split, open + 1, close);
    if (ends || *at == ',') return at;
    split->fault = "text after a closing quote";
    while (*at != ',' && *at != '\n') at++;
    return at;
}

/* The record ends at the LF `at`; `field` is its last field, or NULL if that is already taken. */
static bool finish(struct split *split, const char *field, const char *at,
                   struct lode_csv_record *record)
{
    if (at == split->end && !split->last) return false;
    int64_t n_lines = 1;
    if (field != NULL) {
        const char *end = at > field && at[-1] == '\r' ? at - 1 : at;
        if (end > split->text) put_field(split, field, end); /* else the line is blank */
    }
    if (split->quoted) {
        for (const char *p = split->text; p < at; p++) n_lines += *p == '\n';
    }
    *record = (struct lode_csv_record){.size = (size_t)(at - split->text) + (at < split->end),
                                       .n_fields = split->n_fields,
                                       .n_lines = n_lines,
                                       .has_doubled = split->doubled,
                                       .fault = split->fault};
    return true;
}

static bool scan(struct split *split, struct lode_csv_record *record)
{
    const char *field = split->text; /* begin of the field in hand */
    const char *at = split->text;
    for (;;) {
        const char *next = at + WORD;
        uint64_t hits = special_bytes(at);
        while (hits != 0) {
            const char *hit = at + __builtin_ctzll(hits) / 8;
            hits &= hits - 1;
            if (*hit == ',') {
                put_field(split, field, hit);
                field = hit + 1;
            } else if (*hit == '\n') {
                return finish(split, field, hit, record);
            } else if (hit == field) {
                hit = quoted_field(split, hit);
                if (hit == NULL) return false;
                if (*hit != ',') return finish(split, NULL, *hit == '\r' ? hit + 1 : hit, record);
                field = hit + 1;
                next = field;
                hits = 0; /* those of this word lie inside the quotes */
            }
        }
        at = next;
    }
}

bool lode_csv_split(const char *text, size_t size, bool last, struct lode_field *fields,
                    int64_t capacity, struct lode_csv_record *record, size_t *open_quote)
{
    struct split split = {
        .text = text, .end = text + size, .last = last, .fields = fields, .capacity = capacity};
    if (scan(&split, record)) return true;
    *open_quote = split.open_quote != NULL ? (size_t)(split.open_quote - text) : size;
    return false;
}

void lode_csv_unquote(char *text, struct lode_field *fields, int64_t n_fields)
{
    for (int64_t i = 0; i < n_fields; i++) {
        struct lode_field *field = &fields[i];
        /* Only a quoted field has a '"' before it; others a ',' or the record's beginning. */
        if (field->text == text || field->text[-1] != '"') continue;
        char *out = text + (field->text - text);
        const char *end = field->text + field->size;
        for (const char *in = field->text; in < end; in++) {
            *out++ = *in;
            if (*in == '"') in++; /* the first of two */
        }
        field->size = (size_t)(out - field->text);
    }
}
