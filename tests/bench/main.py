# SPDX-License-Identifier: MIT
"""The benchmark. tests/bench/run builds everything and starts it."""
import argparse
import contextlib
import json
import pathlib
import random
import signal
import sys
import tempfile

from bench import report, rows, servers
from bench.clients import CLIENTS
from bench.measure import Bench
from crash import strace

ROUND_TRIP_MS = 50


def parse(words):
    parser = argparse.ArgumentParser(prog="tests/bench/run", description="mailhaul beside its peers")
    parser.add_argument("--rows", help="only these, as A,B (see --list)")
    parser.add_argument("--clients", help="only these, as A,B: " + ", ".join(CLIENTS))
    parser.add_argument("--repeats", type=int, default=5, help="runs of each client; slow clients get fewer (5)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the order in which clients take turns (1)")
    parser.add_argument("--json", metavar="FILE", help="also write the results to this file; what it has of other rows and clients stays")
    parser.add_argument("--note", metavar="TEXT", help="a remark for this file, about the machine")
    parser.add_argument("--dir", default="/var/tmp", help="where mail is delivered, on the disk to be measured (/var/tmp)")
    parser.add_argument("--quick", action="store_true", help="small numbers, a few seconds: shows whether it works, not how fast")
    parser.add_argument("--no-flushes", action="store_true", help="leave out the extra run that counts flushes")
    parser.add_argument("--list", action="store_true", help="list the rows and exit")
    return parser.parse_args(words)


def choose(names, wanted, what):
    chosen = wanted.split(",") if wanted else list(names)
    for name in chosen:
        if name not in names:
            sys.exit("there is no %s '%s': %s" % (what, name, ", ".join(names)))
    return chosen


def estimate(row, clients, options):
    """How many seconds a row takes, from earlier runs. Verifying what arrived takes about as long as a fast client."""
    seconds = 5 + row.count / 10000
    for client in clients:
        runs = row.runs(client, options.repeats) + counts_flushes(row, client, options)
        seconds += runs * (row.seconds.get(client, 1) + 1)
    return seconds


def counts_flushes(row, client, options):
    if options.no_flushes or options.quick and row.name != "maildir":
        return False
    return row.seconds.get(client, 1) < 60


@contextlib.contextmanager
def bench_for(row, clients, options):
    """A row's server and directory; prints the round trip of the delayed line."""
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(options.dir) / row.name
        directory.mkdir()
        link = stack.enter_context(servers.Link(4 if options.quick else ROUND_TRIP_MS)) if row.far else None
        if row.dovecot:
            server = stack.enter_context(servers.DovecotDemo(row, directory))
        else:
            server = stack.enter_context(servers.Demo(row, directory, link))
        if link:
            print("   measured round trip: %.1f ms" % (link.round_trip(server.port) * 1000), flush=True)
        bench = Bench(row, server, directory, link, quick=options.quick)
        for name in ("mailhaul", "earlier") if row.seen else ():
            if name in clients:
                bench.remember(name)
        yield bench


def measure(row, clients, options):
    """All runs of a row, each round in a different order. Returns {client: [cost]}, flushes, and the bench."""
    dice = random.Random("%d %s" % (options.seed, row.name))
    with bench_for(row, clients, options) as bench:
        costs = {client: [] for client in clients}
        for turn in range(options.repeats):
            order = [client for client in clients if turn < row.runs(client, options.repeats)]
            dice.shuffle(order)
            for client in order:
                costs[client].append(bench.run(client))
        counting = {client: bench.run(client, counting=True)
                    for client in clients if counts_flushes(row, client, options)}
        flushes = {client: cost["flushes"] for client, cost in counting.items() if not cost["wrong"]}
        return costs, flushes, bench.database_bytes


def planned(options, table):
    """The rows chosen, with the clients that can do them. Prints what is left out."""
    # On a busy machine getmail may miss the end of its own child, and then waits for minutes.
    usual = [name for name in CLIENTS if name != "earlier" and (name != "getmail" or not options.quick)]
    wanted = choose(CLIENTS, options.clients, "client") if options.clients else usual
    missing = [name for name in wanted if not CLIENTS[name].installed()]
    if missing:
        print("not installed, left out: " + ", ".join(missing))
    if not options.no_flushes and not strace.usable():
        print("flushes are not counted: strace is not installed or not allowed to trace")
        options.no_flushes = True
    chosen = choose([row.name for row in table], options.rows, "row")
    def does(row, name):
        return name not in missing and (name in row.clients or name == "earlier")

    return [(row, [name for name in wanted if does(row, name)])
            for row in table if row.name in chosen]


def earlier_results(file):
    """The results of other calls of this program, by row: slow clients may have a call of their own."""
    if not file or not pathlib.Path(file).exists():
        return {}
    said = json.loads(pathlib.Path(file).read_text())
    if said["versions"] != report.versions() or said["machine"] != report.machine():
        sys.exit("%s has results of other versions or of another machine" % file)
    return {result["row"]: result for result in said["rows"]}


def record(row, result, recorded):
    recorded[row.name] = report.joined(row, recorded[row.name], result) if row.name in recorded else result


def run(options, work):
    """Measures and shows row by row; returns the results."""
    results, recorded = [], earlier_results(options.json)
    for row, clients in work:
        print("\n== %s: %s" % (row.name, row.title), flush=True)
        try:
            costs, flushes, database = measure(row, clients, options)
        except servers.Unavailable as error:
            print("   LEFT OUT: %s" % error)
            continue
        results.append(report.summary(row, costs, flushes, database))
        report.show(results[-1])
        if options.json:
            record(row, results[-1], recorded)
            pathlib.Path(options.json).write_text(report.text(report.document(list(recorded.values()), options.note)))
    return results


def main():
    options = parse(sys.argv[1:])
    table = rows.quick() if options.quick else rows.ROWS
    if options.list:
        for row in table:
            print("%-16s %s" % (row.name, row.title))
        return 0
    if options.quick:
        options.repeats = 1
    work = planned(options, table)
    if not options.quick:
        minutes = sum(estimate(row, clients, options) for row, clients in work) / 60
        print("%s; %s" % (report.machine(), ", ".join("%s %s" % item for item in report.versions().items())))
        print("This takes about %d minutes." % (minutes + 1), flush=True)
    pathlib.Path(options.dir).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mailhaul-bench-", dir=options.dir) as options.dir:
        pathlib.Path(options.dir).chmod(0o755)
        results = run(options, work)
    return 1 if any(result["clients"].get(name, {}).get("wrong") for result in results
                    for name in ("mailhaul", "limit")) else 0


def stop(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
