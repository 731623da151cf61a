/* Text: UTF-8, nearest words, globs, and text made safe for a terminal, JSON and CSV. Numbers are
 * in number.c, times in iso_time.c. */
#include "common/text.h"

#include <string.h>

enum { WORD_LIMIT = 64, VISIBLE_GROWTH = 4, JSON_GROWTH = 6 /* \u001f */ };

/* Bytes of the character (RFC 3629: shortest form, no surrogates, at most U+10FFFF) at the front of
 * text[0..left), left > 0; 0 when there is none. A NUL byte is a character here. */
static size_t character_size(const uint8_t *text, size_t left)
{
    const uint8_t lead = text[0];
    if (lead < 0x80) return 1;
    const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < size) return 0;
    for (size_t i = 1; i < size; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (lead == 0xe0 && text[1] < 0xa0) return 0;  /* overlong */
    if (lead == 0xed && text[1] >= 0xa0) return 0; /* a surrogate */
    if (lead == 0xf0 && text[1] < 0x90) return 0;  /* overlong */
    if (lead == 0xf4 && text[1] >= 0x90) return 0; /* above U+10FFFF */
    return size;
}

bool lode_text_is_utf8(const char *text, size_t size)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    while (at < end) {
        if (end - at >= 8) {
            uint64_t word;
            memcpy(&word, at, sizeof word);
            /* w has a high bit: not ASCII; w - ones has one where w had a zero byte */
            if (((word | (word - ones)) & highs) == 0) {
                at += 8;
                continue;
            }
        }
        const size_t step = *at == 0 ? 0 : character_size(at, (size_t)(end - at));
        if (step == 0) return false;
        at += step;
    }
    return true;
}

int lode_text_distance(const char *a, const char *b)
{
    const size_t a_size = strnlen(a, WORD_LIMIT), b_size = strnlen(b, WORD_LIMIT);
    int row[WORD_LIMIT + 1]; /* distances of a[0..i] to every b[0..j] */
    for (size_t j = 0; j <= b_size; j++) row[j] = (int)j;
    for (size_t i = 1; i <= a_size; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_size; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b_size];
}

const char *lode_text_nearest(const char *word, const char *const *candidates)
{
    const char *nearest = NULL;
    int least = 1 + (int)(strnlen(word, WORD_LIMIT) / 3) + 1;
    for (; *candidates; candidates++) {
        const int distance = lode_text_distance(word, *candidates);
        if (distance >= least) continue; /* of equals the first */
        least = distance;
        nearest = *candidates;
    }
    return nearest;
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static const char *next_character(const char *at)
{
    at++;
    while (is_continuation(*at)) at++;
    return at;
}

/* Each star first takes nothing; on a mismatch the last star takes one character more. An earlier
 * star never has to be tried again: whatever it could take, the last one can take too. */
bool lode_text_glob(const char *pattern, const char *text)
{
    const char *after_star = NULL, *star_text = NULL;
    while (*text) {
        if (*pattern == '*') {
            after_star = ++pattern;
            star_text = text;
        } else if (*pattern == '?') {
            pattern++;
            text = next_character(text);
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (after_star) {
            star_text = next_character(star_text);
            pattern = after_star;
            text = star_text;
        } else
            return false;
    }
    while (*pattern == '*') pattern++;
    return *pattern == '\0';
}

const char *lode_text_grouped(int64_t value, char *buffer)
{
    char reversed[32];
    int size = 0, digits = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        if (digits > 0 && digits % 3 == 0) reversed[size++] = ',';
        reversed[size++] = (char)('0' + rest % 10);
        digits++;
        rest /= 10;
    } while (rest > 0);
    if (value < 0) reversed[size++] = '-';
    for (int i = 0; i < size; i++) buffer[i] = reversed[size - 1 - i];
    buffer[size] = '\0';
    return buffer;
}

int lode_text_width(const char *text)
{
    int width = 0;
    for (; *text; text++) width += !is_continuation(*text);
    return width;
}

size_t lode_text_visible(const char *text, size_t size, char *buffer, size_t room)
{
    static const char hex[] = "0123456789abcdef";
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    size_t used = 0;
    while (at < end) {
        size_t step = character_size(at, (size_t)(end - at));
        const bool c1 = step == 2 && at[0] == 0xc2 && at[1] < 0xa0; /* U+0080..U+009F */
        const bool shown = step > 0 && *at >= 0x20 && *at != 0x7f && !c1;
        if (!shown) step = 1; /* as \xNN, byte by byte */
        const size_t wanted = shown ? step : VISIBLE_GROWTH;
        if (wanted > room - used) break;
        if (shown)
            memcpy(buffer + used, at, step);
        else
            memcpy(buffer + used, (const char[]){'\\', 'x', hex[*at >> 4], hex[*at & 15]}, 4);
        used += wanted;
        at += step;
    }
    return used;
}

lode_status lode_text_append_visible(struct lode_bytes *out, const char *text, size_t size)
{
    size_t most;
    lode_try(lode_mul_size(size, VISIBLE_GROWTH, &most));
    lode_try(lode_bytes_reserve(out, most));
    out->size += lode_text_visible(text, size, (char *)out->data + out->size, most);
    return LODE_OK;
}

/* The escaped form of a quote, a backslash, DEL or U+0000..U+001F, U+0080..U+009F; its size. */
static size_t escape_json(uint8_t byte, char *out)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    static const char hex[] = "0123456789abcdef";
    const char *found = byte ? strchr(from, byte) : NULL;
    out[0] = '\\';
    if (found) {
        out[1] = to[found - from];
        return 2;
    }
    memcpy(out + 1, (const char[]){'u', '0', '0', hex[byte >> 4], hex[byte & 15]}, 5);
    return 6;
}

lode_status lode_text_append_json(struct lode_bytes *out, const char *text, size_t size)
{
    static const char replacement[] = {'\xef', '\xbf', '\xbd'}; /* U+FFFD */
    size_t most;
    lode_try(lode_mul_size(size, JSON_GROWTH, &most));
    if (most > SIZE_MAX - 2) return lode_fail(LODE_E_MEMORY, "a text of %zu bytes", size);
    lode_try(lode_bytes_reserve(out, most + 2));
    char *to = (char *)out->data + out->size;
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    *to++ = '"';
    while (at < end) {
        const size_t step = character_size(at, (size_t)(end - at));
        if (step == 0) { /* JSON must be UTF-8 */
            memcpy(to, replacement, sizeof replacement);
            to += sizeof replacement;
        } else if (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) {
            to += escape_json(*at, to);
        } else if (step == 2 && at[0] == 0xc2 && at[1] < 0xa0) { /* terminals obey U+009B */
            to += escape_json(at[1], to);
        } else {
            memcpy(to, at, step);
            to += step;
        }
        at += step ? step : 1;
    }
    *to++ = '"';
    out->size = (size_t)(to - (char *)out->data);
    return LODE_OK;
}

lode_status lode_text_append_csv(struct lode_bytes *out, const char *text, size_t size)
{
    bool plain = true;
    for (size_t i = 0; i < size && plain; i++)
        plain = text[i] != ',' && text[i] != '"' && text[i] != '\n' && text[i] != '\r';
    if (plain) return lode_bytes_append(out, text, size);

    size_t most;
    lode_try(lode_mul_size(size, 2, &most));
    if (most > SIZE_MAX - 2) return lode_fail(LODE_E_MEMORY, "a text of %zu bytes", size);
    lode_try(lode_bytes_reserve(out, most + 2));
    char *to = (char *)out->data + out->size;
    *to++ = '"';
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"') *to++ = '"';
        *to++ = text[i];
    }
    *to++ = '"';
    out->size = (size_t)(to - (char *)out->data);
    return LODE_OK;
}
