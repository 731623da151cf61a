/* Endpoint: under which addresses do workers reach this process, and what must it bind to?
 *
 * IPv4 only. The choice is pure (endpoint_choose); endpoint_addresses asks the kernel.
 */
#ifndef LODE_COORDINATOR_ENDPOINT_H
#define LODE_COORDINATOR_ENDPOINT_H

#include "worker/door.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { ENDPOINT_NAME_SIZE = 16, ENDPOINT_INTERFACES_MAX = 128 };

/* One address of an interface that is up. */
struct endpoint_interface {
    char name[ENDPOINT_NAME_SIZE];
    uint32_t address; /* host byte order: 127.0.0.1 is 0x7f000001 */
    int prefix;       /* bits of its network */
    bool loopback;
};

/* Fills door->host and door->addresses, best first, and says what to bind to.
 *
 *   wanted      "eth0", "10.0.0.5" or "10.0.0.0/24": only matching addresses. NULL: all, those of
 *               the default route's interface first, bridges of containers and virtual machines
 *               last, then 127.0.0.1 for workers on this host
 *   local_only  with wanted NULL: 127.0.0.1 and nothing else
 *   bind_address  the address when only one is announced, else "*"
 *
 * At most DOOR_ADDRESSES_MAX are announced. LODE_E_USAGE when nothing matches: lists what there
 * is. LODE_E_CLUSTER when the kernel cannot say. */
LODE_CHECKED lode_status endpoint_addresses(const char *wanted, bool local_only, struct door *door,
                                            char bind_address[DOOR_ADDRESS_SIZE]);

/* The choice alone: fills door->addresses. default_route: an interface's name, or "". */
LODE_CHECKED lode_status endpoint_choose(const struct endpoint_interface *all, int n_all,
                                         const char *wanted, const char *default_route,
                                         struct door *door);

/* The interface of the default route with the least metric, from the text of /proc/net/route; ""
 * when there is none. */
void endpoint_default_route(FILE *routes, char name[ENDPOINT_NAME_SIZE]);

#endif
