/* Page: the template with everything in its place, and a policy that lets just that run. */
#include "tests/unit.h"

#include <sodium.h>
#include <string.h>

#include "coordinator/page/page.h"

static char *make_page(struct lode_bytes *page, const char *json)
{
    struct lode_bytes data = {0};
    assert_ok(lode_bytes_append(&data, json, strlen(json)));
    assert_ok(page_append(page, &data));
    assert_ok(lode_bytes_append(page, "", 1));
    lode_bytes_clear(&data);
    return (char *)page->data;
}

/* The policy names the SHA-256 of what stands between `open` and `close`; returns its end. */
static const char *check_hash(const char *page, const char *from, const char *open,
                              const char *close)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[64];
    const char *begin = strstr(from, open);
    assert_non_null(begin);
    begin += strlen(open);
    const char *end = strstr(begin, close);
    assert_non_null(end);
    crypto_hash_sha256(hash, (const unsigned char *)begin, (unsigned long long)(end - begin));
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    const char *found = strstr(page, text);
    assert_non_null(found);
    assert_true(found < strstr(page, "<style>")); /* in the policy, at the top */
    return end;
}

static void the_policy_allows_the_style_and_scripts_of_the_page_alone(void **state)
{
    (void)state;
    struct lode_bytes bytes = {0};
    const char *page = make_page(&bytes, "{}");
    const char *end = check_hash(page, page, "<style>", "</style>");
    end = check_hash(page, end, "<script>", "</script>");
    check_hash(page, end, "<script>", "</script>");
    assert_non_null(strstr(page, "content=\"default-src 'none'; script-src 'sha256-"));
    assert_null(strstr(page, "unsafe"));
    lode_bytes_clear(&bytes);
}

static void every_place_is_filled(void **state)
{
    (void)state;
    struct lode_bytes bytes = {0};
    const char *page = make_page(&bytes, "{\"run\":{}}");
    assert_null(strstr(page, "{{policy}}"));
    assert_null(strstr(page, "{{data}}"));
    assert_non_null(strstr(page, "id=\"data\">{\"run\":{}}</script>"));
    assert_non_null(strstr(page, "Chart.js v3"));
    lode_bytes_clear(&bytes);
}

static void data_cannot_begin_or_end_an_element(void **state)
{
    (void)state;
    struct lode_bytes bytes = {0};
    const char *page = make_page(&bytes, "{\"a\":\"</script><script>{{policy}}\"}");
    assert_non_null(
        strstr(page, "{\"a\":\"\\u003c/script\\u003e\\u003cscript\\u003e{{policy}}\"}"));
    lode_bytes_clear(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_policy_allows_the_style_and_scripts_of_the_page_alone),
        cmocka_unit_test(every_place_is_filled),
        cmocka_unit_test(data_cannot_begin_or_end_an_element),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
