#!/bin/sh
# Stores of counters: every value of real and made files is read back as it was, slots and appended
# generations are those of one staging, rows and stores that are no good are told by name.
. "$(dirname "$0")/lib.sh"
need_data counters
need_python h5py numpy pandas
real=$LODE_DATA/counters
read_back="$python $LODE_SOURCE/tests/e2e/read_counters.py"
hostile="$python $LODE_SOURCE/tests/e2e/hostile_store.py $LODE_FORGE"

# rejected STORE: how many rows its rejects name
rejected() {
    cat "$1"/rejects*.jsonl 2>/dev/null | wc -l
}

for set in smd asd nezha-ob nab cloudmon tcpd; do
    expect "$set: every value is in the store as it is in the files" "
        lode stage counters $real/$set/*/*.csv.gz -o $set.lode --local 2 --quiet
        $read_back $set.lode --fast $real/$set/*/*.csv.gz --rejected \$(rejected $set.lode)
        rm -r $set.lode"
done
for set in asd nezha-ob; do
    expect "$set: slots that are appended to are those of one staging" "
        lode stage counters $real/$set/train/*.csv.gz -o grown.lode --slot 7m --local 2 --quiet
        lode stage counters $real/$set/test/*.csv.gz --append grown.lode --local 2 --quiet
        $read_back grown.lode --slot 420000 $real/$set/train/*.csv.gz $real/$set/test/*.csv.gz
        rm -r grown.lode"
done

# made files: gaps, rows out of order, components that come and go, times of every form
"$python" - <<'PYTHON'
import csv
import random

r = random.Random(3)
counters = ["cpu", "mem/free", "%", "naïve name"]
for part in range(3):
    for machine in range(part, part + 4):
        rows = []
        for i in range(300):
            time = 1_700_000_000_000 + part * 30_000_000 + i * 60_000 + r.randrange(2000)
            mine = counters[: 2 + (machine + part) % 3]
            rows.append([time] + [r.choice(["", "NaN", f"{r.gauss(0, 1e3):.17g}", "0", "-1e-300"]) for _ in mine])
        r.shuffle(rows)
        with open(f"m{machine}.{part}.csv", "w", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(["timestamp_ms", *mine])
            writer.writerows(rows)
PYTHON
for part in 0 1 2; do
    mkdir p$part
    for file in m*."$part".csv; do mv "$file" "p$part/${file%%.*}.csv"; done
done

expect "rows in any order, gaps, NaN, further counters; 1, 2 and 5 workers: the same bytes" '
    lode stage counters p?/*.csv -o w1 --local 1 --quiet --partition-bytes 20K
    lode stage counters p?/*.csv -o w2 --local 2 --quiet --partition-bytes 20K
    lode stage counters p?/*.csv -o w5 -n 5 --quiet --partition-bytes 20K
    test "$(lode info w1 --json | grep -c "\"partition\"")" -eq 6
    test "$(ls w1/part-*.h5 | wc -l)" -gt 3
    digest w1 >one && digest w2 >two && digest w5 >five
    cmp one two && cmp one five
    $read_back w1 p?/*.csv
    rm -r w1 w2 w5'
for slot in 0 7; do
    expect "three generations (slots: $slot min) are one staging, for 1 and 2 workers" "
        lode stage counters p0/*.csv -o a --local 1 --quiet --partition-bytes 20K ${slot:+$([ $slot = 0 ] || echo "--slot ${slot}m")}
        cp -r a b
        for part in 1 2; do
            lode stage counters p\$part/*.csv --append a --local 1 --quiet
            lode stage counters p\$part/*.csv --append b --local 2 --quiet
        done
        digest a >one && digest b >two
        cmp one two
        $read_back a --slot $((slot * 60000)) p?/*.csv
        rm -r a b"
done
expect "CSV, gzip, zstd and JSON Lines of the same rows: the same partitions" '
    mkdir f && cd f
    printf "time,cpu,mem\n1700000000,1.5,\n1700000060,2,7\n" >m.csv
    mkdir gz zst jsonl iso
    gzip -c m.csv >gz/m.csv.gz && zstd -qc m.csv >zst/m.csv.zst
    printf "%s\n" "{\"time\":1700000000,\"cpu\":1.5,\"mem\":null}" "{\"time\":1700000060,\"cpu\":2,\"mem\":7}" >jsonl/m.jsonl
    printf "time,cpu,mem\n2023-11-14T22:13:20Z,1.5,\n2023-11-14 23:14:20+01:00,2,7\n" >iso/m.csv
    lode stage counters m.csv -o plain --time-unit s --local 1 --quiet
    for form in gz zst jsonl; do
        lode stage counters $form/* -o $form.lode --time-unit s --local 1 --quiet
        cmp plain/part-00000.h5 $form.lode/part-00000.h5
    done
    lode stage counters iso/m.csv -o iso.lode --local 1 --quiet
    cmp plain/part-00000.h5 iso.lode/part-00000.h5'
expect "long rows are the wide ones; a tree, units and types" '
    mkdir l && cd l
    printf "t_s,host,cpu,mem\n2,a.x,1,2\n1,a.x,3,\n1,b.y.z,5,6\n" >wide.csv
    printf "name,value,t_s,host,note\ncpu,1,2,a.x,!\nmem,2,2,a.x,\ncpu,3,1,a.x,\nmem,,1,a.x,\ncpu,5,1,b.y.z,\nmem,6,1,b.y.z,\n" >long.csv
    lode stage counters wide.csv -o wide --time t_s --component host --tree . --units "cpu=%,mem=MiB" --types cpu=rate --local 1 --quiet
    lode stage counters long.csv -o long --time t_s --component host --counter name --value value --local 1 2>told
    grep -q "columns not staged: note" told
    cmp wide/part-00000.h5 long/part-00000.h5
    lode info wide --json >info
    test "$(json info "[(c[\"name\"], c.get(\"parent\"), c.get(\"times\")) for c in d[\"components\"]]")" = \
        "[('\''a'\'', None, None), ('\''a.x'\'', '\''a'\'', 2), ('\''b'\'', None, None), ('\''b.y'\'', '\''b'\'', None), ('\''b.y.z'\'', '\''b.y'\'', 1)]"
    test "$(json info "[(c[\"name\"], c[\"unit\"], c[\"type\"]) for c in d[\"counters\"]]")" = \
        "[('\''cpu'\'', '\''%'\'', '\''rate'\''), ('\''mem'\'', '\''MiB'\'', '\''gauge'\'')]"'

# rows that are no good
cat >bad.csv <<'TEXT'
timestamp_s,cpu,mem
10,1,2
20,x,2
30,1
10,3,4
,1,2
soon,1,2
40,inf,1
50,-Infinity,1
60,nan,
70,1,2,3
1e300,1,2
TEXT
printf '80,\377,1\n' >>bad.csv
expect "each fault of a row by its line and reason; the rest is staged" '
    lode stage counters bad.csv -o bad.lode --max-rejects 100% --local 1 2>told
    grep -q "^12 rows read = 2 used + 10 rejected" told
    cat >wanted <<TEXT
3 text in a number
4 wrong number of fields
5 duplicate time
6 row without time
7 not a time
8 an infinite number
9 an infinite number
11 wrong number of fields
12 time out of range
13 invalid UTF-8
TEXT
    "$python" -c "import json
for line in sorted(map(json.loads, open(\"bad.lode/rejects.jsonl\")), key=lambda r: r[\"line\"]): print(line[\"line\"], line[\"reason\"])" >found
    cmp wanted found
    rm -r bad.lode wanted found told'
refuse 3 '9 of 12 rows rejected.*\(first: bad.csv line 3: text in a number' 'lode stage counters bad.csv -o x --local 1 --quiet'
printf 'name,value\nx,1\n' >untimed.csv
printf 'timestamp_s\n1\n' >alone.csv
printf 'timestamp_s,cpu\n' >header.csv
printf 'timestamp_s,cpu\n1,"2\n' >open.csv
gzip -c bad.csv | head -c 60 >short.csv.gz
refuse 3 "no time column 'timestamp_ms,.*among its columns \(name, value\)" 'lode stage counters untimed.csv -o x --local 1 --quiet'
refuse 3 "did you mean 'cpu'" 'lode stage counters bad.csv -o x --component cqu --local 1 --quiet'
refuse 3 'no counter' 'lode stage counters alone.csv -o x --local 1 --quiet'
refuse 3 'no sample in 0 rows' 'lode stage counters header.csv -o x --local 1 --quiet'
refuse 3 'open.csv: line 2: quote is never closed' 'lode stage counters open.csv -o x --local 1 --quiet'
refuse 3 'short.csv.gz' 'lode stage counters short.csv.gz -o x --local 1 --quiet'
refuse 2 'name both' 'lode stage counters bad.csv -o x --counter cpu --local 1 --quiet'
refuse 2 "no counter is called 'cpq'; did you mean 'cpu'" 'lode stage counters p0/m0.csv -o x --units cpq=% --local 1 --quiet'
refuse 2 "'speed' is no type" 'lode stage counters p0/m0.csv -o x --types cpu=speed --local 1 --quiet'
refuse 2 "'--slot'|--slot is an option of lode stage counters" 'lode stage events p0/m0.csv -o x --slot 5m'
refuse 2 '--session is an option of lode stage events' 'lode stage counters p0/m0.csv -o x --session s'
refuse 2 'kind: events, counters' 'lode stage traces p0/m0.csv -o x'

# stores
lode stage counters p0/*.csv -o good --quiet --partition-bytes 20K --slot 5m --local 1 || exit 1
lode gen events --users 20 --seed 7 -o logs --quiet && lode stage events logs/*.csv -o web --quiet || exit 1
refuse 3 "kind 'counters', job opportunities reads 'events'" 'lode run opportunities good -o x --local 1'
refuse 3 'of kind events, not of counters' 'lode stage counters p1/m1.csv --append web --quiet --local 1'
refuse 3 'of kind counters, not of events' 'lode stage events logs/events.csv --append good --quiet --local 1'
refuse 2 'appending maps columns as the store was staged' 'lode stage counters p1/m1.csv --append good --slot 5m'
refuse 3 'rows rejected.*not after the last time that is staged' 'lode stage counters p0/m1.csv --append good --quiet --local 1'
expect "what a killed append left behind goes, and is in the way of nothing" '
    cp -r good clean && cp -r good littered
    echo rest >littered/part-00000.g2.h5
    echo rest >littered/part-00001.g2.h5.tmp-9
    echo rest >littered/rejects.g2.jsonl
    lode stage counters p1/*.csv --append clean --quiet --local 1
    lode stage counters p1/*.csv --append littered --quiet --local 1
    digest clean >one && digest littered >two
    cmp one two
    rm -r clean littered'
"$python" - <<'PYTHON'
with open("wide.csv", "w") as out:
    out.write("time," + ",".join(f"c{i}" for i in range(2000)) + "\n")
    for t in range(4000):
        out.write(f"{t}," + ",".join(str((t * 31 + i * 7) % 1000 / 8) for i in range(2000)) + "\n")
PYTHON
expect "a component of more numbers than a worker holds at once: 48 MB, the same bytes" '
    lode stage counters wide.csv -o w48 --memory 48M --quiet --local 1
    lode stage counters wide.csv -o wall --quiet --local 2
    digest w48 >one && digest wall >two
    cmp one two
    rm -r w48 wall wide.csv'
expect "a dry run says its tasks and writes nothing" '
    lode stage counters p0/*.csv -o x --dry-run --local 1 >told
    grep -q "reading files" told && grep -q "writing partitions" told && not test -e x'
expect "one flipped bit of any file is told by its name" "
    for place in 1 2 3 4 5; do
        for file in index.h5 part-00000.h5 part-00001.h5; do
            rm -rf x && cp -r good x
            $hostile flip x/\$file \$place
            code=0
            lode stage counters p1/*.csv --append x --quiet --local 1 2>told || code=\$?
            cat told
            test \$code -eq 3
            grep -q \"\$file\" told
        done
    done
    rm -rf x"

# forged NAME WORDS: the seal is right, and what the index says of the partition
forged() {
    rm -rf x && cp -r good x
    if ! $hostile "$1" x; then not_ok "$1 could not be made"; fi
    refuse 3 "$2" "lode stage counters p1/*.csv --append x --quiet --local 1 # $1"
}
forged counters_kind "kind 'series', which this lode does not know"
forged counters_parent "cannot be below|has parent"
forged counters_type 'is of type 9'
forged counters_offsets 'part-0000.\.h5.*components/time_offset'
forged counters_blocks 'part-0000.\.h5.*times.*counters and .* values'
forged counters_code 'part-0000.\.h5.*blocks/counter.* holds code'
forged counters_name 'part-0000.\.h5.*which the index does not know'

finish
