# SPDX-License-Identifier: MIT
"""All ways in which a run is killed, and what happens before the next run. tests/slow/run kills tries everything,
and CI a sample."""
import collections
import functools
import random
import tempfile
import time

from crash import between, strace
from crash.kills import SANITIZER, Kill, describe, kill
from crash.matrix import Finding
from crash.rows import ALL_ROWS, MESSAGES, Broken, Row, batches
from support.py import mail

# Small messages, an empty one, and one that needs several writes.
LETTERS = [*MESSAGES, mail.sized(150000, seed=43)]
# The number of kills at random times, in addition to those at every call; they find what happens between two
# calls. On a busy machine the run may have ended, or not begun, at that time, so no test relies on a hit.
RANDOM_TIMES = 200
BATCHED = "nothing; several batches"
ROW, GROUP, HIT = "destination, server", "before the next run", "killed"

Case = collections.namedtuple("Case", "place keep kill again event trace seed")


def letters(event):
    return batches(3) if event == BATCHED else LETTERS


@functools.lru_cache(maxsize=None)
def whole_run(place, keep, event):
    """The points of an undisturbed run, and how many seconds it takes without strace."""
    begun = between.EVENTS[event.partition(";")[0]]
    with tempfile.NamedTemporaryFile() as log, Row(place, keep, letters(event)) as row:
        between.begin(begun, row)
        row.world.env.update(SANITIZER)
        result = row.run(*strace.recording(log.name))
        if result.status:
            row.fail("an undisturbed run ends with %d" % result.status, result)
        found = strace.points(log.name, children=event == BATCHED)  # with several batches, the children are threads
    with Row(place, keep, letters(event)) as row:
        start = time.monotonic()
        row.run()
        seconds = time.monotonic() - start
    if len(found) < 40:
        raise AssertionError("a run makes more calls than %d" % len(found))
    return strace.thinned(found) if event == BATCHED else found, seconds


def groups(place, keep):
    """Lists of cases for one row: kills at every call, of the next run, of all children, with each event, at any
    time."""
    rng = random.Random(place + keep)
    fresh, seconds = whole_run(place, keep, "nothing")

    def at_calls(how, event, again):
        points = whole_run(place, keep, event if event in ("state restored", BATCHED) else "nothing")[0]
        for n, point in enumerate(points):
            second = Kill("call", rng.choice(fresh), None) if again(n) else None
            yield Case(place, keep, Kill(how(n), point, None), second, event, bool(n % 2), rng.randrange(10 ** 6))
    yield list(at_calls(lambda n: "call", "nothing", lambda n: False))
    yield list(at_calls(lambda n: "call", "nothing", lambda n: True))
    if "mda" in place:
        yield list(at_calls(lambda n: "session at call", "nothing", lambda n: n % 3 == 0))
    for event in between.events_for(place)[1:]:
        yield list(at_calls(lambda n: "session at call" if n % 4 == 3 else "call", event, lambda n: n % 3 == 0))
    if "mda" not in place:  # mail for programs is settled in order, with nothing in parallel
        yield list(at_calls(lambda n: "session at call" if n % 4 == 3 else "call", BATCHED, lambda n: n % 3 == 0))
        long = whole_run(place, keep, BATCHED)[1]
        yield [Case(place, keep, Kill("time", None, rng.uniform(0, long)), None, BATCHED, bool(n % 3), rng.randrange(10 ** 6))
               for n in range(RANDOM_TIMES // 2)]
    events = between.events_for(place)
    yield [Case(place, keep, Kill("session at time" if n % 2 else "time", None, rng.uniform(0, seconds)), None,
                events[n % len(events)], bool(n % 3), rng.randrange(10 ** 6)) for n in range(RANDOM_TIMES)]


def everything():
    return [case for place, keep in ALL_ROWS for group in groups(place, keep) for case in group]


def sample(place, keep, counts):
    """Takes as many cases of each group as `counts` says; its last number applies to all further groups."""
    chosen = []
    for n, group in enumerate(groups(place, keep)):
        chosen += strace.sample(group, counts[min(n, len(counts) - 1)])
    return chosen


def one(case):
    """Kills a run, perhaps the next one too; an event happens in between; then one run must put everything in order."""
    label, hits, counts, complaint, row = "%s, %s" % (case.place, case.keep), 0, {}, None, None
    try:
        with Row(case.place, case.keep, letters(case.event), trace=case.trace) as row:
            event = case.event.partition(";")[0]
            between.begin(between.EVENTS[event], row)
            row.said = ""
            for number, how in enumerate(filter(None, (case.kill, case.again))):
                hits += kill(row, how)
                if "mda" in row.kinds:
                    row.may_double["mda"] += 1  # at most one for each kill, and it is reported
                row.check_interrupted()
                if number == 0:
                    between.happens(event, row, case.seed)
            row.check_completed(row.run())
    except (Broken, ValueError) as error:
        counts = getattr(error, "counts", {"torn": 1})
        complaint = "%s%s; %s%s: %s" % (describe(case.kill), "; then " + describe(case.again) if case.again else "",
                                        case.event, ", traced" if case.trace else "", error)
    return Finding(label, case.event, hits, row.doubled if row else 0, counts, complaint)

