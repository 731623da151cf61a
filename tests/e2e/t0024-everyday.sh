#!/bin/sh
# Every day: columns named in a file, clock times of a place, and what a run would take.
. "$(dirname "$0")/lib.sh"

# content STORE: all of it but how it was mapped, which the index keeps for appending
content() {
    (cd "$1" && sha256sum part-*)
    lode info "$1" --json
}

expect "a mapping file says what the flags say" '
    printf "visit,at,action\ns1,1000,a\ns1,2000,b\ns2,1500,a\n" >odd.csv
    lode stage events odd.csv -o flags.lode --quiet --session visit --time at --event action --time-unit s
    cat >map.yaml <<EOF
# as our shop logs it
session: visit
time: at
event: [action, event]
time-unit: s
EOF
    lode stage events odd.csv -o file.lode --quiet --mapping map.yaml
    content flags.lode >flags
    content file.lode | cmp - flags'

expect "files of their own forms go into one store, as if they had been alike" '
    mkdir alike mixed
    printf "session_id,timestamp_ms,event\ns1,1000,a\ns1,3000,c\n" >alike/one.csv
    printf "session_id,timestamp_ms,event\ns2,2000,b\n" >alike/two.csv
    cp alike/one.csv mixed/one.csv
    printf "sid,when,event\ns2,1970-01-01T01:00:02,b\n" >mixed/two.csv
    cat >map.yaml <<EOF
files:
  two.csv:
    session: sid
    time: when
    time-unit: iso
    timezone: Europe/Berlin
EOF
    lode stage events alike/one.csv alike/two.csv -o alike.lode --quiet
    lode stage events mixed/one.csv mixed/two.csv -o mixed.lode --quiet --mapping map.yaml
    content alike.lode >alike.sum
    content mixed.lode | cmp - alike.sum'

expect "flags win over the file, wherever they stand" '
    lode stage events mixed/two.csv -o late.lode --quiet --mapping map.yaml --timezone UTC
    lode stage events mixed/two.csv --timezone UTC -o early.lode --quiet --mapping map.yaml
    digest late.lode >late
    digest early.lode | cmp - late
    h5dump -d /events/time -y -o /dev/stdout late.lode/part-00000.h5 | grep -q 3602000'

printf 'session: sid\ntimes: when\n' >bad.yaml
refuse 2 "bad.yaml:2:1: unknown key 'times', did you mean 'time'" \
    'lode stage events mixed/two.csv -o x.lode --mapping bad.yaml'
printf 'files:\n  two.csv:\n    kpi: a\n' >bad.yaml
refuse 2 "bad.yaml:3:5: unknown key 'kpi' of single files" \
    'lode stage events mixed/two.csv -o x.lode --mapping bad.yaml'
printf 'files:\n  three.csv: { time: when }\n' >bad.yaml
refuse 2 "no input file is called 'three.csv'" 'lode stage events mixed/two.csv -o x.lode --mapping bad.yaml'
printf 'session: sid\ntimezone: Europe/Berln\n' >bad.yaml
refuse 2 "bad.yaml:2:1: timezone: time zone 'Europe/Berln'.*did you mean 'Europe/Berlin'" \
    'lode stage events mixed/two.csv -o x.lode --mapping bad.yaml'
printf 'session: [\n' >bad.yaml
refuse 3 'bad.yaml:2:1' 'lode stage events mixed/two.csv -o x.lode --mapping bad.yaml'
refuse 3 'nowhere.yaml: No such file' 'lode stage events mixed/two.csv -o x.lode --mapping nowhere.yaml'
refuse 2 "time zone 'Mars/Base'" 'lode stage events mixed/two.csv -o x.lode --timezone Mars/Base'
refuse 2 "time zone '../passwd'" 'lode stage events mixed/two.csv -o x.lode --timezone ../passwd'

expect "a dry run of staging says tasks, bytes, memory and disk, and writes nothing" '
    lode gen events --users 2000 --seed 3 -o logs --quiet
    touch before after dry # of this test: there from the start
    find . | sort >before
    lode stage events logs/*.csv -o web.lode --partition-bytes 1M --dry-run >dry
    cat dry
    grep -q "^reading files  *2 " dry
    grep -q "^writing partitions  *[0-9]" dry
    grep -q "^memory: .* budget of " dry
    grep -q "^disk: about .* are free in " dry
    find . | sort >after
    diff before after'

expect "staging then has the tasks that were said" '
    said=$(sed -n "s/^writing partitions  *\([0-9]*\) .*/\1/p" dry)
    lode stage events logs/*.csv -o web.lode --partition-bytes 1M --quiet
    test "$said" = "$(ls web.lode/part-*.h5 | wc -l)"'

expect "a dry run of a job says the stages that the run then has, and writes nothing" '
    find . | sort >before
    lode run opportunities web.lode -o run1 -n 3 --dry-run >dry
    cat dry
    grep -q "^memory: 3 workers" dry
    find . | sort >after
    diff before after
    lode run opportunities web.lode -o run1 --local 2 --quiet
    json run1/run.json "[s[\"title\"] for s in d[\"stages\"]]" >titles
    for title in "counting cohorts" "counting patterns" "finding example sessions"; do
        grep -q "^$title " dry
        grep -q "$title" titles
    done'

expect "it warns of memory that will not do" '
    lode gen events --users 20000 --seed 4 -o big --quiet
    lode stage events big/*.csv -o big.lode --partition-bytes 1G --quiet
    lode run opportunities big.lode -o x --set k=1..6 --memory 48M --dry-run >plan
    cat plan
    grep "MEMORY MAY NOT DO" plan
    lode run opportunities big.lode -o x --set k=1..6 --memory 256M --dry-run >plan
    ! grep "MEMORY MAY NOT DO" plan'

refuse 2 "has no KPI 'nope'" 'lode run opportunities web.lode -o run2 --dry-run --set kpi=nope'
refuse 2 'run1: exists already' 'lode run opportunities web.lode -o run1 --dry-run'
refuse 3 'no column for the KPI' 'lode stage events logs/events.csv -o x.lode --dry-run --kpi nope'
refuse 4 'nowhere: No such file' 'lode run opportunities web.lode -o nowhere/run --dry-run'

need_python h5py zoneinfo
# Thousands of clock times around every change of the clocks, and in the far future; a session each.
cat >zones.py <<'E2'
import datetime, random, subprocess, sys, zoneinfo
import h5py
epoch, second = datetime.datetime(1970, 1, 1), datetime.timedelta(seconds=1)
rng = random.Random(24)
for name in ("Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Europe/Dublin",
             "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Apia", "America/Santiago"):
    zone, clock = zoneinfo.ZoneInfo(name), []
    for year in list(range(1950, 2060)) + [2199, 2400, 2453, 7777]:
        was = None
        for hour in range(0, 366 * 24, 6):
            at = datetime.datetime(year, 1, 1) + datetime.timedelta(hours=hour)
            offset = at.replace(tzinfo=zone).utcoffset()
            if was is not None and offset != was:
                clock += [at - datetime.timedelta(minutes=m) for m in range(-60, 420, 29)]
            was = offset
        clock.append(datetime.datetime(year, 1, 1) + rng.randrange(31536000) * second)
    with open("clock.csv", "w") as out:
        out.write("session_id,time,event\n")
        for number, at in enumerate(clock):
            out.write(f"s{number:06},{at.isoformat()},a\n")
    store = name.replace("/", "-") + ".lode"
    subprocess.run(["lode", "stage", "events", "clock.csv", "-o", store, "--quiet", "--timezone", name,
                    "--local", "1"], check=True)
    part = h5py.File(store + "/part-00000.h5")
    got = dict(zip([i.decode() for i in part["sessions/id"][:]], part["events/time"][:]))
    for number, at in enumerate(clock):
        wanted = (at - epoch - at.replace(tzinfo=zone).utcoffset()) // second * 1000
        assert got[f"s{number:06}"] == wanted, (name, at, wanted, got[f"s{number:06}"])
    print(name, len(clock), "clock times")
    assert len(clock) > 200 or name in ("Asia/Kathmandu", "Pacific/Apia"), len(clock)
E2
expect "clock times of a place are what Python's zoneinfo makes of them" '"$python" zones.py'

expect "a store does not depend on the host's zone" '
    TZ=Asia/Tokyo lode stage events mixed/two.csv -o tokyo.lode --quiet --session sid --time when
    TZ=America/Lima lode stage events mixed/two.csv -o lima.lode --quiet --session sid --time when
    digest tokyo.lode >tokyo
    digest lima.lode | cmp - tokyo'

finish
