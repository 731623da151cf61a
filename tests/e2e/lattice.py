#!/usr/bin/python3
"""Writes sessions.csv and events.csv of 1,600 sessions, each of a user of its own, and what is planted:

- os x country, 400 sessions each of ios/web and AT/DE: of ios&DE 200 fail, of any other pair 40;
- a reversal of `plan` by `region`: of 500 sessions with plan=old 245 fail, of 500 with plan=new 130;
  but in north 240 of 400 old and 70 of 100 new, in south 5 of 100 and 60 of 400. These 1,000 sessions
  are of another KPI, kpi_slow; the other 600 have no value of it;
- `retry` comes before `timeout` with one to three other events between them, in failing sessions of
  ios&DE; in all other sessions after it."""
import csv


def main():
    sessions, events = [], []
    reversal = [("old", "north", 240, 160), ("new", "north", 70, 30), ("old", "south", 5, 95), ("new", "south", 60, 340)]
    slow = [(plan, region, int(i < bad)) for plan, region, bad, good in reversal for i in range(bad + good)]
    # spread over the first table: 7 and 1,600 have no common factor
    slow = {i * 7 % 1600: one for i, one in enumerate(slow)}
    for i in range(1600):
        os, country, place = ("ios", "web")[i // 800], ("AT", "DE")[i // 400 % 2], i % 400
        fail = int(place < (200 if (os, country) == ("ios", "DE") else 40))
        plan, region, is_slow = slow.get(i, ("", "", ""))
        sessions.append((f"s{i:04}", f"u{i:04}", 1000 * i, country, os, plan, region, fail, is_slow))
        between = ["ping", "view", "ping"][: 1 + i % 3]
        names = ["retry", *between, "timeout"] if fail and (os, country) == ("ios", "DE") else ["timeout", *between, "retry"]
        events += [(f"s{i:04}", f"u{i:04}", 1000 * i + n, name, n) for n, name in enumerate(names)]
    with open("sessions.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("session_id", "user_id", "start_ms", "country", "os", "plan", "region", "kpi_fail", "kpi_slow"), *sessions])
    with open("events.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [("session_id", "user_id", "timestamp_ms", "event", "seq"), *events])


if __name__ == "__main__":
    main()
