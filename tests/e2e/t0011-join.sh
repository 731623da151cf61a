#!/bin/sh
# Late workers come to a run by its directory, and do their part; strangers are not let in.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"

# long COMMAND...: starts the run `r`, which takes some seconds, and waits until it does tasks.
long() {
    rm -rf r
    "$@" -o r 2>said &
    run=$!
    wait_until '[ "$(ended r)" -ge 2 ]'
}

# over STATUS: waits for the run `r` to end so.
over() {
    status=0
    wait "$run" || status=$?
    cat said
    echo "exit status $status, expected $1"
    [ "$status" -eq "$1" ]
}

# joined RUN N: N late workers did tasks there.
joined() {
    found=$(awk -F, '$5 == "ok" && $7 ~ /^[^:]+:[0-9]+:[0-9]+$/ { print $7 }' "$1/log/tasks.csv" |
        sort -u | wc -l)
    [ "$found" -eq "$2" ] || { echo "$found late workers did tasks, expected $2"; return 1; }
}

for how in "$LODE_FAULTS $faults --local 1" "mpirun -n 2 $LODE_FAULTS $faults"; do
    name=$(echo "$how" | sed "s|$LODE_FAULTS $faults|lode|")
    expect "two late workers from another shell do tasks of $name" "
        long $how --set sleep_ms=60
        test \$(stat -c %a r) = 700
        test \$(stat -c %a r/endpoint) = 600
        $LODE_FAULTS worker --join r --workers 2 2>joined
        over 0
        cat joined
        grep '2 workers joined the run r and left when told to' joined
        joined r 2
        like_calm r
        test ! -e r/endpoint"
done
expect "two more from an mpirun of their own" "
    long $LODE_FAULTS $faults --local 1 --set sleep_ms=60
    mpirun -n 2 $LODE_FAULTS worker --join r 2>joined
    over 0
    cat joined
    joined r 2
    like_calm r"

cp -r r ended
refuse 2 'no run is under way|not under way|is over|no endpoint' "$LODE_FAULTS worker --join ended"
refuse 2 'nowhere' "$LODE_FAULTS worker --join nowhere"

# The run goes on with one worker less, which finished the task it had. (A task that was on its way
# to it when it said goodbye is repeated; that attempt lasted no longer than a message.)
expect "a late worker that is asked to leave finishes its task; the run goes on" "
    long $LODE_FAULTS $faults --local 1 --set sleep_ms=60 --heartbeat 500ms
    $LODE_FAULTS worker --join r 2>joined &
    helper=\$!
    wait_until 'joined r 1'
    kill -TERM \$helper
    wait \$helper
    cat joined
    grep '1 worker joined the run r and left when asked to by a signal' joined
    kill -0 \$run
    over 0
    like_calm r
    none r 'outcome == \"lost\" && took >= 30'"

# refused_in COMMAND WORDS: it comes to a run and is not let in, which it says, and so does the run.
refused_in() {
    # shellcheck disable=SC2086 # words
    long "$LODE_FAULTS" $faults --local 1 --set sleep_ms=60 || return 1
    code=0
    eval "$1" 2>told || code=$?
    cat told
    over 0 || return 1
    [ "$code" -eq 2 ] || { echo "it ended with $code"; return 1; }
    grep -E "$2" told && joined r 0 && like_calm r
}
expect "a worker of another version is refused, which both sides say" "
    refused_in '$LODE_OTHER worker --join r' 'the coordinator refused this worker: it is lode 0.0.0-other, the coordinator is '
    grep 'refused a worker number=1: it is lode 0.0.0-other, the coordinator is ' said"

# The keys of another run, for the door of this one.
expect "a worker with a wrong key is refused, which both sides say" "
    long $LODE_FAULTS $faults --local 1
    cp r/endpoint other
    over 0
    wrong() {
        mkdir -p forged
        { grep -v '^public_key=\|^secret_key=' r/endpoint; grep '^public_key=\|^secret_key=' other; } \
            >forged/endpoint
        chmod 600 forged/endpoint
        $LODE_FAULTS worker --join forged
    }
    refused_in wrong 'key'
    grep 'refused connections wrong_key=[1-9]' said"

finish
