#!/bin/sh
# Hypotheses by template, by rules and by a model: found without help, the same bytes for any number
# of workers, and no endpoint, however broken, fails a run or changes it unsaid.
. "$(dirname "$0")/lib.sh"

unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy LODE_LLM_KEY LODE_TEMPLATES
if ! {
    lode gen events --users 600 --seed 7 -o logs &&
        lode stage events logs/*.csv -o web.lode --partition-bytes 200K
} >"$log" 2>&1; then
    cat "$log"
    exit 1
fi

# --- templates ---
expect "the library is listed, one is explained, and as JSON it is a contract" '
    lode templates | grep -q "^retries  *stateful  *yes  *tries before"
    lode templates retries | grep -q "retries: { retry: login_retry, success: login_ok }"
    lode templates --json >all.json
    [ "$(json all.json "len(d) >= 20 and set(d[0]) >= {\"name\",\"class\",\"parameters\",\"derived\",\"example\"}")" = True ]'
refuse 2 "no template 'retrys', did you mean 'retries'" 'lode templates retrys'
mkdir mine
cat >mine/checkout.yaml <<'TEXT'
name: checkout
class: stateful
summary: payments tried
docs: how often a payment was tried
parameters:
  event: { type: event, meaning: the payment }
derived:
  "tried_{event}": count({event})
example: "checkout: { event: pay }"
expected: a number
TEXT
sed 's/stateful/statefull/' mine/checkout.yaml >broken.yaml
refuse 3 "broken.yaml:2:1: unknown class 'statefull', did you mean 'stateful'" 'lode templates --path broken.yaml'
expect "a template of the user's own is found by path and by LODE_TEMPLATES" '
    lode templates checkout --path mine | grep -q "file: mine/checkout.yaml"
    LODE_TEMPLATES=mine lode templates checkout | grep -q "tried_{event}: count({event})"'

cat >spec.yaml <<'TEXT'
templates:
  checkout: { event: [buy_plan, search] }
  weekend: {}
  follows_within: { first: buy_plan, then: web_cors_error, within: 30s }
  event_patterns: { lengths: 1..2 }
template_path: mine
TEXT
expect "templates of a spec define attributes and set parameters of the run" '
    lode run opportunities web.lode -o asked --local 2 --quiet --spec spec.yaml
    lode export asked cohorts >cohorts.csv
    for name in tried_buy_plan tried_search weekend buy_plan_web_cors_error_within_30s; do
        grep -q ",$name," cohorts.csv || { echo "no $name"; exit 1; }
    done
    [ "$(json asked/run.json "d[\"parameters\"][\"k\"]")" = 1..2 ]'
refuse 2 "templates:1:.*retries.*the store has no event 'logn', did you mean 'login'" \
    "lode run opportunities web.lode -o none --set 'templates=retries: {retry: logn, success: home}'"
refuse 2 "sets k=1\.\.2, but the run has k=1\.\.4" \
    "lode run opportunities web.lode -o none --spec spec.yaml --set k=1..4"
refuse 2 "template many_of has no parameter 'evnt'" \
    "lode run opportunities web.lode -o none --set 'templates=many_of: {evnt: search}'"
refuse 2 'generate=offlin: must be off, offline, llm' \
    'lode run opportunities web.lode -o none --set generate=offlin'

# --- offline ---
expect "rules find hypotheses without help; the table patterns does not know of them" '
    lode run opportunities web.lode -o plain --local 2 --quiet
    lode run opportunities web.lode -o rules --local 2 --quiet --set generate=offline --set max_hypotheses=60
    [ "$(json rules/run.json "d[\"generator\"][\"used\"]")" = offline ]
    [ "$(json rules/run.json "d[\"generator\"][\"definitions\"]")" = 60 ]
    lode export plain patterns | cut -d, -f1-12 >a; lode export rules patterns | cut -d, -f1-12 >b; cmp a b
    lode export rules cohorts | grep -q "$(json rules/generated.json "d[\"definitions\"][0][\"name\"]")"'
expect "two rounds, the same bytes with 1, 2 and 5 workers and kills" '
    lode verify opportunities web.lode -n 1,2,5 --kill 2 --set generate=offline --set max_hypotheses=30 --set rounds=2'
expect "the second round extends what was promising" '
    lode run opportunities web.lode -o rounds --local 2 --quiet --set generate=offline --set max_hypotheses=30 --set rounds=2
    [ "$(json rounds/generated.json "any(x[\"round\"] == 2 and \" when \" in x[\"expression\"] for x in d[\"definitions\"])")" = True ]'
expect "generated.json gives another run the same hypotheses" '
    lode run opportunities web.lode -o again --local 2 --quiet --set generate=rules/generated.json
    [ "$(json again/run.json "d[\"generator\"][\"used\"]")" = file ]
    lode export again cohorts >a; lode export rules cohorts >b; cmp a b'

# --- a model ---
# ask MODE [SETTING...]: a run that asks an endpoint of that mode; its output in ask.err
ask() {
    mode=$1
    shift
    rm -rf port requests asked.run
    # the pipe's writer is this function: the server ends with it
    mkfifo hold 2>/dev/null || true
    "$python" "$LODE_SOURCE/tests/e2e/llm_server.py" "$mode" port requests <hold &
    server=$!
    exec 9>hold
    tries=200
    until [ -s port ]; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05 # the server's start; it tells by its file
    done
    code=0
    lode run opportunities web.lode -o asked.run --local 1 --set generate=llm --set llm_model=test \
        --set "llm_url=http://127.0.0.1:$(cat port)/v1/chat/completions" --set k=1..1 \
        --set cohort_patterns=off --set llm_retries=0 --set max_hypotheses=20 "$@" 2>ask.err || code=$?
    exec 9>&-
    wait "$server" 2>/dev/null || true
    cat ask.err
    return "$code"
}
used() { json asked.run/run.json 'd["generator"]["used"]'; }

expect "a good answer is used, and generated.json has it" '
    ask good; [ "$(used)" = llm ]
    [ "$(json asked.run/generated.json "[x[\"name\"] for x in d[\"definitions\"]]")" = \
        "['"'many_search_3', 'buy_plan_web_cors_error_within_30s', 'any_timeout_error_server_error'"']" ]
    lode export asked.run cohorts | grep -q many_search_3'
expect "a fence and words around the answer do no harm" 'ask fenced; [ "$(used)" = llm ]'
expect "the model is told names, never values of the data" '
    printf "users leave at checkout\n" >about.txt
    ask good --set prompt="look at payments" --set metadata=about.txt
    grep -q "look at payments" requests; grep -q "users leave at checkout" requests
    grep -q web_cors_error requests; grep -q kpi_payment_failed requests
    not grep -q s0000001-001 requests'
expect "the key goes to the endpoint and nowhere else" '
    export LODE_LLM_KEY=secret-4711
    ask 401; grep -q "Bearer secret-4711" requests
    grep -q "HTTP status 401 (is the key right?)" ask.err
    not grep -rq secret-4711 asked.run ask.err'
expect "what does not hold is dropped with the reason, the rest is used" '
    ask partly; [ "$(used)" = llm ]
    [ "$(json asked.run/run.json "d[\"generator\"][\"definitions\"], d[\"generator\"][\"dropped\"]")" = "(1, 9)" ]
    grep -q "hypothesis 2 is left out: no template .no_such_template" ask.err
    grep -q "hypothesis 3 is left out: .*no event .no_such_event" ask.err'
for mode in none prose no-json no-content huge deep binary 401 busy-for-ever redirect reset half; do
    expect "an endpoint that answers '$mode' leaves it to the rules, and says so" "
        ask $mode; [ \"\$(used)\" = offline ]
        grep -q 'warning: no hypotheses of the model (.*); the offline rules choose' ask.err
        [ -n \"\$(json asked.run/run.json 'd[\"generator\"][\"why\"]')\" ]
        [ \"\$(json asked.run/run.json 'd[\"generator\"][\"definitions\"]')\" = 20 ]"
done
expect "one that is silent costs the time limit, no more" '
    ask silent --set llm_timeout=300ms; [ "$(used)" = offline ]
    grep -q "no whole reply within 0.3 s" ask.err'
expect "one that is busy or fails is asked again" '
    ask busy-then-good --set llm_retries=2; [ "$(used)" = llm ]; [ "$(wc -l <requests)" = 3 ]
    ask failing-then-good --set llm_retries=1; [ "$(used)" = llm ]'
expect "one that knows no response_format is asked without" '
    ask no-response-format; [ "$(used)" = llm ]'
expect "no endpoint at all is a warning" '
    lode run opportunities web.lode -o dead --local 1 --set generate=llm --set llm_model=m \
        --set llm_url=http://127.0.0.1:1/ --set llm_retries=0 --set k=1..1 2>err
    grep -q "warning: no hypotheses of the model" err'
refuse 2 'generate=llm needs llm_url' 'lode run opportunities web.lode -o none --set generate=llm'
# The coordinator is killed once the answer is stored; one that was faster than that is run anew.
killed_after_the_answer() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf cut
        lode run opportunities web.lode -o cut --local 1 --quiet --set generate=llm --set k=1..3 \
            --set llm_model=test --set "llm_url=http://127.0.0.1:$(cat port)/" --set llm_retries=0 \
            --set max_hypotheses=20 2>cut.err &
        run=$!
        tries=400
        until [ -e cut/generated.json ]; do
            tries=$((tries - 1))
            [ "$tries" -gt 0 ] || return 1
            sleep 0.01 # waiting for the file
        done
        kill -9 "$run" 2>/dev/null || true
        wait "$run" || true
        nothing_left_running || return 1
        [ -e cut/results.h5 ] || return 0
    done
    return 1
}
expect "a run that goes on has the stored answer and asks nobody" '
    rm -f port; mkfifo hold 2>/dev/null || true
    "$python" "$LODE_SOURCE/tests/e2e/llm_server.py" good port requests <hold & server=$!
    exec 9>hold
    until [ -s port ]; do sleep 0.05; done
    killed_after_the_answer
    lode run opportunities web.lode -o whole --local 1 --quiet --set k=1..3 --set generate=llm \
        --set llm_model=test --set "llm_url=http://127.0.0.1:$(cat port)/" --set llm_retries=0 --set max_hypotheses=20
    asked=$(wc -l <requests)
    lode run --resume cut --local 2 --quiet
    [ "$(wc -l <requests)" = "$asked" ]
    exec 9>&-; wait "$server" || true
    [ "$(json cut/run.json "d[\"generator\"][\"used\"]")" = llm ]
    cmp whole/generated.json cut/generated.json; cmp whole/results.h5 cut/results.h5'
finish
