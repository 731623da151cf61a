#!/usr/bin/python3
"""Counts of derived cohorts, worked out by pandas from the CSV files of a data set, beside those of a run.
derived_counts.py DATA_SET COHORTS_CSV; prints what is different."""
import sys

import pandas

folder, cohorts_path = sys.argv[1:]
sessions = pandas.read_csv(f"{folder}/sessions.csv.gz").set_index("session_id")
events = pandas.read_csv(f"{folder}/events.csv.gz").sort_values(["session_id", "timestamp_ms", "seq"], kind="stable")
cohorts = pandas.read_csv(cohorts_path, keep_default_na=False)

views = events[events.event == "VIEW"].groupby("session_id").size().reindex(sessions.index, fill_value=0)
hour = pandas.to_datetime(sessions.start_ms, unit="ms", utc=True).dt.hour
following = events.groupby("session_id").shift(-1)
like_next = ((events.event == "VIEW") & (following.event == "LIKE")
             & (following.timestamp_ms - events.timestamp_ms <= 60000))
with_like = pandas.Series(sessions.index.isin(events[events.event == "LIKE"].session_id), index=sessions.index)
attributes = {
    "many_views": views > 3,
    "night": (hour < 9) | (hour > 21),
    "like_after_view": pandas.Series(sessions.index.isin(events[like_next].session_id), index=sessions.index),
}
kpis = {name: sessions[name] for name in sessions if name.startswith("kpi_")}
kpis["no_like"] = (~with_like).astype(float)

compared, different = 0, []


def compare(kpi, attribute, value, chosen):
    """One row of the table against the sessions that `chosen` marks."""
    global compared
    row = cohorts[(cohorts.kpi == kpi) & (cohorts.attribute == attribute) & (cohorts.value == value)]
    values = kpis[kpi][chosen].dropna()
    users = sessions.loc[values.index].user_id.nunique()
    if len(row) == 0:
        if users >= 50:
            different.append(f"{kpi} {attribute}={value}: no row of {users} users")
        return
    compared += 1
    found = (int(row.users.iloc[0]), int(row.sessions.iloc[0]), float(row.kpi_mean.iloc[0]))
    wanted = (users, len(values), values.mean())
    if found[:2] != wanted[:2] or abs(found[2] - wanted[2]) > 1e-9 * max(1, abs(wanted[2])):
        different.append(f"{kpi} {attribute}={value}: {found} is not {wanted}")


for kpi in kpis:
    for attribute, marks in attributes.items():
        compare(kpi, attribute, "true", marks)
        compare(kpi, attribute, "false", ~marks)
    for value in cohorts[(cohorts.kpi == kpi) & (cohorts.attribute == "views")].value.unique():
        if value.startswith("<"):
            chosen = views < float(value[1:])
        elif value.startswith(">="):
            chosen = views >= float(value[2:])
        elif ".." in value:
            low, high = map(float, value.split(".."))
            chosen = (views >= low) & (views < high)
        else:
            chosen = views == float(value)
        compare(kpi, "views", value, chosen)

print(f"{compared} rows compared, {len(different)} different")
print("\n".join(different[:5]))
sys.exit(1 if different or compared < 30 else 0)
