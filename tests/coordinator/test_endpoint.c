/* Endpoint: which addresses are announced, in which order, and what is bound. */
#include "tests/unit.h"

#include "coordinator/endpoint.h"

#include <string.h>
#include <unistd.h>

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static const struct endpoint_interface host[] = {
    {"lo", IP(127, 0, 0, 1), 8, true},      {"docker0", IP(172, 17, 0, 1), 16, false},
    {"ib0", IP(10, 9, 0, 5), 16, false},    {"eth0", IP(10, 0, 0, 5), 24, false},
    {"eth0:1", IP(10, 0, 1, 5), 24, false}, {"br-5f2a", IP(172, 18, 0, 1), 16, false},
};
enum { N_HOST = sizeof host / sizeof *host };

static void assert_addresses(const char *wanted, const char *default_route, const char *expected)
{
    char got[512] = "";
    struct door door = {0};
    assert_ok(endpoint_choose(host, N_HOST, wanted, default_route, &door));
    for (int64_t i = 0; i < door.n_addresses; i++) {
        const size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s", i ? " " : "", door.addresses[i]);
    }
    assert_string_equal(got, expected);
}

static void the_default_route_leads_bridges_follow_loopback_is_last(void **state)
{
    (void)state;
    assert_addresses(NULL, "eth0", "10.0.0.5 10.0.1.5 10.9.0.5 172.17.0.1 172.18.0.1 127.0.0.1");
    assert_addresses(NULL, "", "10.9.0.5 10.0.0.5 10.0.1.5 172.17.0.1 172.18.0.1 127.0.0.1");
}

static void a_bridge_that_is_the_default_route_leads_too(void **state)
{
    (void)state;
    assert_addresses(NULL, "br-5f2a", "172.18.0.1 10.9.0.5 10.0.0.5 10.0.1.5 172.17.0.1 127.0.0.1");
}

static void an_interface_may_be_asked_for_by_name(void **state)
{
    (void)state;
    assert_addresses("ib0", "eth0", "10.9.0.5");
    assert_addresses("eth0", "ib0", "10.0.0.5 10.0.1.5");
    assert_addresses("eth0:1", "eth0", "10.0.1.5");
    assert_addresses("lo", "eth0", "127.0.0.1");
}

static void an_interface_may_be_asked_for_by_address_or_network(void **state)
{
    (void)state;
    assert_addresses("10.9.0.5", "eth0", "10.9.0.5");
    assert_addresses("10.0.0.0/16", "eth0", "10.0.0.5 10.0.1.5");
    assert_addresses("10.0.0.0/24", "eth0", "10.0.0.5");
    assert_addresses("10.9.0.5/32", "eth0", "10.9.0.5");
    assert_addresses("0.0.0.0/0", "ib0",
                     "10.9.0.5 10.0.0.5 10.0.1.5 172.17.0.1 172.18.0.1 127.0.0.1");
}

static void what_matches_nothing_is_refused_with_a_list(void **state)
{
    (void)state;
    struct door door = {0};
    static const char *const nothing[] = {"eth9", "eth", "10.0.0.6", "192.168.0.0/16", ""};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        assert_status(LODE_E_USAGE, endpoint_choose(host, N_HOST, nothing[i], "eth0", &door));
        assert_non_null(strstr(lode_error_text(), "ib0 10.9.0.5/16, eth0 10.0.0.5/24"));
    }
}

static void half_a_network_is_refused(void **state)
{
    (void)state;
    struct door door = {0};
    static const char *const half[] = {"10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "eth0/24",
                                       "10.0.0/24"};
    for (size_t i = 0; i < sizeof half / sizeof *half; i++) {
        assert_status(LODE_E_USAGE, endpoint_choose(host, N_HOST, half[i], "eth0", &door));
        assert_non_null(strstr(lode_error_text(), "10.0.0.0/24"));
    }
}

static void a_host_without_a_network_announces_loopback(void **state)
{
    (void)state;
    struct door door = {0};
    assert_ok(endpoint_choose(host, 1, NULL, "", &door));
    assert_int_equal(door.n_addresses, 1);
    assert_string_equal(door.addresses[0], "127.0.0.1");
}

static void loopback_keeps_its_place_among_many_addresses(void **state)
{
    (void)state;
    struct endpoint_interface many[12] = {0};
    struct door door = {0};
    for (uint32_t i = 0; i < 12; i++) {
        snprintf(many[i].name, sizeof many[i].name, "eth%u", i);
        many[i].address = IP(10, 0, i, 1);
    }
    assert_ok(endpoint_choose(many, 12, NULL, "eth11", &door));
    assert_int_equal(door.n_addresses, DOOR_ADDRESSES_MAX);
    assert_string_equal(door.addresses[0], "10.0.11.1");
    assert_string_equal(door.addresses[DOOR_ADDRESSES_MAX - 1], "127.0.0.1");
    assert_ok(endpoint_choose(many, 12, "10.0.0.0/8", "", &door));
    assert_string_equal(door.addresses[DOOR_ADDRESSES_MAX - 1], "10.0.7.1");
}

static void assert_default_route(const char *rows, const char *expected)
{
    char text[1024], name[ENDPOINT_NAME_SIZE] = "old";
    snprintf(text, sizeof text,
             "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n%s", rows);
    FILE *file = fmemopen(text, strlen(text), "r");
    assert_non_null(file);
    endpoint_default_route(file, name);
    fclose(file);
    assert_string_equal(name, expected);
}

static void the_default_route_is_the_one_of_least_metric(void **state)
{
    (void)state;
    assert_default_route("wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
                         "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
                         "eth1\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0\n",
                         "eth1");
}

static void routes_that_are_down_or_lead_to_half_the_world_are_not_default(void **state)
{
    (void)state;
    assert_default_route("", "");
    assert_default_route("garbage\n", "");
    assert_default_route("tun0\t00000000\t0100000A\t0003\t0\t0\t0\t00000080\t0\t0\t0\n"
                         "eth0\t00000000\t0100000A\t0002\t0\t0\t0\t00000000\t0\t0\t0\n",
                         "");
}

static void a_local_run_announces_and_binds_loopback_only(void **state)
{
    (void)state;
    struct door door = {0};
    char bind_address[DOOR_ADDRESS_SIZE], name[DOOR_HOST_SIZE] = "";
    assert_ok(endpoint_addresses(NULL, true, &door, bind_address));
    assert_int_equal(door.n_addresses, 1);
    assert_string_equal(door.addresses[0], "127.0.0.1");
    assert_string_equal(bind_address, "127.0.0.1");
    gethostname(name, sizeof name - 1);
    assert_string_equal(door.host, name);
}

static void asking_for_one_address_binds_it_and_for_all_binds_any(void **state)
{
    (void)state;
    struct door door = {0};
    char bind_address[DOOR_ADDRESS_SIZE];
    assert_ok(endpoint_addresses("127.0.0.1", true, &door, bind_address));
    assert_string_equal(bind_address, "127.0.0.1");
    assert_ok(endpoint_addresses(NULL, false, &door, bind_address));
    assert_string_equal(door.addresses[door.n_addresses - 1], "127.0.0.1");
    assert_string_equal(bind_address, door.n_addresses == 1 ? "127.0.0.1" : "*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_route_leads_bridges_follow_loopback_is_last),
        cmocka_unit_test(a_bridge_that_is_the_default_route_leads_too),
        cmocka_unit_test(an_interface_may_be_asked_for_by_name),
        cmocka_unit_test(an_interface_may_be_asked_for_by_address_or_network),
        cmocka_unit_test(what_matches_nothing_is_refused_with_a_list),
        cmocka_unit_test(half_a_network_is_refused),
        cmocka_unit_test(a_host_without_a_network_announces_loopback),
        cmocka_unit_test(loopback_keeps_its_place_among_many_addresses),
        cmocka_unit_test(the_default_route_is_the_one_of_least_metric),
        cmocka_unit_test(routes_that_are_down_or_lead_to_half_the_world_are_not_default),
        cmocka_unit_test(a_local_run_announces_and_binds_loopback_only),
        cmocka_unit_test(asking_for_one_address_binds_it_and_for_all_binds_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
