#!/bin/sh
# Stores that grow by --append: the same answers as from staging everything at once, a store that is
# whole whenever the append is killed, and clear words where something does not fit.
. "$(dirname "$0")/lib.sh"
need_python h5py

# cut SEED: sessions and events of a shop, cut into three parts by time: s0.csv e0.csv ... e2.csv,
# and user_0.csv ... with the same events by user alone. Words of later parts sort first.
cut() {
    "$python" - "$1" <<'PYTHON'
import random
import sys

r = random.Random(int(sys.argv[1]))
parts, span = 3, 30_000_000
heads = {
    "s": "session_id,user_id,start_ms,device,plan,kpi_bounce",
    "e": "session_id,timestamp_ms,event",
    "user_": "user_id,timestamp_ms,event,kpi_slow",
}
files = {(kind, p): [head] for kind, head in heads.items() for p in range(parts)}
rows = []
for i in range(1500):
    start, user = i * span // 1500, f"u{r.randrange(200)}"
    p = start * parts // span
    device = f"d{9 - r.randrange(2 * p + 2)}"
    files["s", p].append(f"s{i},{user},{start},{device},p{9 - p - r.randrange(2)},{int(r.random() < (0.9 if device == 'd9' else 0.2))}")
    for k in range(r.randrange(8)):
        rows.append((start + k * r.randrange(1_000_000), i, user))
for time, i, user in sorted(rows):
    p = min(time * parts // span, parts - 1)
    event = f"e{20 - r.randrange(5 * p + 5)}"
    files["e", p].append(f"s{i},{time},{event}")
    files["user_", p].append(f"{user},{time},{event},{r.choice('11100') if event == 'e20' else r.choice(['0', '0', ''])}")
for (kind, p), lines in files.items():
    with open(f"{kind}{p}.csv", "w") as out:
        out.write("\n".join(lines) + "\n")
PYTHON
}

# pieces N FILE...: --partition-bytes that give N partitions
pieces() {
    n=$1
    shift
    echo $(($(cat "$@" | wc -c) / n + 1))
}

# same STORE STORE: a run on each answers the same bytes
same() {
    lode run opportunities "$1" -o "run-$1" --quiet --set "$3"
    lode run opportunities "$2" -o "run-$2" --quiet --set "$3"
    cmp "run-$1/results.h5" "run-$2/results.h5"
    cmp "run-$1/findings.jsonl" "run-$2/findings.jsonl"
    [ -s "run-$1/findings.jsonl" ]
}

cut 1
expect "users that return, sessions that go on, and new words: the answers of one staging" '
    lode stage events s0.csv e0.csv s1.csv e1.csv s2.csv e2.csv -o all --user-attributes plan \
        --partition-bytes "$(pieces 3 ./[se]?.csv)"
    lode stage events s0.csv e0.csv -o grown --user-attributes plan \
        --partition-bytes "$(pieces 3 s0.csv e0.csv)"
    lode stage events s1.csv e1.csv --append grown
    lode stage events e2.csv s2.csv --append grown --local 1
    same all grown top=20
    ls grown/part-00000.h5 grown/part-00002.g3.h5'

expect "lode info and run.json know of generations, h5py reads them" '
    lode info grown --json >info.json
    [ "$(json info.json "len(d[\"generations\"])")" = 3 ]
    [ "$(json info.json "sum(g[\"rows_read\"] for g in d[\"generations\"]) == d[\"rows_read\"]")" = True ]
    lode info all --json >all.json
    [ "$(json info.json "d[\"events\"]")" = "$(json all.json "d[\"events\"]")" ]
    lode info grown | grep "generation 3 .* from e2.csv, s2.csv"
    "$python" -c "import h5py
h5py.File(\"grown/part-00000.g2.h5\")[\"users/place\"][:]
assert h5py.File(\"grown/index.h5\").attrs[\"format\"] == 2"'

expect "sessions that are cut at gaps are cut anew over the seam" '
    lode stage events user_0.csv user_1.csv user_2.csv -o whole \
        --partition-bytes "$(pieces 2 user_?.csv)"
    lode stage events user_0.csv -o cut --partition-bytes "$(pieces 2 user_0.csv)"
    lode stage events user_1.csv --append cut
    lode stage events user_2.csv --append cut
    same whole cut top=20'

expect "the same store for any number of workers" '
    cp -r grown one && cp -r grown three
    tail -n +2 e1.csv | sed "s/^s/s1/" >more && { head -n 1 e1.csv; cat more; } >e3.csv
    lode stage events e3.csv --append one --local 1 --max-rejects 1
    lode stage events e3.csv --append three --local 3 --max-rejects 1
    [ "$(digest one)" = "$(digest three)" ]
    lode verify opportunities three -n 1,2'

# kills N: the append is killed when the Nth of its files is there (0: at once); the store is then
# what it was, or whole with the new generation.
kills() {
    rm -rf try
    cp -r cut.before try
    was=$(sha256sum <try/index.h5)
    lode stage events user_2.csv --append try --quiet &
    append=$!
    if [ "$1" -gt 0 ]; then
        until [ "$(find try try.append.work -type f 2>/dev/null | wc -l)" -ge "$1" ]; do
            kill -0 "$append" 2>/dev/null || break
        done
    fi
    kill -9 "$append" 2>/dev/null || true
    wait "$append" 2>/dev/null || true
    for pid in $(processes_here); do kill -9 "$pid" 2>/dev/null || true; done
    nothing_left_running
    if [ "$(sha256sum <try/index.h5)" = "$was" ]; then
        echo "killed at $1: the old store"
        lode info try | grep "generation 2"
        lode stage events user_2.csv --append try --quiet
    else
        echo "killed at $1: the new store"
        rm -f try/append.lock
    fi
    lode run opportunities try -o try.run --quiet --set top=20
    cmp try.run/results.h5 run-whole/results.h5
    rm -rf try.run
}
expect "an append that is killed leaves the old store or the new, and the next one goes through" '
    lode stage events user_0.csv -o cut.before --partition-bytes "$(pieces 2 user_0.csv)"
    lode stage events user_1.csv --append cut.before
    files=$(find cut.before -type f | wc -l)
    for more in 0 1 2 3 4 5 6 8 10; do kills $((more ? files + more : 0)); done'

expect "a run that began before an append can not be resumed on the store that grew" '
    rm -rf try && cp -r cut.before try
    lode run opportunities try -o resumed --quiet &
    until [ -s resumed/journal/00001.journal ]; do kill -0 $! || break; done
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
    for pid in $(processes_here); do kill -9 "$pid" 2>/dev/null || true; done
    lode stage events user_2.csv --append try --quiet
    if [ -s resumed/journal/00001.journal ]; then
        not lode run --resume resumed 2>said
        grep -E "run anew on this store" said
    fi'

mkdir other
echo 'session_id,user_id,start_ms,device,plan,colour' >other.csv
echo 's9999,u1,5,d1,p1,red' >>other.csv
echo 'session_id,timestamp_ms,event,kpi_new' >kpi.csv
echo 's1,5,e1,1' >>kpi.csv
refuse 3 "column 'colour' is no attribute of the store" 'lode stage events other.csv --append grown'
refuse 3 "column 'kpi_new' is no KPI of the store" 'lode stage events kpi.csv --append grown'
refuse 3 'holds sessions, but the store was staged from events alone' \
    'lode stage events s0.csv --append cut'
refuse 3 'has no user column, but' 'lode stage events e0.csv --append cut'
refuse 3 'stage all files at once' 'lode stage events user_0.csv --append cut'
refuse 3 'no store to append to' 'lode stage events s0.csv --append other'
refuse 3 'rows rejected' 'lode stage events s0.csv --append grown'
refuse 2 'not both' 'lode stage events s1.csv --append grown -o new'
refuse 2 '[-]-kpi: appending maps columns as the store was staged' \
    'lode stage events s1.csv --append grown --kpi kpi_bounce'
echo "process 1 of $(uname -n)" >grown/append.lock
refuse 2 'another append is at work.*held by process 1 of' 'lode stage events e2.csv --append grown'
rm grown/append.lock
expect "what was refused changed nothing" '
    rm -rf run-all run-grown
    same all grown top=20'

# thirds FOLDER: real sessions and events, cut into three parts by time, in the order of the files
thirds() {
    "$python" - "$1" <<'PYTHON'
import gzip
import sys

files = {kind: gzip.open(f"{sys.argv[1]}/{kind}.csv.gz", "rt").read().splitlines()
         for kind in ("sessions", "events")}
times = sorted(int(line.split(",")[2]) for line in files["events"][1:])
ends = [times[len(times) // 3], times[2 * len(times) // 3]]
for kind, lines in files.items():
    outs = [open(f"{kind}{p}.csv", "w") for p in range(3)]
    for out in outs:
        out.write(lines[0] + "\n")
    for line in lines[1:]:
        outs[sum(int(line.split(",")[2]) >= end for end in ends)].write(line + "\n")
PYTHON
}

for name in it_incidents deskdrop; do
    data=$LODE_DATA/events/$name
    [ -d "$data" ] || { [ "${CI:-}" != true ] || skip "no real data in $data"; continue; }
    expect "$name, in three generations: the answers of one staging" '
        thirds "$data"
        rm -rf real real.grown run-real run-real.grown
        lode stage events sessions?.csv events?.csv -o real \
            --partition-bytes "$(pieces 2 sessions?.csv events?.csv)"
        lode stage events sessions0.csv events0.csv -o real.grown \
            --partition-bytes "$(pieces 2 sessions0.csv events0.csv)"
        lode stage events sessions1.csv events1.csv --append real.grown
        lode stage events sessions2.csv events2.csv --append real.grown
        same real real.grown top=20'
done
finish
