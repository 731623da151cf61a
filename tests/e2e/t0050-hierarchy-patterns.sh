#!/bin/sh
# Hierarchy: a shape that a person marks in a real series is found again in exactly the slots that an
# independent loop finds, also across the seam of training and detection; wrong marks are refused by
# file, line and column.
. "$(dirname "$0")/lib.sh"

smd=$LODE_DATA/counters/smd/test
[ -d "$smd" ] || skip "no $smd"

# two machines from January 17th on; every day around 23 h c14 of machine-3-10 has an issue: the
# label of the 21st is marked, training ends on the 22nd at 04:00:00, batches at 04:05 and 00:00 on the 26th
mkdir 1 2 3
for machine in machine-3-10 machine-1-6; do
    gzip -dc "$smd/$machine.csv.gz" | cut -d, -f1,10,13-16 |
        awk -F, -v name=$machine 'NR == 1 { for (i = 1; i <= 3; i++) print > (i "/" name ".csv"); next }
            { print > (($1 < 1828800 ? 1 : $1 < 1829100 ? 2 : 3) "/" name ".csv") } $1 > 2160000 { exit }'
done
cat >marks.yaml <<'YAML'
patterns:
  backup: c14@machine-3-10 1970-01-21T22:58:00Z .. 1970-01-21T23:10:00Z
  seam: c13@machine-3-10 1970-01-22T03:00:00Z .. 1970-01-22T03:10:00Z in *-3-10
YAML

# E of both by the definition (docs/jobs/hierarchy-patterns.md) in plain loops
cat >loop.py <<'PYTHON'
import csv, glob, math, sys

marks = {"backup": ("c14", 1810680, 1811400, ["machine-1-6", "machine-3-10"]),
         "seam": ("c13", 1825200, 1825800, ["machine-3-10"])}


def series(component, counter):
    rows = [r for f in sorted(glob.glob(f"[123]/{component}.csv")) for r in csv.DictReader(open(f))]
    return [int(r["timestamp_s"]) for r in rows], [float(r[counter]) for r in rows]


def moments(x):
    mean = sum(x) / len(x)
    centred = [v - mean for v in x]
    return centred, math.sqrt(sum(v * v for v in centred))


expected = {}
for name, (counter, begin, end, components) in marks.items():
    times, values = series("machine-3-10", counter)
    marked, size = moments([v for t, v in zip(times, values) if begin <= t < end])
    for component in components:
        times, values = series(component, counter)
        for i in range(len(marked) - 1, len(values)):
            if times[i] < 1828800:
                continue
            window, length = moments(values[i - len(marked) + 1:i + 1])
            r = sum(a * b for a, b in zip(window, marked)) / (length * size) if length >= 0.5 * size else 0
            expected[component, name, 1000 * times[i]] = math.log(100) * max(0, 1 + (r - 0.9) / 0.1)

told = {}
for row in csv.DictReader(open(sys.argv[1])):
    if row["level"] == "pattern":
        told[row["component"], row["detector"], int(row["time"])] = float(row["e"])
assert told.keys() == expected.keys(), (len(told), len(expected))
for key, e in expected.items():
    assert abs(told[key] - e) < 1e-6, (key, told[key], e)
matches = {k for k, e in expected.items() if e >= math.log(100)}
assert matches == {k for k, e in told.items() if e >= math.log(100)}
print(sorted(t // 1000 for c, n, t in matches if n == "backup" and c == "machine-3-10"))
print(len([1 for c, n, t in matches if n == "seam"]) > 0)
PYTHON

expect "a pattern is a leaf of the components that have its counter and in which it is looked for" '
    lode stage counters 1/*.csv -o S --local 2 --quiet
    lode run hierarchy S -o M --spec marks.yaml --local 2 --quiet
    lode export M counters | grep ",pattern," >leaves
    grep -q "^machine-3-10,backup,pattern,,9.21034" leaves
    grep -q "^machine-1-6,backup,pattern,,9.21034" leaves
    grep -q "^machine-3-10,seam,pattern,,9.21034" leaves
    test "$(wc -l <leaves)" -eq 3
    test "$(lode export M patterns | grep -c "^backup,c14,\*,60000,")" -eq 12'

expect "its E in new slots is that of plain loops, and it matches in the labelled issue of each day" '
    lode stage counters 2/*.csv --append S --local 2 --quiet
    lode run hierarchy S --detect M -o R1 --set scores=pattern --local 2 --quiet
    lode stage counters 3/*.csv --append S --local 2 --quiet
    lode run hierarchy S --detect M -o R --set scores=pattern --local 2 --quiet
    lode export R scores >scores.csv
    "$python" loop.py scores.csv >matches
    test "$(head -n 1 matches)" = "[1895880, 1982520, 2068740, 2155500]"'

expect "an early batch scores its slots, whose windows begin in training, as a later one does" '
    lode export R1 scores >first.csv
    test "$(wc -l <first.csv)" -gt 15
    sort scores.csv >sorted.csv
    test -z "$(sort first.csv | comm -23 - sorted.csv)"'

expect "findings say which shape of which counter, when, how like, and where it was marked" '
    lode export R findings >findings.csv
    grep -q "machine-3-10: pattern backup of c14 matched at 1970-01-22 22:38 UTC with r = 0.9[0-9]: as c14@machine-3-10 1970-01-21T22:58:00Z .. 1970-01-21T23:10:00Z" findings.csv
    lode run hierarchy S --detect M -o T --set "thresholds=pattern: 9.2" --local 2 --quiet
    not grep -q "pattern backup" T/findings.jsonl'

expect "1, 2 and 5 workers: the same bytes" '
    lode verify hierarchy S -n 1,2,5 --spec marks.yaml
    for n in 1 2 5; do lode run hierarchy S --detect M -o W$n --local $n --quiet; done
    test "$(results W1)" = "$(results W2)"
    test "$(results W1)" = "$(results W5)"'

# wrong MARK WORDS: a file whose second line is that, refused with these words
wrong() {
    printf 'patterns:\n  it: %s\n' "$1" >wrong.yaml
    refuse 2 "wrong.yaml:2:$2" "lode run hierarchy S -o X --spec wrong.yaml --local 1"
}
hour='1970-01-21T22:00:00Z .. 1970-01-21T23:00:00Z'
wrong "c14@machine-3-10 yesterday .. today" "24: .*no time as 2018-03-01T10:00:00Z"
wrong "c14@machine-3-1O $hour" "7: .*no component with samples 'machine-3-1O'; did you mean 'machine-3-10'"
wrong "c44@machine-3-10 $hour" "7: .*no counter 'c44'; did you mean 'c1?4'"
wrong "c14@machine-3-10 $hour in machnie-*" "72: .*no component has a name like machnie"
wrong "c14@machine-3-10 1969-12-31T00:00:00Z .. 1970-01-21T00:00:00Z" "7: .*outside of the series, which goes from 1970-01-17 10:52 UTC"
wrong "c14@machine-3-10 1970-01-18T00:00:00Z .. 1970-01-21T00:00:00Z" "7: .*4320 slots of 60000 ms, a pattern has 5 to 1440"
wrong "c14@machine-3-10 1970-01-18T00:00:00Z .. 1970-01-18T00:04:00Z" "7: .*4 slots of 60000 ms"
printf 'component,timestamp_s,cpu\n' >gaps.csv
seq 0 59 | awk '{ print "web," 60 * $1 "," ($1 == 20 ? "" : $1 < 40 ? $1 % 7 : 3) }' >>gaps.csv
seq 0 59 | awk '{ print "slow," 300 * $1 "," $1 % 5 }' >>gaps.csv
lode stage counters gaps.csv -o gaps --component component --local 1 --quiet
expect "where a mark would be too few slots it is not looked for, and that is told by name" '
    lode run hierarchy gaps -o L --local 1 --set "patterns=a: cpu@web 1970-01-01T00:00:00Z .. 1970-01-01T00:20:00Z" 2>err
    grep -q "not looked for .* count=1 pattern=.a. component=.slow. slot_ms=300000" err
    lode export L counters >leaves
    grep -q "^web,a,pattern" leaves
    not grep -q "^slow,a," leaves'
refuse 2 "patterns:1:4: pattern 'a': there is no sample at 1970-01-01 00:20 UTC" \
    "lode run hierarchy gaps -o X --local 1 --set 'patterns=a: cpu@web 1970-01-01T00:10:00Z .. 1970-01-01T00:30:00Z'"
refuse 2 "patterns:1:4: pattern 'a': one value throughout" \
    "lode run hierarchy gaps -o X --local 1 --set 'patterns=a: cpu@web 1970-01-01T00:40:00Z .. 1970-01-01T00:50:00Z'"
refuse 2 "patterns:1:6: pattern 'cpu': a counter of the store has that name" \
    "lode run hierarchy gaps -o X --local 1 --set 'patterns=cpu: cpu@web 1970-01-01T00:00:00Z .. 1970-01-01T00:10:00Z'"

finish
