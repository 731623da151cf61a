#!/bin/sh
# A run whose coordinator, or everything, was killed goes on with --resume: the bytes of an undisturbed
# run, nothing computed twice that was on disk; what has changed meanwhile is refused by name.
. "$(dirname "$0")/lib.sh"
. "$LODE_SOURCE/tests/e2e/faults.sh"

seed=${LODE_SEED:-$(date +%s)}
echo "# LODE_SEED=$seed"
local3="$LODE_FAULTS $faults --local 3"
mpirun4="mpirun -n 4 $LODE_FAULTS $faults"
n3="$LODE_FAULTS $faults -n 3"

coordinator_of() {
    sed -n 's/^pid=//p' "$1/journal/lock"
}

# begin COMMAND: starts the run `r`; `run` is its process.
begin() {
    rm -rf r ./*.verdict-*
    # shellcheck disable=SC2086 # words
    $1 -o r 2>said &
    run=$!
}

# kill_at_random SEED WHO: at a random moment after `r` has begun, its coordinator or every process.
kill_at_random() {
    wait_until "[ \$(ended r) -ge $(random "$1" 50) ] && [ -e r/journal/lock ]" || return 1
    victims=$(coordinator_of r)
    [ "$2" = coordinator ] || victims="$(processes_here)"
    echo "after $(ended r) attempts: kill -9 $(echo "$victims" | tr '\n' ' ')"
    # shellcheck disable=SC2086 # ids
    kill -9 $victims
    wait "$run" || true
    nothing_left_running
}

# results_of RUN EPOCH: tasks whose result its coordinator of that epoch got. Those of its last commit
# may be in the log and not in the journal, so the next one gets them again; no others.
results_of() {
    awk -F, -v epoch="$2" '$5 == "ok" && $15 == epoch { print $3 }' "$1/log/tasks.csv" | sort -n
}

for way in "$local3" "$mpirun4" "$n3"; do
    name=$(echo "$way" | sed "s|$LODE_FAULTS $faults|lode|")
    for who in coordinator everything; do
        seed=$((seed + 1))
        expect "SIGKILL of $who at a random time, then --resume (seed $seed): $name" "
            begin '$way --set sleep_ms=40'
            kill_at_random $seed $who
            test ! -e r/results.h5
            $LODE_FAULTS run --resume r --local 3
            like_calm r
            test ! -e r/journal && test ! -e r/stages
            results_of r 1 >first && results_of r 2 >second
            test \$(sort -nu first second | wc -l) -eq 60
            test \$(cat first second | wc -l) -lt 70"
    done
done
# the other way round: begun here, gone on with under mpirun
for way in "mpirun -n 4 $LODE_FAULTS run --resume r" "$LODE_FAULTS run --resume r -n 3"; do
    name=$(echo "$way" | sed "s|$LODE_FAULTS|lode|")
    expect "a local run goes on with $name" "
        begin '$local3 --set sleep_ms=40'
        kill_at_random $((seed + 7)) coordinator
        $way
        like_calm r"
done
expect "killed three times, and gone on with each time" "
    begin '$local3 --set sleep_ms=60'
    kill_at_random $((seed + 11)) coordinator
    for again in 1 2; do
        before=\$(ended r)
        $LODE_FAULTS run --resume r --local 3 2>said &
        run=\$!
        wait_until '[ \$(ended r) -gt \$before ]'
        kill -9 \$(coordinator_of r) || true
        wait \$run || true
        nothing_left_running
    done
    $LODE_FAULTS run --resume r --local 3
    like_calm r"

# A run to take copies of: its last task waits for a file, so the others are all in the journal. Its
# parameters are not those of `calm`: the file is named in them, and the last of its tasks is short.
base="run faults web.lode --set tasks=16 --set sleep_ms=20 --set until=$work/enough --local 3"
expect "a run that is killed before its last task, and says how to go on when it is asked to stop" "
    # shellcheck disable=SC2086
    touch enough && $LODE_FAULTS $base -o whole --quiet && rm enough
    $LODE_FAULTS $base -o killed 2>said &
    run=\$!
    wait_until '[ \$(ended killed) -ge 15 ]'
    kill -9 \$run
    wait \$run || true
    nothing_left_running
    results whole >whole.sums
    $python $LODE_SOURCE/tests/e2e/read_journal.py killed/journal/00001.journal | tee frames
    test \$(wc -l <frames) -ge 3
    touch enough"
segment=killed/journal/00001.journal

# resume_cut OFFSET: a copy whose journal ends there goes on, and computes what the journal has not.
resume_cut() {
    rm -rf copy && cp -r killed copy && truncate -s "$1" copy/journal/00001.journal || return 1
    "$LODE_FAULTS" run --resume copy --local 3 --quiet || return 1
    results copy >copy.sums && cmp whole.sums copy.sums || return 1
    awk -v cut="$1" '$2 <= cut { for (i = 3; i <= NF; i++) print $i }' frames | sort -n >kept
    seq 0 15 | grep -vxFf kept >wanted
    results_of copy 2 >computed
    cmp wanted computed || { echo "cut at $1:"; paste wanted computed; return 1; }
}
first=$(awk 'NR == 1 { print $2 }' frames)
offsets=$(awk '{ print $2; if (NR > 1) { print $1 + 1; print $1 + 31; print $1 + 33; print $2 - 1 } }' frames |
    sort -nu)
expect "a journal that ends at any frame, or anywhere in one: same bytes, and what is missing is computed" "
    for offset in \$(echo '$offsets' | awk 'NR % 3 == $seed % 3 || \$1 == $first'); do
        resume_cut \$offset
    done
    for offset in \$(awk '{ print \$2 }' frames); do resume_cut \$offset; done"
cp -r killed empty
truncate -s $((first - 1)) empty/journal/00001.journal
refuse 2 'is empty: the run had not begun' "$LODE_FAULTS run --resume empty"

# flip OFFSET: one bit, in the journal of a fresh copy.
flip() {
    rm -rf copy && cp -r killed copy &&
        "$python" -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)[0]; f.seek(-1, 1); f.write(bytes([b ^ 4]))' \
            copy/journal/00001.journal "$1"
}
second=$(awk 'NR == 2 { print $1 }' frames)
flip $((second + 40))
refuse 3 "00001.journal is damaged at offset $second:" "$LODE_FAULTS run --resume copy"
flip 5
refuse 3 "00001.journal is damaged at offset 0:" "$LODE_FAULTS run --resume copy"

# What is asked for again must be what it was.
rm -rf copy && cp -r killed copy
cp -rp web.lode other.lode
refuse 2 "parameter tasks: the run was begun with '16', now it is '17'" \
    "$LODE_FAULTS run --resume copy --set tasks=17"
refuse 2 'the run was begun as job faults, not opportunities' \
    "$LODE_FAULTS run --resume copy opportunities web.lode"
refuse 2 "store: the run was begun on .*/web.lode, not on other.lode" \
    "$LODE_FAULTS run --resume copy faults other.lode"
refuse 2 'allow-partial: the run was begun without it' "$LODE_FAULTS run --resume copy --allow-partial"
refuse 2 'no -o' "$LODE_FAULTS run --resume copy -o elsewhere"
refuse 2 'begun by lode .*, this is lode' "$LODE_OTHER run --resume copy"
refuse 2 'there is no such run' "$LODE_FAULTS run --resume nowhere"
mkdir plain
refuse 2 'there is no journal in' "$LODE_FAULTS run --resume plain"
refuse 2 'exists already.*--resume' "$LODE_FAULTS $base -o copy"
mv web.lode kept.lode
lode gen events --users 301 --seed 8 -o others --quiet
lode stage events others/sessions.csv others/events.csv -o web.lode --partition-bytes 100K --quiet
refuse 3 'web.lode(/index.h5)?: .*run anew on this store' "$LODE_FAULTS run --resume copy"
rm -r web.lode && mv kept.lode web.lode
expect "a store that was touched and is the same is read whole, and accepted; so is what is said again" "
    touch web.lode/*.h5
    $LODE_FAULTS run --resume copy faults web.lode --set tasks=16 --local 2
    results copy >copy.sums && cmp whole.sums copy.sums"
expect "a run that is done says so, and nothing of it changes" "
    digest copy >before
    $LODE_FAULTS run --resume copy 2>said
    grep 'copy is done already' said
    digest copy >after && cmp before after"
refuse 2 'the run was begun as job faults, not opportunities' \
    "$LODE_FAULTS run opportunities web.lode -o copy --or-resume"
expect "killed after results.h5 had its name, or while it was written: the same bytes" "
    rm -rf copy && cp -r killed copy
    echo half >copy/results.h5.tmp-results && echo half >copy/findings.jsonl.tmp-7
    cp whole/results.h5 whole/findings.jsonl copy
    $LODE_FAULTS run --resume copy --local 2
    results copy >copy.sums && cmp whole.sums copy.sums
    test -z \"\$(find copy -name '*.tmp-*')\""

# One coordinator at a time.
rm -rf enough r
# shellcheck disable=SC2086 # words
"$LODE_FAULTS" $base -o r 2>said &
run=$!
wait_until '[ "$(ended r)" -ge 1 ]'
kill -STOP $run # so that nothing changes while `refuse` looks; its process lives
refuse 2 "its coordinator lives \\(host .*, pid $run\\)" "$LODE_FAULTS run --resume r"
kill -CONT $run
kill -9 $run
wait $run 2>/dev/null

# Another host is a lock of another machine; its coordinator lives as long as somebody counts.
count_elsewhere() {
    counted=0
    while [ -e counting ]; do
        counted=$((counted + 1))
        printf 'epoch=1\nhost=n7\nmachine=elsewhere\npid=1\nstart=1\nrenewed=%s\nrenew_ms=1000\n' $counted >r.lock
        mv r.lock r/journal/lock || return
        sleep 0.2 # what is tested: a counter that moves
    done
}
nothing_left_running
touch counting
count_elsewhere &
counter=$!
wait_until 'grep -q n7 r/journal/lock'
expect "a coordinator on another host that counts is alive" "
    code=0
    $LODE_FAULTS run --resume r 2>said || code=\$?
    cat said
    test \$code -eq 2
    grep 'its coordinator lives (host n7, pid 1)' said
    test ! -e r/journal/00002.journal"
rm counting
wait $counter
expect "one that does not count any more is dead; workers with the old keys are not let in" "
    cp r/endpoint old.endpoint
    sed -i 's/renew_ms=1000/renew_ms=100/' r/journal/lock
    $LODE_FAULTS run --resume r --local 2 2>said &
    run=\$!
    wait_until '! cmp -s r/endpoint old.endpoint && [ -s r/endpoint ]'
    mkdir stale
    wait_until 'grep -q server_key= r/endpoint'
    { grep -vE '^(public|secret)_key=' r/endpoint; grep -E '^(public|secret)_key=' old.endpoint; } >stale/endpoint
    chmod 600 stale/endpoint
    cp r/run.json stale
    timeout 3 $LODE_FAULTS worker --join stale 2>joined || true
    touch enough
    wait \$run
    cat joined said
    grep 'wrong_key=[1-9]' said
    results r >r.sums && cmp whole.sums r.sums
    none r 'place ~ /:/'"

# Paused, taken for dead, overtaken; the run is done when it wakes up.
expect "a coordinator that wakes up after another has ended its run stops, and touches nothing" "
    rm -rf r enough
    $LODE_FAULTS $base -o r 2>said &
    run=\$!
    wait_until '[ \$(ended r) -ge 5 ]'
    kill -STOP \$run
    sed -i 's/^machine=.*/machine=elsewhere/; s/renew_ms=.*/renew_ms=100/' r/journal/lock
    touch enough
    $LODE_FAULTS run --resume r --local 2
    digest r >before
    kill -CONT \$run
    code=0
    wait \$run || code=\$?
    cat said
    test \$code -eq 5
    grep 'another coordinator goes on with this run' said
    nothing_left_running
    grep -v '/log/worker' before >before.kept
    digest r | grep -v '/log/worker' >after.kept
    cmp before.kept after.kept
    results r >r.sums && cmp whole.sums r.sums"

# Stopped in good order; given up; both may go on.
expect "a run that was drained says how to go on, and does" "
    begin '$local3 --set sleep_ms=60'
    wait_until '[ \$(ended r) -ge 5 ]'
    kill -USR1 \$run
    code=0
    wait \$run || code=\$?
    cat said
    test \$code -eq 75
    grep 'lode: to go on: lode run --resume r' said
    done_before=\$(results_of r 1 | wc -l)
    $LODE_FAULTS run --resume r --local 3
    like_calm r
    test \$(results_of r 2 | wc -l) -eq \$((60 - done_before))"
expect "a task that took its workers down is tried again when the run goes on" "
    rm -rf r
    code=0
    $local3 --set crash_once=3 --set sleep_ms=0 --set hang_once=-1 -o r --quiet || code=\$?
    test \$code -eq 0
    rm -rf r
    $local3 --set crash=3 --set sleep_ms=0 -o r 2>said || code=\$?
    test \$code -eq 1
    grep 'to go on: lode run --resume r' said
    before=\$(results_of r 1 | wc -l)
    code=0
    $LODE_FAULTS run --resume r --local 3 2>said || code=\$?
    test \$code -eq 1
    grep 'was given up, it took its worker down each time' said
    test \"\$(results_of r 1 r 2 | sort | uniq -d)\" = ''"
expect "with --allow-partial a task that was given up stays so" "
    rm -rf r p
    $local3 --set crash=3 --set sleep_ms=0 --allow-partial -o p --quiet
    begin '$local3 --set crash=3 --set slow_once=59 --set slow_ms=30000 --no-speculation --set sleep_ms=0 --allow-partial'
    wait_until '[ \$(ended r) -ge 61 ]'
    kill -9 \$(coordinator_of r)
    wait \$run || true
    nothing_left_running
    rm -f r/stages/slow_once && touch r/stages/slow_once
    $LODE_FAULTS run --resume r --local 3
    results p >p.sums && results r >r.sums && cmp p.sums r.sums
    test \"\$(json r/run.json '[m[\"task\"] for m in d[\"missing\"]]')\" = '[3]'"

# Results that are files of the run.
expect "large results are files; one that is gone is computed again" "
    rm -rf r
    begin '$LODE_FAULTS run faults web.lode --local 3 --set tasks=60 --set sleep_ms=20 --set result_bytes=2000000'
    wait_until '[ \$(ended r) -ge 20 ]'
    kill -9 \$(coordinator_of r)
    wait \$run || true
    nothing_left_running
    ls r/stages
    rm r/stages/result-1-1-2-*
    $LODE_FAULTS run --resume r --local 3
    like_calm r
    results_of r 2 | grep -x 2"

# A real analysis, killed at random.
expect "opportunities: killed at a random time, gone on with, the same bytes (seed $seed)" "
    lode run opportunities web.lode -o o.calm --local 2 --quiet
    lode run opportunities web.lode -o o --local 2 &
    run=\$!
    wait_until '[ -e o/journal/lock ]'
    sleep 0.\$(random $seed 90) # a random moment is what is tested
    kill -9 \$run || true
    wait \$run || true
    nothing_left_running
    lode run --resume o --local 3
    results o.calm >calm.o && results o >found.o && cmp calm.o found.o"

finish
