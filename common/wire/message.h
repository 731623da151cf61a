/* Messages between coordinator and workers: MessagePack arrays [type, field, field, ...] with one
 * fixed list of fields per type (docs/formats.md, "Wire").
 *
 * The decoder takes no memory and accepts exactly what the table says: the number of fields, their
 * kinds, the longest text and binary of each type. Everything else is LODE_E_MESSAGE.
 */
#ifndef LODE_COMMON_MESSAGE_H
#define LODE_COMMON_MESSAGE_H

#include "common/error.h"
#include "common/memory.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LODE_MESSAGE_LIMIT = 16 << 20,  /* bytes of one message; ZMQ_MAXMSGSIZE of every socket */
    LODE_INLINE_LIMIT = 1 << 20,    /* larger parameters and results travel as files of the run */
    LODE_MESSAGE_TEXT_LIMIT = 8192, /* bytes of one text field */
    LODE_PROTOCOL = 4
};

enum lode_message_type {
    LODE_HELLO = 1, /* worker: let me in */
    LODE_WELCOME,   /* coordinator: you are worker n, here is how we work */
    LODE_REFUSED,   /* coordinator: no, and why */
    LODE_STAGE,     /* coordinator: what the following tasks run, and their parameters */
    LODE_TASKS,     /* coordinator: run these; a batch (batch.h) */
    LODE_CANCEL,    /* coordinator: this attempt is not wanted any more */
    LODE_RESULTS,   /* worker: tasks ended, well or not (batch.h); said again until taken */
    LODE_TAKEN,     /* coordinator: those results have come */
    LODE_BEAT,      /* both: alive; from a worker with what it holds (batch.h) and its progress */
    LODE_END,       /* coordinator: leave */
    LODE_BYE,       /* worker: leaving */
    LODE_ASK,       /* anybody with the key: how is the run? */
    LODE_ANSWER     /* coordinator: a JSON document */
};

/* Text or binary; borrowed, not zero-terminated. */
struct lode_span {
    const uint8_t *data;
    size_t size;
};
struct lode_span lode_span_text(const char *text);

/* One message. Fields that its type does not have are zero. */
struct lode_message {
    enum lode_message_type type;
    uint64_t protocol, pid, incarnation;         /* HELLO */
    uint64_t worker, heartbeat_ms, memory_bytes; /* WELCOME */
    uint64_t epoch;                              /* WELCOME: how often the run was begun */
    uint64_t stage, task, attempt;               /* STAGE, TASKS, CANCEL */
    uint64_t force;                              /* CANCEL: end the process if need be */
    uint64_t file_size, file_hash;               /* STAGE: parameters are in a file instead */
    uint64_t sequence;                           /* RESULTS, TAKEN, BEAT */
    uint64_t progress, leaving;                  /* BEAT */
    struct lode_span version, host, place;       /* HELLO */
    struct lode_span directory;                  /* WELCOME: the run's stages/ folder */
    struct lode_span leaf;                       /* STAGE */
    struct lode_span text;                       /* REFUSED, END, ASK */
    /* STAGE (parameters), TASKS, RESULTS, BEAT (lists: batch.h), ANSWER */
    struct lode_span bytes;
};

/* Appends the encoded message. */
LODE_CHECKED lode_status lode_message_encode(const struct lode_message *message,
                                             struct lode_bytes *out);
/* The message in `data`; its spans point into it. */
LODE_CHECKED lode_status lode_message_decode(const void *data, size_t size,
                                             struct lode_message *message);

#endif
