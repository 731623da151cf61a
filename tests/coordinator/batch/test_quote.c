/* Quote: texts that mean something to shells and to sbatch come out as they went in. A real shell
 * reads here; sbatch does in tests/e2e/t0026-slurm.sh. */
#include "tests/unit.h"

#include "coordinator/batch/quote.h"

#include <stdio.h>
#include <string.h>

static const char *end_text(struct lode_bytes *bytes)
{
    assert_ok(lode_bytes_append(bytes, "", 1));
    return (const char *)bytes->data;
}

static void assert_shell_reads(const char *text)
{
    struct lode_bytes command = {0};
    char answer[512];
    assert_ok(lode_bytes_printf(&command, "printf %%s. "));
    assert_ok(quote_shell(text, &command));
    FILE *shell = popen(end_text(&command), "r");
    assert_non_null(shell);
    const size_t size = fread(answer, 1, sizeof answer, shell);
    assert_int_equal(pclose(shell), 0);
    assert_int_equal(size, strlen(text) + 1); /* the stop shows that it was one word */
    assert_memory_equal(answer, text, strlen(text));
    lode_bytes_clear(&command);
}

static void a_shell_reads_one_word_with_the_same_bytes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",      "plain",          "two words", "it's",  "''",           "$HOME", "`id`",
        "$(id)", "a\nb",           "\\",        "a\\'b", "\"",           "*?[a]", "~",
        "#x",    "a;b&c|d<e>f(g)", "!!",        "{a,b}", "\x01\x7f\xff", "k=1..4"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) assert_shell_reads(texts[i]);
}

static void a_harmless_word_stays_readable(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_ok(quote_shell("/data/run_1-a.b,c=3", &out));
    assert_string_equal(end_text(&out), "/data/run_1-a.b,c=3");
    lode_bytes_clear(&out);
}

static void sbatch_gets_quotes_and_backslashes_escaped(void **state)
{
    (void)state;
    struct lode_bytes out = {0};
    assert_ok(quote_sbatch("comment", "a \"b\" \\ 'c' $d #e", &out));
    assert_string_equal(end_text(&out), "\"a \\\"b\\\" \\\\ 'c' $d #e\"");
    lode_bytes_clear(&out);
}

static void what_a_line_for_sbatch_cannot_hold_is_refused_by_name(void **state)
{
    (void)state;
    char large[5000];
    struct lode_bytes out = {0};
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    assert_status(LODE_E_USAGE, quote_sbatch("comment", "a\nb", &out));
    assert_non_null(strstr(lode_error_text(), "comment: "));
    assert_status(LODE_E_USAGE, quote_sbatch("comment", "a\x7f", &out));
    assert_status(LODE_E_USAGE, quote_sbatch("comment", large, &out));
    assert_int_equal(out.size, 0);
    lode_bytes_clear(&out);
}

static void a_file_name_is_no_pattern(void **state)
{
    (void)state;
    struct lode_bytes percent = {0}, backslash = {0};
    assert_ok(quote_pattern("/a/50%j.log", &percent));
    assert_string_equal(end_text(&percent), "/a/50%%j.log");
    assert_ok(quote_pattern("/a\\b/50%j.log", &backslash)); /* nothing is replaced then */
    assert_string_equal(end_text(&backslash), "/a\\\\b/50%j.log");
    lode_bytes_clear(&percent);
    lode_bytes_clear(&backslash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_shell_reads_one_word_with_the_same_bytes),
        cmocka_unit_test(a_harmless_word_stays_readable),
        cmocka_unit_test(sbatch_gets_quotes_and_backslashes_escaped),
        cmocka_unit_test(what_a_line_for_sbatch_cannot_hold_is_refused_by_name),
        cmocka_unit_test(a_file_name_is_no_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
