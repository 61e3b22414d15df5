# SPDX-License-Identifier: MIT
"""What may happen to the mail and to the state between a kill and the next run."""
import random
import re
import shutil

from support.py import mail

STRANGER = b"From stranger@example.org Thu Jan  1 00:00:00 1970\n"


def nothing(_row, _rng):
    """The next run finds everything unchanged."""


def files(row, kind, part):
    return sorted(file for name in row.boxes[kind] if (row.world.path(name) / part).is_dir()
                  for file in (row.world.path(name) / part).iterdir())


def blocks(data):
    """An mbox in pieces, each from one From_ line to the next; text before the first one is a piece too."""
    return [piece for piece in re.split(rb"(?m)^(?=From )", data) if piece]


def put_back(row, box, pieces, rng):
    """Rewrites an mbox as readers do: some overwrite it, some replace it by a new file."""
    data = b"".join(pieces)
    if rng.random() < 0.5:
        with open(box, "r+b") as file:
            file.write(data)
            file.truncate()
    else:
        new = box.with_name(box.name + ".new")
        new.write_bytes(data)
        new.chmod(0o600)
        new.rename(box)
    row.may_double["mbox"] = len(row.messages)  # at most one batch, and it is reported


def reader_flags(row, rng):
    """A reader has read everything: it moves the messages to cur/ with flags, or writes a header line into each."""
    if "maildir" in row.kinds:
        for file in files(row, "maildir", "new"):
            file.rename(file.parent.parent / "cur" / (file.name + ":2,S"))
    if "mbox" in row.kinds and row.box("mbox").exists():
        pieces = [piece.replace(b"\n", b"\nStatus: RO\n", 1) for piece in blocks(row.box("mbox").read_bytes())]
        put_back(row, row.box("mbox"), pieces, rng)


def reader_deletes(row, rng):
    """A reader deletes one message, and flags the next one."""
    if "maildir" in row.kinds:
        here = files(row, "maildir", "new")
        if here:
            victim = rng.choice(here)
            row.taken["maildir"].append(victim.read_bytes())
            victim.unlink()
    if "mbox" in row.kinds and row.box("mbox").exists():
        pieces = blocks(row.box("mbox").read_bytes())
        whole = [piece for piece in pieces if piece.endswith(b"\n\n")]
        if whole:
            victim = rng.choice(whole)
            pieces.remove(victim)
            row.taken["mbox"].append(mail.entries(victim)[0][1])
            put_back(row, row.box("mbox"), pieces, rng)


def others_append(row, rng):
    """Another program delivers into the mbox."""
    text = b"Subject: from elsewhere\n\n%d\n" % rng.randrange(10 ** 9)
    row.strangers.append(text)
    with open(row.box("mbox"), "ab") as file:
        file.write(STRANGER + text + b"\n")


def profile_changed(row, _rng):
    """From now on mail goes elsewhere; a delivery that has begun is completed where it began."""
    for kind in row.kinds:
        row.boxes[kind].insert(0, row.boxes[kind][0] + ".elsewhere")
    if len(row.kinds) > 1 and "mda" in row.kinds:
        # If the profile no longer names the program that had the message, all places in the profile get the
        # message, which is reported.
        row.may_double = {kind: row.may_double[kind] + len(row.messages) for kind in row.kinds}
    row.may_leave = True  # files that were not intended yet; readers of a Maildir remove them after 36 hours
    row.configure()


def moved_away(row, _rng):
    """During one run the places are missing, as if a disk were not mounted. Then they are back."""
    away = {}
    for kind in row.kinds:
        if kind != "mda" and row.box(kind).exists():
            away[kind] = row.box(kind).with_name(row.box(kind).name + ".away")
            row.box(kind).rename(away[kind])
    result = row.run()
    if result.status not in (0, 74):
        row.fail("with its destination gone it ends with %d" % result.status, result)
    for kind, there in away.items():
        box = row.box(kind)
        if box.exists():  # the old one had nothing unfinished, so a new one was created
            if result.status == 74 and row.kinds == [kind]:
                row.fail("in place of the one that is gone, something was made", result)
            row.boxes[kind].append(box.name + ".meanwhile")
            box.rename(row.world.path(row.boxes[kind][-1]))
        there.rename(box)


def forget(row, messages):
    row.forgotten = True
    row.may_double = dict.fromkeys(row.kinds, messages)


def state_lost(row, _rng):
    """The state is lost: messages still on the server are delivered again, and nothing is lost."""
    shutil.rmtree(row.world.state_dir, ignore_errors=True)
    forget(row, len(row.messages))


def state_restored(row, _rng):
    """The state is restored from the backup that begin() made: later messages may be delivered again."""
    shutil.rmtree(row.world.state_dir)
    shutil.copytree(row.world.root / "backup", row.world.state_dir)
    forget(row, len(row.messages) - 2)


def begin(event, row):
    """Does what must happen before the run that is killed. The messages of that run arrive afterwards."""
    if event is not state_restored:
        return
    rest = row.messages[2:]
    row.messages, row.uids = row.messages[:2], row.uids[:2]
    row.drop.messages = row.drop.messages[:2]
    if row.run().status:
        row.fail("the run before the backup fails")
    shutil.copytree(row.world.state_dir, row.world.root / "backup")
    row.add(*rest)


EVENTS = {"nothing": nothing, "a reader flags": reader_flags, "a reader deletes": reader_deletes,
          "others append": others_append, "profile changed": profile_changed, "moved away": moved_away,
          "state lost": state_lost, "state restored": state_restored}
NEEDS = {"a reader flags": {"maildir", "mbox"}, "a reader deletes": {"maildir", "mbox"}, "others append": {"mbox"},
         "moved away": {"maildir", "mbox"}}


def events_for(place):
    """The names of the events that can happen to these destinations."""
    kinds = set(place.split("+"))
    return [name for name in EVENTS if kinds & NEEDS.get(name, kinds)]


def happens(name, row, seed):
    EVENTS[name](row, random.Random(seed))
