/* Control groups: the kernel's texts as real systems have them, and what is read from them. */
#include "tests/unit.h"

#include "common/cgroup.h"

#include <string.h>

/* folder NULL: nothing is to be found. */
static void check(const char *own, const char *mounts, const char *controller, const char *mount,
                  const char *folder)
{
    struct lode_cgroup group;
    memset(&group, 0, sizeof group);
    const bool found = lode_cgroup_find(own, mounts, controller, &group);
    if (!folder) {
        assert_false(found);
        assert_string_equal(group.folder, "");
        return;
    }
    assert_true(found);
    assert_string_equal(group.mount, mount);
    assert_string_equal(group.folder, folder);
}

/* Debian 12 on a desk: everything unified, a session of a user. */
static const char user_own[] = "0::/user.slice/user-1000.slice/session-3.scope\n";
static const char user_mounts[] =
    "22 27 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
    "25 22 0:24 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 "
    "rw,nsdelegate,memory_recursiveprot\n";

static void a_user_session_lies_deep_in_the_unified_tree(void **state)
{
    (void)state;
    check(user_own, user_mounts, "memory", "/sys/fs/cgroup",
          "/sys/fs/cgroup/user.slice/user-1000.slice/session-3.scope");
}

/* docker with v1 and the host's cgroup namespace: path from the host's top, mount of its own part.
 */
static const char docker1_own[] = "11:memory:/docker/4f2c\n4:cpu,cpuacct:/docker/4f2c\n"
                                  "1:name=systemd:/docker/4f2c\n0::/system.slice/docker.service\n";
static const char docker1_mounts[] =
    "663 662 0:29 /docker/4f2c /sys/fs/cgroup/systemd ro,nosuid,nodev,noexec,relatime master:9 - "
    "cgroup cgroup rw,xattr,name=systemd\n"
    "671 662 0:37 /docker/4f2c /sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime master:18 - "
    "cgroup cgroup rw,memory\n"
    "672 662 0:38 /docker/4f2c /sys/fs/cgroup/cpu,cpuacct ro,nosuid,relatime master:19 - cgroup "
    "cgroup rw,cpu,cpuacct\n";

static void a_docker_container_with_v1_sees_its_own_part_as_the_mount(void **state)
{
    (void)state;
    check(docker1_own, docker1_mounts, "memory", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory");
    check(docker1_own, docker1_mounts, "cpu", "/sys/fs/cgroup/cpu,cpuacct",
          "/sys/fs/cgroup/cpu,cpuacct");
}

static void a_docker_container_with_v2_is_the_top_of_its_namespace(void **state)
{
    (void)state;
    check("0::/\n",
          "1537 1536 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw\n",
          "memory", "/sys/fs/cgroup", "/sys/fs/cgroup");
}

static void a_slurm_step_is_a_folder_of_the_job(void **state)
{
    (void)state;
    const char *own = "9:memory:/slurm/uid_1000/job_4711/step_0/task_1\n"
                      "3:cpuset:/slurm/uid_1000/job_4711/step_0\n1:name=systemd:/\n";
    const char *mounts = "40 30 0:35 / /sys/fs/cgroup/memory rw,nosuid shared:17 - cgroup cgroup "
                         "rw,memory\n";
    check(own, mounts, "memory", "/sys/fs/cgroup/memory",
          "/sys/fs/cgroup/memory/slurm/uid_1000/job_4711/step_0/task_1");
    check("0::/system.slice/slurmstepd.scope/job_4711/step_batch/user/task_0\n", user_mounts,
          "memory", "/sys/fs/cgroup",
          "/sys/fs/cgroup/system.slice/slurmstepd.scope/job_4711/step_batch/user/task_0");
}

static void a_pod_of_kubernetes_may_see_its_whole_node(void **state)
{
    (void)state;
    const char *own = "0::/kubepods.slice/kubepods-burstable.slice/pod9.slice/cri-containerd-1\n";
    check(own, user_mounts, "memory", "/sys/fs/cgroup",
          "/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/pod9.slice/cri-containerd-1");
    check(own,
          "90 80 0:28 /kubepods.slice/kubepods-burstable.slice /sys/fs/cgroup ro - cgroup2 cgroup "
          "rw\n",
          "memory", "/sys/fs/cgroup", "/sys/fs/cgroup/pod9.slice/cri-containerd-1");
}

static void in_a_hybrid_system_v1_has_the_controller(void **state)
{
    (void)state;
    const char *own = "4:memory:/build/7\n1:cpu:/\n0::/elsewhere\n";
    const char *mounts = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                         "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    check(own, mounts, "memory", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory/build/7");
}

static void a_hybrid_system_may_leave_a_controller_to_v2(void **state)
{
    (void)state;
    const char *own = "1:name=systemd:/init.scope\n0::/init.scope\n";
    const char *mounts = "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
                         "40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n";
    check(own, mounts, "memory", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/unified/init.scope");
}

static void a_group_outside_of_the_mount_is_taken_for_the_mount(void **state)
{
    (void)state;
    const char *mounts = "90 80 0:28 /docker/aa /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    check("0::/docker/bb/job\n", mounts, "memory", "/sys/fs/cgroup", "/sys/fs/cgroup");
    check("0::/docker/aabb\n", mounts, "memory", "/sys/fs/cgroup", "/sys/fs/cgroup");
    check("0::/../../system.slice\n", user_mounts, "memory", "/sys/fs/cgroup", "/sys/fs/cgroup");
}

static void of_several_mounts_the_one_that_shows_most_counts(void **state)
{
    (void)state;
    const char *mounts = "91 80 0:28 /elsewhere /one rw - cgroup2 cgroup rw\n"
                         "92 80 0:28 /jobs/7 /two rw - cgroup2 cgroup rw\n"
                         "93 80 0:28 / /three rw - cgroup2 cgroup rw\n"
                         "94 80 0:28 /jobs /four rw - cgroup2 cgroup rw\n";
    check("0::/jobs/7/step\n", mounts, "memory", "/three", "/three/jobs/7/step");
}

static void blanks_and_backslashes_are_escaped_in_mounts_alone(void **state)
{
    (void)state;
    check("0::/a b:c\n", "90 80 0:28 /a\\040b:c /my\\040groups\\134 rw - cgroup2 cgroup rw\n",
          "memory", "/my groups\\", "/my groups\\");
    check("0::/a\\040b\n", "90 80 0:28 / /g rw - cgroup2 cgroup rw\n", "memory", "/g",
          "/g/a\\040b");
}

static void texts_without_a_group_have_none(void **state)
{
    (void)state;
    check("", "", "memory", NULL, NULL);
    check("0::/\n", "", "memory", NULL, NULL);
    check("", user_mounts, "memory", NULL, NULL);
    check("4:memory:/x\n", user_mounts, "memory", NULL, NULL);
    check("0:/:\n0::relative\n0\n:::\n", user_mounts, "memory", NULL, NULL);
    check("0::/\n", "1 2 3 / /x\n\n- - - -\n1 2 3 / /x rw - cgroup2\n", "memory", NULL, NULL);
}

static void a_controller_is_a_whole_word(void **state)
{
    (void)state;
    const char *mounts = "1 2 0:3 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n";
    check("2:cpuacct:/\n", mounts, "cpu", NULL, NULL);
}

static void a_path_too_long_for_any_system_is_not_found(void **state)
{
    (void)state;
    char own[2 * LODE_CGROUP_PATH_SIZE] = "0::/";
    memset(own + 4, 'a', sizeof own - 5);
    check(own, user_mounts, "memory", NULL, NULL);
    own[LODE_CGROUP_PATH_SIZE - 1] = '\0'; /* itself short enough, but not with the mount */
    check(own, user_mounts, "memory", NULL, NULL);
}

static void max_and_the_huge_number_of_v1_are_no_limits(void **state)
{
    (void)state;
    assert_int_equal(lode_cgroup_bytes("536870912\n"), 536870912);
    assert_int_equal(lode_cgroup_bytes("max\n"), 0);
    assert_int_equal(lode_cgroup_bytes("9223372036854771712\n"), 0); /* pages of 4 KiB */
    assert_int_equal(lode_cgroup_bytes("9223372036854710272\n"), 0); /* of 64 KiB */
    assert_int_equal(lode_cgroup_bytes("99999999999999999999999\n"), 0);
    assert_int_equal(lode_cgroup_bytes(""), 0);
    assert_int_equal(lode_cgroup_bytes("-1\n"), 0);
    assert_int_equal(lode_cgroup_bytes("12 apples\n"), 0);
}

static void a_quota_is_rounded_up_to_whole_cores(void **state)
{
    (void)state;
    assert_int_equal(lode_cgroup_quota("200000 100000\n"), 2);
    assert_int_equal(lode_cgroup_quota("150000 100000\n"), 2);
    assert_int_equal(lode_cgroup_quota("50000\n 100000\n"), 1);
    assert_int_equal(lode_cgroup_quota("max 100000\n"), 0);
    assert_int_equal(lode_cgroup_quota("-1 100000\n"), 0);
    assert_int_equal(lode_cgroup_quota("100000 0\n"), 0);
    assert_int_equal(lode_cgroup_quota(""), 0);
}

static void ended_processes_are_counted_in_both_versions(void **state)
{
    (void)state;
    assert_int_equal(lode_cgroup_killed("low 0\nhigh 12\nmax 90\noom 3\noom_kill 2\n"
                                        "oom_group_kill 7\n"),
                     2);
    assert_int_equal(lode_cgroup_killed("oom_kill_disable 0\nunder_oom 0\noom_kill 5\n"), 5);
    assert_int_equal(lode_cgroup_killed("oom_kill_disable 0\nunder_oom 0\n"), -1);
    assert_int_equal(lode_cgroup_killed("oom_kill\n"), -1);
    assert_int_equal(lode_cgroup_killed(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_session_lies_deep_in_the_unified_tree),
        cmocka_unit_test(a_docker_container_with_v1_sees_its_own_part_as_the_mount),
        cmocka_unit_test(a_docker_container_with_v2_is_the_top_of_its_namespace),
        cmocka_unit_test(a_slurm_step_is_a_folder_of_the_job),
        cmocka_unit_test(a_pod_of_kubernetes_may_see_its_whole_node),
        cmocka_unit_test(in_a_hybrid_system_v1_has_the_controller),
        cmocka_unit_test(a_hybrid_system_may_leave_a_controller_to_v2),
        cmocka_unit_test(a_group_outside_of_the_mount_is_taken_for_the_mount),
        cmocka_unit_test(of_several_mounts_the_one_that_shows_most_counts),
        cmocka_unit_test(blanks_and_backslashes_are_escaped_in_mounts_alone),
        cmocka_unit_test(texts_without_a_group_have_none),
        cmocka_unit_test(a_controller_is_a_whole_word),
        cmocka_unit_test(a_path_too_long_for_any_system_is_not_found),
        cmocka_unit_test(max_and_the_huge_number_of_v1_are_no_limits),
        cmocka_unit_test(a_quota_is_rounded_up_to_whole_cores),
        cmocka_unit_test(ended_processes_are_counted_in_both_versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
