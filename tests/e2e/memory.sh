# Sourced after lib.sh by the tests of memory: a control group with a real limit where one can be
# made, and the peaks of the workers of what runs in it.
# shellcheck shell=sh disable=SC2154 # names of lib.sh
group=
trap 'leave; [ -z "$group" ] || rmdir "$group"' EXIT

# limit_memory KIB: from here on `in_group` limits all its processes together; where no group can be
# made (v1 or v2, whichever has the memory controller), $group is empty and nothing is limited.
limit_memory() {
    if [ -z "$group" ]; then
        if [ -w /sys/fs/cgroup/memory/cgroup.procs ]; then
            group=/sys/fs/cgroup/memory/$(basename "$work")
        elif grep -qs memory /sys/fs/cgroup/cgroup.subtree_control; then
            group=/sys/fs/cgroup/$(basename "$work")
        fi
        [ -n "$group" ] || return 0
        mkdir "$group" 2>/dev/null || group=
    fi
    file=memory.max
    [ -e "$group/$file" ] || file=memory.limit_in_bytes
    if [ -n "$group" ] && ! echo $(($1 * 1024)) >"$group/$file"; then
        rmdir "$group" 2>/dev/null
        group=
    fi
}

# in_group COMMAND...: in the group; VmHWM of each worker seen, in KiB, goes to `samples`, that of
# the command's own process (the coordinator) to `coordinator`.
in_group() {
    sh -c '[ -z "$1" ] || echo $$ >"$1/cgroup.procs"
        shift
        exec "$@"' sh "$group" "$@" &
    lode=$!
    : >samples
    : >coordinator
    while kill -0 "$lode" 2>/dev/null; do
        for worker in $(workers_here); do
            peak_of "$worker" >>samples 2>/dev/null || : # it has ended
        done
        peak_of "$lode" >>coordinator 2>/dev/null || :
        sleep 0.1 # looking at a process now and then
    done
    wait "$lode"
}

# peak_of PID: its VmHWM in KiB.
peak_of() {
    sed -n 's/^VmHWM:[ \t]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# within FILE KIB: no peak in FILE is above; there is one.
within() {
    peak=$(sort -n "$1" | tail -n 1)
    echo "# peak of $1: ${peak:-unknown} KiB of $2"
    [ -n "$peak" ] && [ "$peak" -le "$2" ]
}
