#!/bin/sh
# A store and the results of a run are read without lode, by h5py, pandas and h5dump.
. "$(dirname "$0")/lib.sh"
need_python h5py pandas

lode gen events --users 60 --seed 5 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 100K --quiet || exit 1
lode run opportunities web.lode -o run1 --quiet || exit 1

expect "h5py finds users, sessions and events as they were in the input" '
    '"$python"' "$LODE_SOURCE/tests/e2e/read_store.py" web.lode logs/sessions.csv logs/events.csv'

expect "h5py reads a table of the results as lode export prints it" '
    lode export run1 patterns >patterns.csv
    '"$python"' "$LODE_SOURCE/tests/e2e/read_results.py" run1/results.h5 patterns patterns.csv'

expect "h5dump reads every file to its end" '
    for file in web.lode/*.h5 run1/results.h5; do h5dump "$file" >/dev/null; done'

expect "h5dump shows titles and units" '
    h5dump -A web.lode/part-00000.h5 >dump
    grep -q "ATTRIBUTE \"units\"" dump
    grep -q "ATTRIBUTE \"title\"" dump
    grep -q "ms since 1970-01-01" dump'

expect "no file holds a time of its making" '
    sleep 1.1 # HDF5 stores whole seconds: had it stored them, they would differ now
    lode stage events logs/sessions.csv logs/events.csv -o again.lode --partition-bytes 100K
    digest web.lode >a
    digest again.lode >b
    cmp a b'

finish
