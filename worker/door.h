/* Door: what a worker must know to be let in: where the coordinator is, and the keys of the run.
 *
 * It reaches a worker over an inherited pipe, by MPI's broadcast, or (late joiners) from the file
 * RUN/endpoint with mode 0600; never by argv or the environment, which others can read.
 */
#ifndef LODE_WORKER_DOOR_H
#define LODE_WORKER_DOOR_H

#include "common/error.h"
#include "common/wire/zmq.h"

#include <stdint.h>

enum { DOOR_JOINED_MARK = ':' /* in the place of a worker that joined late, in no other */ };
enum {
    DOOR_ADDRESSES_MAX = 8,
    DOOR_ADDRESS_SIZE = 64,
    DOOR_HOST_SIZE = 64,
    DOOR_PLACE_SIZE = 96,
    DOOR_TEXT_SIZE = 2048 /* a door as text is shorter */
};

struct door {
    char host[DOOR_HOST_SIZE]; /* the coordinator's host name */
    int64_t n_addresses;
    char addresses[DOOR_ADDRESSES_MAX][DOOR_ADDRESS_SIZE]; /* "10.0.0.5", best first */
    int64_t port;
    char server_key[LODE_KEY_SIZE]; /* the coordinator's public CURVE key */
    struct lode_keys keys;          /* the workers' own pair, fresh for every run */
    int64_t heartbeat_ms;
    int64_t memory_bytes; /* the worker's share of its host; 0: as much as it is welcomed with */
    char place[DOOR_PLACE_SIZE]; /* the worker's: "3" when launched, "host:pid:0" when it joined
                                  * late; a restarted worker keeps it */
    int64_t incarnation;         /* 1, 2, ... of this place */
};

/* A door as text, "name=value" lines; and back. Reading checks every field: LODE_E_INPUT names the
 * line. The text holds a secret: it is for pipes and 0600 files only. */
LODE_CHECKED lode_status door_format(const struct door *door, char *text, size_t size);
LODE_CHECKED lode_status door_parse(const char *text, size_t size, struct door *door);

/* Whole door into, and out of, a pipe; the reader reads to the end and closes it. */
LODE_CHECKED lode_status door_write(const struct door *door, int fd);
LODE_CHECKED lode_status door_read(int fd, struct door *door);

/* The file for late joiners: written aside with mode 0600 and renamed. Loading refuses a file that
 * others can read or that belongs to somebody else, and says when there is no run. */
LODE_CHECKED lode_status door_save(const struct door *door, const char *path);
LODE_CHECKED lode_status door_load(const char *path, struct door *door);

#endif
