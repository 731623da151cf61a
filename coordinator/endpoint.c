/* Endpoint: asks the kernel for its interfaces. */
#include "coordinator/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

lode_status endpoint_of_this_host(int port, char *endpoint, size_t size)
{
    struct ifaddrs *all = NULL;
    char text[INET_ADDRSTRLEN] = "";
    if (getifaddrs(&all))
        return lode_fail(LODE_E_CLUSTER, "listing network interfaces: %s", strerror(errno));
    for (const struct ifaddrs *at = all; at && !text[0]; at = at->ifa_next) {
        const bool usable = at->ifa_addr && at->ifa_addr->sa_family == AF_INET &&
                            (at->ifa_flags & IFF_UP) && !(at->ifa_flags & IFF_LOOPBACK);
        if (!usable) continue;
        struct sockaddr_in address;
        memcpy(&address, at->ifa_addr, sizeof address);
        inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
    }
    freeifaddrs(all);
    if (!text[0])
        return lode_fail(LODE_E_CLUSTER, "ranks on several hosts, but this one has no network "
                                         "interface besides loopback");
    snprintf(endpoint, size, "tcp://%s:%d", text, port);
    return LODE_OK;
}
