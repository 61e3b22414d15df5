# SPDX-License-Identifier: MIT
"""The power fails after every change on the disk: what a strict model of a disk (disk.py) has left is put in place
of what a recorded run made, with the server as it was then, in another boot; and one run has to put all in order.
"""
import collections
import copy
import functools
import multiprocessing.util
import os

from crash import calls
from crash.disk import Directory, Disk, fates
from crash.kills import SANITIZER
from crash.matrix import Finding
from crash.rows import ALL_ROWS, MESSAGES, Broken, Row, batches
from support.py import mail, mounts

ROW, GROUP, HIT = "destination, server", "what survives of that which was not flushed", "cut"
LETTERS = [*MESSAGES, mail.sized(20000, seed=43)]
EARLIER = mail.small(2, seed=44)
FATES = len(fates(0))

# The recorded run is the first one, a later one, or one of several batches, with flushes that take as long as the next batch
# needs to arrive. Within a message every twelfth moment is tried, each with three of the fates.
FIRST, LATER, BATCHED = "", "; not the first run", "; several batches"
SLOW_FLUSH = ["-e", "inject=fsync,fdatasync,syncfs:delay_enter=20000"]
THINNED, CHOSEN = 12, 3

Case = collections.namedtuple("Case", "place keep story cut fate again")


def letters(story):
    return batches(2) if story == BATCHED else EARLIER if story == LATER else LETTERS


class Moment:
    """A cut: after how many calls. quit: QUIT was sent. started, ended: how many programs."""

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
        self.known = set()  # inodes that are moved away, not created again: tickets name them
        self.tape = Tape(self.row, [], SLOW_FLUSH if story == BATCHED else [])
        if story == BATCHED:
            self.tape.thin_out()
        self.keep(self.tape)

    def keep(self, tape):
        """Of directories and the mbox."""
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

    def put(self, directory, path, tape, fate, placed):
        """Creates the tree that is left."""
        for name, node in directory.left(fate).items():
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
                self.put(node, target, tape, fate, placed)
            else:
                with open(target, "r+b" if os.path.exists(target) else "xb") as file:
                    file.truncate()
                    file.write(node.left(fate))
                os.chmod(target, 0o600)

    def materialise(self, tape, moment, fate, more):
        """The disk, the server and the messages that programs have accepted, as they are after the cut."""
        self.clear()
        disk = tape.disk_at(moment)
        self.put(disk.top, disk.root, tape, fate, {})
        row = self.row
        for name, data in tape.taken[:moment.started if more else moment.ended]:
            (row.box("mda") / name).write_bytes(data)
        gone = row.keep == "remove" and moment.quit
        row.drop.messages = [] if gone else list(self.messages)
        row.drop.removed = list(row.uids) if gone else row.uids[:len(row.uids) - len(self.messages)]
        row.said, row.doubled = "", 0
        row.may_double = {kind: len(row.uids) if kind == "mda" else 0 for kind in row.kinds}

    def close(self):
        self.row.__exit__()


class Tape:
    """A run as a list of calls; disk_at() replays them."""

    def __init__(self, row, prefix, more=()):
        self.inodes = {}  # of nodes that must keep their inode
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
        self.moments = list(self._moments())

    @staticmethod
    def when_taken(file):
        """Of two files of the same clock tick, the later one has the higher process number in its name."""
        return file.stat().st_mtime_ns, int(file.name.split(".")[1])

    @staticmethod
    def outputs(row):
        return row.box("mda").glob("m.*") if "mda" in row.kinds else ()

    def _moments(self):
        disk, quit_, started, ended = copy.deepcopy(self.begin), False, 0, 0
        yield Moment(0, False, 0, 0)
        for number, call in enumerate(self.calls, 1):
            said = call.name.startswith("send") and any(b"QUIT\r\n" in text for text in call.texts)
            begun = call.starts_a_program()
            quit_, started, ended = quit_ or said, started + begun, ended + (call.name == "wait4")
            if disk.feed(call) or said or begun or call.name == "wait4":
                yield Moment(number, quit_, started, ended)

    def thin_out(self):
        """Leaves out most of the moments within a message."""
        self.moments = [moment for n, moment in enumerate(self.moments)
                        if n % THINNED == 0 or len(b"".join(self.calls[moment.calls - 1].texts[:1])) < 10000]

    def disk_at(self, moment):
        disk = copy.deepcopy(self.begin)
        for call in self.calls[:moment.calls if moment else None]:
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
            for cut in range(len(stage.tape.moments)):
                chosen = [(cut * CHOSEN + n) % FATES for n in range(CHOSEN)] if story == BATCHED else range(FATES)
                cases += [Case(place, keep, story, cut, fate, (cut + fate) % 3 == 0) for fate in chosen]
    return cases


def one(case):
    label, fate = "%s, %s%s" % (*case[:2], case.story if case.story == BATCHED else ""), fates(case.cut * 100)[case.fate]
    stage = stage_of(*case[:3])
    hits, complaint, counts = 0, None, {}
    try:
        if case.cut < len(stage.tape.moments):
            hits = 1
            stage.materialise(stage.tape, stage.tape.moments[case.cut], fate, case.fate % 2)
            stage.row.check_interrupted()
            if case.again:
                hits += cut_again(stage, case)
            stage.row.check_completed(stage.row.run(*reboot(stage.row, 2)))
    except (Broken, ValueError) as error:
        counts = getattr(error, "counts", {"torn": 1})
        complaint = "%s, %s%s, cut %d of %d after %r, %s%s: %s" % (
            *case[:3], case.cut, len(stage.tape.moments),
            stage.tape.calls[stage.tape.moments[case.cut].calls - 1], fate, ", and again" if case.again else "", error)
    if case.again:
        stage.forget_all_but(stage.tape)
    return Finding(label, str(fate), hits, stage.row.doubled, counts, complaint)


def cut_again(stage, case):
    """The recovering run is cut as well."""
    row = stage.row
    messages, removed = list(row.drop.messages), list(row.drop.removed)
    tape = Tape(row, reboot(row, 1))
    said = row.said
    moment = tape.moments[(case.cut * 7 + case.fate) % len(tape.moments)]
    stage.keep(tape)
    everything_, stage.messages = stage.messages, messages
    stage.materialise(tape, moment, fates(case.cut)[(case.fate + case.cut) % FATES], case.cut % 2)
    stage.messages = everything_
    row.said = said  # the report that it is given to the program again, made before that happens
    row.may_double = {kind: 2 * most for kind, most in row.may_double.items()}  # one batch for each cut
    return 1
