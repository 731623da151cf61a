/* Endpoint: under which address do workers on other hosts reach this one? */
#ifndef LODE_COORDINATOR_ENDPOINT_H
#define LODE_COORDINATOR_ENDPOINT_H

#include "common/error.h"

#include <stddef.h>

/* "tcp://ADDRESS:port" with the first IPv4 address that is up and not loopback, in the order of the
 * system's interfaces; LODE_E_CLUSTER when there is none. */
LODE_CHECKED lode_status endpoint_of_this_host(int port, char *endpoint, size_t size);

#endif
