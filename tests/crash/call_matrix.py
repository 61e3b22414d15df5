# SPDX-License-Identifier: MIT
"""Makes every call on a file, the socket or the database fail once, in each possible way, and damages the
database. tests/slow/run calls tries everything, and CI a sample.
"""
import collections
import functools
import random
import shutil
import tempfile

from crash import strace
from crash.kills import SANITIZER
from crash.matrix import Finding
from crash.rows import ALL_ROWS, MESSAGES, Broken, Row, batches

ROW, GROUP, HIT = "destination, server", "what fails", "failed"
CALLS = [*strace.CALLS, *("lseek ?newfstatat getdents64 ?statfs fstatfs ?utimensat pipe2 socket ?poll ?ppoll pidfd_open wait4 "
                          "memfd_create setsockopt getsockopt bind ?access faccessat2 eventfd2 ?mmap").split()]
OPENING = set("openat open socket pipe2 fcntl memfd_create pidfd_open eventfd2 connect".split())
INTERRUPTIBLE = set("openat open read write pread64 pwrite64 writev fsync fdatasync syncfs close fcntl ftruncate fallocate connect "
                    "sendto sendmsg recvfrom recvmsg poll ppoll wait4 flock getdents64".split())
WRITING = set("openat open write pwrite64 writev fsync fdatasync syncfs close ftruncate fallocate rename renameat renameat2 link "
              "linkat mkdir mkdirat unlink unlinkat".split())
ERRORS = {"EIO": lambda call: call not in ("poll", "wait4"), "ENOSPC": WRITING.__contains__, "EMFILE": OPENING.__contains__,
          "EINTR": INTERRUPTIBLE.__contains__}
PAGE = 4096
BATCHED = "; several batches"

Case = collections.namedtuple("Case", "place keep what point damage")  # damage: (page, bytes) instead of a point


def letters(what):
    return batches(2) if what.endswith(BATCHED) else MESSAGES


@functools.lru_cache(maxsize=None)
def points(place, keep, batched=""):
    with tempfile.NamedTemporaryFile() as log, Row(place, keep, letters(batched)) as row:
        row.world.env.update(SANITIZER)
        result = row.run(*strace.recording(log.name, CALLS))
        if result.status:
            row.fail("an undisturbed run ends with %d" % result.status, result)
        found = strace.points(log.name)
    if batched:  # only every second call is tried
        found = strace.thinned(found, "fcntl", "lseek", "poll")[::2]
    return [point for point in found if not strace.is_probe(point)]


def is_possible(point, error):
    """A close() that strace interrupts leaves the descriptor open, which Linux never does. If it is the end of a
    pipe, mailhaul would wait for itself."""
    return not (error == "EINTR" and point.call == "close" and "<pipe:" in point.line)


def failing(place, keep, error, batched=""):
    return [Case(place, keep, error + batched, point, None) for point in points(place, keep, batched)
            if ERRORS[error](point.call) and is_possible(point, error)]


def damaged(place, keep):
    """Cases that overwrite each page of the database in some way, or cut the file off there."""
    with Row(place, keep) as row:
        row.run()
        pages = (row.world.state_dir / "state.db").stat().st_size // PAGE
    return [Case(place, keep, "a damaged database", None, (page, how)) for page in range(pages)
            for how in ("zeros", "noise", "half", "cut", "another page")]


def everything():
    cases = []
    for place, keep in ALL_ROWS:
        for error in ERRORS:
            cases += failing(place, keep, error)
        cases += damaged(place, keep)
        for error in ERRORS if "mda" not in place else ():  # mail for programs is settled in order, with nothing in parallel
            cases += failing(place, keep, error, BATCHED)
    return cases


def one(case):
    row, hits, counts, complaint = None, 0, {}, None
    try:
        with Row(case.place, case.keep, letters(case.what)) as row:
            hits = (damage if case.damage else fail_at)(row, case)
    except (Broken, ValueError) as error:
        counts = getattr(error, "counts", {"torn": 1})
        where = "page %d: %s" % case.damage if case.damage else "%s number %d [%s]" % case.point
        complaint = "%s at %s: %s" % (case.what, where, error)
    return Finding("%s, %s" % (case.place, case.keep), case.what, hits, row.doubled if row else 0, counts, complaint)


def fail_at(row, case):
    """One call fails once; one more run then completes the work."""
    log = row.world.root / "injected"
    row.world.env.update(SANITIZER)
    result = row.run(*strace.injecting(case.point.call, "error=%s:when=%d" % (case.what.partition(";")[0], case.point.number), log=log))
    del row.world.env["ASAN_OPTIONS"]
    if result.status < 0 or result.status in (70, 134, 139):
        row.fail("it ended with %d" % result.status, result)
    if result.status == 0 and row.keep == "remove" and row.drop.uids():
        row.fail("status 0 with mail left on the server", result)
    if result.status != 0 and not result.err:
        row.fail("it failed with %d and said nothing" % result.status)
    if "mda" in row.kinds:
        row.may_double["mda"] += 1  # the answer of the program may be lost
    row.check_interrupted()
    row.check_completed(row.run())
    return b"INJECTED" in log.read_bytes()


def damage(row, case):
    """The damage is reported and the file left as it is, or it does no harm. Nothing is lost, and nothing is delivered twice
    before the database was moved away."""
    first, rest = row.messages[:2], row.messages[2:]
    row.messages, row.uids, row.drop.messages = first, row.uids[:2], row.drop.messages[:2]
    if row.run().status:
        row.fail("the run before the damage fails")
    row.add(*rest)
    file = row.world.state_dir / "state.db"
    spoil(file, *case.damage)
    before = file.read_bytes()
    result = row.run()
    row.check_interrupted()
    if result.status == 0:
        row.check_completed(result)
        return 0
    if result.status not in (74, 78) or "state" not in result.err:
        row.fail("with a damaged database it ends with %d" % result.status, result)
    if "damaged" in result.err and file.read_bytes() != before:
        row.fail("a damaged database was written to", result)
    # The database is moved away, as the hint says, and everything is fetched again.
    row.forgotten, row.may_double = True, dict.fromkeys(row.kinds, len(row.messages))
    for part in row.world.state_dir.glob("state.db*"):
        shutil.move(part, part.with_name(part.name + ".damaged"))
    row.check_completed(row.run())
    return 1


def spoil(file, page, how):
    data = bytearray(file.read_bytes())
    begin, end = page * PAGE, (page + 1) * PAGE
    rng = random.Random(page)
    if how == "cut":
        del data[begin + PAGE // 2:]
    elif how == "zeros":
        data[begin:end] = bytes(PAGE)
    elif how == "noise":
        data[begin:end] = rng.randbytes(PAGE)
    elif how == "half":
        data[begin + PAGE // 2:end] = bytes(PAGE // 2)
    else:
        other = rng.randrange(len(data) // PAGE) * PAGE
        data[begin:end] = data[other:other + PAGE]
    file.write_bytes(data)
