#!/bin/sh
# Stores and results are the same bytes for 1, 2 and 5 workers, forked here or started by mpirun.
. "$(dirname "$0")/lib.sh"
need_data events/it_incidents
data=$LODE_DATA/events/it_incidents

expect "the store is the same for 1, 2 and 5 workers" '
    for n in 1 2 5; do
        lode stage events "$data"/sessions.csv.gz "$data"/events.csv.gz -o store --local $n \
            --partition-bytes 200K
        digest store >stored-$n
        mv store store-$n
    done
    cmp stored-1 stored-2
    cmp stored-1 stored-5'

expect "it has at least 16 partitions, so that there is something to distribute" '
    lode info store-1 --json >info.json
    json info.json "d[\"partitions\"]"
    test "$(json info.json "d[\"partitions\"]")" -ge 16'

expect "the store is the same when mpirun starts the workers" '
    mpirun -n 4 lode stage events "$data"/sessions.csv.gz "$data"/events.csv.gz -o store \
        --partition-bytes 200K
    digest store >stored-mpi
    cmp stored-1 stored-mpi'

expect "results are the same for 1, 2 and 5 workers" '
    for n in 1 2 5; do
        lode run opportunities store-1 -o run-$n --local $n --set k=1..4 --set min_support=0
        results run-$n >got-$n
    done
    cat got-1
    cmp got-1 got-2
    cmp got-1 got-5'

expect "results are the same when workers sum the counts of patterns" '
    lode run opportunities store-1 -o summed-1 --local 2 --set k=1..4 --set min_support=0 --set sum_limit=0
    grep -q "summing patterns" summed-1/run.json
    results summed-1 >got-summed
    cmp got-1 got-summed
    lode run opportunities store-1 -o kept --local 2 --set k=1..4
    lode run opportunities store-1 -o summed-2 --local 2 --set k=1..4 --set sum_limit=0
    cmp kept/results.h5 summed-2/results.h5'

expect "results are the same under mpirun" '
    mpirun -n 3 lode run opportunities store-1 -o run-mpi --set k=1..4 --set min_support=0
    results run-mpi >got-mpi
    cmp got-1 got-mpi'

# Example sessions are the first in the store's order, which is by partition; all else is not.
expect "tables do not depend on the number of partitions" '
    lode stage events "$data"/sessions.csv.gz "$data"/events.csv.gz -o whole
    lode run opportunities whole -o run-whole --set k=1..4 --set min_support=0
    for table in patterns cohorts summary opportunities; do
        lode export run-1 $table | sed "s/,INC[^,]*//" >a.csv
        lode export run-whole $table | sed "s/,INC[^,]*//" >b.csv
        test -s a.csv
        cmp a.csv b.csv
    done'

finish
