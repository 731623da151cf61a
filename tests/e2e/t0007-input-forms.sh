#!/bin/sh
# The same sessions as CSV, JSON Lines, gzip, zstd, with other times or column names: the same store.
. "$(dirname "$0")/lib.sh"
need_python h5py
forms="$python $LODE_SOURCE/tests/e2e/forms.py"

lode gen events --users 150 --seed 9 -o logs --quiet || exit 1
$forms whole_seconds logs/sessions.csv logs/events.csv plain || exit 1
lode stage events plain/sessions.csv plain/events.csv -o plain.lode --quiet || exit 1

# the files of a store but its index, which names the input files
parts() {
    (cd "$1" && sha256sum part-*.h5)
}
parts plain.lode >expected

# same_store NAME ARGUMENT...: staging these makes the partitions of plain.lode
same_store() {
    name=$1
    shift
    lode stage events "$@" -o "$name.lode" &&
        parts "$name.lode" >found &&
        cmp expected found
}
# form NAME: writes the form and leaves its folder
form() {
    $forms "$1" plain/sessions.csv plain/events.csv "$1"
}

expect "times in seconds" '
    form seconds
    same_store seconds seconds/sessions.csv seconds/events.csv --time-unit s'
expect "times as ISO 8601, found out by themselves" '
    form iso
    same_store iso iso/sessions.csv iso/events.csv'
expect "times as ISO 8601 with an offset" '
    form iso_offset
    same_store offset iso_offset/sessions.csv iso_offset/events.csv --time-unit iso'
expect "JSON Lines" '
    form jsonl
    same_store jsonl jsonl/sessions.jsonl jsonl/events.jsonl'
expect "sessions as JSON Lines, events as CSV, in the other order" '
    same_store mixed plain/events.csv jsonl/sessions.jsonl'
expect "gzip, whatever the name says" '
    gzip -c plain/sessions.csv >one.csv.gz
    gzip -c plain/events.csv >two.dat
    same_store gzip one.csv.gz two.dat'
expect "gzip of several members" '
    head -n 500 plain/events.csv | gzip -c >members.csv.gz
    tail -n +501 plain/events.csv | gzip -c >>members.csv.gz
    same_store members plain/sessions.csv members.csv.gz'
expect "zstd" '
    zstd -q plain/sessions.csv -o one.csv.zst
    zstd -q plain/events.csv -o two.csv.zst
    same_store zstd one.csv.zst two.csv.zst'
expect "JSON Lines in gzip and zstd" '
    gzip -c jsonl/sessions.jsonl >one.jsonl.gz
    zstd -q jsonl/events.jsonl -o two.jsonl.zst
    same_store packed one.jsonl.gz two.jsonl.zst'
expect "quoted fields, CR LF, a byte order mark" '
    form quoted
    same_store quoted quoted/sessions.csv quoted/events.csv'
expect "no line break at the end" '
    head -c -1 plain/events.csv >open.csv
    same_store open plain/sessions.csv open.csv'
expect "events in the order of time over all sessions" '
    form interleaved
    ! cmp -s plain/events.csv interleaved/events.csv
    same_store interleaved interleaved/sessions.csv interleaved/events.csv'
expect "other column names" '
    form renamed
    same_store renamed renamed/sessions.csv renamed/events.csv --session sid --user visitor \
        --time moment --event what --start began'
expect "events in two files" '
    (head -n 1 plain/events.csv; sed -n "2,700p" plain/events.csv) >first.csv
    (head -n 1 plain/events.csv; tail -n +701 plain/events.csv) >second.csv
    same_store split plain/sessions.csv first.csv second.csv'

expect "events alone, with a session column: the same sessions and events" '
    lode stage events plain/events.csv -o only.lode
    $forms derived plain.lode only.lode'
expect "events alone, without one: cut at gaps of 30 minutes and after 24 hours" '
    form no_session
    lode stage events no_session/events.csv -o cut.lode
    $forms sessions - no_session/events.csv cut.lode 1800 86400'
expect "the gap and the greatest length can be given" '
    lode stage events no_session/events.csv -o short.lode --session-gap 45s --session-max 3m
    $forms sessions - no_session/events.csv short.lode 45 180
    ! $forms sessions - no_session/events.csv cut.lode 45 180'

finish
