# SPDX-License-Identifier: MIT
"""Medians, ratios, and whether mailhaul meets its targets."""
import datetime
import json
import os
import platform
import statistics
import subprocess

from bench.rows import MIB, PEERS

VERSIONS = {"mailhaul": "MAILHAUL", "mpop": "mpop", "fetchmail": "fetchmail", "getmail": "getmail6", "fdm": "fdm",
            "dovecot": "dovecot-pop3d", "procmail": "procmail"}
FLUSHING = ("fsync", "fdatasync", "syncfs", "sync", "msync")  # sync_file_range only starts a flush


def summary(row, costs, flushes, database):
    clients = {}
    for name, runs in costs.items():
        good = [run for run in runs if not run["wrong"]]
        entry = {"runs": len(runs), "wrong": next((run["wrong"] for run in runs if run["wrong"]), "")}
        for what in ("wall", "cpu", "memory_kib"):
            values = [run[what] for run in good]
            entry[what] = statistics.median(values) if values else None
        entry["walls"] = [run["wall"] for run in good]
        entry["flushes"] = flushes.get(name)
        clients[name] = entry
    return compared(row, {"row": row.name, "title": row.title, "seen": row.seen, "clients": clients, "database_bytes": database})


def compared(row, result):
    clients = result["clients"]
    for entry in clients.values():
        entry["to_best_peer"] = ratio(entry["wall"], best_peer(result, "wall"))
        entry["to_limit"] = ratio(entry["wall"], clients.get("limit", {}).get("wall"))
    result["targets"] = [judge(target, result) for target in row.targets]
    return result


def joined(row, earlier, later):
    """A row that was measured in two calls, each with some of the clients."""
    return compared(row, {**later, "clients": {**earlier["clients"], **later["clients"]},
                          "database_bytes": later["database_bytes"] or earlier["database_bytes"]})


def ratio(value, other):
    return value / other if value is not None and other else None


def best_peer(result, what):
    values = [entry[what] for name, entry in result["clients"].items()
              if name in PEERS and entry[what] is not None and not entry["wrong"]]
    return min(values, default=None)


def judge(target, result):
    """Judges one target. Returns its text, what was measured, and whether it was met (None if unknown)."""
    ours = result["clients"].get("mailhaul", {})
    said = {"target": target.text(), "measured": None, "met": None}
    if target.what == "database":
        said.update(measured=result["database_bytes"] / MIB, met=result["database_bytes"] < target.whom)
    elif target.what == "memory":
        if ours.get("memory_kib"):
            said.update(measured=ours["memory_kib"] / 1024, met=ours["memory_kib"] * 1024 < target.whom)
    else:
        theirs = best_peer(result, target.what) if target.whom == "peers" else \
            result["clients"].get(target.whom, {}).get(target.what)
        if theirs and ours.get(target.what):
            measured = theirs / ours[target.what] if target.at_least else ours[target.what] / theirs
            met = measured >= target.at_least if target.at_least else measured <= target.at_most
            said.update(measured=measured, met=met)
    if ours.get("wrong"):
        said["met"] = False
    return said


def shorten(flushes):
    if flushes is None:
        return "-"
    return str(sum(count for call, count in flushes.items() if call in FLUSHING))


def show(result):
    print("   %-10s %9s %19s %9s %9s %8s %7s %7s  %s" % (
        "client", "seconds", "(least to most)", "CPU", "MiB", "flushes", "/peer", "/limit", ""))
    order = sorted(result["clients"].items(), key=lambda item: item[1]["wall"] or 1e9)
    for name, entry in order:
        if entry["wall"] is None:
            print("   %-10s FAILED: %s" % (name, entry["wrong"]))
            continue
        spread = "(%.3f to %.3f)" % (min(entry["walls"]), max(entry["walls"]))
        numbers = ["%.2f" % entry[key] if entry[key] else "-" for key in ("to_best_peer", "to_limit")]
        print("   %-10s %9.4f %19s %9.4f %9.1f %8s %7s %7s  %s" % (
            name, entry["wall"], spread, entry["cpu"], entry["memory_kib"] / 1024, shorten(entry["flushes"]), *numbers,
            "FAILED once: " + entry["wrong"] if entry["wrong"] else ""))
    if result["database_bytes"]:
        print("   state database: %.1f MiB" % (result["database_bytes"] / MIB))
    for target in result["targets"]:
        if target["met"] is None:
            continue
        measured = "" if target["measured"] is None else "(%.2f)" % target["measured"]
        print("   target: %-34s %s  %s" % (target["target"], "met" if target["met"] else "MISSED", measured), flush=True)


def document(results, note=None):
    return {"date": datetime.date.today().isoformat(), "machine": machine(), **({"note": note} if note else {}),
            "versions": versions(), "rows": results}


def rounded(value):
    """Four significant digits: more would only be noise."""
    if isinstance(value, float):
        return float("%.4g" % value)
    if isinstance(value, list):
        return [rounded(one) for one in value]
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return value


def text(said):
    """A document as JSON: a line for each client and each target."""
    def lines(row):
        head = {key: value for key, value in row.items() if key not in ("clients", "targets")}
        clients = ",\n".join('   %s: %s' % (json.dumps(name), json.dumps(rounded(entry)))
                             for name, entry in row["clients"].items())
        targets = ",\n".join("   " + json.dumps(rounded(target)) for target in row["targets"])
        return '  %s,\n  "clients": {\n%s},\n  "targets": [%s]}' % (
            json.dumps(head)[:-1], clients, targets and "\n" + targets)

    head = {key: value for key, value in said.items() if key != "rows"}
    return '%s,\n "rows": [\n%s]}\n' % (json.dumps(head)[:-1], ",\n".join(map(lines, said["rows"])))


def machine():
    return "%d processors, Linux %s" % (os.cpu_count(), platform.release().split("-")[0])


def versions():
    found = {}
    for name, package in VERSIONS.items():
        words = [os.environ.get(package, ""), "--version"] if package.isupper() else \
            ["dpkg-query", "-W", "-f", "${Version}", package]
        try:
            out = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
            found[name] = out.split()[1 if package.isupper() else 0]
        except (OSError, subprocess.CalledProcessError):
            continue
    return found
