/* Door: what a worker must know to be let in. It reaches a worker over an inherited pipe, never by
 * argv or the environment, which others can read.
 */
#ifndef LODE_WORKER_DOOR_H
#define LODE_WORKER_DOOR_H

#include "common/error.h"

#include <stdint.h>

enum { DOOR_TOKEN_SIZE = 33, DOOR_ENDPOINT_SIZE = 128 };

struct door {
    char endpoint[DOOR_ENDPOINT_SIZE]; /* "tcp://127.0.0.1:41234" */
    char token[DOOR_TOKEN_SIZE];       /* 32 hexadecimal digits, fresh for every run */
    int64_t heartbeat_ms;
    int64_t slot;        /* the worker's place: a restarted worker keeps it */
    int64_t incarnation; /* 1, 2, ... of this slot */
};

/* A fresh random token from the kernel. */
LODE_CHECKED lode_status door_make_token(char token[DOOR_TOKEN_SIZE]);
/* Whole door into, and out of, a file descriptor; the reader reads to the end and closes it. */
LODE_CHECKED lode_status door_write(const struct door *door, int fd);
LODE_CHECKED lode_status door_read(int fd, struct door *door);

#endif
