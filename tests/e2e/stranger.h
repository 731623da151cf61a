/* Stranger: what its files share. */
#ifndef LODE_TESTS_STRANGER_H
#define LODE_TESTS_STRANGER_H

#include "common/stats/random.h"
#include "worker/door.h"

struct stranger {
    char endpoint[96]; /* "tcp://HOST:PORT" */
    struct door door;  /* all zero where only the endpoint is known */
    int64_t count;
    int64_t end_us; /* when the attack must be over */
    struct lode_random random;
};

/* Each does its part and prints the line that says what it did and what came back. */
typedef lode_status stranger_fn(struct stranger *stranger);

/* Without any key: stranger_plain.c. */
stranger_fn stranger_garbage, stranger_null, stranger_flood, stranger_hold;
/* With keys, wrong or right: stranger_keys.c. */
stranger_fn stranger_wrong_key, stranger_wrong_server_key;
stranger_fn stranger_malformed, stranger_replay, stranger_version;

#endif
