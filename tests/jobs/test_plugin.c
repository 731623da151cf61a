/* Plugin: which files are taken for analyses, and what is said of those that are not. The libraries
 * are those of tests/jobs/plugins, beside this program. */
#include "tests/unit.h"

#include "common/hash.h"
#include "jobs/plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct lode_leaf own_leaves[] = {{"own.leaf", NULL}, {0}};
static const struct lode_job own_job = {.name = "own", .leaves = own_leaves};
const struct lode_job *const lode_jobs[] = {&own_job, NULL};

static const char *sample(const char *name, char *path)
{
    snprintf(path, PATH_MAX, "%s/%s.so", LODE_SAMPLES, name);
    return path;
}

/* Refused with status usage, in words, and nothing is left open. */
static void refuse(const char *path, const char *words)
{
    struct plugin plugin = {.handle = NULL};
    assert_status(LODE_E_USAGE, plugin_open(path, NULL, &plugin));
    if (!strstr(lode_error_text(), words)) fail_msg("'%s' is not in: %s", words, lode_error_text());
    assert_non_null(strstr(lode_error_text(), path[0] == '/' ? path : "sample"));
    assert_null(plugin.handle);
    assert_string_equal(plugin.path, "");
}

static void refuse_sample(const char *name, const char *words)
{
    char path[PATH_MAX];
    refuse(sample(name, path), words);
}

static void what_has_a_slash_in_it_is_a_path(void **state)
{
    (void)state;
    assert_true(plugin_is_path("./x.so"));
    assert_true(plugin_is_path("/a/x.so"));
    assert_false(plugin_is_path("x.so"));
    assert_false(plugin_is_path("opportunities"));
}

static void a_whole_job_is_loaded_under_its_real_path_with_its_checksum(void **state)
{
    (void)state;
    char path[PATH_MAX], folder[] = "/tmp/lode-test-plugin-XXXXXX", link[64];
    struct plugin plugin = {.handle = NULL};
    uint64_t hash = 0, size = 0;
    assert_non_null(mkdtemp(folder));
    snprintf(link, sizeof link, "%s/link", folder);
    assert_int_equal(symlink(sample("well", path), link), 0);
    assert_ok(lode_hash_file(path, &hash, &size));
    assert_ok(plugin_open(link, &hash, &plugin));
    assert_string_equal(strrchr(plugin.path, '/'), "/well.so");
    assert_true(plugin.hash == hash);
    assert_string_equal(plugin.job.name, "sample");
    assert_string_equal(plugin.job.leaves[0].name, "sample.count");
    assert_string_equal(plugin.job.params[0].name, "least");
    assert_ptr_equal(plugin_find_leaf(&plugin, "sample.count"), &plugin.job.leaves[0]);
    assert_ptr_equal(plugin_find_leaf(&plugin, "own.leaf"), &own_leaves[0]);
    assert_null(plugin_find_leaf(&plugin, "sample.other"));
    assert_null(plugin_find_leaf(NULL, "sample.count"));
    plugin_close(&plugin);
    assert_null(plugin.job.name);
    plugin_close(&plugin);
    unlink(link);
    rmdir(folder);
}

static void what_a_job_may_leave_out_is_filled_in(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct plugin plugin = {.handle = NULL};
    assert_ok(plugin_open(sample("bare", path), NULL, &plugin));
    assert_null(plugin.job.params[0].name);
    assert_null(plugin.job.figure_columns[0]);
    assert_null(plugin.job.findings_table);
    plugin_close(&plugin);
}

static void other_bytes_than_the_run_s_are_refused_before_they_run(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct plugin plugin = {.handle = NULL};
    const uint64_t other = 7;
    assert_status(LODE_E_USAGE, plugin_open(sample("well", path), &other, &plugin));
    assert_non_null(strstr(lode_error_text(), "other bytes"));
    assert_non_null(strstr(lode_error_text(), "0000000000000007"));
    assert_null(plugin.handle);
}

static void what_is_no_library_is_refused_with_what_to_do(void **state)
{
    (void)state;
    char folder[] = "/tmp/lode-test-plugin-XXXXXX", text[64], fifo[64];
    assert_non_null(mkdtemp(folder));
    snprintf(text, sizeof text, "%s/text", folder);
    snprintf(fifo, sizeof fifo, "%s/fifo", folder);
    const int fd = open(text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "#!/bin/sh\n", 10), 10);
    refuse("/nowhere/x.so", "No such file");
    refuse(folder, "a folder");
    refuse(text, "cc -shared -fPIC");
    assert_int_equal(ftruncate(fd, 0), 0);
    refuse(text, "not a shared library");
    assert_int_equal(write(fd, "\177ELF and no more", 16), 16);
    refuse(text, "not a shared library"); /* the hole of ten zeros before it */
    assert_int_equal(pwrite(fd, "\177ELF and no more", 16, 0), 16);
    refuse(text, "cannot be loaded");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    refuse(fifo, "not a plain file");
    unlink(fifo);
    unlink(text);
    rmdir(folder);
    close(fd);
}

static void a_library_made_for_another_lode_is_refused_with_both_numbers(void **state)
{
    (void)state;
    refuse_sample("abi", "made for interface 99, this lode");
    refuse_sample("abi", "compile it again");
    refuse_sample("size", "its job has 8 bytes");
    refuse_sample("calls", "undefined symbol: lode_of_a_later_version");
    refuse_sample("calls", "compile it again");
    refuse_sample("abi_calls", "made for interface 99"); /* rather than the function it lacks */
}

static void a_job_that_is_not_whole_is_refused_by_what_it_lacks(void **state)
{
    (void)state;
    refuse_sample("no_symbol", "LODE_PLUGIN");
    refuse_sample("no_name", "name must be 1 to 60");
    refuse_sample("bad_name", "name must be 1 to 60");
    refuse_sample("no_leaves", "no leaves");
    refuse_sample("bad_leaf", "leaf 1 of job 'sample'");
    refuse_sample("no_help", "parameter 1 of job 'sample'");
    refuse_sample("no_run", "lacks its run function");
    refuse_sample("no_identity", "lacks show_columns or identity_columns");
}

static void a_name_that_lode_has_is_refused(void **state)
{
    (void)state;
    refuse_sample("own_name", "lode has a job 'own' already");
    refuse_sample("own_leaf", "lode has a leaf 'own.leaf' already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_a_slash_in_it_is_a_path),
        cmocka_unit_test(a_whole_job_is_loaded_under_its_real_path_with_its_checksum),
        cmocka_unit_test(what_a_job_may_leave_out_is_filled_in),
        cmocka_unit_test(other_bytes_than_the_run_s_are_refused_before_they_run),
        cmocka_unit_test(what_is_no_library_is_refused_with_what_to_do),
        cmocka_unit_test(a_library_made_for_another_lode_is_refused_with_both_numbers),
        cmocka_unit_test(a_job_that_is_not_whole_is_refused_by_what_it_lacks),
        cmocka_unit_test(a_name_that_lode_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
