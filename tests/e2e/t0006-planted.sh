#!/bin/sh
# What was planted is found in the top ranks; where nothing was planted hardly anything is.
. "$(dirname "$0")/lib.sh"

# analyse SEED OPTION...: generates 2,000 users and leaves the findings in found.csv
analyse() {
    seed=$1
    shift
    rm -rf logs web.lode run1
    lode gen events --seed "$seed" -o logs "$@" || return 1
    lode stage events logs/sessions.csv logs/events.csv -o web.lode || return 1
    lode run opportunities web.lode -o run1 || return 1
    lode export run1 opportunities >found.csv
}

seeds='1 2 3'
[ "${LODE_LONG:-}" != 1 ] || seeds=$(seq 1 30)

for seed in $seeds; do
    expect "seed $seed: both motivating examples of the paper are in the first 3, in the right words" "
        analyse $seed --plant paper --users 20000 --sessions-per-user 1.5
        $python $LODE_SOURCE/tests/e2e/planted.py logs/truth.json found.csv 3
        head -n 4 found.csv | grep -q 'buy_plan > web_cors_error > timeout_error'
        head -n 4 found.csv | grep -q 'second and later sessions of users with os_version=android 13'
        head -n 4 found.csv | grep 'os_version=android 13' | grep -q cohort+.*causal"
    expect "seed $seed: all planted opportunities are in the first 15" "
        analyse $seed
        $python $LODE_SOURCE/tests/e2e/planted.py logs/truth.json found.csv 15"
    expect "seed $seed: nothing planted, at most five findings" "
        analyse $seed --no-plant
        json logs/truth.json 'len(d[\"planted\"])' | grep -qx 0
        cat found.csv
        test \$(wc -l <found.csv) -le 6"
done

finish
