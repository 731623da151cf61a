#!/bin/sh
# Hierarchy: a tree of detectors is learned from real counters and held against what came later, with
# the figures of independent programs; the same bytes for any number of workers; what is no model or
# has changed is refused.
. "$(dirname "$0")/lib.sh"
need_data counters
smd=$LODE_DATA/counters/smd

# cell FILE.csv KEYS COLUMN: of the row that begins with the keys
cell() {
    awk -F, -v keys="$2" -v name="$3" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
        index($0, keys ",") == 1 { print $at }' "$1"
}
# figure LEVEL,RECALL: "firings precision" of table summary
figure() {
    awk -F, -v keys="$1" 'index($0, keys ",") == 1 { printf "%s %.2f\n", $4, $5 }' summary.csv
}

expect "a model is learned, and its groups are told in words" '
    lode stage counters $smd/train/*.csv.gz -o S --local 2 --quiet
    lode run hierarchy S -o M --local 2 --quiet --set preset=robust --set replicates=2
    lode show M --top 3 | grep -q "counters move together"
    lode export M levels >levels.csv
    test "$(cell levels.csv 1 detectors)" -eq 380
    test "$(cell levels.csv 1 dead)" -gt 0
    test "$(cell levels.csv 1 groups)" -ge 80 && test "$(cell levels.csv 1 groups)" -le 110
    test "$(cell levels.csv 1 not_converged)" -eq 0'
expect "groups are those of scikit-learn on the same scores (machine-1-2)" '
    lode export M findings | grep "machine-1-2,mid" | sed "s/.*together: //; s/[;\"].*//" >groups.txt
    printf "%s\n" "c01, c02" "c03, c04" "c05, c18" "c06, c07" "c09, c11, c15" "c10, c13" \
        "c14, c20" "c19, c21" "c22, c31" "c24, c26" "c35, c36" >expected.txt
    cmp groups.txt expected.txt'
expect "a dead counter is listed, not grouped" '
    lode export M dropped >dropped.csv
    grep -q "low,machine-1-2,.*,dead,distance 0 in every training slot" dropped.csv'
expect "the same bytes for 1, 2 and 5 workers" '
    lode stage counters $smd/train/machine-3-*.csv.gz -o V --partition-bytes 1M --local 2 --quiet
    test "$(find V -name "part-*.h5" | wc -l)" -gt 5
    lode verify hierarchy V -n 1,2,5 --set replicates=2'
expect "labels and a model are flags; firings at recall are those of the reference" '
    lode stage counters $smd/test/*.csv.gz --append S --local 2 --quiet
    lode run hierarchy S --detect M --labels $smd/labels.csv -o R --local 2 --quiet
    lode export R summary >summary.csv
    test "$(figure low,0.6) $(figure low,0.8)" = "1385 0.74 2063 0.65"
    test "$(figure mean,0.6) $(figure mean,0.8)" = "420 0.63 768 0.46"
    test "$(figure mid,0.6) $(figure high,0.6) $(figure high_max,0.8)" = "498 0.71 303 0.55 577 0.43"
    lode export R evaluation >evaluation.csv
    awk -F, "NR == 2 && \$1 == \"low\" && \$2 == 0.02 && \$4 == 156" evaluation.csv | grep -q .
    test "$(grep -c "^low," evaluation.csv)" -eq 170
    lode show R | grep -q "changed"
    grep -q "\"path\":.*labels.csv" R/run.json'
expect "what a run would take is told before" '
    lode run hierarchy S -o X --dry-run | grep -q "learning detectors"
    lode run hierarchy S -o X --detect M --dry-run | grep -q "scoring new slots"
    test ! -e X'
expect "the help of the job lists its flags and parameters" '
    lode run hierarchy --help | grep -q -- "--detect MODEL"
    lode run hierarchy --help | grep -q "^  lode run hierarchy metrics.lode -o run1"
    lode run hierarchy --help | grep -q "^  lasso_fraction"'

expect "lengths and patterns of names that come to something else are told" '
    lode run hierarchy S -o X --dry-run --set preset=robust --set window=30m --set "severities=zz*: 3" 2>said
    grep -q "parameter window=30m comes to 48 slots instead of 30 .* count=10 first=\"machine-1-2\" slot_ms=60000" said
    grep -q "parameter severities: .zz\*. fits nothing" said'

awk 'BEGIN { print "timestamp_ms,component,cpu,load"
    for (i = 0; i < 200; i++) {
        if (i < 15) printf "%d,few,%d,%d\n", i * 60000, i % 7, i % 5
        printf "%d,slow,%d,%d\n%d,fast,%d,%d\n", i * 60000, i % 7, i % 5, i * 2, i % 7, i % 5 } }' >steps.csv
expect "components that cannot be judged are left out and told, with what helps" '
    lode stage counters steps.csv --component component -o steps --local 1 --quiet
    lode run hierarchy steps -o steps.M --local 1 --quiet 2>said
    grep -q "slots are too short for window and noise .* (--slot) count=1 first=.fast. slot_ms=2" said
    grep -q "not judged: .* count=1 of=2 first=.few. slots=15 needed=120 slot_ms=60000" said
    not grep -q "no detector of this model lives" said
    grep few steps.csv | sed "1i timestamp_ms,component,cpu,load" >few.csv
    lode stage counters few.csv --component component -o few --local 1 --quiet
    lode run hierarchy few -o few.M --local 1 --quiet 2>said
    grep -q "no detector of this model lives: it will never find anything .* detectors=2" said
    grep fast steps.csv | sed "1i timestamp_ms,component,cpu,load" >fast.csv
    lode stage counters fast.csv --component component -o fast --local 1 --quiet'

awk 'BEGIN {
    printf "timestamp_s"
    for (c = 0; c < 3000; c++) printf ",c%d", c
    for (i = 0; i < 130; i++) {
        printf "\n%d", i * 60
        for (c = 0; c < 3000; c++) printf ",%d", i * (c + 7) % 11
    }
    print "" }' >wide.csv
expect "a component with too many counters for the memory is told what helps" '
    lode stage counters wide.csv -o wide --local 1 --quiet
    code=0; lode run hierarchy wide -o wide.M --local 1 --memory 64M --quiet 2>said || code=$?
    test $code -eq 4
    grep -q "covariances of 2727 detectors take .* stage its counters as several components" said'
refuse 2 "parameter noise: 7200000 ms are 3600000 slots of component 'fast', .*--slot" "lode run hierarchy fast -o X"
refuse 2 "nothing is called 'c1'; did you mean 'c01'" "lode run hierarchy S -o X --set 'exemplars=c02, c1'"

mkdir no-model
refuse 2 "there is no model" "lode run hierarchy S -o X --detect no-model"
refuse 3 "nowhere: No such file" "lode run hierarchy S -o X --detect nowhere"
refuse 2 "manual_groups are for scoring" "lode run hierarchy S -o X --set manual_groups=$smd/labels.csv"
refuse 2 "did you mean '--labels'" "lode run hierarchy S -o X --lables $smd/labels.csv"
refuse 2 "splits: 'middle' is none of max, centre, edge" "lode run hierarchy S -o X --set splits=middle"
refuse 2 "no kind 'fourier'" "lode run hierarchy S -o X --set detectors=fourier"
refuse 2 "parameter window" "lode run hierarchy S -o X --set window=9000d"
refuse 2 "holds no model" "lode run hierarchy S -o X --detect R"

# killed once it has begun: a run that was too fast is begun anew
expect "a run goes on with its model and labels only, from any folder, under their whole paths" '
    cp $smd/labels.csv own.csv
    code=0 again=0
    while [ ! -e r/journal ] || [ -e r/results.h5 ]; do
        again=$((again + 1))
        [ $again -le 20 ]
        rm -rf r
        lode run hierarchy S --detect M --labels own.csv -o r --local 1 --quiet &
        run=$!
        until [ -e r/journal/lock ] || ! kill -0 $run; do sleep 0.02; done # asking again
        kill -9 $run || true
        wait $run || true
    done
    nothing_left_running
    echo "machine-1-2,1,2," >>own.csv
    lode run --resume r --local 2 2>said || code=$?
    [ $code -eq 3 ]
    grep -q "own.csv: its .* is not what it was when the run began" said
    cp $smd/labels.csv own.csv
    mkdir elsewhere && cd elsewhere
    lode run --resume ../r --local 2 --quiet
    cd ..
    cmp r/results.h5 R/results.h5'
finish
