#!/bin/sh
# Several hosts, one disk: a host that sees another disk under the same path is left out by name.
# shellcheck disable=SC2154,SC2034 # names of lib.sh; what hides is read by the agent
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/hosts.sh"
: "${LODE_FAULTS:?LODE_FAULTS must name the program with the job faults}"

need_hosts
unshare -m true 2>/dev/null || skip "no private mounts can be made here"
lode gen events --users 300 --seed 4 -o logs --quiet || exit 1
stage="lode stage events logs/sessions.csv logs/events.csv --partition-bytes 200K --quiet"
$stage -o web.lode || exit 1
# another store of that name: the same file names, of other rows
mkdir elsewhere empty
lode gen events --users 300 --seed 5 -o elsewhere/logs --quiet || exit 1
lode stage events elsewhere/logs/sessions.csv elsewhere/logs/events.csv -o elsewhere/web.lode \
    --partition-bytes 200K --quiet || exit 1
faults="$LODE_FAULTS run faults web.lode --heartbeat 100ms --set tasks=60"
lode run opportunities web.lode -o calm --local 2 --quiet || exit 1
results calm >calm.sums
hosts_up 3 || { echo "NOT OK - the hosts could not be made"; exit 1; }

# Processes of a host run with mounts of their own: what `hide HOST FROM OVER` says is laid over it.
: >mounts
hide() { echo "$1 $2 $3" >>mounts; }
cat >agent <<AGENT
#!/bin/sh
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\$1
shift
cd "$work" && exec ip netns exec "$hosts_prefix\$host" unshare --uts --mount sh -c '
    echo "\$0" >/proc/sys/kernel/hostname
    while read -r of from over; do
        [ "\$of" = "\$0" ] || continue
        if [ "\$from" = late ]; then # what is not there now is not seen for 3 s, see below
            bindfs -o attr_timeout=3,entry_timeout=3,negative_timeout=3 "\$over" "\$over" || exit 1
            ls "\$over/unseen" 2>/dev/null
        else
            mount --bind "\$from" "\$over" || exit 1
        fi
    done <mounts
    exec sh -c "cd \"$work\" && \$1"' "\$host" "\$*"
AGENT
# there HOST COMMAND: by hand, as the agent does
there() {
    where=$1
    shift
    ./agent "$where" "$*"
}
# hosts_of RUN: the hosts whose workers handed in results
hosts_of() {
    lode export "$1" tasks | "$python" -c 'import csv, sys
print(*sorted({r["host"] for r in csv.DictReader(sys.stdin) if r["outcome"] == "ok"}))'
}
# everywhere OUTPUT JOB...: a run with two workers on each of n0, n1, n2
everywhere() {
    out=$1
    shift
    : >said
    on n0 mpirun -np 7 --map-by node "$@" -o "$out" 2>said
}
same() {
    results "$1" >found.sums
    cmp calm.sums found.sums
}

hide n2 "$work/empty" "$work/web.lode"
expect "a host with an empty folder in place of the store: the others go on, the same bytes" '
    everywhere lacks lode run opportunities web.lode
    same lacks
    hosts_of lacks >lacks.hosts
    not grep -q n2 lacks.hosts'
expect "the coordinator says which host, which path and what to do, once a worker" '
    test "$(grep -c "^left out: worker .* of n2" said)" = 2
    grep -q "left out.*host n2 does not see the store.*$work/web.lode/index.h5: No such file" said
    grep -q "mount it there under the same path" said'
expect "run.json tells it too, and no attempt was lost over it" '
    test "$(json lacks/run.json "{w[\"host\"] for w in d[\"lost_workers\"]} == {\"n2\"}")" = True
    test "$(json lacks/run.json "sum(s[\"repeated\"] for s in d[\"stages\"])")" = 0'
expect "the worker says it as well" '
    grep -q "^lode: host n2 does not see the store" said'

: >mounts
hide n1 "$work/elsewhere/web.lode" "$work/web.lode"
expect "a host with another store of that name is found out by its index" '
    everywhere differs lode run opportunities web.lode
    same differs
    test "$(hosts_of differs)" != "n0 n1 n2"
    grep -q "left out.*host n1 does not see the store.*another file than the coordinator sees" said'

: >mounts
# the folder of the run is made by the run: what lies over it is the folder above
mkdir runs
hide n2 "$work/empty" "$work/runs"
expect "a host that has another folder where the run is" '
    everywhere runs/r lode run opportunities web.lode
    same runs/r
    grep -q "left out.*host n2 does not see the run.s directory.*$work/runs/r/stages/mark" said'

: >mounts
hide n1 "$work/empty" "$work/web.lode"
hide n2 "$work/empty" "$work/web.lode"
expect "when only the host of the coordinator sees it, its workers do all of it" '
    everywhere alone lode run opportunities web.lode
    same alone
    test "$(hosts_of alone)" = n0'

# one worker on n1, one on n2
expect "when no worker sees it, the run ends at once with status 5 and the reason" '
    code=0
    begin=$(date +%s)
    on n0 env OMPI_MCA_rmaps_base_mapping_policy=node lode run opportunities web.lode -o nobody \
        -n 2 --quiet 2>said || code=$?
    cat said
    test $(($(date +%s) - begin)) -lt 30 # it would wait for 60 s for workers to come
    test $code = 5
    grep -q "no worker is left: host n[12] does not see the store" said
    test "$(json nobody/run.json "d[\"exit_status\"]")" = 5
    grep -q "lode run --resume" said'
expect "it goes on when the disk is there" '
    : >mounts
    on n0 lode run --resume nobody --local 2 --quiet
    same nobody'

: >mounts
hide n2 "$work/empty" "$work/web.lode"
expect "a late worker that does not see the store is sent away, with the reason on both sides" '
    on n0 $faults -o late --local 1 --interface 10.77.0.0/24 --set sleep_ms=30 2>late.said &
    run=$!
    while [ ! -e late/endpoint ]; do :; done
    code=0
    there n2 "lode worker --join late --workers 2" >join.said 2>&1 || code=$?
    cat join.said
    test $code = 2
    grep -q "host n2 does not see the store" join.said
    wait $run
    grep -q "left out.*host n2 does not see the store" late.said
    test "$(hosts_of late)" = n0'

: >mounts
hide n2 "$work/empty" "$work/logs"
expect "staging: a host without the input files is left out, the store is the same" '
    on n0 mpirun -np 4 --map-by node lode stage events logs/sessions.csv logs/events.csv \
        -o again.lode --partition-bytes 200K 2>said
    diff -r web.lode again.lode
    grep -q "left out.*host n2 does not see an input file.*$work/logs/.*csv" said'

# What a network file system shows late: FUSE with the caches of an NFS client (names that are not
# there, names, sizes: for 3 s each) between host n2 and the disk. "on n2" with those caches warm.
stale() { # FOLDER COMMAND: n2 has looked for what is not there yet, then runs the command
    ip netns exec "${hosts_prefix}n2" unshare --uts --mount sh -c '
        echo n2 >/proc/sys/kernel/hostname
        bindfs -o attr_timeout=3,entry_timeout=3,negative_timeout=3 "$1" "$1" || exit 1
        cd "$2"
        eval "$3"
        code=$?
        cd / && umount "$1"
        exit $code' stale "$1" "$work" "$2" 2>&1
}
if command -v bindfs >/dev/null && stale "$work" true >/dev/null; then
    expect "this host really sees late: a file that is there is not, for seconds" '
        mkdir late-folder
        stale "$work" "ls late-folder/x; touch seen-late-1; ip netns exec ${hosts_prefix}n0 \
            nsenter --target $$ --mount touch $work/late-folder/x; not_yet=0
            [ ! -e late-folder/x ] || not_yet=1; exit \$not_yet"'
    expect "a store of which n2 still has the parts as missing is read all the same" '
        cp -r web.lode fresh.lode && mkdir aside && mv fresh.lode/part-* aside
        lode run opportunities web.lode -o reference --local 1 --quiet
        stale "$work" "ls fresh.lode/part-00000.h5; nsenter --target $$ --mount \
            sh -c \"mv $work/aside/part-* $work/fresh.lode/\"
            [ ! -e fresh.lode/part-00000.h5 ] || exit 9
            lode run opportunities fresh.lode -o fresh --local 2 --quiet"
        same fresh'
    expect "what stays missing is told by name, within seconds" '
        rm fresh.lode/part-00000.h5
        begin=$(date +%s)
        stale "$work" "lode run opportunities fresh.lode -o gone --local 2 --quiet; test \$? = 3" >said
        test $(($(date +%s) - begin)) -ge 4
        test $(($(date +%s) - begin)) -lt 20
        grep -q "part-00000.h5: No such file" said'
    : >mounts
    hide n2 late "$work/runs"
    expect "a host that does not show the folder of the run yet is waited for, and works" '
        everywhere runs/unseen $faults --set sleep_ms=400
        hosts_of runs/unseen
        test "$(hosts_of runs/unseen)" = "n0 n1 n2"
        not grep -q "left out" said'
else
    echo "#### NOT TRIED: $test_name: a disk that shows files late needs bindfs and /dev/fuse ####"
fi

finish
