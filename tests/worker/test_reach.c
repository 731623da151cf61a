/* Reach: the nearest address first, and the first that really answers. */
#include "tests/unit.h"

#include "worker/reach.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct door door_with(const char *host, int count, const char *const *addresses)
{
    struct door door = {.n_addresses = count, .port = 4711};
    snprintf(door.host, sizeof door.host, "%s", host);
    for (int i = 0; i < count; i++)
        snprintf(door.addresses[i], DOOR_ADDRESS_SIZE, "%s", addresses[i]);
    return door;
}

static struct reach_network network(const char *address, const char *mask)
{
    struct reach_network made = {.family = strchr(address, ':') ? AF_INET6 : AF_INET};
    assert_int_equal(inet_pton(made.family, address, made.address), 1);
    assert_int_equal(inet_pton(made.family, mask, made.mask), 1);
    return made;
}

/* The door's addresses in the order in which `host` on these networks would try them. */
static void assert_order(const struct door *door, const char *host,
                         const struct reach_network *networks, int n_networks, const char *expected)
{
    int order[DOOR_ADDRESSES_MAX];
    char got[512] = "";
    const int count = reach_order(door, host, networks, n_networks, order);
    for (int i = 0; i < count; i++) {
        const size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s", i ? " " : "", door->addresses[order[i]]);
    }
    assert_string_equal(got, expected);
}

static const char *const three[] = {"192.168.7.5", "10.1.2.3", "127.0.0.1"};

static void loopback_comes_first_on_the_same_host(void **state)
{
    (void)state;
    const struct door door = door_with("n1", 3, three);
    assert_order(&door, "n1", NULL, 0, "127.0.0.1 192.168.7.5 10.1.2.3");
}

static void loopback_of_another_host_is_no_candidate(void **state)
{
    (void)state;
    const struct door door = door_with("n1", 3, three);
    assert_order(&door, "n2", NULL, 0, "192.168.7.5 10.1.2.3");
}

static void an_address_on_a_network_of_ours_comes_before_the_others(void **state)
{
    (void)state;
    const struct door door = door_with("n1", 3, three);
    const struct reach_network ours[] = {network("127.0.0.1", "255.0.0.0"),
                                         network("10.1.9.9", "255.255.0.0")};
    assert_order(&door, "n2", ours, 2, "10.1.2.3 192.168.7.5");
    assert_order(&door, "n1", ours, 2, "127.0.0.1 10.1.2.3 192.168.7.5");
}

static void the_mask_decides_what_a_network_is(void **state)
{
    (void)state;
    const struct door door = door_with("n1", 3, three);
    const struct reach_network narrow = network("10.1.9.9", "255.255.255.0");
    assert_order(&door, "n2", &narrow, 1, "192.168.7.5 10.1.2.3");
}

static void equals_stay_in_the_doors_order(void **state)
{
    (void)state;
    const char *const four[] = {"10.0.0.9", "10.0.0.1", "172.16.0.2", "172.16.0.1"};
    const struct door door = door_with("n1", 4, four);
    const struct reach_network ours = network("172.16.0.77", "255.255.255.0");
    assert_order(&door, "n2", &ours, 1, "172.16.0.2 172.16.0.1 10.0.0.9 10.0.0.1");
}

static void loopback_alone_is_tried_from_any_host(void **state)
{
    (void)state;
    const char *const only[] = {"127.0.0.1"};
    const struct door door = door_with("n1", 1, only);
    assert_order(&door, "n2", NULL, 0, "127.0.0.1");
}

static void ipv6_has_networks_and_loopback_too(void **state)
{
    (void)state;
    const char *const four[] = {"10.0.0.1", "fd00:2::1", "fd00:1::1", "::1"};
    const struct door door = door_with("n1", 4, four);
    const struct reach_network ours = network("fd00:1::7", "ffff:ffff:ffff:ffff::");
    assert_order(&door, "n2", &ours, 1, "fd00:1::1 10.0.0.1 fd00:2::1");
    assert_order(&door, "n1", &ours, 1, "::1 fd00:1::1 10.0.0.1 fd00:2::1");
}

/* A port of 127.0.0.1, listening or (closed again) surely not. */
static int listener(int64_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Linux lets all of 127/8 be connected to, but this listener is on .1 only. */
static const char *const deaf_and_open[] = {"127.0.0.2", "127.0.0.1"};

static void the_first_address_that_answers_wins(void **state)
{
    (void)state;
    char endpoint[96], expected[96];
    struct door door = door_with("not-this-host", 2, deaf_and_open);
    const int fd = listener(&door.port);
    assert_ok(reach_choose(&door, 2000, endpoint, sizeof endpoint));
    snprintf(expected, sizeof expected, "tcp://127.0.0.1:%d", (int)door.port);
    assert_string_equal(endpoint, expected);
    close(fd);
}

static void a_narrowed_door_has_the_address_that_answers_alone(void **state)
{
    (void)state;
    struct door door = door_with("not-this-host", 2, deaf_and_open);
    const int fd = listener(&door.port);
    assert_ok(reach_narrow(&door, 2000));
    assert_int_equal(door.n_addresses, 1);
    assert_string_equal(door.addresses[0], "127.0.0.1");
    close(fd);
}

static void when_nothing_answers_the_error_lists_what_was_tried_and_what_to_do(void **state)
{
    (void)state;
    char endpoint[96];
    struct door door = door_with("n1", 2, deaf_and_open);
    close(listener(&door.port));
    assert_status(LODE_E_CLUSTER, reach_choose(&door, 2000, endpoint, sizeof endpoint));
    assert_non_null(strstr(lode_error_text(), "127.0.0.2: Connection refused"));
    assert_non_null(strstr(lode_error_text(), "127.0.0.1: Connection refused"));
    assert_non_null(strstr(lode_error_text(), "--interface"));
    assert_int_equal(door.n_addresses, 2);
}

static void a_single_candidate_is_asked_only_for_narrowing(void **state)
{
    (void)state;
    char endpoint[96];
    const char *const only[] = {"::1"};
    struct door door = door_with("n1", 1, only);
    door.port = 1; /* nobody listens */
    assert_ok(reach_choose(&door, 2000, endpoint, sizeof endpoint));
    assert_string_equal(endpoint, "tcp://[::1]:1");
    assert_status(LODE_E_CLUSTER, reach_narrow(&door, 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_comes_first_on_the_same_host),
        cmocka_unit_test(loopback_of_another_host_is_no_candidate),
        cmocka_unit_test(an_address_on_a_network_of_ours_comes_before_the_others),
        cmocka_unit_test(the_mask_decides_what_a_network_is),
        cmocka_unit_test(equals_stay_in_the_doors_order),
        cmocka_unit_test(loopback_alone_is_tried_from_any_host),
        cmocka_unit_test(ipv6_has_networks_and_loopback_too),
        cmocka_unit_test(the_first_address_that_answers_wins),
        cmocka_unit_test(a_narrowed_door_has_the_address_that_answers_alone),
        cmocka_unit_test(when_nothing_answers_the_error_lists_what_was_tried_and_what_to_do),
        cmocka_unit_test(a_single_candidate_is_asked_only_for_narrowing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
