/* Errors: the thread's chain of words.
 *
 * The chain lives in a thread-local buffer of fixed size: reporting that memory is gone must not
 * need memory. Messages are put in front, so the buffer is filled from its end: a note moves
 * nothing that is already there. When the buffer is full the new, outer note is cut, never the
 * cause.
 */
#include "common/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    CHAIN_BYTES = 8192,
    MESSAGE_BYTES = 4096, /* one message; leaves room for the words of the callers */
    ORIGIN_BYTES = 128
};

struct chain {
    char text[CHAIN_BYTES]; /* the chain is text[CHAIN_BYTES - 1 - size ..], zero-terminated */
    size_t size;
    char origin[ORIGIN_BYTES];
};

static _Thread_local struct chain chain;

int lode_exit_status(lode_status status)
{
    switch (status) {
    case LODE_OK:
        return 0;
    case LODE_E_RUN:
    case LODE_E_NUMERIC:
    case LODE_E_MESSAGE:
    case LODE_E_BUG:
        return 1;
    case LODE_E_USAGE:
        return 2;
    case LODE_E_INPUT:
        return 3;
    case LODE_E_MEMORY:
    case LODE_E_DISK:
        return 4;
    case LODE_E_CLUSTER:
        return 5;
    case LODE_E_STOPPED:
        return 75; /* EX_TEMPFAIL of sysexits.h: try again later */
    }
    return 1; /* a number from outside the enum */
}

const char *lode_status_name(lode_status status)
{
    static const char *const names[] = {
        [LODE_OK] = "ok",
        [LODE_E_RUN] = "run",
        [LODE_E_USAGE] = "usage",
        [LODE_E_INPUT] = "input",
        [LODE_E_NUMERIC] = "numeric",
        [LODE_E_MEMORY] = "memory",
        [LODE_E_DISK] = "disk",
        [LODE_E_CLUSTER] = "cluster",
        [LODE_E_STOPPED] = "stopped",
        [LODE_E_MESSAGE] = "message",
        [LODE_E_BUG] = "bug",
    };
    const size_t count = sizeof names / sizeof *names;
    return (size_t)status < count ? names[status] : "unknown";
}

/* Control bytes could move a terminal's cursor or start an escape sequence. Also those above 0x7f:
 * U+0080..U+009F is 0xC2 0x80..0x9F in UTF-8, and U+009B starts an escape sequence too. */
static void replace_control(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        if (*at == '\n' || *at == '\t' || *at == '\r') *at = ' ';
        if (*at < 0x20 || *at == 0x7f) *at = '?';
        if (*at == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) at[0] = at[1] = '?';
    }
}

/* Cuts text to `size` bytes, and further back to where a UTF-8 character begins. */
static size_t cut(char *text, size_t size)
{
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) size--;
    text[size] = '\0';
    return size;
}

/* Formats into `message`, which is never a part of the chain: arguments may point into it. */
static LODE_PRINTF(2, 0) size_t
    format_message(char message[MESSAGE_BYTES], const char *format, va_list arguments)
{
    const int wanted = vsnprintf(message, MESSAGE_BYTES, format, arguments);
    if (wanted < 0) message[0] = '\0';
    size_t size = strlen(message);
    if (wanted >= MESSAGE_BYTES) {
        size = cut(message, MESSAGE_BYTES - sizeof "...");
        memcpy(message + size, "...", sizeof "...");
        size += strlen("...");
    }
    replace_control(message);
    return size;
}

static void put_in_front(const char *text, size_t size)
{
    chain.size += size;
    memcpy(chain.text + CHAIN_BYTES - 1 - chain.size, text, size);
}

/* "common/memory.c:12": the last two parts of the path, so that no build directory is shown. */
static void set_origin(const char *file, int line)
{
    const char *from = file + strlen(file);
    for (int slashes = 0; from > file; from--)
        if (from[-1] == '/' && ++slashes == 2) break;
    snprintf(chain.origin, sizeof chain.origin, "%s:%d", from, line);
}

static lode_status start(lode_status status, const char *file, int line, const char *message,
                         size_t size)
{
    chain.size = 0;
    put_in_front(message, size);
    set_origin(file, line);
    return status == LODE_OK ? LODE_E_BUG : status;
}

lode_status lode_error_start(lode_status status, const char *file, int line, const char *format,
                             ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    const size_t size = format_message(message, format, arguments);
    va_end(arguments);
    return start(status, file, line, message, size);
}

lode_status lode_error_add(lode_status status, const char *file, int line, const char *format, ...)
{
    char message[MESSAGE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    size_t size = format_message(message, format, arguments);
    va_end(arguments);

    if (chain.size == 0) return start(status, file, line, message, size);
    const size_t separator = strlen(": ");
    const size_t room = CHAIN_BYTES - 1 - chain.size;
    if (room > separator) {
        if (size > room - separator) size = cut(message, room - separator);
        put_in_front(": ", separator);
        put_in_front(message, size);
    }
    return status == LODE_OK ? LODE_E_BUG : status;
}

const char *lode_error_text(void)
{
    return chain.text + CHAIN_BYTES - 1 - chain.size;
}

const char *lode_error_origin(void)
{
    return chain.origin;
}

void lode_error_clear(void)
{
    chain.size = 0;
    chain.origin[0] = '\0';
}
