/* Reach: an order by what the host knows about its networks, then one TCP connect after another.
 *
 * The connection is closed without a word: the coordinator counts it as a handshake that broke off.
 */
#include "worker/reach.h"

#include "common/clock.h"
#include "common/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NETWORKS_MAX = 64 };

/* From best to worst. */
enum rank { LOOPBACK_HERE, SAME_NETWORK, ELSEWHERE, LOOPBACK_OF_ANOTHER, N_RANKS };

static size_t address_size(int family)
{
    return family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr);
}

/* The address as bytes; its family. */
static int read_address(const char *text, uint8_t bytes[16])
{
    if (inet_pton(AF_INET, text, bytes) == 1) return AF_INET;
    return inet_pton(AF_INET6, text, bytes) == 1 ? AF_INET6 : AF_UNSPEC;
}

static bool is_loopback(int family, const uint8_t *bytes)
{
    static const uint8_t one[16] = {[15] = 1}; /* ::1 */
    return family == AF_INET ? bytes[0] == 127 : memcmp(bytes, one, sizeof one) == 0;
}

static bool is_on(const struct reach_network *network, int family, const uint8_t *bytes)
{
    if (network->family != family) return false;
    for (size_t i = 0; i < address_size(family); i++)
        if ((bytes[i] ^ network->address[i]) & network->mask[i]) return false;
    return true;
}

static enum rank rank_address(const char *text, bool same_host,
                              const struct reach_network *networks, int n_networks)
{
    uint8_t bytes[16] = {0};
    const int family = read_address(text, bytes);
    if (is_loopback(family, bytes)) return same_host ? LOOPBACK_HERE : LOOPBACK_OF_ANOTHER;
    for (int i = 0; i < n_networks; i++)
        if (is_on(&networks[i], family, bytes)) return SAME_NETWORK;
    return ELSEWHERE;
}

int reach_order(const struct door *door, const char *host, const struct reach_network *networks,
                int n_networks, int order[DOOR_ADDRESSES_MAX])
{
    enum rank ranks[DOOR_ADDRESSES_MAX];
    const bool same_host = strcmp(host, door->host) == 0;
    int count = 0;
    for (int i = 0; i < (int)door->n_addresses; i++)
        ranks[i] = rank_address(door->addresses[i], same_host, networks, n_networks);
    for (int rank = 0; rank < N_RANKS; rank++) {
        if (rank == LOOPBACK_OF_ANOTHER && count > 0) break;
        for (int i = 0; i < (int)door->n_addresses; i++)
            if ((int)ranks[i] == rank) order[count++] = i;
    }
    return count;
}

/* Addresses that the kernel gave as sockaddr of AF_INET or AF_INET6. */
static const void *bytes_of(const struct sockaddr *address)
{
    const char *start = (const char *)address;
    return start + (address->sa_family == AF_INET ? offsetof(struct sockaddr_in, sin_addr)
                                                  : offsetof(struct sockaddr_in6, sin6_addr));
}

/* Best effort: a host that cannot tell its networks tries the addresses in the door's order. */
static int own_networks(struct reach_network networks[NETWORKS_MAX])
{
    struct ifaddrs *all = NULL;
    int count = 0;
    if (getifaddrs(&all)) return 0;
    for (const struct ifaddrs *at = all; at && count < NETWORKS_MAX; at = at->ifa_next) {
        if (!at->ifa_addr || !at->ifa_netmask || !(at->ifa_flags & IFF_UP)) continue;
        const int family = at->ifa_addr->sa_family;
        if (family != AF_INET && family != AF_INET6) continue;
        struct reach_network *network = &networks[count++];
        network->family = family;
        memcpy(network->address, bytes_of(at->ifa_addr), address_size(family));
        memcpy(network->mask, bytes_of(at->ifa_netmask), address_size(family));
    }
    freeifaddrs(all);
    return count;
}

/* Waits for a connect that is under way: 0, or why it came to nothing. */
static int wait_connected(int fd, int timeout_ms)
{
    const int64_t end_us = lode_clock_us() + (int64_t)timeout_ms * 1000;
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    for (;;) {
        const int64_t left_us = end_us - lode_clock_us();
        const int ready = poll(&wait, 1, left_us > 0 ? (int)((left_us + 999) / 1000) : 0);
        if (ready > 0) break;
        if (ready == 0) return ETIMEDOUT;
        if (errno != EINTR) return errno;
    }
    int reason = 0;
    socklen_t size = sizeof reason;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &size) ? errno : reason;
}

/* 0 when a connection came about, or why not (errno). */
static int probe(const char *text, int64_t port, int timeout_ms)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    uint8_t bytes[16] = {0};
    const int family = read_address(text, bytes);
    if (family == AF_UNSPEC) return EAFNOSUPPORT;
    memcpy(&v4.sin_addr, bytes, sizeof v4.sin_addr);
    memcpy(&v6.sin6_addr, bytes, sizeof v6.sin6_addr);
    const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    int reason = family == AF_INET ? connect(fd, (const struct sockaddr *)&v4, sizeof v4)
                                   : connect(fd, (const struct sockaddr *)&v6, sizeof v6);
    if (reason) reason = errno == EINPROGRESS ? wait_connected(fd, timeout_ms) : errno;
    close(fd);
    return reason;
}

static lode_status fail_unreachable(const struct door *door, const int *order, const int *reasons,
                                    int count)
{
    struct lode_bytes tried = {0};
    lode_status status = LODE_OK;
    for (int i = 0; i < count && !status; i++)
        status = lode_bytes_printf(&tried, "%s%s: %s", i ? ", " : "", door->addresses[order[i]],
                                   strerror(reasons[i]));
    if (!status)
        status = lode_fail(LODE_E_CLUSTER,
                           "the coordinator on %s does not answer on port %" PRId64
                           " (%.*s). Is the run still alive? Is a firewall between? "
                           "`lode run --interface` says which network to use",
                           door->host, door->port, (int)tried.size, (const char *)tried.data);
    lode_bytes_clear(&tried);
    return status;
}

/* The first candidate that answers, as an index of door->addresses. */
static lode_status find_address(const struct door *door, int timeout_ms, bool ask_single,
                                int *index)
{
    struct reach_network networks[NETWORKS_MAX] = {0};
    int order[DOOR_ADDRESSES_MAX], reasons[DOOR_ADDRESSES_MAX];
    char host[DOOR_HOST_SIZE] = "";
    gethostname(host, sizeof host - 1);
    const int count = reach_order(door, host, networks, own_networks(networks), order);
    for (int i = 0; i < count; i++) {
        const bool ask = ask_single || count > 1;
        reasons[i] = ask ? probe(door->addresses[order[i]], door->port, timeout_ms) : 0;
        if (reasons[i] == 0) {
            *index = order[i];
            return LODE_OK;
        }
    }
    return fail_unreachable(door, order, reasons, count);
}

lode_status reach_choose(const struct door *door, int timeout_ms, char *endpoint, size_t size)
{
    int index = 0;
    lode_try(find_address(door, timeout_ms, false, &index));
    const char *address = door->addresses[index];
    const bool v6 = strchr(address, ':') != NULL;
    const int wanted = snprintf(endpoint, size, "tcp://%s%s%s:%" PRId64, v6 ? "[" : "", address,
                                v6 ? "]" : "", door->port);
    if (wanted < 0 || (size_t)wanted >= size)
        return lode_fail(LODE_E_BUG, "an endpoint of %d bytes in a buffer of %zu", wanted, size);
    return LODE_OK;
}

lode_status reach_narrow(struct door *door, int timeout_ms)
{
    int index = 0;
    lode_try(find_address(door, timeout_ms, true, &index));
    if (index != 0) memcpy(door->addresses[0], door->addresses[index], DOOR_ADDRESS_SIZE);
    door->n_addresses = 1;
    return LODE_OK;
}
