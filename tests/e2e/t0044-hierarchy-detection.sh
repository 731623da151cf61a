#!/bin/sh
# Detection against a learned tree: a change is found where it was planted, what is new in the store is
# told, batches agree with each other, and any number of workers gives the same bytes.
. "$(dirname "$0")/lib.sh"

# a service of two machines, in which cpu, load and reads rise together at 02:10 of the second day (slot
# 2050 of minutes); `spare` of db wakes up, its `extra` is new; cache is gone, mail comes
"$python" - <<'PYTHON'
import random

names = ["cpu", "load", "reads", "spare", "temperature", "extra"]


def value(r, component, name, i):
    if name == "spare":
        return 4 if component == "shop/db" and i >= 2100 else 3
    if name == "extra" and (component != "shop/db" or i < 2000):
        return None
    if name not in ("cpu", "load", "reads"):
        return 20 + r.random()
    return 20 + r.random() + (3 if i % 100 >= 90 else 0) + (60 if 2050 <= i < 2080 else 0)


def write(path, components, first, end, names=names):
    with open(path, "w") as out:
        out.write(",".join(["component", "timestamp_s", *names]) + "\n")
        for component in components:
            for i in range(first, end):
                r = random.Random(f"{component} {i}")
                cells = [value(r, component, name, i) for name in names]
                cells = ["" if c is None else f"{c:.4f}" for c in cells]
                out.write(",".join([component, str(60 * i), *cells]) + "\n")


write("train.csv", ["shop/db", "shop/web", "cache"], 0, 2000, names[:5])
write("first.csv", ["shop/db", "shop/web", "mail"], 2000, 2070)
write("second.csv", ["shop/db", "shop/web", "mail"], 2070, 2120)
with open("issues.csv", "w") as out:
    out.write(f"component,start_s,end_s\nshop/db,{2050 * 60},{2080 * 60}\nshop/wed,0,1\n")
PYTHON

expect 'a model without new slots: said so, empty tables, exit status 0' '
    lode stage counters train.csv -o S --component component --tree / --local 2 --quiet
    cp -r S S.train
    lode run hierarchy S -o M --local 2 --quiet
    lode run hierarchy S --detect M -o none --local 2 --quiet 2>none.log
    grep -q "no component has slots after the model" none.log
    test "$(lode export none firings | wc -l)" -eq 1
    test "$(lode export none unscored | grep -c no_new_slots)" -eq 3'

expect 'the change is found where it was planted, in words, with its counters' '
    lode stage counters first.csv --append S --local 2 --quiet
    lode run hierarchy S --detect M -o R1 --local 2 --quiet
    lode stage counters second.csv --append S --local 2 --quiet
    lode run hierarchy S --detect M --labels issues.csv -o R --local 2 --quiet 2>R.log
    lode export R findings | grep "^[0-9]*,shop/db,high" | head -n 1 >found
    grep -qE "shop/db: .*(cpu|load).* changed together at 1970-01-02 10:10 UTC; [23] of 5 counters; first: " found
    lode export R summary | grep -qE "^high,0.8,[0-9.]+,[1-9]"
    lode export R summary | grep -qE "^whole,0.8,[0-9.]+,[1-9]"
    lode show R | grep -q "changed together"'

expect 'what the model does not know is told: a counter that wakes up, new ones, those that are gone' '
    lode export R woke | grep -q "^shop/db,spare,126000000,3,4$"
    lode export R findings | grep -q "shop/db: spare moves that never did in training, since 1970-01-02 11:00 UTC"
    lode export R unscored | sort >unscored
    printf "%s\n" cache,,no_new_slots,119940000 component,counter,reason,since mail,,component_unknown, \
        shop/db,extra,counter_unknown, shop/web,extra,counter_unknown, | sort | cmp - unscored
    grep -q "issues of components that the model does not know are left out count=1 first=\"shop/wed\" line=3 nearest=\"shop/web\"" R.log'

cut -d, -f1,2,3,5- <second.csv >third.csv # no load
expect 'what falls silent is told, and nobody is well whom nobody watches' '
    lode export R findings | grep -q "cache: sent nothing since 1970-01-02 09:19 UTC, others did until 1970-01-02 11:19 UTC"
    lode stage counters train.csv -o Q --component component --tree / --local 2 --quiet
    lode run hierarchy Q -o QM --local 2 --quiet
    lode stage counters third.csv --append Q --local 2 --quiet
    lode run hierarchy Q --detect QM -o QR --local 2 --quiet 2>QR.log
    grep -q "counters send no values any more.* count=2 components=2" QR.log
    lode export QR unscored | grep -q "^shop/web,load,silent,119940000$"
    lode export QR findings | grep -q "shop/db: 1 counter sent nothing since 1970-01-02 09:19 UTC: load"
    lode export QR health | cut -d, -f1-3,9 >health
    grep -q "^cache,,unknown,1$" health
    grep -q "^shop,[0-9.]*,[a-z]*,0$" health
    lode show QR | grep -qE "^components: .*1 unknown$"'

expect 'what wakes up and what is silent are alerts where a threshold says so' '
    lode run hierarchy S --detect M -o N --local 2 --quiet --set "thresholds=high: 20;; woke: 1;; silent: 1" \
        --set alert_exit=on 2>/dev/null || test $? -eq 10
    lode export N firings | grep -q "^[0-9]*,woke,shop/db,woke,126000000,,1,1,"
    lode export N firings | grep -q "^[0-9]*,silent,cache,silent,119940000,,1,1,"
    lode export N health | grep -q "^shop/db,0.5,yellow,shop/db,woke,"
    grep -q "spare moves that never did" N/alerts.jsonl
    lode show N | grep -qE "^ +[0-9]+ +cache +silent +1970-01-02 09:19 UTC +1 "'

expect 'slots scored in an early batch are those of a later one' '
    lode export R1 scores | grep shop/db | head -n 70 >early
    lode export R scores | grep shop/db | head -n 70 >late
    test "$(wc -l <early)" -eq 70
    cmp early late'

expect '1, 2 and 5 workers: the same bytes' '
    for n in 1 2 5; do
        lode run hierarchy S --detect M --labels issues.csv -o W$n --local $n --quiet \
            --set scores=low,mid,high,whole --set thresholds="low: 4;; mid: 4;; whole: 3" 2>/dev/null
    done
    test "$(results W1)" = "$(results W2)"
    test "$(results W1)" = "$(results W5)"
    test "$(lode export W1 firings | grep -c ^[0-9]*,low,)" -ge 6'

expect 'oneclass: groups that learn without labels; 1, 2 and 5 workers: the same bytes' '
    for n in 1 2 5; do
        lode run hierarchy S.train -o O$n --set combiner=oneclass --local $n --quiet
        lode run hierarchy S --detect O$n -o P$n --local $n --quiet \
            --set thresholds="mid: 4;; high: 4;; whole: 3" 2>/dev/null
    done
    test "$(results O1)" = "$(results O2)"
    test "$(results O1)" = "$(results O5)"
    test "$(results P1)" = "$(results P2)"
    test "$(results P1)" = "$(results P5)"
    lode export P1 findings | grep "shop/db,mid" | grep -q "changed together at 1970-01-02 10:10 UTC"'

expect 'oneclass: what the counters add is the peak, of every firing inside a component' '
    lode export P1 firings >firings.csv
    lode export P1 contributions | awk -F, "
        NR == FNR { if (FNR > 1 && \$2 != \"whole\") peak[\$1] = \$8; next }
        FNR > 1 { sum[\$1] += \$5 }
        END { for (i in peak) { n++; off = sum[i] / peak[i] - 1; if (off > 1e-9 || off < -1e-9) exit 1 }
              exit n < 3 }" firings.csv -'

expect 'oneclass: a classifier with a hole is refused by table, row and column' '
    cp -r O1 hole
    "$python" - "$LODE_FORGE" hole/results.h5 <<PYTHON
import os, subprocess, sys, h5py
path = sys.argv[2]
os.truncate(path, os.path.getsize(path) - 24)
with h5py.File(path, "r+") as file:
    file["classifiers/value"][1] = float("nan")
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
PYTHON
    code=0
    lode run hierarchy S --detect hole -o X --local 1 --quiet 2>hole.log || code=$?
    test $code -eq 3
    grep -q "table classifiers, row 1, column value" hole.log'

expect 'a manual grouping is judged beside the learned one' '
    printf "component,group,counter\n*,work,cpu\n*,work,load\nshop/db,rest,s*\nshop/bd,rest,cpu\n" >groups.csv
    lode run hierarchy S --detect M --labels issues.csv --set manual_groups=groups.csv -o G \
        --local 2 --quiet 2>G.log
    grep -q "manual groups fit no counter of the model count=1 of=4 first=.rest. component=.shop/bd." G.log
    lode export G summary | grep -qE "^manual,0.8,[0-9.]+,[1-9]"'

expect 'slots of another length than those of the model are told' '
    lode stage counters first.csv -o coarse --component component --tree / --slot 5m --local 1 --quiet
    lode run hierarchy coarse --detect M -o C --local 1 --quiet 2>C.log
    grep -q "slots have another length .* model_slot_ms=60000 store_slot_ms=300000" C.log'

expect 'mute and diff know a firing again' '
    lode diff R1 R | grep -q "woke"
    lode mute R 1 --reason "known"
    lode show R | grep -q "known"'

printf 'component,start_s,end_s\n' >empty.csv
expect 'labels without an issue are told, not refused: firings are counted' '
    lode run hierarchy S --detect M --labels empty.csv -o E --local 1 --quiet 2>E.log
    grep -q "no issue of the labels starts in the scored slots.* issues=0" E.log
    lode export E evaluation | grep -qE "^high,0.02,[0-9]+,0,0,,0?"'
printf 'component,start_s,end_s\nshop/db,60,30\n' >backwards.csv
refuse 3 'backwards.csv, line 2: it ends at 30, where it starts \(60\) or before' \
    'lode run hierarchy S --detect M --labels backwards.csv -o X --local 1 --quiet'
printf 'component,start_s,end_s\nshop/dv,60,90\n' >foreign.csv
refuse 3 "foreign.csv, line 2: no row is about a component of the model; .*nearest: 'shop/db'" \
    'lode run hierarchy S --detect M --labels foreign.csv -o X --local 1 --quiet'
refuse 2 'parameter window is of learning: the model has its own, window=1h' \
    'lode run hierarchy S --detect M --set window=5h -o X --local 1 --quiet'
refuse 2 "parameter scores: level 'woke' has no scores" \
    'lode run hierarchy S --detect M --set scores=woke -o X --local 1 --quiet'
refuse 2 "parameter thresholds: there is no level 'hihg'; did you mean 'high'" \
    'lode run hierarchy S --detect M --set thresholds="hihg: 4" -o X --local 1 --quiet'

finish
