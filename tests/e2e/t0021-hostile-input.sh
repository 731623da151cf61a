#!/bin/sh
# Hostile input files, as CSV and as JSON Lines: each fault is told by its name, nothing else suffers.
. "$(dirname "$0")/lib.sh"
export PYTHONUTF8=1

lode gen events --users 60 --seed 7 -o logs --quiet || exit 1
mv logs/sessions.csv s.csv && mv logs/events.csv e.csv && rm -r logs || exit 1
"$python" "$LODE_SOURCE/tests/e2e/hostile_rows.py" e.csv s.csv || exit 1
lode stage events s.csv e.csv -o calm.lode --quiet || exit 1
parts() {
    (cd "$1" && sha256sum part-*.h5)
}
parts calm.lode >calm

rows=$(($(wc -l <s.csv) + $(wc -l <e.csv) - 2)) # good ones
last=$(($(wc -l <e.csv) + 1))                    # the line behind

# One bad row in the tenth place: the form of the file, the fault's name, and the reason that is told.
expect "the table of faults is there" 'test "$(wc -l <faults)" -gt 30'
while IFS='	' read -r file reason; do
    expect "$file: one reject, '$reason', and all else as without it" '
        rm -rf x
        lode stage events s.csv rows/$file -o x >told 2>&1
        cat told x/rejects.jsonl
        sed "s/,//g" told | grep -q "= $rows used + 1 rejected"
        grep -q "warning: 1 rows rejected: $reason" told
        test "$(cat x/rejects.jsonl)" = "{\"file\":\"$file\",\"line\":11,\"reason\":\"$reason\"}"
        parts x | cmp - calm'
done <faults

# Rows that look odd and are good: control bytes, paths and the like are data.
expect "odd values are data: as CSV and as JSON Lines, the same partitions" '
    lode stage events s.csv rows/odd.csv -o odd-csv.lode --quiet
    lode stage events s.csv rows/odd.jsonl -o odd-jsonl.lode --quiet
    parts odd-csv.lode >odd
    not cmp -s odd calm
    parts odd-jsonl.lode | cmp - odd'

stage='lode stage events s.csv'
mkfifo fifo
mkdir folder
printf '\357\273\277\357\273\277session_id\n' >marks.csv
"$python" -c 'print(open("e.csv").read().replace("\n", "\r"), end="")' >cr.csv
"$python" -c 'import sys; sys.stdout.buffer.write(open("e.csv").read().encode("utf-16"))' >utf16.csv
(cat e.csv; printf 's1,u1,5,"open\n') >quote.csv
(cat e.csv; head -c 100000000 /dev/zero | tr '\0' x; echo) >field.csv
(cat e.csv; printf 's1,u1,5,"'; head -c 100000000 /dev/zero | tr '\0' x; echo '"') >quoted-field.csv
(cat rows/calm.jsonl; printf '{"event":"'; head -c 100000000 /dev/zero | tr '\0' x; echo '"}') >field.jsonl
(printf '[\n'; cat rows/calm.jsonl) >array.jsonl
refuse 3 'fifo: is a FIFO' "$stage fifo -o x2"
refuse 3 'folder: is a directory' "$stage folder -o x2"
refuse 3 '/dev/zero: is not a regular file' "$stage /dev/zero -o x2"
refuse 3 'marks\.csv: .*session id' "$stage marks.csv -o x2"
refuse 3 'cr\.csv: line 1: CR without LF outside quotes' "$stage cr.csv -o x2"
refuse 3 'utf16\.csv: line 1: (NUL byte|invalid UTF-8)' "$stage utf16.csv -o x2"
refuse 3 "quote\.csv: line $last: quote is never closed" "$stage quote.csv -o x2"
refuse 3 "field\.csv: line $last: record is longer than 16777216 bytes" "$stage field.csv -o x2"
refuse 3 "quoted-field\.csv: line $last: quote is never closed within the 16 MiB" "$stage quoted-field.csv -o x2"
refuse 3 "field\.jsonl: line $((last - 1)): record is longer than 16777216 bytes" "$stage field.jsonl -o x2"
refuse 3 'array\.jsonl: a JSON array' "$stage array.jsonl -o x2"
rm -f field.csv quoted-field.csv field.jsonl

# gzip and zstd, of both forms
for form in e.csv rows/calm.jsonl; do
    name=$(basename "$form")
    for packer in gzip zstd; do
        "$packer" -qc <"$form" >whole
        head -c 3000 whole >"cut-$name.$packer"
        (cat whole; tail -n +2 "$form" | "$packer" -qc | head -c 2000) >"cut-second-$name.$packer"
        (cat whole; echo more) >"followed-$name.$packer"
        cp whole "damaged-$name.$packer"
        printf ZZZZ | dd of="damaged-$name.$packer" bs=1 seek=2000 conv=notrunc 2>/dev/null
        (head -n 500 "$form" | "$packer" -qc; tail -n +501 "$form" | "$packer" -qc) >"two-$name.$packer"
        refuse 3 "cut-$name.$packer: $packer stream is cut short after 3000 bytes" "$stage cut-$name.$packer -o x2"
        refuse 3 "cut-second-$name.$packer: $packer stream is cut short" "$stage cut-second-$name.$packer -o x2"
        refuse 3 "followed-$name.$packer: other bytes after the end" "$stage followed-$name.$packer -o x2"
        refuse 3 "damaged-$name.$packer: $packer stream is damaged" "$stage damaged-$name.$packer -o x2"
        expect "$name, two streams of $packer one behind the other" "
            rm -rf x
            $stage two-$name.$packer -o x --quiet
            parts x | cmp - calm"
    done
done
for packer in gzip zstd; do
    head -c 1000000000 /dev/zero | "$packer" -qc >"bomb.$packer"
    refuse 3 "bomb.$packer: line 1: record is longer than" "$stage bomb.$packer -o x2"
done

# names, in the input and of files, that would move a terminal or lead elsewhere
controls='[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]'
no_controls() {
    if grep -aqP "$controls" "$1"; then
        grep -anP "$controls" "$1" | cat -v
        return 1
    fi
}
expect "hostile names and values of columns: staged, run and shown without a control byte" '
    mkdir inner && cd inner
    lode stage events ../rows/sessions.csv ../rows/odd.csv -o h.lode --attributes os 2>told
    grep -q "columns not staged" told && no_controls told
    rm -r h.lode
    lode stage events ../rows/sessions.csv ../rows/odd.csv -o h.lode 2>told && no_controls told
    lode run opportunities h.lode -o r --local 2 --set min_support=0 2>told && no_controls told
    for command in "info h.lode" "info r" "show r --top 0" "show r --json" "status r" "explain r" "export r" \
        "export r cohorts --format jsonl" "export r patterns --format jsonl"; do
        lode $command >answer
        test -s answer
        no_controls answer
    done
    lode info h.lode --json | tr -d "\t" >answer && no_controls answer
    grep -qF "\\u001b[31mred" answer && grep -qF "\\u009bc1" answer
    cat r/log/*.log >answer && no_controls answer
    test "$(ls -a | tr "\n" " ")" = ". .. answer h.lode r told "
    test ! -e ../x && test ! -e ../../x
    cd ..'
long=$(printf '%010000d' 0)
evil=$(printf 'a\033[31m\nb\302\233.csv')
cp e.csv "$evil"
expect "a file name with control bytes is staged, and told without them" '
    lode stage events s.csv "$evil" -o evil.lode 2>told && no_controls told
    lode info evil.lode >answer && no_controls answer
    lode info evil.lode --json | tr -d "\t" >answer && no_controls answer'
refuse 3 'missing\?\[31m\.csv: No such file' "$stage 'missing$(printf '\033')[31m.csv' -o x2"
refuse 2 'path too long: 000' "$stage $long -o x2"
refuse 2 '(path|name) too long|File name too long' "$stage e.csv -o $long"
refuse 3 '(path|name) too long|File name too long|no such' "lode info $long"
refuse 2 'unknown option' "$stage e.csv --$long -o x2"

# specs
head -c 2000000 /dev/zero | tr '\0' '#' >big.yaml
printf 'k: &x 1..3\nkpi: *x\n' >alias.yaml
printf '%01000d' 0 | tr 0 '[' >deep.yaml
run='lode run opportunities calm.lode -o x2'
refuse 3 'fifo: not a plain file' "$run --spec fifo"
refuse 3 'big\.yaml: 2000000 bytes, at most 1048576' "$run --spec big.yaml"
refuse 3 'alias\.yaml:1:4: anchors' "$run --spec alias.yaml"
refuse 3 'deep\.yaml:1:1: expected lines' "$run --spec deep.yaml"

expect "no process is left" nothing_left_running
finish
