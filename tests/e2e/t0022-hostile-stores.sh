#!/bin/sh
# Hostile stores and runs: cut, flipped, forged, foreign, newer: refused by name, never other results.
. "$(dirname "$0")/lib.sh"
need_python h5py numpy

lode gen events --users 20 --seed 7 -o logs --quiet || exit 1
lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 20K --quiet || exit 1
rm -r logs
hostile="$python $LODE_SOURCE/tests/e2e/hostile_store.py $LODE_FORGE"
run='lode run opportunities'
options='--local 1 --quiet --set k=1..2'
# shellcheck disable=SC2086 # a list of options
$run web.lode -o calm $options || exit 1

# the store's files with one bit flipped: the run is refused with the file's name
seed=${LODE_SEED:-1}
for part in index.h5 part-00000.h5 part-00001.h5; do
    expect "ten flipped bits of $part, one after the other, are told (LODE_SEED=$seed)" "
        for place in 0 1 2 3 4 5 6 7 8 9; do
            rm -rf x.lode && cp -r web.lode x.lode
            $hostile flip x.lode/$part $seed\$place
            code=0
            $run x.lode -o x $options 2>told || code=\$?
            cat told
            test \$code -eq 3
            grep -q '$part' told
            test ! -e x/results.h5
            rm -rf x
        done"
done
for place in 1 2 3; do
    rm -rf flipped && cp -r calm flipped
    $hostile flip flipped/results.h5 "$seed$place" >/dev/null
    refuse 3 'flipped/results\.h5: (damaged|cut short)' 'lode show flipped'
    refuse 3 'flipped/results\.h5: (damaged|cut short)' 'lode export flipped patterns'
    refuse 3 'flipped/results\.h5: (damaged|cut short)' 'lode export flipped'
done

# copy NAME: a copy of the store to be spoilt
copy() {
    rm -rf "$1.lode" && cp -r web.lode "$1.lode"
}
copy cut && head -c 1500 web.lode/index.h5 >cut.lode/index.h5
copy longer && echo more >>longer.lode/part-00001.h5
copy longer-index && echo more >>longer-index.lode/index.h5
copy cut-part && head -c 3000 web.lode/part-00001.h5 >cut-part.lode/part-00001.h5
copy gone && rm gone.lode/part-00001.h5
copy pipe && rm pipe.lode/part-00001.h5 && mkfifo pipe.lode/part-00001.h5
copy pipe-index && rm pipe-index.lode/index.h5 && mkfifo pipe-index.lode/index.h5
copy swapped && cp web.lode/part-00000.h5 swapped.lode/part-00001.h5
copy foreign && $hostile foreign foreign.lode/index.h5
copy touched && $hostile touch touched.lode/index.h5
refuse 3 'index\.h5: cut short' "$run cut.lode -o x $options"
refuse 3 'part-00001\.h5 has [0-9]+ bytes, the index says' "$run longer.lode -o x $options"
refuse 3 'index\.h5: cut short or not' "$run longer-index.lode -o x $options"
refuse 3 'part-00001\.h5 has 3000 bytes, the index says' "$run cut-part.lode -o x $options"
refuse 3 'part-00001\.h5: No such file' "$run gone.lode -o x $options"
refuse 3 'part-00001\.h5' "$run pipe.lode -o x $options"
refuse 3 'index\.h5: not a file' "$run pipe-index.lode -o x $options"
# of the right size: it is met by a task, maybe after others have left results to go on from
expect "a partition that is another one is refused by name, and nothing is made of it" '
    code=0
    $run swapped.lode -o x $options 2>told || code=$?
    cat told
    test $code = 3
    grep -q "part-00001\.h5" told
    if [ -e x ]; then # then it can go on where the right partition is back
        grep -q "to go on: lode run --resume x" told
        test "$(json x/run.json "d[\"state\"]")" = failed
        test ! -e x/results.h5 && test ! -e x/findings.jsonl
    fi
    rm -rf x'
refuse 3 'index\.h5: cut short or not an HDF5 file of lode' "$run foreign.lode -o x $options"
refuse 3 'index\.h5: cut short or not an HDF5 file of lode' "$run touched.lode -o x $options"
for name in cut longer-index foreign touched; do
    refuse 3 'index\.h5: cut short or not' "lode info $name.lode"
done

# what a forger makes: the seal is right, so is what the index says of the partition
forged() { # forged NAME WORDS: both commands that open an index
    copy forged
    $hostile "$1" forged.lode || not_ok "$1 could not be made"
    refuse 3 "$2" "lode info forged.lode # $1"
    refuse 3 "$2" "$run forged.lode -o x $options # $1"
}
forged newer 'a newer lode wrote it: store format 99'
forged no_format 'not a lode store'
forged external_link "'dictionaries/event_names' is a link to elsewhere"
forged soft_link "'dictionaries/event_names' is a link to elsewhere"
forged external_rows 'lie in other files'
forged virtual 'lie in other files'
forged huge 'claims 1000000000000 rows'
forged huge_packed 'claims 1000000000000 rows'
forged filter 'is packed by filter 3'
forged variable_text 'of a type that lode does not read'
forged compound 'of a type that lode does not read'
forged committed_type "dictionaries/event_names'"
forged group_for_data "dictionaries/event_names'"
forged missing "dictionaries/event_names' is missing"
forged big_chunk 'larger than 4 MiB'
forged part_outside 'does not name a partition'
forged part_escape 'does not name a partition'
forged negative_count 'holds -1'
forged many_rows 'more rows than can be counted'
forged rows_of_table 'rows'

forged_part() { # the index cannot know: the worker that reads it does
    copy forged
    $hostile "$1" forged.lode || not_ok "$1 could not be made"
    expect "$1: lode info has nothing against it" 'lode info forged.lode'
    expect "$1: refused, with the file's name: $2" "
        code=0
        $run forged.lode -o x $options 2>told || code=\$?
        cat told
        test \$code -eq 3
        grep -q 'part-00000.h5' told
        grep -qE '$2' told
        test ! -e x/results.h5
        rm -rf x"
}
forged_part part_link 'is a link to elsewhere'
forged_part part_virtual 'lie in other files'
forged_part part_huge 'claims 1000000000000 rows'
forged_part part_offsets 'must rise from 0'
forged_part part_codes 'holds code 250'
forged_part part_outcome 'must be 0, 1 or 2'
forged_part part_fewer_rows 'must have'
forged_part part_column_missing 'is missing'

# results and records of a run that came from elsewhere
forged_run() {
    rm -rf forged && cp -r calm forged
    $hostile "$1" forged || not_ok "$1 could not be made"
    refuse 3 "$2" 'lode export forged patterns'
}
forged_run results_link 'has 13 columns, its attribute says 14'
forged_run results_codes 'holds code|there are'
forged_run results_position 'position'
forged_run results_rows 'rows'
forged_run results_type "type .\?.?\[31m"
rm -rf forged && cp -r calm forged
printf '{"job":"opportunities","error":"\033[31m","started":"\302\2331m"}' >forged/run.json
printf '{"rank":1,"text":"\033[31m"}\n' >forged/findings.jsonl
refuse 3 'run failed: \?\[31m' 'lode show forged'
refuse 3 'no JSON: byte' 'lode info forged --json'
expect "control bytes of a record do not reach the terminal" '
    lode info forged >answer
    cat -v answer
    not grep -qP "[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]" answer'
cp calm/run.json forged/run.json
refuse 3 'findings\.jsonl: no JSON: byte 18 is the control byte 0x1b' 'lode show forged --json'
rm forged/run.json && mkfifo forged/run.json
refuse 3 'run\.json: not a plain file' 'lode show forged'
refuse 3 'run\.json: not a plain file' 'lode info forged'

expect "the calm store is as it was" '
    $run web.lode -o again $options
    cmp calm/results.h5 again/results.h5'
expect "no process is left" nothing_left_running
finish
