/* Reach: a coordinator has several addresses; which of them answers this host?
 *
 * Names are not asked: addresses are numbers, "here" means an equal host name.
 */
#ifndef LODE_WORKER_REACH_H
#define LODE_WORKER_REACH_H

#include "worker/door.h"

#include <stddef.h>
#include <stdint.h>

/* A network that this host is on. Bytes as on the wire; 4 of them for AF_INET, 16 for AF_INET6. */
struct reach_network {
    int family;
    uint8_t address[16];
    uint8_t mask[16];
};

/* The candidates, best first, as indices of door->addresses; returns how many. Loopback if the
 * coordinator is on `host`; then addresses on one of the networks; then the others; equals in the
 * door's order. Loopback of another host is no candidate, unless nothing else is announced (two
 * names of one host, a tunnel). */
int reach_order(const struct door *door, const char *host, const struct reach_network *networks,
                int n_networks, int order[DOOR_ADDRESSES_MAX]);

/* The endpoint "tcp://ADDRESS:port" ("tcp://[ADDRESS]:port" for IPv6) of the first candidate that
 * takes a TCP connection, each asked for timeout_ms at most; a single candidate is not asked.
 * LODE_E_CLUSTER says which were tried and why each was of no use. */
LODE_CHECKED lode_status reach_choose(const struct door *door, int timeout_ms, char *endpoint,
                                      size_t size);

/* Keeps that address alone in the door, so that those who get it need not ask. A single candidate
 * is asked too: a coordinator that is gone is found out at once. */
LODE_CHECKED lode_status reach_narrow(struct door *door, int timeout_ms);

#endif
