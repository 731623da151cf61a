#!/bin/sh
# The quality of the default preset of job hierarchy on labelled real machines: the figures of an
# independent program, far below those of the preset before it (t0043-hierarchy); the same bytes for any
# number of workers.
. "$(dirname "$0")/lib.sh"
need_data counters
counters=$LODE_DATA/counters
smd=$counters/smd

# firings RUN LEVEL RECALL: the fewest that reach the recall
firings() {
    lode export "$1" summary | awk -F, -v level="$2" -v recall="$3" '$1 == level && $2 == recall { print $4 }'
}

lode stage counters "$smd"/train/*.csv.gz -o S --local 2 --quiet
expect 'nothing set: the preset votes; its leaves have what they measure noise by' '
    lode run hierarchy S -o votes --local 2 --quiet
    lode export votes parameters | grep -q "^preset,votes$"
    lode export votes counters | grep -q ",shift,"
    lode export votes contributions | awk -F, "
        \$1 == \"high\" { sum[\$2] += \$6 }
        END { for (c in sum) if (sum[c] < 1 - 1e-9 || sum[c] > 1 + 1e-9) exit 1 }"'

lode stage counters "$smd"/test/*.csv.gz --append S --local 2 --quiet
expect 'leaves and their mean come out exactly' '
    lode run hierarchy S --detect votes --labels $smd/labels.csv -o R --local 2 --quiet
    test "$(firings R low 0.4) $(firings R low 0.6) $(firings R low 0.8)" = "196 353 895"
    test "$(firings R mean 0.4) $(firings R mean 0.6) $(firings R mean 0.8)" = "106 166 456"
    test "$(firings R flat 0.4) $(firings R flat 0.6) $(firings R flat 0.8)" = "95 168 314"'
expect 'the level that people read: at most 230 firings at recall 0.6, 450 at 0.8' '
    test "$(firings R high 0.6)" -le 230
    test "$(firings R high 0.8)" -le 450
    test "$(firings R high 0.6)" -lt "$(firings R mean 0.6)"'
expect 'what is found has the same bytes for 1, 2 and 5 workers' '
    for n in 1 5; do
        lode run hierarchy S --detect votes --labels $smd/labels.csv -o R$n --local $n --quiet
    done
    test "$(results R)" = "$(results R1)"
    test "$(results R)" = "$(results R5)"'
expect 'windows pass over the twelve hours between training and the first new sample' '
    lode stage counters $counters/nezha-ob/train/*.csv.gz -o N --local 2 --quiet
    lode run hierarchy N -o N.M --local 2 --quiet
    lode stage counters $counters/nezha-ob/test/*.csv.gz --append N --local 2 --quiet
    lode run hierarchy N --detect N.M --labels $counters/nezha-ob/labels.csv -o N.R --local 2 --quiet
    test "$(firings N.R low 0.4) $(firings N.R low 0.6) $(firings N.R low 0.8)" = "117 554 1140"
    test "$(firings N.R mean 0.4) $(firings N.R mean 0.6)" = "32 76"'

finish
