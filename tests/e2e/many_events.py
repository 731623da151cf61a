"""Writes a large CSV of events quickly: many_events.py FILE MEGABYTES SHARE

Users with some ten sessions of some nine events each, rows in no order. SHARE of all rows is of one
user, "hot", half of them in one session. A block of rows is made once and repeated with other users.
"""

import random
import sys

BLOCK_ROWS = 100_000


def make_block(share):
    draw = random.Random(20)
    rows = []
    for _ in range(BLOCK_ROWS):
        if draw.random() < share:
            key = "hot,one" if draw.random() < 0.5 else f"hot,@{draw.randrange(2000)}"
        else:
            user = draw.randrange(1000)
            key = f"@{user:05},@{user:05}-{draw.randrange(11)}"
        rows.append(f"{key},{1700000000000 + draw.randrange(10**9)},view-{draw.randrange(300)}\n")
    return "".join(rows)


def main():
    path, megabytes, share = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    block = make_block(share)
    left = megabytes << 20
    with open(path, "w", encoding="ascii", newline="") as out:
        out.write("user_id,session_id,timestamp_ms,event\n")
        number = 0
        while left > 0:
            text = block.replace("@", f"u{number:03}x")
            out.write(text)
            left -= len(text)
            number += 1


main()
