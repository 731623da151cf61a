#!/usr/bin/python3
"""Sessions with known truths for the experts that look over time and at causes.

  experts.py time|causes SEED DIRECTORY

Writes DIRECTORY/sessions.csv and events.csv. Everything is drawn from SEED; day 0 is 2026-01-01.

time     60 days. kpi_login rises from 5 % to 40 % over all days in users' first sessions on version=2,
         and is 10 % elsewhere; kpi_pay of os=ios jumps from 10 % to 30 % on day 38, elsewhere it is 10 %.
causes   kpi_error is 5 % on plan=paid, 30 % on plan=free. banner=on does nothing, but most free plans
         have it. Event `retry` adds 25 points, on any plan."""
import datetime
import os
import random
import sys

DAYS, DAY_MS = 60, 86_400_000
START_MS = int(datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc).timestamp()) * 1000


def over_time(rng):
    yield "session_id,user_id,start_ms,version,os,kpi_login,kpi_pay"
    number = 0
    for user in range(12_000):
        version, phone = rng.choice("12"), rng.choice(("ios", "android", "web"))
        first = rng.random() * DAYS
        for index in range(1 + (rng.random() < 0.7)):
            day = first + index * rng.random() * 5
            if day >= DAYS:
                continue
            login = 0.05 + 0.35 * day / DAYS if version == "2" and index == 0 else 0.10
            pay = 0.30 if phone == "ios" and day >= 38 else 0.10
            number += 1
            yield f"s{number},u{user},{START_MS + int(day * DAY_MS)},{version},{phone},{int(rng.random() < login)},{int(rng.random() < pay)}"


def causes(rng):
    yield "session_id,user_id,start_ms,plan,banner,device,retry,kpi_error"
    for number in range(12_000):
        plan = rng.choice(("free", "paid"))
        banner = "on" if rng.random() < (0.7 if plan == "free" else 0.15) else "off"
        retry = int(rng.random() < 0.2)
        fails = int(rng.random() < (0.30 if plan == "free" else 0.05) + 0.25 * retry)
        time = START_MS + rng.randrange(DAYS * DAY_MS)
        yield f"s{number},u{number % 5000},{time},{plan},{banner},{rng.choice('abc')},{retry},{fails}"


def main():
    what, seed, directory = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    rows = [row.split(",") for row in (over_time if what == "time" else causes)(random.Random(seed))]
    names = rows[0]
    kept = [i for i, name in enumerate(names) if name != "retry"]  # that one is an event
    os.makedirs(directory, exist_ok=True)
    with open(f"{directory}/sessions.csv", "w") as sessions, open(f"{directory}/events.csv", "w") as events:
        events.write("session_id,user_id,timestamp_ms,event\n")
        for number, row in enumerate(rows):
            sessions.write(",".join(row[i] for i in kept) + "\n")
            told = dict(zip(names, row))
            names_of_events = ["open"] + ["retry"] * (told.get("retry") == "1") + ["close"]
            for place, event in enumerate(names_of_events if number else []):
                events.write(f"{told['session_id']},{told['user_id']},{int(told['start_ms']) + place},{event}\n")


if __name__ == "__main__":
    main()
