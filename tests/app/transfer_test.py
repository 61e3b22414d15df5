# SPDX-License-Identifier: MIT
"""state export and state import move the records to another machine, whose fetch goes on where this machine stopped."""
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import sqlite3
import struct
import unittest

from support.py import mail
from support.py.world import Case, World

CLOCK = os.environ.get("MAILHAUL_SHIFTED_CLOCK", "")
DAY = 86400
MANY = 100000


class Machines(Case):
    """self.world is the old machine, self.other the new one. Both reach the same server."""

    def setUp(self):
        super().setUp()
        self.other = World()
        self.addCleanup(self.other.close)

    def begin(self, messages, **keys):
        self.drop, self.server = self.maildrop(*messages)
        for world in (self.world, self.other):
            world.configure({"home": self.account(self.server, **{"leave_on_server": True, **keys})})

    def printed(self, world, *words, **more):
        result = world.run(*words, **more)
        self.assertStatus(result, 0)
        return result.out.decode()

    def document(self, world=None):
        """Writes what state export prints into a file that both machines can read."""
        file = self.world.root / "state.json"
        file.write_text(self.printed(world or self.world, "state", "export"))
        return file

    def rows(self, world):
        return self.json_lines(world.run("--json", "state", "show"))

    def database(self, world):
        with contextlib.closing(sqlite3.connect(world.state_dir / "state.db")) as database:
            return [list(database.execute("SELECT * FROM %s ORDER BY 1, 2" % table))
                    for table in ("mailboxes", "messages", "landings")]

    def ahead(self, world, days):
        world.env.update(LD_PRELOAD=CLOCK, MAILHAUL_TEST_CLOCK_SHIFT=str(int(days * DAY)))


class Moving(Machines):
    def test_the_new_machine_fetches_only_what_is_new(self):
        self.begin(mail.corpus(60, seed=1))
        self.printed(self.world)
        self.assertSays(self.printed(self.other, "state", "import", self.document()),
                        "anna at 127.0.0.1:%d: 60 messages read, 60 recorded, 0 already known" % self.server.port)
        self.assertEqual(self.rows(self.other), self.rows(self.world))
        self.drop.retrieved.clear()
        new = mail.small(2, seed=2)
        self.drop.add(*new)
        self.printed(self.other)
        self.assertSameMail(self.other.maildir(), new)
        self.assertEqual(len(self.drop.retrieved), 2)

    def test_a_pipe_and_a_machine_without_a_configuration(self):
        self.begin(mail.small(3, seed=3))
        self.printed(self.world)
        self.other.config.unlink()
        with open(self.document(), "rb") as stdin:
            result = self.other.ended(self.other.start("state", "import", "-", stdin=stdin))
        self.assertStatus(result, 0)
        self.assertEqual(result.err, "")
        self.other.configure({"home": self.account(self.server)})
        self.printed(self.other)
        self.assertEqual((self.other.maildir(), self.drop.messages), ([], []))

    @unittest.skipUnless(CLOCK, "MAILHAUL_SHIFTED_CLOCK is not set")
    def test_delete_after_counts_from_the_delivery_on_the_old_machine(self):
        self.begin(mail.small(4, seed=4), delete_after="30d")
        self.printed(self.world)
        self.printed(self.other, "state", "import", self.document())
        self.ahead(self.other, 29)
        self.printed(self.other)
        self.ahead(self.other, 31)
        self.printed(self.other)
        self.assertEqual(len(self.drop.messages), 4, "a message is marked in one run, and removed in a later one")
        self.ahead(self.other, 31.1)
        self.printed(self.other)
        self.assertEqual((self.drop.messages, self.other.maildir()), ([], []))

    @unittest.skipUnless(CLOCK, "MAILHAUL_SHIFTED_CLOCK is not set")
    def test_a_uid_that_was_used_again_after_an_old_export_is_new_mail(self):
        self.begin(mail.small(2, seed=5))
        self.printed(self.world)
        document = self.document()
        used_again = re.sub(rb"(?m)^Subject: .*", lambda line: b"Subject: " + line[0][9:].swapcase(), self.drop.messages[0].wire)
        self.assertEqual(len(used_again), len(self.drop.messages[0].wire))
        self.drop.messages[0].wire = used_again
        self.ahead(self.other, 2)
        self.printed(self.other, "state", "import", document)
        self.printed(self.other)
        self.assertSameMail(self.other.maildir(), [used_again])

    def test_uids_of_any_bytes_and_none(self):
        self.begin(mail.small(3, seed=7))
        self.drop.messages[0].uid = b'\\ "\xff\x01'
        self.drop.messages[1].uid = self.drop.messages[2].uid = b"twice"
        self.printed(self.world)
        self.printed(self.other, "state", "import", self.document())
        self.drop.retrieved.clear()
        self.printed(self.other)
        self.assertEqual((self.other.maildir(), self.drop.retrieved), ([], []))

    def test_a_message_that_only_its_size_identifies_is_left_out(self):
        self.begin(mail.small(3, seed=9))
        for message in self.drop.messages:
            message.uid = b"the same"

        def hang_up(session, argument):
            session.connection.finish()
            raise OSError("ended on purpose")
        self.drop.answers[b"TOP"] = hang_up
        self.assertStatus(self.world.run(), 75)
        self.assertEqual({row["uid"].partition(":")[0] for row in self.rows(self.world)}, {"row"})
        self.assertSays(self.printed(self.other, "state", "import", self.document()), "0 messages read, 0 recorded")

    def test_every_standing_keeps_its_meaning(self):
        self.begin(mail.small(4, seed=8), max_messages=1, leave_on_server=False)
        seen, waits = (self.drop.messages[i].uid.decode() for i in (1, 2))
        self.printed(self.world, "state", "mark-seen", "home", seen)
        self.printed(self.world)  # one message is delivered and removed
        self.printed(self.other, "state", "import", self.document())
        self.assertEqual(self.rows(self.other), self.rows(self.world))
        self.printed(self.other)
        self.assertEqual(len(self.other.maildir()), 1)
        self.assertIn(seen.encode(), self.drop.uids())
        self.assertNotIn(waits.encode(), self.drop.uids())

    def test_an_export_of_nothing(self):
        self.begin([])
        self.assertSays(self.printed(self.other, "state", "import", self.document()), "0 messages read, 0 recorded")

    def test_only_the_accounts_that_are_named(self):
        self.begin(mail.small(1, seed=9))
        drop, server = self.maildrop(*mail.small(1, seed=10), user=b"bert")
        self.world.configure({"home": self.account(self.server), "work": self.account(server, user="bert")})
        self.printed(self.world)
        both = json.loads(self.printed(self.world, "state", "export"))
        self.assertEqual([box["account"] for box in both["mailboxes"]], ["home", "work"])
        one = json.loads(self.printed(self.world, "state", "export", "work"))
        self.assertEqual([box["user"] for box in one["mailboxes"]], ["bert"])

    def test_a_mailbox_that_no_account_fetches_from_is_told(self):
        self.begin(mail.small(1, seed=11))
        self.printed(self.world)
        document = self.document()
        self.other.configure({"home": self.account(self.server, user="bert")})
        result = self.other.run("state", "import", document)
        self.assertStatus(result, 0)
        self.assertHint(result, "no account fetches from anna at 127.0.0.1", "state move 127.0.0.1")

    def test_json(self):
        self.begin(mail.small(2, seed=12))
        self.printed(self.world)
        line, = self.json_lines(self.other.run("--json", "state", "import", self.document()))
        self.assertEqual(line, {"event": "state_imported", "user": "anna", "host": "127.0.0.1", "messages": 2, "added": 2,
                                "completed": 0})
        self.assertEqual(json.loads(self.printed(self.world, "--json", "state", "export"))["format"], "mailhaul state")


class Merging(Machines):
    def test_a_second_import_changes_nothing(self):
        self.begin(mail.corpus(40, seed=20))
        self.printed(self.world)
        document = self.document()
        self.printed(self.other, "state", "import", document)
        before = self.database(self.other)
        self.assertSays(self.printed(self.other, "state", "import", document), "40 messages read, 0 recorded, 40 already known")
        self.assertEqual(self.database(self.other), before)
        self.printed(self.world, "state", "import", document)
        self.assertEqual(self.rows(self.world), self.rows(self.other))

    def test_what_is_recorded_here_stays(self):
        self.begin(mail.small(3, seed=21))
        self.printed(self.world)
        self.printed(self.other, "state", "mark-seen", "home", self.drop.messages[0].uid.decode())
        self.assertSays(self.printed(self.other, "state", "import", self.document()), "3 messages read, 2 recorded, 1 already known")
        self.assertEqual([row["standing"] for row in self.rows(self.other)], ["seen", "delivered", "delivered"])

    def test_after_a_rebuild_no_message_is_there_twice(self):
        self.begin(mail.small(5, seed=22))
        self.printed(self.world)
        document = self.document()
        shutil.copytree(self.world.path("Mail"), self.other.path("Mail"))
        self.printed(self.other, "state", "rebuild")
        self.assertSays(self.printed(self.other, "state", "import", document), "5 messages read, 0 recorded, 5 already known")
        self.assertEqual(*(sorted(row["uid"] for row in self.rows(world)) for world in (self.other, self.world)))
        self.drop.retrieved.clear()
        self.drop.add(self.drop.messages[0].wire)  # a second copy is another message
        self.printed(self.other)
        self.assertEqual((len(self.other.maildir()), len(self.drop.retrieved)), (6, 1))

    def test_what_was_not_delivered_is_delivered_on_the_new_machine(self):
        script = self.world.path("refuse")
        refuse = {"kind": "mda", "command": ["/bin/sh", "-c", "test -e %s && exit 75; cat >/dev/null" % script], "allow_root": True}
        self.begin(mail.small(2, seed=23), deliver=["maildir:~/Mail", refuse])
        script.touch()
        self.assertStatus(self.world.run(), 75)
        exported = self.world.run("state", "export")
        self.assertStatus(exported, 0)
        self.assertHint(exported, "home: ", "the delivery of 2 messages is not complete", "run mailhaul, then export again")
        document = self.world.root / "state.json"
        document.write_bytes(exported.out)
        self.printed(self.other, "state", "import", document)
        self.assertEqual([row["standing"] for row in self.rows(self.other)], ["pending"] * 2)
        script.unlink()
        self.printed(self.other)
        self.assertEqual(len(self.other.maildir()), 2)
        # The first machine still has to deliver to its own places, although the other machine has delivered
        # to its places.
        self.printed(self.world, "state", "import", self.document(self.other))
        self.assertEqual([row["standing"] for row in self.rows(self.world)], ["pending"] * 2)

    def test_a_run_at_work_makes_both_wait(self):
        self.begin(mail.small(1, seed=24))
        self.printed(self.world)
        document = self.document()
        lock, = (self.world.state_dir / "locks").iterdir()
        with holding(lock):
            for words in (("export",), ("import", document)):
                result = self.world.run("state", *words)
                self.assertStatus(result, 75)
                self.assertEqual(result.out, b"")
                self.assertSays(result.err, "another mailhaul is at work")  # the lock does not say whose it is


@contextlib.contextmanager
def holding(file):
    """Holds the kernel's lock on a file, as mailhaul does."""
    with open(file, "r+b") as held:
        fcntl.fcntl(held, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        yield


class Refusing(Machines):
    def setUp(self):
        super().setUp()
        self.begin(mail.small(4, seed=30))
        self.printed(self.world)
        self.text = self.document().read_text()
        self.printed(self.other, "state", "mark-seen", "home", self.drop.messages[0].uid.decode())
        self.before = self.database(self.other)

    def refused(self, text, *says):
        file = self.world.root / "bad.json"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        result = self.other.run("state", "import", file)
        self.assertStatus(result, 65)
        self.assertHint(result, str(file), "nothing was changed", *says)
        self.assertEqual(self.database(self.other), self.before)

    def test_a_document_that_ends_early(self):
        for length in {*range(0, len(self.text) - 1, 13), len(self.text) - 2}:
            with self.subTest(length):
                self.refused(self.text[:length])

    def test_a_changed_byte_anywhere(self):
        text = bytearray(self.text.encode())
        for at in range(text.index(b"mailboxes"), len(text), 7):
            if chr(text[at]).isspace():
                continue
            changed = bytearray(text)
            changed[at] ^= 1
            with self.subTest(at):
                self.refused(bytes(changed))

    def test_another_version(self):
        self.refused(self.text.replace('"version":1', '"version":2'), "has version 2 of the format", "reads version 1")

    def test_another_program(self):
        for text in ("{}", "[]", "17", "", "[1, 2", '{"format": "restic"}', '{"accounts": {}}', "uid-000001 1234\n", b"\x1f\x8b\x08",
                     '{"mailboxes": []}', "[" * 100000):
            with self.subTest(text[:30]):
                self.refused(text, "is not a document written by mailhaul state export")

    def test_what_is_no_message_is_named(self):
        document = json.loads(self.text)
        document.pop("sha256")
        for change, says in (({"standing": "read"}, "message 2: \"standing\" must be"), ({"bytes": -1}, "\"bytes\" must be"),
                             ({"delivered": "yesterday"}, "\"delivered\" must be"), ({"header": "ab"}, "64 hexadecimal digits"),
                             ({"colour": 1}, "\"colour\" is unknown"), ({"uid": ""}, "\"uid\" must be"),
                             ({"uid": {"a": 1}}, "nothing was changed"), ({"suspect": 1}, "true or false"),
                             ({"bytes": 2**63}, "\"bytes\" must be"), ({"uid": "\\xZZ"}, "\"uid\" must be")):
            with self.subTest(change):
                bad = json.loads(json.dumps(document))
                bad["mailboxes"][0]["messages"][1].update(change)
                self.refused(json.dumps(bad), says)
        for change, says in (({"user": ""}, "\"user\" must be"), ({"port": 65536}, "\"port\" must be"), ({"host": None}, "\"host\" must be"),
                             ({"messages": {}}, "\"messages\" must be"), ({"messages": [1]}, "\"messages\" must be")):
            with self.subTest(change):
                bad = json.loads(json.dumps(document))
                bad["mailboxes"][0].update(change)
                self.refused(json.dumps(bad), says)
        document["mailboxes"] *= 2
        self.refused(json.dumps(document), "it has the same user, host and port as another mailbox")

    def test_another_layout_is_the_same_document(self):
        document = json.loads(self.text)
        file = self.world.root / "sorted.json"
        file.write_text(json.dumps(document, indent=4, sort_keys=True))
        self.assertSays(self.printed(self.other, "state", "import", file), "4 messages read, 3 recorded")

    def test_one_that_was_changed_on_purpose_has_no_checksum(self):
        document = json.loads(self.text)
        document["mailboxes"][0]["messages"].pop()
        self.refused(json.dumps(document), "its checksum is wrong", "must not have the key sha256")
        document.pop("sha256")
        file = self.world.root / "shorter.json"
        file.write_text(json.dumps(document))
        self.assertSays(self.printed(self.other, "state", "import", file), "3 messages read, 2 recorded")

    def test_files_that_cannot_be_read(self):
        loop = self.world.root / "loop"
        loop.symlink_to(loop)
        for words, status, says in (((), 64, "no file is named"), (("/nowhere/x",), 74, "cannot open /nowhere/x"),
                                    (("/",), 64, "is a directory"), ((loop / "x",), 74, "too many levels of symbolic links"),
                                    (("-c", "-", "-"), 64, "cannot both be standard input")):
            result = self.other.run("state", "import", *words)
            self.assertStatus(result, status)
            self.assertSays(result.err, says)


class Large(Machines):
    def test_a_hundred_thousand_messages(self):
        self.begin([])
        file = self.world.root / "large.json"
        digest = hashlib.sha256(b'{"account":"home","user":"anna","host":"127.0.0.1","port":%d}\n' % self.server.port)
        with open(file, "w") as out:
            out.write('{"format": "mailhaul state", "version": 1, "written": "2020-01-01T00:00:00Z", "mailboxes": [\n'
                      '{"account": "home", "user": "anna", "host": "127.0.0.1", "port": %d, "messages": [\n' % self.server.port)
            for n in range(MANY):
                name = hashlib.sha256(b"%d" % n).hexdigest()
                line = ('{"uid":"uid-%06d","standing":"delivered","bytes":%d,"delivered":"2019-12-31T00:00:00Z","header":"%s",'
                        '"content":"%s"}' % (n, n, name, name))
                digest.update(line.encode() + b"\n")
                out.write(line + (",\n" if n + 1 < MANY else "\n"))
            out.write(']}], "sha256": "%s"}\n' % digest.hexdigest())
        self.assertSays(self.printed(self.world, "state", "import", file), "100000 messages read, 100000 recorded")
        out = self.printed(self.world, "state", "export")
        rows = json.loads(out)["mailboxes"][0]["messages"]
        self.assertEqual((len(rows), rows[-1]["uid"], rows[-1]["suspect"]), (MANY, "uid-%06d" % (MANY - 1), True))
        file.write_text(out)
        self.assertSays(self.printed(self.other, "state", "import", file), "100000 recorded, 0 already known")
        self.assertSays(self.printed(self.other, "state", "import", file), "0 recorded, 100000 already known")
        self.assertEqual(re.sub('"written":"[^"]*"', "", self.printed(self.other, "state", "export"))[:5000],
                         re.sub('"written":"[^"]*"', "", out)[:5000])


if __name__ == "__main__":
    unittest.main()
