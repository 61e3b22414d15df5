# SPDX-License-Identifier: MIT
"""Runs every case and prints what came of it as tables in Markdown:

    cd tests && MAILHAUL=../build/dev/mailhaul python3 -B -m hostile.table

"arrived" and "stays" are the numbers of the messages that the run at this server delivered, and of those that are on
the server afterwards; "status" is its exit status; "good" means that everything that hostile/case.py lists was true.
"""
import concurrent.futures
import datetime
import platform
import subprocess
import sys
import tempfile

from hostile.cases import SECTIONS
from hostile.hostile_test import WORKERS
from hostile.rig import play
from support.py.certificates import Certificates
from support.py.world import MAILHAUL


def numbers(found, case):
    if len(found) == len(case.messages):
        return "all"
    return " ".join(map(str, found)) or "none"


def row(outcome):
    case = outcome.case
    arrived, stays = numbers(outcome.arrived, case), numbers(outcome.stays, case)
    result = "; ".join(outcome.complaints).replace("|", "\\|") or "good"
    return "| %s | %s | %s | %s | %s |\n" % (case.name.replace("*", "\\*"), arrived, stays, outcome.status, result)


def versions():
    mailhaul = subprocess.run([MAILHAUL, "--version"], stdout=subprocess.PIPE, check=True).stdout.decode().split("\n")
    return "%s, %s, Python %s" % (mailhaul[0], mailhaul[1].split(" zlib")[0], platform.python_version())


def tables(outcomes):
    peak = max(outcome.peak for outcome in outcomes.values())
    bad = sum(bool(outcome.complaints) for outcome in outcomes.values())
    text = "%s: %s.\n%d cases, %d bad; the largest peak of memory %d MiB.\n" % (
        datetime.date.today(), versions(), len(outcomes), bad, peak >> 20)
    for title, cases in SECTIONS.items():
        text += "\n### %s\n\n| server | arrived | stays | status | result |\n|---|---|---|---|---|\n" % title
        text += "".join(row(outcomes[title, case.name]) for case in cases)
    return text


def main():
    every = [(title, case) for title, cases in SECTIONS.items() for case in cases]
    with tempfile.TemporaryDirectory(prefix="mailhaul-certificates-") as folder:
        certificates = Certificates(folder)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            played = list(pool.map(lambda each: play(each[1], certificates), every))
    print(tables({(title, case.name): outcome for (title, case), outcome in zip(every, played)}))
    return sum(bool(outcome.complaints) for outcome in played)


if __name__ == "__main__":
    sys.exit(main() != 0)
