# SPDX-License-Identifier: MIT
"""A lost state is noticed, and rebuilt from the mail that is here; a server with a new name keeps its records."""
import itertools
import mailbox
import os
import random
import re
import shutil
import time
import unittest

from support.py import mail, mutt
from support.py.world import Case

MANY = 2000


class Lost(Case):
    def begin(self, messages, **keys):
        self.drop, self.server = self.maildrop(*messages)
        self.configure(**keys)

    def configure(self, **keys):
        self.world.configure({"home": self.account(self.server, **{"leave_on_server": True, **keys})})

    def text(self, *words):
        return self.ok(*words).out.decode()

    def lose(self):
        """Removes the database, so that the UIDs are no longer known."""
        shutil.rmtree(self.world.state_dir)

    @staticmethod
    def mutt_changes(message):
        """Whether mutt changes a message when it writes the mailbox: one without a header, one with a NUL in
        its header, or one with a Content-Length, which mutt may believe."""
        head = message.split(b"\r\n\r\n")[0]
        no_header = not message.startswith((b"\r\nno ", b"From ")) and b":" not in head.split(b"\r\n")[0]
        return no_header or b"\0" in head or b"Content-Length" in head

    def mail_for_mutt(self, seed):
        messages = [message for message in mail.corpus(MANY * 4 // 3, seed=seed, raw=True) if not self.mutt_changes(message)]
        self.assertGreaterEqual(len(messages), MANY)
        return messages[:MANY]

    def read_with_mutt(self, box, *more):
        """mutt flags messages, marks them as read and answered, and writes the mailbox; `more` are further keys."""
        mutt.run(self.world.path(box), self.world.path(box).parent, "".join((
            self.for_messages("1-500", "<set-flag>!"), self.for_messages("300-900", "<clear-flag>N"),
            self.for_messages("800-1000", "<set-flag>r"), *more, "<sync-mailbox><exit>")))

    def for_messages(self, numbers, keys):
        return "<tag-pattern>~m %s<enter><tag-prefix>%s<untag-pattern>~A<enter>" % (numbers, keys)

    def read_as_mutt_does(self, seed=5):
        """Moves messages to cur/ with flags; puts some into subfolders, under mutt's names and with new headers."""
        rng = random.Random(seed)
        for number, file in enumerate(self.world.maildir_files()):
            if rng.random() < 0.2:
                continue
            place = file.parent.parent / "cur"
            if rng.random() < 0.3:
                for part in ("cur", "new", "tmp"):
                    (self.world.path("Mail/.Archive") / part).mkdir(parents=True, exist_ok=True)
                place = self.world.path("Mail/.Archive/cur")
                file.rename(place / ("1700000000.R%d.here:2,RS" % number))
                continue
            file.rename(place / (file.name + ":2," + rng.choice(("", "S", "RS", "FS", "ST"))))

    def read_mbox_as_mutt_does(self):
        """Adds status lines at the end of headers."""
        box = self.world.path("mbox")
        out = []
        for number, (first, text) in enumerate(mail.entries(box.read_bytes())):
            head, blank, body = text.partition(b"\n\n")
            if number % 3 == 0 and blank and head:
                text = head + b"\nStatus: RO\nX-Status: A\nContent-Length: 17\nLines: 3" + blank + body
            quoted = re.sub(rb"^(>*From )", rb">\1", text, flags=re.M)
            out.append(first + b"\n" + quoted + (b"" if text.endswith(b"\n") or not text else b"\n") + b"\n")
        box.write_bytes(b"".join(out))


class Maildirs(Lost):
    def test_two_thousand_awkward_messages_do_not_come_again(self):
        for trace in (True, False):
            with self.subTest(trace_header=trace):
                self.begin_anew()
                self.begin(self.mail_for_mutt(3), trace_header=trace)
                self.ok()
                # One by one, because mutt stops at a message that it cannot save, such as one without any byte.
                self.read_with_mutt("Mail", *(self.for_messages(str(n), "<save-message>=Mail/.Archive<enter>")
                                              for n in range(1100, 1700, 3)))
                saved = [file for file in self.world.path("Mail/.Archive").rglob("*") if file.is_file()]
                self.assertGreater(len(saved), 150)
                before = sorted(self.all_files())
                self.assertEqual(len(before), MANY)
                self.lose()
                self.refused()
                self.assertSays(self.text("state", "rebuild", "home"), "home: 2000 messages read, 2000 recorded")
                self.assertSays(self.text("state", "rebuild"), "home: 2000 messages read, 0 recorded")
                new = mail.small(3, seed=77)
                self.drop.add(*new)
                self.ok()
                self.assertEqual(sorted(set(self.all_files()) & set(before)), before)
                self.assertEqual(len(self.all_files()), MANY + 3)
                self.ok("-K")
                self.assertEqual((self.drop.messages, len(self.all_files())), ([], MANY + 3))

    def all_files(self):
        return [str(file) for file in self.world.path("Mail").rglob("*") if file.is_file()]

    def refused(self):
        result = self.world.run()
        self.assertStatus(result, 74)
        self.assertHint(result, "nothing is recorded about this mailbox", "mailhaul state rebuild home", "mailhaul -a home")
        return result

    def test_the_guard_names_what_it_found_and_status_shows_it(self):
        self.begin(mail.small(5, seed=4))
        self.ok()
        self.lose()
        self.assertSays(self.refused().err, "5 of its 5 messages were delivered here")
        self.assertSays(self.text("status"), "failing since", "rebuild")
        self.assertEqual(len(self.world.maildir()), 5)

    def test_commands_that_only_look_tell_of_it_too(self):
        self.begin(mail.small(5, seed=4))
        self.ok()
        for renamed in (False, True):
            with self.subTest(renamed=renamed):
                if renamed:
                    self.server = self.serve(self.drop)  # at another port, which here is a new name
                    self.configure()
                else:
                    self.lose()
                dry = self.world.run("-n")
                self.assertStatus(dry, 74)
                for looked in (dry, self.world.run("list"), self.world.run("check")):
                    self.assertHint(looked, "nothing is recorded about this mailbox", "state move" if renamed else "state rebuild")
                self.assertEqual((self.world.run("list").status, self.world.run("check").status), (0, 0))
                if not renamed:
                    self.ok("state", "rebuild")
                    self.ok()

    def test_fetch_all_goes_past_the_guard(self):
        self.begin(mail.small(2, seed=4))
        self.ok()
        self.lose()
        self.ok("-a")
        self.assertEqual(len(self.world.maildir()), 4)

    def test_mail_that_other_programs_delivered_stops_nothing(self):
        messages = mail.small(3, seed=6)
        box = mailbox.Maildir(self.world.path("Mail"))
        for wire in messages:
            box.add(mail.local(wire))
        self.begin(messages)
        self.ok()
        self.assertEqual(len(self.world.maildir()), 6)

    def test_mail_that_another_server_has_in_common_stops_nothing(self):
        messages = mail.small(5, seed=7)
        self.begin(messages[:2], trace_header=True)
        self.ok()
        for file in self.world.maildir_files():
            file.write_bytes(file.read_bytes().replace(b"from 127.0.0.1 by", b"from pop.example.org by", 1))
        self.lose()
        self.drop.add(*messages[2:])
        self.ok()
        self.assertEqual(len(self.world.maildir()), 7)

    def test_mail_of_another_mailbox_of_this_database_stops_nothing(self):
        messages = mail.small(3, seed=8)
        self.begin(messages)
        self.ok()
        other, server = self.maildrop(*messages, user=b"bert")
        self.world.configure({"home": self.account(self.server), "other": self.account(server, user="bert")})
        self.ok("fetch", "other")
        self.assertEqual(len(self.world.maildir()), 6)

    def test_what_was_forgotten_on_purpose_comes_again(self):
        self.begin(mail.small(3, seed=9))
        self.ok()
        self.ok("state", "forget", "--all", "--yes")
        self.ok()
        self.assertEqual(len(self.world.maildir()), 6)

    def test_a_dry_run_after_the_rebuild_says_what_is_only_compared(self):
        old, new = mail.small(3, seed=9), mail.sized(700)
        self.begin(old)
        self.ok()
        self.lose()
        self.ok("state", "rebuild")
        self.drop.add(new)
        told = self.text("-n").splitlines()
        self.assertIn("home: verify uid-000001 (%d B): known by its header under another UID; its content is compared" % len(old[0]), told)
        self.assertEqual(told[-1], "home: 1 to fetch (%d B), 3 to compare (%.1f kB), 0 to remove from the server, 4 stay"
                         % (len(new), sum(map(len, old)) / 1000))
        self.assertSays(self.text("check"), "1 new (%d B), 3 seen" % len(new))
        self.assertEqual(self.drop.retrieved, [b"uid-%06d" % number for number in (1, 2, 3)])  # by the first run
        self.ok()
        self.assertEqual(len(self.world.maildir()), 4)
        self.assertSays(self.text("-n"), "home: 0 to fetch, 0 to remove from the server, 4 stay")

    def test_equal_messages_are_counted(self):
        wire = mail.small(1, seed=10)[0]
        self.begin([wire] * 3)
        self.ok()
        self.lose()
        self.ok("state", "rebuild")
        self.drop.add(wire)
        self.ok()
        self.assertEqual(len(self.world.maildir()), 4)

    def test_a_server_without_top_is_not_asked_for_mail_before_the_rebuild(self):
        self.begin(mail.small(2, seed=11))
        self.ok()
        self.lose()
        self.drop.capabilities = [b"USER", b"UIDL"]
        self.drop.answers[b"TOP"] = lambda *_: b"-ERR what?\r\n"
        self.drop.retrieved.clear()
        self.refused()
        self.assertEqual(self.drop.retrieved, [])
        self.ok("state", "rebuild")
        self.ok()
        self.assertEqual(len(self.world.maildir()), 2)

    def test_delete_after_counts_from_the_first_delivery(self):
        self.begin(mail.small(1, seed=12), delete_after="30d")
        self.ok()
        file = self.world.maildir_files()[0]
        file.rename(file.with_name("1600000000" + file.name[file.name.index("."):]))
        self.lose()
        self.ok("state", "rebuild")
        rows = self.json_lines(self.world.run("--json", "state", "show"))
        self.assertEqual(rows[0]["delivered"], "2020-09-13T12:26:40Z")

    def test_what_was_deleted_from_one_of_two_places_stays_deleted(self):
        self.begin(mail.small(2, seed=13), deliver=["maildir:~/Mail", "mbox:~/mbox"])
        self.ok()
        self.make_older("1600000000")
        self.drop.add(*mail.small(2, seed=14))
        self.ok()
        self.lose()
        min(self.world.maildir_files()).unlink()
        result = self.world.run("state", "rebuild")
        self.assertEqual((result.status, result.out, result.err), (0, b"home: 4 messages read, 4 recorded as delivered\n", ""))
        self.ok()
        self.assertEqual((len(self.world.maildir()), len(self.world.mbox())), (3, 4))

    def make_older(self, seconds):
        """Makes all mail in Mail and mbox look as if it had been delivered at this time."""
        for file in self.world.maildir_files():
            file.rename(file.with_name(seconds + file.name[file.name.index("."):]))
        box = self.world.path("mbox")
        date = time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(int(seconds))).encode()
        box.write_bytes(re.sub(rb"(?m)^(From \S+ ).*$", rb"\1" + date, box.read_bytes()))

    def test_what_a_killed_run_delivered_to_one_place_only_reaches_the_others(self):
        for first, second in itertools.permutations(("maildir", "mbox", "mda"), 2):
            for keep in (True, False):
                if first == "mda":
                    continue  # what a program got cannot be read back
                with self.subTest(first=first, second=second, leave=keep):
                    self.half_delivered(first, second, keep)

    def half_delivered(self, first, second, keep):
        self.begin_anew()
        places = {"maildir": "maildir:~/Mail", "mbox": "mbox:~/mbox",
                  "mda": {"kind": "mda", "command": ["/bin/sh", "-c", "cat >>%s" % self.world.path("out")], "allow_root": True}}
        messages = mail.small(4, seed=15)
        self.begin(messages[:3], deliver=places[first], trace_header=True)
        self.ok()  # the killed run, which was to deliver to both, came this far
        self.lose()
        self.configure(deliver=[places[first], places[second]], trace_header=True, leave_on_server=keep)
        result = self.world.run("state", "rebuild")
        self.assertStatus(result, 0)
        self.assertSays(result.out.decode(), "home: 3 messages read, 0 recorded")
        self.assertHint(result, "3 messages of the last minutes may not have reached all", "may arrive there again")
        self.assertEqual(self.text("state", "rebuild"), "home: 3 messages read, 0 recorded as delivered\n")
        self.drop.add(messages[3])
        for _ in range(2):
            self.ok()
            self.assertEqual(self.counts(), {"maildir": 0, "mbox": 0, "mda": 0, first: 4, second: 4})
            self.assertEqual(len(self.drop.messages), 4 if keep else 0)

    def test_newer_mail_of_another_program_does_not_hide_what_is_half_delivered(self):
        self.begin(mail.small(3, seed=15), trace_header=True)
        self.ok()
        other = self.world.path("Mail/new/1700000000.other.here")
        other.write_bytes(b"Subject: of another program\n\nbody\n")
        os.utime(other, times=(time.time() + 3600, time.time() + 3600))
        self.lose()
        self.configure(deliver=["maildir:~/Mail", "mbox:~/mbox"], trace_header=True, leave_on_server=False)
        self.assertStatus(self.world.run("state", "rebuild"), 0)
        self.ok()
        self.assertEqual((len(self.world.maildir()), len(self.world.mbox()), self.drop.messages), (4, 3, []))

    def counts(self):
        out = self.world.path("out")
        text = out.read_bytes() if out.exists() else b""
        return {"maildir": len(self.world.maildir()), "mbox": len(self.world.mbox()),
                "mda": len(re.findall(rb"(?m)^Received: from .*mailhaul", text))}

    def test_an_account_that_delivers_elsewhere_is_told_so(self):
        self.begin([], deliver={"kind": "mda", "command": "cat", "allow_root": True})
        result = self.world.run("state", "rebuild")
        self.assertStatus(result, 64)
        self.assertHint(result, "neither to a Maildir nor to an mbox", "mark-delivered")


class Mboxes(Lost):
    def test_two_thousand_awkward_messages_do_not_come_again(self):
        self.begin(self.mail_for_mutt(4), deliver="mbox:~/mbox", trace_header=True)
        self.ok()
        before = self.world.path("mbox").stat().st_size
        self.read_with_mutt("mbox")
        self.assertNotEqual(self.world.path("mbox").stat().st_size, before)
        before = self.world.path("mbox").stat().st_size
        self.lose()
        result = self.world.run()
        self.assertStatus(result, 74)
        self.assertHint(result, "state rebuild home")
        self.assertSays(self.text("state", "rebuild"), "2000 messages read, 2000 recorded")
        self.ok()
        self.assertEqual(self.world.path("mbox").stat().st_size, before)

    def test_what_mutt_changes_comes_again_and_nothing_else(self):
        """mutt ends a header at the first line that is no field, and drops what follows a NUL, so the
        original is unknown."""
        changed = [message for message in mail.corpus(90, seed=6, raw=True) if message and self.mutt_changes(message)
                   and b"Content-Length" not in message]
        self.begin([*mail.small(3, seed=6), *changed], deliver="mbox:~/mbox", trace_header=True)
        self.ok()
        self.read_with_mutt("mbox")
        before = self.world.path("mbox").read_bytes()
        self.lose()
        self.ok("state", "rebuild")
        self.ok()
        after = self.world.path("mbox").read_bytes()
        self.assertTrue(after.startswith(before))
        again = [text.split(b"\n", 2)[2] for _, text in mail.entries(after[len(before):])]  # without the trace header
        self.assertSameMail(again, changed)
        self.assertGreater(len(again), 5)

    def test_without_a_trace_header_too_once_it_is_rebuilt(self):
        self.begin(mail.corpus(90, seed=5, raw=True), deliver="mbox:~/mbox")
        self.ok()
        self.read_mbox_as_mutt_does()
        self.lose()
        self.ok("state", "rebuild")
        before = self.world.path("mbox").stat().st_size
        self.ok()
        self.assertEqual(self.world.path("mbox").stat().st_size, before)


class Verify(Lost):
    def test_changed_mail_is_named(self):
        self.begin(mail.small(3, seed=31), trace_header=True)
        self.ok()
        self.assertSays(self.text("state", "verify"), "3 messages unchanged, 0 changed, 0 no longer here")
        changed, gone, _ = self.world.maildir_files()
        changed.write_bytes(changed.read_bytes() + b"another line\n")
        gone.unlink()
        result = self.world.run("state", "verify")
        self.assertStatus(result, 65)
        self.assertSays(result.out.decode(), "1 message unchanged, 1 changed, 1 no longer here")
        self.assertHint(result, str(changed), "differs from the delivered message " + self.drop.uids()[0].decode())
        line = self.json_lines(self.world.run("--json", "state", "verify"))[-1]
        self.assertEqual(line, {"event": "verified", "account": "home", "unchanged": 1, "changed": 1, "missing": 1})

    def test_flags_and_other_folders_change_nothing(self):
        self.begin(mail.corpus(60, seed=32))
        self.ok()
        self.read_as_mutt_does()
        self.assertSays(self.text("state", "verify"), "60 messages unchanged, 0 changed, 0 no longer here")


if __name__ == "__main__":
    unittest.main()
