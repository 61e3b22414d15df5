# SPDX-License-Identifier: MIT
"""Runs every case and writes what came of it into tests/README.md:

    cd tests && MAILHAUL=../build/dev/mailhaul python3 -B -m hostile.table
"""
import concurrent.futures
import datetime
import pathlib
import platform
import subprocess
import sys
import tempfile

from hostile.cases import SECTIONS
from hostile.hostile_test import WORKERS
from hostile.rig import play
from support.py.certificates import Certificates
from support.py.world import MAILHAUL

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"
TITLE = "## Hostile servers"
FIRST = "<!-- SPDX-License-Identifier: MIT -->\n# What the tests have shown\n"
INTRODUCTION = """
Each line is a server of `tests/hostile/*_cases.py`; `ctest -R hostile` plays them all, and from `tests/`

    MAILHAUL=../build/dev/mailhaul python3 -B -m hostile.table

plays them and writes this section. *Arrived* and *stays* are the numbers of the messages that the run which met this
server has delivered, and of those that are on the server after it; *status* is its exit status. *Good*: these are what
they had to be; what was delivered is the same byte for byte, and came once; what left the server had arrived; nothing
that tells who one is went out before TLS; no password and no control character was shown; files are private; the run
ended within its time-outs; memory stayed under 64 MiB; and when the server behaved again, one run brought every
message to exactly one.
"""


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


def section(outcomes):
    peak = max(outcome.peak for outcome in outcomes.values())
    bad = sum(bool(outcome.complaints) for outcome in outcomes.values())
    text = TITLE + "\n" + INTRODUCTION + "\n%s: %s.\n%d cases, %d bad; the largest peak of memory %d MiB.\n" % (
        datetime.date.today(), versions(), len(outcomes), bad, peak >> 20)
    for title, cases in SECTIONS.items():
        text += "\n### %s\n\n| server | arrived | stays | status | result |\n|---|---|---|---|---|\n" % title
        text += "".join(row(outcomes[title, case.name]) for case in cases)
    return text


def put(text):
    """Replaces the existing section, or appends it."""
    old = README.read_text() if README.exists() else FIRST
    begin = old.find(TITLE)
    if begin < 0:
        README.write_text(old.rstrip("\n") + "\n\n" + text)
        return
    end = old.find("\n## ", begin)
    README.write_text(old[:begin] + text + (old[end:] if end >= 0 else ""))


def main():
    every = [(title, case) for title, cases in SECTIONS.items() for case in cases]
    with tempfile.TemporaryDirectory(prefix="mailhaul-certificates-") as folder:
        certificates = Certificates(folder)
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            played = list(pool.map(lambda each: play(each[1], certificates), every))
    put(section({(title, case.name): outcome for (title, case), outcome in zip(every, played)}))
    return sum(bool(outcome.complaints) for outcome in played)


if __name__ == "__main__":
    sys.exit(main() != 0)
