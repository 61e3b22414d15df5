# SPDX-License-Identifier: MIT
"""Lets the power fail after every change on the disk. What a strict model of a disk (disk.py) has left then replaces
what a recorded run made, the server is as it was at that moment, and one run in another boot has to put everything
in order.
"""
import collections
import copy
import functools
import multiprocessing.util
import os

from crash import calls
from crash.disk import Directory, Disk, outcomes
from crash.kills import SANITIZER
from crash.matrix import Finding
from crash.rows import ALL_ROWS, MESSAGES, Broken, Row, batches
from support.py import mail, mounts

ROW, GROUP, HIT = "destination, server", "what survives of that which was not flushed", "cut"
LETTERS = [*MESSAGES, mail.sized(20000, seed=43)]
EARLIER = mail.small(2, seed=44)
OUTCOMES = len(outcomes(0))

# The recorded run is the first one, a later one, or one of several batches, with flushes that take as long as the next batch
# needs to arrive. Within a message every twelfth cut is tried, each with three of the outcomes.
FIRST, LATER, BATCHED = "", "; not the first run", "; several batches"
SLOW_FLUSH = ["-e", "inject=fsync,fdatasync,syncfs:delay_enter=20000"]
THINNED, CHOSEN = 12, 3

Case = collections.namedtuple("Case", "place keep story cut outcome again")


def letters(story):
    return batches(2) if story == BATCHED else EARLIER if story == LATER else LETTERS


class CutPoint:
    """A cut after so many calls. quit: whether QUIT was sent. started, ended: how many programs had."""

    def __init__(self, calls_, quit_, started, ended):
        self.calls, self.quit, self.started, self.ended = calls_, quit_, started, ended


class Stage:
    """A recorded run, and the directory where its cuts are tried one after the other."""

    def __init__(self, place, keep, story):
        self.row = Row(place, keep, letters(story))
        self.attic = self.row.world.root / "attic"
        self.attic.mkdir()
        if story == LATER:
            if self.row.run().status:
                raise AssertionError("an undisturbed run fails")
            self.row.add(*LETTERS)
        self.messages = list(self.row.drop.messages)
        self.known = set()  # inodes that are moved away and not created again, because tickets name them
        self.tape = Tape(self.row, [], SLOW_FLUSH if story == BATCHED else [])
        if story == BATCHED:
            self.tape.thin_out()
        self.keep(self.tape)

    def keep(self, tape):
        """Keeps the inodes of directories and of the mbox."""
        disk, home = tape.disk_at(None), self.row.world.home
        for path in home.rglob("*"):
            node = disk.at(str(path))
            if isinstance(node, Directory) or ("mbox" in self.row.kinds and path == self.row.box("mbox")):
                tape.inodes[node.serial] = str(path.stat().st_ino)
        self.known.update(tape.inodes.values())
        self.clear()

    def forget_all_but(self, tape):
        self.known = set(tape.inodes.values())
        self.clear()
        for kept in self.attic.iterdir():
            if kept.name not in self.known:
                (kept.rmdir if kept.is_dir() else kept.unlink)()

    def clear(self):
        for folder, folders, files in os.walk(self.row.world.home, topdown=False):
            for name in files + folders:
                path = os.path.join(folder, name)
                inode = str(os.stat(path, follow_symlinks=False).st_ino)
                if inode in self.known:
                    os.rename(path, self.attic / inode)
                elif name in folders:
                    os.rmdir(path)
                else:
                    os.unlink(path)

    def put(self, directory, path, tape, outcome, placed):
        """Creates the tree that the cut has left."""
        for name, node in directory.left(outcome).items():
            target = os.path.join(path, name)
            kept = self.attic / tape.inodes.get(node.serial, "none")
            if node.serial in placed:
                os.link(placed[node.serial], target)
                continue
            placed[node.serial] = target
            if kept.exists():
                os.rename(kept, target)
            if isinstance(node, Directory):
                os.makedirs(target, 0o700, exist_ok=True)
                self.put(node, target, tape, outcome, placed)
            else:
                with open(target, "r+b" if os.path.exists(target) else "xb") as file:
                    file.truncate()
                    file.write(node.left(outcome))
                os.chmod(target, 0o600)

    def materialise(self, tape, cut_point, outcome, more):
        """The disk, the server and the messages that programs have accepted, as they are after the cut."""
        self.clear()
        disk = tape.disk_at(cut_point)
        self.put(disk.top, disk.root, tape, outcome, {})
        row = self.row
        for name, data in tape.taken[:cut_point.started if more else cut_point.ended]:
            (row.box("mda") / name).write_bytes(data)
        gone = row.keep == "remove" and cut_point.quit
        row.drop.messages = [] if gone else list(self.messages)
        row.drop.removed = list(row.uids) if gone else row.uids[:len(row.uids) - len(self.messages)]
        row.said, row.doubled = "", 0
        row.may_double = {kind: len(row.uids) if kind == "mda" else 0 for kind in row.kinds}

    def close(self):
        self.row.__exit__()


class Tape:
    """A run as a list of calls; disk_at() replays them."""

    def __init__(self, row, prefix, more=()):
        self.inodes = {}  # by serial number, of nodes that must keep their inode
        self.begin = Disk(row.world.home)
        before = {file.name for file in self.outputs(row)}
        log = row.world.root / "calls"
        row.world.env.update(SANITIZER)
        result = row.run(*prefix, *calls.recording(log), *more)
        if result.status:
            row.fail("a run under strace ends with %d" % result.status, result)
        self.calls = calls.read(log)
        new = sorted((file for file in self.outputs(row) if file.name not in before), key=self.when_taken)
        self.taken = [(file.name, file.read_bytes()) for file in new]
        self.cut_points = list(self._cut_points())

    @staticmethod
    def when_taken(file):
        """Of two files of the same clock tick, the later one has the higher process number in its name."""
        return file.stat().st_mtime_ns, int(file.name.split(".")[1])

    @staticmethod
    def outputs(row):
        return row.box("mda").glob("m.*") if "mda" in row.kinds else ()

    def _cut_points(self):
        disk, quit_, started, ended = copy.deepcopy(self.begin), False, 0, 0
        yield CutPoint(0, False, 0, 0)
        for number, call in enumerate(self.calls, 1):
            said = call.name.startswith("send") and any(b"QUIT\r\n" in text for text in call.texts)
            begun = call.starts_a_program()
            quit_, started, ended = quit_ or said, started + begun, ended + (call.name == "wait4")
            if disk.feed(call) or said or begun or call.name == "wait4":
                yield CutPoint(number, quit_, started, ended)

    def thin_out(self):
        """Leaves out most of the cuts within a message."""
        self.cut_points = [cut_point for n, cut_point in enumerate(self.cut_points)
                           if n % THINNED == 0 or len(b"".join(self.calls[cut_point.calls - 1].texts[:1])) < 10000]

    def disk_at(self, cut_point):
        disk = copy.deepcopy(self.begin)
        for call in self.calls[:cut_point.calls if cut_point else None]:
            disk.feed(call)
        return disk


@functools.cache
def stage_of(place, keep, story):
    """This worker's recording, made when it is first needed."""
    stage = Stage(place, keep, story)
    multiprocessing.util.Finalize(None, stage.close, exitpriority=2)
    return stage


def reboot(row, number):
    """A prefix for a command: it sees another boot id."""
    other = row.world.root / "boot"
    other.write_text("%08d-0000-4000-8000-000000000000\n" % number)
    return mounts.instead(other, "/proc/sys/kernel/random/boot_id")


def everything():
    cases = []
    for place, keep in ALL_ROWS:
        # Mail for programs is settled in order, with nothing in parallel.
        for story in (FIRST, LATER) if "mda" in place else (FIRST, LATER, BATCHED):
            stage = Stage(place, keep, story)
            stage.close()
            for cut in range(len(stage.tape.cut_points)):
                chosen = [(cut * CHOSEN + n) % OUTCOMES for n in range(CHOSEN)] if story == BATCHED else range(OUTCOMES)
                cases += [Case(place, keep, story, cut, outcome, (cut + outcome) % 3 == 0) for outcome in chosen]
    return cases


def one(case):
    label, outcome = "%s, %s%s" % (*case[:2], case.story if case.story == BATCHED else ""), outcomes(case.cut * 100)[case.outcome]
    stage = stage_of(*case[:3])
    hits, complaint, counts = 0, None, {}
    try:
        if case.cut < len(stage.tape.cut_points):
            hits = 1
            stage.materialise(stage.tape, stage.tape.cut_points[case.cut], outcome, case.outcome % 2)
            stage.row.check_interrupted()
            if case.again:
                hits += cut_again(stage, case)
            stage.row.check_completed(stage.row.run(*reboot(stage.row, 2)))
    except (Broken, ValueError) as error:
        counts = getattr(error, "counts", {"torn": 1})
        complaint = "%s, %s%s, cut %d of %d after %r, %s%s: %s" % (
            *case[:3], case.cut, len(stage.tape.cut_points),
            stage.tape.calls[stage.tape.cut_points[case.cut].calls - 1], outcome, ", and again" if case.again else "", error)
    if case.again:
        stage.forget_all_but(stage.tape)
    return Finding(label, str(outcome), hits, stage.row.doubled, counts, complaint)


def cut_again(stage, case):
    """The recovering run is cut as well."""
    row = stage.row
    messages, removed = list(row.drop.messages), list(row.drop.removed)
    tape = Tape(row, reboot(row, 1))
    said = row.said
    cut_point = tape.cut_points[(case.cut * 7 + case.outcome) % len(tape.cut_points)]
    stage.keep(tape)
    everything_, stage.messages = stage.messages, messages
    stage.materialise(tape, cut_point, outcomes(case.cut)[(case.outcome + case.cut) % OUTCOMES], case.cut % 2)
    stage.messages = everything_
    row.said = said  # with the report, made before the cut, that a program gets a message again
    row.may_double = {kind: 2 * most for kind, most in row.may_double.items()}  # one batch for each cut
    return 1
