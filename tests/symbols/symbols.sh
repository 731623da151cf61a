#!/bin/sh
# No two libraries of the build define one name: a linker takes the first without a word, and the
# program calls what it did not mean to. use: symbols.sh BUILD
set -eu

cd "$1"
libraries=$(find . -name 'liblode*.a' | sort)
[ "$(echo "$libraries" | wc -l)" -gt 5 ] || { echo "no libraries in $1"; exit 1; }
# shellcheck disable=SC2086 # a list of files
twice=$(nm -A --defined-only $libraries 2>/dev/null |
    awk '$2 ~ /^[TDBRC]$/ { split($1, place, ":"); print $3, place[1] }' | sort -u |
    awk '{ n[$1]++; where[$1] = where[$1] " " $2 }
        END { for (name in n) if (n[name] > 1) print name " is defined in" where[name] }')
[ -z "$twice" ] || { echo "$twice"; exit 1; }
