#!/bin/sh
# An analysis of one's own, built against an installed lode, is run as a shipped one is: same bytes for
# any workers, refused by name when it is not what it must be.
. "$(dirname "$0")/lib.sh"
: "${LODE_BUILD:?LODE_BUILD must name the build folder of lode}"
cxx=$(command -v g++ || command -v clang++ || true)

expect "lode can be installed" '
    cmake --install "$LODE_BUILD" --prefix "$work/prefix" &&
    cp -r prefix/share/doc/lode/examples/wordcount . &&
    [ ! -e prefix/include/common ] && [ ! -e prefix/include/jobs ]'
PATH=$work/prefix/bin:$PATH
PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name lode.pc)")
export PKG_CONFIG_PATH

# make_library SOURCE LIBRARY [STANDARD]: as the page says it
make_library() {
    # shellcheck disable=SC2046 # flags are words
    cc -std="${3:-c17}" -O2 -Wall -Wextra -pedantic -Werror -shared -fPIC $(pkg-config --cflags lode) "$1" -o "$2"
}

expect "every public header stands alone, in C and in C++" '
    for header in prefix/include/lode/*.h; do
        name=lode/$(basename "$header")
        printf "#include <%s>\n#include <%s>\nextern int not_empty;\n" "$name" "$name" >alone.c
        cc -std=c17 -Wall -Wextra -Wstrict-prototypes -pedantic -Werror $(pkg-config --cflags lode) \
            -fsyntax-only alone.c
        [ -z "$cxx" ] || "$cxx" -x c++ -std=c++17 -Wall -Wextra -pedantic -Werror \
            $(pkg-config --cflags lode) -fsyntax-only alone.c
    done
    [ "$(ls prefix/include/lode | wc -l)" -ge 8 ]'

expect "the program gives the public functions, and no other" '
    "$python" "$LODE_SOURCE/tests/e2e/public_functions.py" prefix/include/lode/*.h >declared
    [ "$(wc -l <declared)" -gt 50 ]
    nm -D --defined-only prefix/bin/lode | sed -n "s/^[0-9a-f]* T //p" | sort >given
    # a program with a sanitizer in it gives that one too
    if grep -q "^__[atu]*san_init$" given; then grep "^lode_" given >own; else cp given own; fi
    diff declared own'

expect "it is built by one line and by CMake" '
    make_library wordcount/wordcount.c wordcount.so
    cmake -S wordcount -B build -DCMAKE_PREFIX_PATH="$work/prefix" && cmake --build build
    [ -f build/wordcount.so ]'

if [ -n "$cxx" ]; then
    expect "it can be written in C++" '
        cat >hello.cpp <<TEXT
#include <lode/job.h>
static lode_status leaf(lode_task *task) { return lode_pack_i64(task->output, task->index); }
static lode_status merge(void *, int64_t, const uint8_t *, size_t) { return LODE_OK; }
static lode_status run(lode_run *run)
{
    lode_stage stage = {};
    stage.leaf = "hello.leaf";
    stage.title = "saying hello";
    stage.n_tasks = 3;
    return lode_map(run, &stage, merge, nullptr);
}
static const lode_leaf leaves[] = {{"hello.leaf", leaf}, {nullptr, nullptr}};
static const lode_job job = {"hello", "events", "says it", leaves, nullptr, nullptr, run,
                             nullptr, nullptr, nullptr, nullptr, nullptr};
LODE_PLUGIN(job);
TEXT
        "$cxx" -std=c++17 -Wall -Wextra -pedantic -Werror -shared -fPIC $(pkg-config --cflags lode) \
            hello.cpp -o hello.so'
fi

expect "a store" '
    lode gen events --users 3000 --seed 7 -o logs &&
    lode stage events logs/sessions.csv logs/events.csv -o web.lode --partition-bytes 200K --quiet
    [ "$(lode info web.lode --json | "$python" -c "import json, sys; print(json.load(sys.stdin)[\"partitions\"])")" -ge 4 ]'

expect "it runs: forked, under mpirun, as lode run -n; the same bytes" '
    lode run ./wordcount.so web.lode -o calm --local 2 &&
    mpirun -n 3 lode run ./wordcount.so web.lode -o ranks &&
    lode run build/../wordcount.so web.lode -o two -n 2 &&
    [ "$(results calm)" = "$(results ranks)" ] && [ "$(results calm)" = "$(results two)" ]'

expect "the counts are those of the input" '
    lode export calm words --format csv >words.csv
    "$python" - <<TEXT
import collections, csv
events, sessions, users = (collections.defaultdict(set) for _ in range(3))
for i, row in enumerate(csv.DictReader(open("logs/events.csv"))):
    events[row["event"]].add(i)
    sessions[row["event"]].add(row["session_id"])
    users[row["event"]].add(row["user_id"])
rows = list(csv.DictReader(open("words.csv")))
assert len(rows) == len(events) > 10, len(rows)
for row in rows:
    word = row["event"]
    assert int(row["events"]) == len(events[word]), row
    assert int(row["sessions"]) == len(sessions[word]), row
    assert int(row["users"]) == len(users[word]), row
TEXT'

expect "lode verify proves it, also with kills" '
    lode verify ./wordcount.so web.lode -n 1,2,5 --kill 1'

expect "show, export, diff and mute know its findings, when the library is gone too" '
    mv wordcount.so away.so
    lode show calm | grep -q "rank *event *sessions *share *users"
    [ "$(lode show calm --json | wc -l)" -eq 20 ]
    lode export calm | grep -q wordcount
    lode export calm wordcount --format jsonl | cmp - calm/findings.jsonl
    lode diff calm two
    lode status calm
    mv away.so wordcount.so'

expect "its parameters are like those of any job" '
    lode run --help | grep -q "\./NAME.so"
    lode run ./wordcount.so --help | grep -A1 "least .*\[sessions\]" | grep -q "default: 1"
    lode run ./wordcount.so web.lode -o few --local 2 --set top=3 --set least=100
    [ "$(wc -l <few/findings.jsonl)" -eq 3 ]'
refuse 2 "unknown parameter 'tops', did you mean 'top'" 'lode run ./wordcount.so web.lode -o no --set tops=3'
refuse 2 'job wordcount cannot say what it would take' 'lode run ./wordcount.so web.lode -o no --dry-run'
refuse 2 'least.*0' 'lode run ./wordcount.so web.lode -o no --set least=0'

# block LANGUAGE: the code of that kind in the page
block() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$LODE_SOURCE/docs/own-analyses.md" | sed '/^```/d'
}
expect "the page works as it stands" '
    mkdir page && cd page && ln -s ../web.lode web.lode
    block c >words.c && block cmake >CMakeLists.txt
    block sh | sed -n "/^cc /,\$p" >commands
    sed -i "s|^cc |cc -std=c17 -Wall -Wextra -pedantic -Werror |" commands
    [ "$(wc -l <commands)" -eq 5 ] && sh -e commands
    cmake -S . -B build -DCMAKE_PREFIX_PATH="$work/prefix" && cmake --build build && [ -f build/words.so ]
    sort words.csv >ours
    { echo event,count; cut -d, -f2,5 ../words.csv | sed 1d; } | sort | cmp - ours'

expect "run.json says which bytes it was" '
    [ "$(json calm/run.json "d[\"job\"]")" = wordcount ]
    [ "$(json calm/run.json "d[\"library\"][\"path\"]")" = "$work/wordcount.so" ]
    [ "$(json calm/run.json "d[\"library\"][\"interface\"]")" = 2 ]
    json calm/run.json "d[\"library\"][\"xxh3\"]" | grep -qE "^[0-9a-f]{16}$"'

[ -z "$cxx" ] || expect "one without parameters and findings runs too" '
    lode run ./hello.so web.lode -o hello --local 2
    lode verify ./hello.so web.lode -n 1,2
    not lode show hello'

# --- what is refused ---

expect "libraries that are not what they must be" '
    sed "s/^LODE_PLUGIN.*/const void *used[] = {\&wordcount_job};/" wordcount/wordcount.c >symbol.c
    make_library symbol.c symbol.so
    sed "s/^LODE_PLUGIN.*/const struct lode_plugin lode_plugin = {LODE_JOB_ABI + 1, sizeof(struct lode_job), \&wordcount_job};/" \
        wordcount/wordcount.c >abi.c
    make_library abi.c abi.so
    sed "s/\.name = \"wordcount\"/.name = \"opportunities\"/" wordcount/wordcount.c >clash.c
    make_library clash.c clash.so
    sed "s/\"wordcount\.count\"/\"opportunities.patterns\"/" wordcount/wordcount.c >leaf.c
    make_library leaf.c leaf.so
    echo "no library" >text.so && mkdir folder.so'
refuse 2 'abi.so: made for interface 3, this lode .* has 2: compile it again' 'lode run ./abi.so web.lode -o no'
refuse 2 "symbol.so: .*no symbol 'lode_plugin'.*LODE_PLUGIN" 'lode run ./symbol.so web.lode -o no'
refuse 2 'text.so: not a shared library; make one: cc -shared -fPIC' 'lode run ./text.so web.lode -o no'
refuse 2 'folder.so: a folder' 'lode run ./folder.so web.lode -o no'
refuse 2 'nothing.so: No such file' 'lode run ./nothing.so web.lode -o no'
refuse 2 "unknown job 'wordcount.so'; for the library of that name: ./wordcount.so" 'lode run wordcount.so web.lode -o no'
refuse 2 "lode has a job 'opportunities' already" 'lode run ./clash.so web.lode -o no'
refuse 2 "lode has a leaf 'opportunities.patterns' already" 'lode run ./leaf.so web.lode -o no'
refuse 2 'text.so: not a shared library' 'lode run ./text.so --help'
refuse 2 'abi.so: made for interface 3' 'lode run ./abi.so web.lode -o no -n 2'
expect "ranks end when the library is refused" '
    code=0; mpirun -n 3 lode run ./abi.so web.lode -o no 2>said || code=$?
    [ $code -eq 2 ] && grep -q "abi.so: made for interface 3" said && [ ! -e no ]'

# variant NAME STATEMENT: the example with a statement at the start of its leaf
variant() {
    sed "/^static lode_status count_leaf/,/^}/ s|lode_try(lode_task_open_part|$2\n    &|" wordcount/wordcount.c |
        sed 's|^#include <inttypes.h>|#include <unistd.h>\n&|' >"$1.c"
    not cmp -s "$1.c" wordcount/wordcount.c
    make_library "$1.c" "$1.so" gnu17
}

expect "a leaf that crashes takes no run down but its own, which names the partition" '
    variant crash "volatile int *nothing = NULL; if (task->index == 2) *nothing = 1;"
    code=0; lode run ./crash.so web.lode -o crashed --local 2 2>said || code=$?
    cat said; [ $code -eq 1 ]
    grep "part-00002.h5" said | grep -q "sessions"
    lode run ./crash.so web.lode -o partial --local 2 --allow-partial
    [ "$(json partial/run.json "len(d[\"missing\"])")" = 1 ]'

# A run that lasts until the file `go` is there.
wait_for() {
    tries=200
    until eval "$1"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || { echo "waited in vain: $1"; return 1; }
        sleep 0.05
    done
}
expect "a library that was changed: --resume and a late worker refuse it by name" '
    variant slow "while (task->index == 1 \&\& access(\"go\", F_OK)) { usleep(2000); lode_try(lode_task_advance(task, 1)); }"
    cp slow.so kept.so
    sed -i "s/usleep(2000)/usleep(2001)/" slow.c
    make_library slow.c other.so gnu17
    lode run ./slow.so web.lode -o long --local 2 & run=$!
    wait_for "[ \"\$(grep -c ,ok, long/log/tasks.csv 2>/dev/null)\" -ge 2 ]"
    cp other.so aside.so && mv aside.so slow.so
    code=0; lode worker --join long 2>joined || code=$?
    cat joined; [ $code -eq 2 ]
    grep "on host $(hostname)" joined | grep -q "$work/slow.so: other bytes"
    grep -q "slow.so: other bytes" long/log/worker-*:*.log
    if unshare -m true; then # another host: one that does not see the file
        code=0
        unshare -m sh -c "mount --bind /dev/null slow.so && lode worker --join long" 2>joined || code=$?
        cat joined; [ $code -eq 2 ]
        grep "on host $(hostname)" joined | grep -q "$work/slow.so: not a plain file"
    fi
    kill -9 $run; wait $run || true
    code=0; lode run --resume long 2>said || code=$?
    cat said; [ $code -eq 2 ]
    grep -q "$work/slow.so: other bytes than the run" said
    code=0; lode run --resume long ./wordcount.so 2>said || code=$?
    cat said; [ $code -eq 2 ]
    grep -q "the run was begun as job $work/slow.so, not ./wordcount.so" said
    rm slow.so
    code=0; lode run --resume long 2>said || code=$?
    cat said; [ $code -eq 2 ]
    grep -q "$work/slow.so: No such file" said
    mv kept.so slow.so; touch go
    lode run --resume long ./slow.so web.lode
    [ "$(results long)" = "$(results calm)" ]'

expect "nothing is left running" nothing_left_running
finish
