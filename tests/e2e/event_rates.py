#!/usr/bin/python3
"""Counts rates of events from the files with pandas alone, and compares a store of counters with them.

  event_rates.py STORE EVENTS.csv... --sessions FILE... --slot MS [--by ATTRIBUTE] [--name NAME]

The rates are those of t0048-event-rates.sh: a name of events, two names one right after the other, two
names with anything between, all events. Of generations of the store the last one that has a slot is
right. Components, times, values, zeros, type and unit; exits 1 at the first difference."""
import argparse
import glob
import re

import h5py
import numpy as np
import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("store")
parser.add_argument("events", nargs="+")
parser.add_argument("--sessions", nargs="+", required=True)
parser.add_argument("--slot", type=int, required=True)
parser.add_argument("--by")
parser.add_argument("--name", default="{}")
ask = parser.parse_args()


def check(condition, what):
    if not condition:
        raise SystemExit(f"event_rates: {what}")


def next_to(names):
    """Last events of VIEW -> LIKE: two names side by side can only overlap with themselves."""
    return [i for i in range(1, len(names)) if names[i - 1] == "VIEW" and names[i] == "LIKE"]


def later(names):
    """Last events of VIEW => COMMENT_CREATED, each VIEW before it and after the occurrence before."""
    found, waits = [], False
    for i, name in enumerate(names):
        if name == "COMMENT_CREATED" and waits:
            found.append(i)
            waits = False
        waits |= name == "VIEW"
    return found


events = pd.concat(pd.read_csv(name) for name in ask.events).sort_values(
    ["session_id", "timestamp_ms", "seq"], kind="stable")
sessions = pd.concat(pd.read_csv(name, keep_default_na=False) for name in ask.sessions)
by = dict(zip(sessions.session_id, sessions[ask.by])) if ask.by else {}
counts = {}  # (component, rate) -> {slot: n}
extents = {}


def count(session, slots, names):
    component = ask.name.replace("{}", str(by.get(session, "")))
    first, last = extents.get(component, (slots[0], slots[0]))
    extents[component] = (min([first, *slots]), max([last, *slots]))
    found = {"all": range(len(names)), "views": [i for i, n in enumerate(names) if n == "VIEW"],
             "liked": next_to(names), "discussed": later(names)}
    for rate, at in found.items():
        for i in at:
            slot = counts.setdefault((component, rate), {})
            slot[slots[i]] = slot.get(slots[i], 0) + 1


under_way, slots, names = None, [], []
for session, time, event in zip(events.session_id, events.timestamp_ms, events.event):
    if session != under_way and slots:
        count(under_way, slots, names)
        slots, names = [], []
    under_way = session
    slots.append(time // ask.slot * ask.slot)
    names.append(event)
count(under_way, slots, names)


def generation(name):
    return int((re.search(r"[.]g(\d+)[.]h5$", name) or [0, 1])[1])


got = {}
for name in sorted(glob.glob(ask.store + "/part-*.h5"), key=generation):
    part = h5py.File(name)
    names = part["counters/name"].asstr()[:]
    t, c, v = (part[f"components/{x}_offset"][:] for x in ("time", "counter", "value"))
    for i, component in enumerate(part["components/name"].asstr()[:]):
        times = part["samples/time"][t[i]:t[i + 1]]
        block = part["samples/value"][v[i]:v[i + 1]].reshape(c[i + 1] - c[i], len(times))
        for code, row in zip(part["blocks/counter"][c[i]:c[i + 1]], block):
            got.setdefault((component, names[code]), {}).update(zip(times.tolist(), row.tolist()))

check({component for component, _ in got} == set(extents), "other components")
check({rate for _, rate in got} == {"all", "views", "liked", "discussed"}, "other rates")
for (component, rate), series in got.items():
    first, last = extents[component]
    slots = range(first, last + 1, ask.slot)
    check(list(sorted(series)) == list(slots), f"{component}: other slots")
    expected = counts.get((component, rate), {})
    for slot in slots:
        check(series[slot] == expected.get(slot, 0),
              f"{component}, {rate}, {slot}: {series[slot]} instead of {expected.get(slot, 0)}")
print(len(extents), "components", int(np.sum([sum(s.values()) for s in counts.values()])), "occurrences")
