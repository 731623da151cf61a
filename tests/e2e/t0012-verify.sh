#!/bin/sh
# lode verify proves the same bytes for any number of workers, also when workers are killed.
. "$(dirname "$0")/lib.sh"

lode gen events --users 6000 --seed 3 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 1M --quiet || exit 1
unset TMPDIR
folders() {
    find . -maxdepth 1 -name 'lode-verify-*'
}

expect "1, 2 and 5 workers, calm and with three of them killed: six runs, the same bytes" '
    lode verify opportunities web.lode -n 1,2,5 --kill 3 --seed 7 --set k=1..4 \
        --set min_support=0 >table
    cat table
    test "$(grep -c " same$" table)" = 6
    test "$(wc -l <table)" = 7
    test "$(awk "NR > 4 && \$2 > 0" table | wc -l)" -ge 1
    test -z "$(folders)"'

expect "as JSON: what was asked for, what was done" '
    lode verify opportunities web.lode -n 2 --kill 2 --json --set k=1..4 --set min_support=0 >answer
    cat answer
    test "$(json answer "d[\"same\"], [r[\"workers\"] for r in d[\"runs\"]]")" = "(True, [2, 2])"
    test "$(json answer "[r[\"kills\"] for r in d[\"runs\"]]")" = "[0, 2]"
    test "$(json answer "d[\"runs\"][0][\"repeated\"]")" = 0
    test "$(json answer "d[\"runs\"][1][\"killed\"]")" -ge 1'

# A kill falls at a random moment of what the calm run took; where that is after the end, verify says so.
expect "under mpirun, where workers are killed two generations below" '
    all=no
    for seed in 1 2 3 4 5; do
        lode verify opportunities web.lode -n 1,2 --kill 1 --seed $seed --mpi --json --set k=1..4 \
            --set min_support=0 >answer
        cat answer
        test "$(json answer "d[\"same\"]")" = True
        killed=$(json answer "[r[\"killed\"] for r in d[\"runs\"]]")
        if [ "$killed" = "[0, 0, 1, 1]" ]; then all=yes && break; fi
    done
    test $all = yes
    test -z "$(folders)"
    nothing_left_running'

expect "--keep leaves the runs, and they are runs" '
    lode verify opportunities web.lode -n 1,2 --keep kept
    test "$(find kept -name results.h5 | wc -l)" = 2
    lode export kept/2-n2 patterns >/dev/null
    rm -r kept'

# The program makes no difference by itself: the first run, to which all are compared, is damaged when
# it is done, that is when the second has begun.
expect "a difference is found, named, and is exit status 1" '
    (until ls -d lode-verify-*/2-n2 2>/dev/null; do :; done
     echo damage >>"$(echo lode-verify-*/1-n1/results.h5)") &
    status=0
    lode verify opportunities web.lode -n 1,2,2,2,2 >table || status=$?
    wait
    cat table
    test $status = 1
    tail -n 1 table | grep "DIFFERENT: results.h5 from byte [0-9]*"'

refuse 2 '-n 0: must be a number' 'lode verify opportunities web.lode -n 0'
refuse 2 '-n two: must be a number' 'lode verify opportunities web.lode -n two'
refuse 2 'a number is missing' 'lode verify opportunities web.lode -n 1,,5'
refuse 2 'a number is missing' 'lode verify opportunities web.lode -n 1,'
refuse 2 'at most 16 numbers' 'lode verify opportunities web.lode -n 1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1'
refuse 2 '--kill -1' 'lode verify opportunities web.lode --kill -1'
refuse 2 'takes a job and a store' 'lode verify opportunities'
refuse 2 "did you mean 'opportunities'" 'lode verify opportunitie web.lode'
refuse 2 "did you mean 'k'" 'lode verify opportunities web.lode --set kk=1'
refuse 3 'no such store' 'lode verify opportunities none.lode'
refuse 2 'exists' 'lode verify opportunities web.lode --keep logs'

expect "SIGTERM ends the run under way, removes its folder, and is exit status 143" '
    lode verify opportunities web.lode -n 2,2,2,2,2,2,2,2 --set k=1..4 --set min_support=0 >table &
    verify=$!
    until [ -n "$(workers_here)" ]; do kill -0 $verify; done
    kill -TERM $verify
    status=0
    wait $verify || status=$?
    echo "exit status $status"
    test $status = 143
    test -z "$(folders)"
    nothing_left_running'

finish
