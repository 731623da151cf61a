/* HTTP: URLs, and nobody who listens; t0034-generator.sh has a server that answers in every way. */
#include "tests/unit.h"

#include "common/http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void only_http_without_a_password_is_a_url(void **state)
{
    (void)state;
    assert_ok(lode_http_check_url("http://host:8000/v1/chat/completions"));
    assert_ok(lode_http_check_url("https://host/"));
    assert_status(LODE_E_USAGE, lode_http_check_url(""));
    assert_status(LODE_E_USAGE, lode_http_check_url("host/v1"));
    assert_status(LODE_E_USAGE, lode_http_check_url("file:///etc/passwd"));
    assert_status(LODE_E_USAGE, lode_http_check_url("https://me:secret@host/"));
    assert_null(strstr(lode_error_text(), "secret"));
}

/* A port that nobody has while this process holds it without listening. */
static void nobody_who_listens_is_bad_input_and_leaves_the_reply(void **state)
{
    (void)state;
    char url[64];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    const int held = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(0, bind(held, (const struct sockaddr *)&address, sizeof address));
    assert_int_equal(0, getsockname(held, (struct sockaddr *)&address, &size));
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    struct lode_bytes reply = {0};
    const char *const headers[] = {"X: y", NULL};
    const struct lode_http_request request = {.url = url,
                                              .headers = headers,
                                              .body = "{}",
                                              .body_size = 2,
                                              .timeout_ms = 5000,
                                              .reply_limit = 100};
    assert_status(LODE_E_INPUT, lode_http_post(&request, &reply));
    assert_int_equal(0, reply.size);
    close(held);
}

static bool is_stopped(void)
{
    return true;
}

static void who_is_stopped_does_not_wait(void **state)
{
    (void)state;
    struct lode_bytes reply = {0};
    const char *const headers[] = {NULL};
    const struct lode_http_request request = {.url = "http://127.0.0.1:1/",
                                              .headers = headers,
                                              .body = "",
                                              .timeout_ms = 60000,
                                              .retries = 10,
                                              .reply_limit = 100,
                                              .is_stopped = is_stopped};
    assert_status(LODE_E_STOPPED, lode_http_post(&request, &reply));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_http_without_a_password_is_a_url),
        cmocka_unit_test(nobody_who_listens_is_bad_input_and_leaves_the_reply),
        cmocka_unit_test(who_is_stopped_does_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
