"""Writes rows/: events with one bad row each, as CSV and JSON Lines; events and sessions with odd names.

use: hostile_rows.py EVENTS.csv SESSIONS.csv; prints the table of bad rows (file, reason) to `faults`.
"""
import csv
import json
import os
import sys

ODD_VALUES = ["../x", "/etc/passwd", "\x1b[2Jx", "\x1b]0;title\x07", "a\tb", "/", "a|b\\", "\u009b1m", "\x7f", "%s%n", "..", "y" * 1000]
ODD_NAMES = ["../x", ".", "..", "a/b", "/etc/passwd", "%", "50%", "\x1b[31mred", "nl\nname", "\u009bc1", '"quote"', "x" * 900]
PLACE = 10  # lines before the bad one
IDS = b"s0000000-001,u0000000,"
OBJECT = b'{"session_id":"s0000000-001","user_id":"u0000000","timestamp_ms":%s,"event":%s}'
TIME = b"1771529524039"


def json_row(event, time=TIME):
    return OBJECT % (time, event)


CSV_FAULTS = {
    "nul": (IDS + TIME + b",a\0b", "NUL byte"),
    "utf8": (IDS + TIME + b",\xff\xfe", "invalid UTF-8"),
    "overlong": (IDS + TIME + b",\xc0\xaf", "invalid UTF-8"),
    "surrogate": (IDS + TIME + b",\xed\xa0\x80", "invalid UTF-8"),
    "cr": (IDS + TIME + b",a\rb", "CR without LF outside quotes"),
    "missing": (IDS + TIME, "wrong number of fields"),
    "extra": (IDS + TIME + b",a,b", "wrong number of fields"),
    "behind_quote": (IDS + TIME + b',"a"b', "text after a closing quote"),
    "no_session": (b",u0000000," + TIME + b",a", "empty session id"),
    "no_event": (IDS + TIME + b",", "empty event name"),
    "long_id": (b"s" * 10000 + b",u0000000," + TIME + b",a", "session id longer than 255 bytes"),
    "long_event": (IDS + TIME + b"," + b"x" * 10000, "event name longer than 1024 bytes"),
    "time_range": (IDS + b"99999999999999999999,a", "time out of range"),
    "time_text": (IDS + b"yesterday,a", "not a time"),
    "time_date": (IDS + b"2026-02-30T00:00:00Z,a", "not a time"),
    "time_inf": (IDS + b"inf,a", "not a time"),
    "time_hex": (IDS + b"0x10,a", "not a time"),
    "time_space": (IDS + b" 5,a", "not a time"),
}
JSON_FAULTS = {
    "nul": (json_row(b'"a\0b"'), "NUL byte"),
    "nul_escaped": (json_row(b'"a\\u0000b"'), "NUL byte"),
    "utf8": (json_row(b'"\xff\xfe"'), "invalid UTF-8"),
    "surrogate": (json_row(b'"\\ud800"'), "half a surrogate pair"),
    "cr": (json_row(b'"a\rb"'), "not a JSON object"),
    "missing": (b'{"session_id":"s0000000-001","user_id":"u0000000","timestamp_ms":5}', "empty event name"),
    "twice": (json_row(b'"a","event":"b"'), "a key is there twice"),
    "array": (b"[1,2]", "not a JSON object"),
    "number": (b"5", "not a JSON object"),
    "cut": (json_row(b'"a"')[:-2], "not a JSON object"),
    "trailing": (json_row(b'"a"') + b" x", "not a JSON object"),
    "nan": (json_row(b'"a"', b"NaN"), "not a JSON object"),
    "deep": (b"[" * 100000 + b"]" * 100000, "not a JSON object"),
    "no_session": (b'{"a":' * 100000 + b"1" + b"}" * 100000, "empty session id"),
    "long_event": (json_row(b'"' + b"x" * 10000 + b'"'), "event name longer than 1024 bytes"),
    "time_range": (json_row(b'"a"', b"99999999999999999999"), "time out of range"),
    "time_text": (json_row(b'"a"', b'"yesterday"'), "not a time"),
    "time_huge": (json_row(b'"a"', b"1e400"), "not a time"),
}


def put(name, lines):
    with open(os.path.join("rows", name), "wb") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def put_faults(form, lines, faults, table):
    for name, (row, reason) in faults.items():
        put(f"{name}.{form}", lines[:PLACE] + [row] + lines[PLACE:])
        table.write(f"{name}.{form}\t{reason}\n")


def put_csv(name, rows):
    with open(os.path.join("rows", name), "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def main():
    os.mkdir("rows")
    with open(sys.argv[1], newline="") as file:
        header, *rows = csv.reader(file)
    with open(sys.argv[2], newline="") as file:
        sessions = list(csv.reader(file))
    with open(sys.argv[1], "rb") as file:
        lines = file.read().splitlines()

    def objects(rows):
        named = [dict(zip(header, row)) for row in rows]
        return [json.dumps({**row, "timestamp_ms": int(row["timestamp_ms"]), "more": {"deep": [1]}}).encode() for row in named]

    with open("faults", "w") as table:
        put_faults("csv", lines, CSV_FAULTS, table)
        put_faults("jsonl", objects(rows), JSON_FAULTS, table)
    put("calm.jsonl", objects(rows))

    odd = [[*row[:3], ODD_VALUES[i // 5 % len(ODD_VALUES)] if i % 5 == 0 else row[3]] for i, row in enumerate(rows)]
    put_csv("odd.csv", [header, *odd])
    put("odd.jsonl", objects(odd))
    values = [[ODD_VALUES[i % len(ODD_VALUES)]] * len(ODD_NAMES) for i in range(len(sessions) - 1)]
    put_csv("sessions.csv", [sessions[0] + ODD_NAMES, *(row + more for row, more in zip(sessions[1:], values))])


if __name__ == "__main__":
    main()
