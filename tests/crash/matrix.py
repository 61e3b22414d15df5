# SPDX-License-Identifier: MIT
"""Runs many cases in parallel, and prints a table of the results."""
import collections
import concurrent.futures
import multiprocessing
import os
import sys

BAD = ("lost", "doubled", "torn", "stuck")

# row, group: the first columns of the two tables. hits: how often the event happened. allowed: duplicates that were reported.
Finding = collections.namedtuple("Finding", "row group hits allowed counts complaint")


def workers():
    return int(os.environ.get("MAILHAUL_TEST_WORKERS", "2"))


def tried(one, cases, progress=False):
    """The Finding of each case, in order. Uses processes, each with its own servers: threads would wait for each other."""
    done = []
    with concurrent.futures.ProcessPoolExecutor(workers(), multiprocessing.get_context("fork")) as pool:
        for finding in pool.map(one, cases):
            done.append(finding)
            if progress and (finding.complaint or len(done) % 500 == 0):
                print("%d of %d. %s" % (len(done), len(cases), finding.complaint or ""), file=sys.stderr, flush=True)
    return done


def table(findings, key, title, hit):
    """Markdown: one line for each value of `key`, and the sum."""
    lines = collections.defaultdict(collections.Counter)
    for finding in findings:
        for name in (getattr(finding, key), "all"):
            lines[name].update({"cases": 1, "hits": finding.hits, "allowed": finding.allowed, **finding.counts})
    columns = ("cases", "hits", *BAD, "allowed")
    total = lines.pop("all", collections.Counter())
    text = ["| %s | cases | %s | lost | doubled | torn | stuck | doubled where allowed |" % (title, hit),
            "|---" + "|---:" * len(columns) + "|"]
    for name, counts in [*lines.items(), ("all", total)]:
        text.append("| %s | %s |" % (name, " | ".join(str(counts[column]) for column in columns)))
    return "\n".join(text)


def share(cases, part, parts):
    """The `part`th of `parts` equal shares, spread evenly; together the shares are all cases."""
    return cases[part - 1::parts]
