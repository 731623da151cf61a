#!/bin/sh
# Where nothing is planted, a run has findings in at most the share max_q of all seeds.
. "$(dirname "$0")/lib.sh"

# loose: every row of the tables with q <= max_q is let through, whatever its size
loose='--set min_share=0 --set min_ratio=0 --set cohort_relative=0 --set cohort_z=1000'
most=4 # of 25: more than that has a chance of 0.7 % at 5 %
seeds=25
[ "${LODE_LONG:-}" != 1 ] || seeds=200 most=18 # 1.5 %

seed=0
strict_runs=0 loose_runs=0
while [ $seed -lt $seeds ]; do
    seed=$((seed + 1))
    rm -rf logs web.lode strict loose
    lode gen events --users 250 --seed $seed --no-plant -o logs --quiet --local 1 || exit 1
    lode stage events logs/sessions.csv logs/events.csv -o web.lode --quiet --local 1 || exit 1
    lode run opportunities web.lode -o strict --quiet --local 1 || exit 1
    # shellcheck disable=SC2086 # a list of options
    lode run opportunities web.lode -o loose --quiet --local 1 $loose || exit 1
    strict_runs=$((strict_runs + (0 < $(wc -l <strict/findings.jsonl))))
    loose_runs=$((loose_runs + (0 < $(wc -l <loose/findings.jsonl))))
done
echo "of $seeds runs with nothing to find, $strict_runs have findings; $loose_runs without the experts' thresholds"

expect "tests and correction alone keep to max_q over $seeds seeds" 'test $loose_runs -le $most'
expect "so do the findings that a person sees" 'test $strict_runs -le $most'

finish
