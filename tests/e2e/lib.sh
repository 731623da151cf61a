# Sourced by every end-to-end test: a folder of its own, `expect`, `refuse`, `skip`, `finish`.
# shellcheck shell=sh
#
# LODE is the program (its folder goes first in PATH, so tests read as a person types), LODE_SOURCE
# the repository, LODE_DATA the folder of real data sets, LODE_LONG=1 asks for more repetitions.
# Everything runs in a new folder that is removed at the end; LODE_KEEP=1 keeps it and says where.
set -u

: "${LODE:?LODE must name the lode program}"
LODE=$(readlink -f "$LODE")
LODE_SOURCE=${LODE_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
LODE_DATA=${LODE_DATA:-$LODE_SOURCE/../shared/data}
PATH=$(dirname "$LODE"):$PATH
python=/usr/bin/python3 # Debian's: h5py and pandas come from its packages
export PATH LODE LODE_SOURCE LODE_DATA LC_ALL=C

# in a container everybody is root; and three ranks must start on two cores
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
# one host: keep Open MPI off the other interfaces
export OMPI_MCA_oob_tcp_if_include=lo OMPI_MCA_btl_tcp_if_include=lo

test_name=$(basename "$0" .sh)
work=$(mktemp -d "${TMPDIR:-/tmp}/lode-$test_name-XXXXXX")
log=$work.log
passed=0
failed=0
cd "$work" || exit 1

# Ends what the test left running (only processes whose current folder is the test's) and cleans up.
leave() {
    for pid in $(processes_here); do kill -9 "$pid" 2>/dev/null; done
    if [ "${LODE_KEEP:-}" = 1 ]; then
        echo "# kept: $work"
    else
        rm -rf "$work" "$log" "$log.answer"
    fi
}
trap leave EXIT
trap 'exit 130' INT TERM

# started_here PATTERN: ids of processes in the test's folder whose command line matches. Brackets in
# the pattern keep grep from finding itself.
started_here() {
    grep -lasE -e "$1" /proc/[0-9]*/cmdline 2>/dev/null | while IFS=/ read -r _ _ pid _; do
        [ "$pid" = $$ ] || [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" != "$work" ] || echo "$pid"
    done
}

# Process ids of lode, mpirun and their children that run in the test's folder.
processes_here() {
    started_here '(^|/)([l]ode|[m]pirun|[o]rted)'
}

# Process ids of workers that run in the test's folder.
workers_here() {
    started_here '[-]-door-fd'
}

# ok TEXT, not_ok TEXT: one line of the report; not_ok shows what the commands printed.
ok() {
    passed=$((passed + 1))
    echo "ok - $1"
}
not_ok() {
    failed=$((failed + 1))
    echo "NOT OK - $1"
    sed 's/^/    | /' "$log" | tail -n 40
}

# not COMMAND...: it must fail. (After `!` the shell does not look at the result.)
not() {
    if "$@"; then return 1; fi
}

# expect TEXT COMMANDS: all commands must succeed, each of them. What a failed one left running must
# not disturb the next.
expect() {
    (
        set -e
        eval "$2"
    ) >"$log" 2>&1 </dev/null
    code=$?
    if [ $code -eq 0 ]; then ok "$1"; else
        echo "(exit status $code)" >>"$log"
        not_ok "$1"
        for pid in $(processes_here); do kill -9 "$pid" 2>/dev/null; done
    fi
}

# refuse STATUS WORDS COMMAND: the command ends with that exit status, says the words (an extended
# regular expression) on standard error, nothing on standard output, and leaves the folder as it was.
refuse() {
    before=$(find . | sort)
    eval "$3" >"$log.answer" 2>"$log" </dev/null
    code=$?
    after=$(find . | sort)
    if [ $code -ne "$1" ]; then
        echo "(exit status $code, expected $1)" >>"$log"
        not_ok "$3"
    elif ! grep -qE -e "$2" "$log"; then
        echo "(no line has: $2)" >>"$log"
        not_ok "$3"
    elif [ -s "$log.answer" ]; then
        echo "(something on standard output)" >>"$log"
        not_ok "$3"
    elif [ "$before" != "$after" ]; then
        echo "(files were left: $after)" >>"$log"
        not_ok "$3"
    else
        ok "$1: $3"
    fi
}

# skip REASON: loud; an error in CI, where everything must run.
skip() {
    echo "#### SKIPPED: $test_name: $1 ####"
    [ -z "${LODE_SKIPS:-}" ] || echo "$test_name: $1" >>"$LODE_SKIPS"
    [ "${CI:-}" != true ] || exit 1
    exit 77
}

# need_data FOLDER: the real data of that name, or the test is skipped.
need_data() {
    [ -d "$LODE_DATA/$1" ] ||
        skip "no real data in $LODE_DATA/$1 (set LODE_DATA to the folder that has it)"
}

# need_python MODULE...: modules of Debian's python.
need_python() {
    for module; do
        "$python" -c "import $module" 2>/dev/null || skip "$python has no module $module (scripts/setup)"
    done
}

# json FILE EXPRESSION: an expression of Python over the document `d`.
json() {
    "$python" -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

# digest PATH...: SHA-256 of every file below, with its name in the folder.
digest() {
    for path; do
        (cd "$path" && find . -type f | sort | xargs sha256sum) || return 1
    done
}

# results RUN: SHA-256 of what a run answers (times and hosts are elsewhere: run.json, log/).
results() {
    (cd "$1" && sha256sum results.h5 findings.jsonl)
}

# nothing_left_running: every process of the test's folder has ended, or will within 10 s.
nothing_left_running() {
    tries=100
    while [ -n "$(processes_here)" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { echo "still running: $(processes_here)"; return 1; }
        sleep 0.1 # waiting for processes that are not our children
    done
}

finish() {
    echo "# $test_name: $passed well, $failed not"
    [ $failed -eq 0 ] && [ $passed -gt 0 ]
    exit $?
}
