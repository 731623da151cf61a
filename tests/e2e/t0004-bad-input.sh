#!/bin/sh
# Bad input and bad arguments: a message with place and reason, the promised exit status, no output.
. "$(dirname "$0")/lib.sh"

lode gen events --users 40 --seed 7 -o logs --quiet || exit 1
mv logs/sessions.csv s.csv
mv logs/events.csv e.csv
rm -r logs

# files
cut -d, -f1,2,4 e.csv >no-time.csv
cut -d, -f2,3,4 e.csv >no-session.csv
cut -d, -f1,2,4 s.csv >no-start.csv
sed '5,60s/,[0-9.]*$/,fast/' s.csv >words.csv
(cat s.csv; sed -n '2,80p' s.csv) >twice.csv
gzip -c e.csv >whole.csv.gz
head -c 3000 whole.csv.gz >cut.csv.gz
zstd -qc e.csv >whole.csv.zst
head -c 3000 whole.csv.zst >cut.csv.zst
: >empty.csv
(cat e.csv; printf 's1,u1,5,"open\n') >quote.csv
printf 'not a store\n' >text
mkdir folder

stage='lode stage events'
refuse 3 'no-time\.csv: .*time.*timestamp_ms' "$stage s.csv no-time.csv -o x"
refuse 3 'no-session\.csv: .*session_id' "$stage s.csv no-session.csv -o x"
refuse 3 'kpi_speed' "$stage s.csv e.csv -o x --kpi kpi_speed"
refuse 3 'words\.csv line 5: .*text in a number' "$stage words.csv e.csv -o x --kpi kpi_duration_s"
refuse 3 'duplicate session.*twice\.csv line' "$stage twice.csv e.csv -o x"
refuse 3 'cut\.csv\.gz: .*(cut short|truncated)' "$stage s.csv cut.csv.gz -o x"
refuse 3 'cut\.csv\.zst: .*(cut short|truncated)' "$stage s.csv cut.csv.zst -o x"
refuse 3 'empty\.csv: .*empty' "$stage empty.csv e.csv -o x"
refuse 3 'quote\.csv: line [0-9]+: .*quote' "$stage s.csv quote.csv -o x"
refuse 3 'missing\.csv: .*No such file' "$stage s.csv missing.csv -o x"

# rejects up to the limit are told and kept, not fatal
expect "a reject below the limit: a warning, and rejects.jsonl with file, line and reason" '
    sed "7s/,[0-9.]*\$/,fast/" s.csv >one.csv
    session=$(sed -n 7p one.csv | cut -d, -f1)
    grep -v "^$session," e.csv >without.csv
    lode stage events one.csv without.csv -o one.lode 2>told
    cat told
    grep -q "1 rejected" told
    grep -q "warning.*text in a number" told
    cat one.lode/rejects.jsonl
    grep -q "one\.csv.*\"line\": *7,.*text in a number" one.lode/rejects.jsonl
    test "$(wc -l <one.lode/rejects.jsonl)" -eq 1
    lode info one.lode --json >info.json
    test "$(json info.json "d[\"rows_rejected\"]")" = 1'
refuse 3 'one\.csv line 7: text in a number' "$stage one.csv without.csv -o x --max-rejects 0"

lode stage events s.csv e.csv -o web.lode --quiet || exit 1
cp -r web.lode missing-part.lode && rm missing-part.lode/part-00000.h5
cp -r web.lode short-part.lode && head -c 2000 web.lode/part-00000.h5 >short-part.lode/part-00000.h5
cp -r web.lode short-index.lode && head -c 3000 web.lode/index.h5 >short-index.lode/index.h5
cp -r web.lode text-index.lode && cp text text-index.lode/index.h5

run='lode run opportunities'
refuse 3 'text: .*not a store' "$run text -o x"
refuse 3 'folder: .*not a store' "$run folder -o x"
refuse 3 'nowhere: .*no such' "$run nowhere -o x"
refuse 3 'part-00000' "$run missing-part.lode -o x"
refuse 3 'part-00000' "$run short-part.lode -o x"
refuse 3 'index\.h5: .*(cut short|HDF5)' "$run short-index.lode -o x"
refuse 3 'index\.h5: .*HDF5' "$run text-index.lode -o x"
refuse 3 'folder: .*not a store' 'lode info folder'
refuse 3 'folder: .*not a run' 'lode show folder'
refuse 3 'folder: .*not a run' 'lode export folder patterns'

refuse 2 "kpi_crahs.*did you mean 'kpi_crash'" "$run web.lode -o x --set kpi=kpi_crahs"
refuse 2 "min_suport.*did you mean 'min_support'" "$run web.lode -o x --set min_suport=0"
refuse 2 'k=0\.\.9: .*1\.\.8' "$run web.lode -o x --set k=0..9"
refuse 2 "min_share.*'lots'" "$run web.lode -o x --set min_share=lots"
refuse 2 "attributes.*devise.*did you mean 'device'" "$run web.lode -o x --set attributes=devise"
printf 'k: 1..3\nmin_shar: 0.1\n' >spec.yaml
refuse 2 "spec\.yaml:2:1: .*did you mean 'min_share'" "$run web.lode -o x --spec spec.yaml"
refuse 2 "unknown option '--sett', did you mean '--set'" "$run web.lode -o x --sett k=1"
refuse 2 "unknown option.*did you mean '--partition-bytes'" "$stage s.csv e.csv -o x --partition-byte 3"
refuse 2 "unknown job 'oportunities', did you mean 'opportunities'" 'lode run oportunities web.lode -o x'
refuse 2 "unknown command 'rum', did you mean 'run'" 'lode rum'
refuse 2 'needs -o' "$run web.lode"
refuse 2 'exists already' "$run web.lode -o folder"
refuse 2 'exists already' "$stage s.csv e.csv -o folder"
refuse 2 '--users 0' 'lode gen events -o x --users 0'

refuse 4 'folder/that/is/not/there' "$run web.lode -o folder/that/is/not/there"
refuse 4 '/proc/x' "$stage s.csv e.csv -o /proc/x"

lode run opportunities web.lode -o run1 --quiet || exit 1
refuse 2 "no table 'pattern'.*did you mean 'patterns'" 'lode export run1 pattern'
refuse 2 '--format' 'lode export run1 patterns --format xml'

expect "no process is left" nothing_left_running
finish
