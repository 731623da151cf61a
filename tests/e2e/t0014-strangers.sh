#!/bin/sh
# Strangers at the coordinator's door, without keys, with wrong ones, or with the right ones and no
# manners, change nothing in a run; and its keys are nowhere but in its endpoint file.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"
LODE_STRANGER=$(readlink -f "${LODE_STRANGER:-$(dirname "$LODE")/../tests/e2e/lode_stranger}")
[ -x "$LODE_STRANGER" ] || skip "no lode_stranger (LODE_STRANGER)"

# A run that lasts until the file `enough` exists. Heartbeats as usual: nobody may be lost.
lasting="$faults --heartbeat 500ms --set sleep_ms=50 --set until=$work/enough --local 2"

begin() {
    rm -rf r enough
    # shellcheck disable=SC2086 # words
    "$LODE_FAULTS" $lasting -o r 2>said &
    run=$!
    wait_until '[ "$(ended r)" -ge 2 ]'
}

# over: tells the run to end. `peak` is the most memory its coordinator ever had, in KB.
over() {
    wait_until '[ "$(ended r)" -ge 59 ]' || return 1
    peak=$(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$run/status")
    touch enough
    status=0
    wait "$run" || status=$?
    cat said
    echo "exit status $status, at most $peak KB"
    [ "$status" -eq 0 ]
}

# undisturbed: the same bytes, no worker lost, and a log that a person can read.
undisturbed() {
    like_calm r && none r 'outcome == "lost" || outcome == "failed"' &&
        [ "$(json r/run.json '[w for w in d["lost_workers"] if w["place"] != "stranger"]')" = "[]" ] && [ "$(wc -l <said)" -lt 200 ]
}

expect "a calm run, and the memory it takes" '
    begin
    over
    undisturbed
    echo $peak >calm.peak'

expect "strangers of every kind at one run" "
    begin
    for mode in garbage null wrong-key wrong-server-key malformed replay version; do
        $LODE_STRANGER \$mode r/endpoint 2>&1 | tee told
        grep -q count= told
    done
    over
    undisturbed
    test \$((peak - \$(cat calm.peak))) -lt 20000
    for line in 'refused connections wrong_key=[1-9]' 'no_handshake=[1-9]' 'bad message number=1 ' \
        'refused a worker number=[0-9]*: it is lode'; do grep -q \"\$line\" said; done"

expect "100,000 connections, while 300 are held, take less than 20 MB" "
    begin
    $LODE_STRANGER hold r/endpoint 300 >held &
    holder=\$!
    $LODE_STRANGER flood r/endpoint 100000 | tee told
    kill \$holder
    over
    test \$(sed -n 's/.* connected=\([0-9]*\) .*/\1/p' told) -ge 99000
    undisturbed
    echo \"grew by \$((peak - \$(cat calm.peak))) KB\"
    test \$((peak - \$(cat calm.peak))) -lt 20000"

# The keys of a run: of the coordinator's pair the public one, of the workers' both.
keys() {
    sed -n 's/^[a-z]*_key=//p' "$1"
}
for how in "$LODE_FAULTS $lasting" "$LODE_FAULTS ${lasting% --local 2} -n 2"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults.*=$work/enough|lode|")
    expect "no key in any argument, environment or log of a run: $name" "
        rm -rf r enough
        $how -o r 2>said &
        run=\$!
        wait_until '[ \$(ended r) -ge 2 ]'
        keys r/endpoint >keys
        test \$(wc -l <keys) -eq 3
        all=\$(processes_here)
        test \$(echo \$all | wc -w) -ge 3
        for pid in \$all; do cat /proc/\$pid/cmdline /proc/\$pid/environ; done | tr '\\0' '\\n' >seen
        grep -q '^PATH=' seen
        touch enough
        wait \$run
        not grep -F -f keys seen
        not grep -r -F -f keys r said"
done

finish
