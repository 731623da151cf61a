/* Endpoint: see the header. Addresses are numbers in host byte order until they are announced. */
#include "coordinator/endpoint.h"

#include "common/memory.h"
#include "common/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

/* What --interface asks for. */
struct filter {
    const char *name; /* NULL: by number */
    uint32_t address, mask;
};

/* From best to worst. */
enum rank { DEFAULT_ROUTE, ORDINARY, BRIDGE, LOOPBACK, N_RANKS };

static uint32_t mask_of(int prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

static bool read_number(const char *text, uint32_t *address)
{
    struct in_addr number;
    if (inet_pton(AF_INET, text, &number) != 1) return false;
    *address = ntohl(number.s_addr);
    return true;
}

static const char *address_text(uint32_t address, char text[INET_ADDRSTRLEN])
{
    const struct in_addr number = {.s_addr = htonl(address)};
    return inet_ntop(AF_INET, &number, text, INET_ADDRSTRLEN);
}

static lode_status read_filter(const char *wanted, struct filter *filter)
{
    char address[INET_ADDRSTRLEN];
    int64_t prefix = 32;
    const char *slash = strchr(wanted, '/');
    const size_t size = slash ? (size_t)(slash - wanted) : strlen(wanted);
    snprintf(address, sizeof address, "%.*s", (int)size, wanted);
    const bool number = size < sizeof address && read_number(address, &filter->address);
    if (slash && (!number || !lode_text_to_i64(slash + 1, strlen(slash + 1), &prefix) ||
                  prefix < 0 || prefix > 32))
        return lode_fail(LODE_E_USAGE, "--interface %s: must be a network such as 10.0.0.0/24",
                         wanted);
    filter->name = number ? NULL : wanted;
    filter->mask = mask_of((int)prefix);
    return LODE_OK;
}

/* "eth0" means its further addresses "eth0:1" too. */
static bool has_name(const struct endpoint_interface *interface, const char *name)
{
    const size_t size = strlen(name);
    return strncmp(interface->name, name, size) == 0 &&
           (interface->name[size] == '\0' || interface->name[size] == ':');
}

static bool matches(const struct filter *filter, const struct endpoint_interface *interface)
{
    if (filter->name) return has_name(interface, filter->name);
    return ((interface->address ^ filter->address) & filter->mask) == 0;
}

static enum rank rank_interface(const struct endpoint_interface *interface,
                                const char *default_route)
{
    static const char *const bridges[] = {"docker*", "veth*", "br-*", "virbr*"};
    if (interface->loopback) return LOOPBACK;
    if (default_route[0] && has_name(interface, default_route)) return DEFAULT_ROUTE;
    for (size_t i = 0; i < sizeof bridges / sizeof *bridges; i++)
        if (lode_text_glob(bridges[i], interface->name)) return BRIDGE;
    return ORDINARY;
}

static void announce(struct door *door, uint32_t address, int64_t limit)
{
    char text[INET_ADDRSTRLEN];
    address_text(address, text);
    for (int64_t i = 0; i < door->n_addresses; i++)
        if (strcmp(door->addresses[i], text) == 0) return;
    if (door->n_addresses < limit)
        snprintf(door->addresses[door->n_addresses++], DOOR_ADDRESS_SIZE, "%s", text);
}

static lode_status fail_no_match(const struct endpoint_interface *all, int n_all,
                                 const char *wanted)
{
    struct lode_bytes list = {0};
    lode_status status = LODE_OK;
    char text[INET_ADDRSTRLEN];
    for (int i = 0; i < n_all && !status; i++)
        status = lode_bytes_printf(&list, "%s%s %s/%d", i ? ", " : "", all[i].name,
                                   address_text(all[i].address, text), all[i].prefix);
    if (!status)
        status = lode_fail(LODE_E_USAGE,
                           "--interface %s: no IPv4 address of this host matches; there are %.*s",
                           wanted, (int)list.size, (const char *)list.data);
    lode_bytes_clear(&list);
    return status;
}

lode_status endpoint_choose(const struct endpoint_interface *all, int n_all, const char *wanted,
                            const char *default_route, struct door *door)
{
    struct filter filter = {0};
    if (wanted) lode_try(read_filter(wanted, &filter));
    door->n_addresses = 0;
    for (int rank = 0; rank < N_RANKS; rank++)
        for (int i = 0; i < n_all; i++) {
            if ((int)rank_interface(&all[i], default_route) != rank) continue;
            if (wanted ? !matches(&filter, &all[i]) : rank == LOOPBACK) continue;
            /* one seat is kept for loopback, which comes last */
            announce(door, all[i].address, wanted ? DOOR_ADDRESSES_MAX : DOOR_ADDRESSES_MAX - 1);
        }
    if (!wanted) announce(door, INADDR_LOOPBACK, DOOR_ADDRESSES_MAX);
    return door->n_addresses > 0 ? LODE_OK : fail_no_match(all, n_all, wanted);
}

void endpoint_default_route(FILE *routes, char name[ENDPOINT_NAME_SIZE])
{
    char line[512], interface[ENDPOINT_NAME_SIZE];
    unsigned long least = ULONG_MAX;
    name[0] = '\0';
    while (fgets(line, sizeof line, routes)) {
        unsigned destination = 1, flags = 0, mask = 1;
        unsigned long metric = 0;
        /* Iface Destination Gateway Flags RefCnt Use Metric Mask ...; the title line has no flags
         */
        if (sscanf(line, "%15s %x %*x %x %*d %*d %lu %x", interface, &destination, &flags, &metric,
                   &mask) != 5)
            continue;
        if (destination != 0 || mask != 0 || !(flags & RTF_UP) || metric >= least) continue;
        least = metric;
        memcpy(name, interface, ENDPOINT_NAME_SIZE);
    }
}

static uint32_t number_of(const struct sockaddr *address)
{
    struct sockaddr_in v4;
    memcpy(&v4, address, sizeof v4);
    return ntohl(v4.sin_addr.s_addr);
}

static lode_status ask_kernel(struct endpoint_interface all[ENDPOINT_INTERFACES_MAX], int *n_all)
{
    struct ifaddrs *list = NULL;
    *n_all = 0;
    if (getifaddrs(&list))
        return lode_fail(LODE_E_CLUSTER, "listing network interfaces: %s", strerror(errno));
    for (const struct ifaddrs *at = list; at && *n_all < ENDPOINT_INTERFACES_MAX;
         at = at->ifa_next) {
        if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET || !(at->ifa_flags & IFF_UP))
            continue;
        struct endpoint_interface *interface = &all[(*n_all)++];
        snprintf(interface->name, sizeof interface->name, "%s", at->ifa_name);
        interface->address = number_of(at->ifa_addr);
        interface->prefix = at->ifa_netmask ? __builtin_popcount(number_of(at->ifa_netmask)) : 32;
        interface->loopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
    }
    freeifaddrs(list);
    return LODE_OK;
}

lode_status endpoint_addresses(const char *wanted, bool local_only, struct door *door,
                               char bind_address[DOOR_ADDRESS_SIZE])
{
    struct endpoint_interface all[ENDPOINT_INTERFACES_MAX];
    char default_route[ENDPOINT_NAME_SIZE] = "";
    int n_all = 0;
    if (wanted || !local_only) lode_try(ask_kernel(all, &n_all));
    FILE *routes = fopen("/proc/net/route", "re"); /* no such file: no order among interfaces */
    if (routes) {
        endpoint_default_route(routes, default_route);
        fclose(routes);
    }
    lode_try(endpoint_choose(all, n_all, wanted, default_route, door));
    memset(door->host, 0, sizeof door->host);
    gethostname(door->host, sizeof door->host - 1);
    snprintf(bind_address, DOOR_ADDRESS_SIZE, "%s",
             door->n_addresses == 1 ? door->addresses[0] : "*");
    return LODE_OK;
}
