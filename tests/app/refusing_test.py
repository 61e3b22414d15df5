# SPDX-License-Identifier: MIT
"""A program that refuses everything: three messages show this, one line reports it, and the next runs try one message
first."""
import json
import re
import subprocess
import unittest

from support.py import mail
from support.py.terminal import AtTerminal
from support.py.world import MAILHAUL, Case

# Takes a message while the file "open" exists, and always refuses one that says "poison".
PROGRAM = r"""
cat > "$DIR/arriving"
echo >> "$DIR/tries"
if grep -q ^poison "$DIR/arriving" || [ ! -e "$DIR/open" ]; then echo "no room for <$MAILHAUL_ID@x>" >&2; exit $(cat "$DIR/status"); fi
mv "$DIR/arriving" "$DIR/message.$$"
"""


class Refusing(Case):
    def setUp(self):
        super().setUp()
        self.dir = self.world.path("dir")
        self.dir.mkdir()
        self.world.path("program").write_text("DIR=%s\n%s" % (self.dir, PROGRAM))
        (self.dir / "status").write_text("1")

    def prepared(self, *messages, places=(), **keys):
        self.drop, server = self.maildrop(*messages)
        self.drop_server = server
        program = {"kind": "mda", "command": ["/bin/sh", str(self.world.path("program"))], "allow_root": True}
        self.world.configure({"home": self.account(server, deliver=[*places, program], **keys)})

    def tried(self):
        """How often the program has run since the last call."""
        tries = self.dir / "tries"
        count = len(tries.read_text()) if tries.exists() else 0
        tries.unlink(missing_ok=True)
        return count

    def open(self):
        (self.dir / "open").touch()

    def run_and_try(self, status, tries, *words):
        result = self.world.run(*words)
        self.assertStatus(result, status)
        self.assertEqual(self.tried(), tries)
        return result

    def arrived(self):
        return [file.read_bytes() for file in self.dir.glob("message.*")]

    def test_three_refusals_end_the_run_and_are_told_in_one_line(self):
        self.prepared(*mail.small(20, seed=31))
        result = self.run_and_try(74, 3)
        error, hint = result.err.splitlines()
        self.assertRegex(error, r"^mailhaul: home: error: sh: exit status 1: no room for <.*>, for 3 messages in a row; "
                                r"20 messages wait on the server$")
        self.assertRegex(hint, r"^  hint: try it by hand: mailhaul get home uid-\d{6} \| /bin/sh \S+; "
                               r"the next run tries one message first$")
        self.assertEqual(result.out, b"")
        self.assertEqual(len(self.drop.uids()), 20)

    def test_the_command_of_the_hint_hands_the_message_over(self):
        messages = mail.small(5, seed=32)
        self.prepared(*messages)
        hint = self.run_and_try(74, 3).err.splitlines()[1]
        command = re.search(r"by hand: mailhaul (.*);", hint).group(1)
        self.open()
        done = subprocess.run("$MAILHAUL " + command, shell=True, env={**self.world.env, "MAILHAUL": MAILHAUL}, check=False)
        self.assertEqual(done.returncode, 0)
        self.assertIn(self.arrived()[0], [mail.local(message) for message in messages])

    def test_the_next_runs_ask_for_one_message_and_then_pause(self):
        self.prepared(*mail.small(20, seed=33))
        self.run_and_try(74, 3)
        self.drop.retrieved.clear()
        self.assertSays(self.run_and_try(74, 1).err, "exit status 1", "as before", "20 messages wait")
        self.assertEqual(len(self.drop.retrieved), 1)
        self.drop.retrieved.clear()
        self.assertSays(self.run_and_try(74, 0).err, "exit status 1", "no message is offered before", "at a terminal")
        self.assertEqual(self.drop.retrieved, [])
        self.assertEqual(len(self.drop.uids()), 20)

    def test_a_dry_run_says_what_the_next_run_will_not_offer(self):
        self.prepared(*mail.small(20, seed=33))
        self.run_and_try(74, 3)
        self.assertSays(self.run_and_try(0, 0, "-n").err, "home: warning: sh: exit status 1", "in the last run; 20 messages wait",
                        "the next run tries one message first")
        self.run_and_try(74, 1)
        self.assertSays(self.run_and_try(0, 0, "-n").err, "home: warning: sh: exit status 1", "no message is offered before", "at a terminal")
        config = self.world.config.read_text()
        self.world.configure({"home": self.account(self.drop_server, deliver="maildir:~/Mail")})
        self.assertEqual(self.run_and_try(0, 0, "-n").err, "")
        self.world.config.write_text(config)
        self.assertStatus(self.world.run("state", "mark-seen", "home", "--all"), 0)
        self.assertEqual(self.run_and_try(0, 0, "-n").err, "")

    def test_one_message_that_is_accepted_ends_it(self):
        messages = mail.small(20, seed=34)
        self.prepared(*messages)
        self.run_and_try(74, 3)
        self.open()
        self.run_and_try(0, 20)
        self.assertSameMail(self.arrived(), messages)
        self.assertEqual(self.drop.uids(), [])
        self.assertStatus(self.world.run("status", "--max-age", "1h"), 0)

    def test_a_terminal_ends_the_pause(self):
        messages = mail.small(5, seed=35)
        self.prepared(*messages)
        for tries in (3, 1, 0):
            self.run_and_try(74, tries)
        self.open()
        at_terminal = AtTerminal(self.world)
        self.assertEqual(at_terminal.end(), 0, at_terminal.screen)
        self.assertSameMail(self.arrived(), messages)

    def test_another_command_is_not_kept_waiting(self):
        messages = mail.small(5, seed=36)
        self.prepared(*messages)
        for tries in (3, 1, 0):
            self.run_and_try(74, tries)
        text = self.world.config.read_text()
        self.world.config.write_text(text.replace('"/bin/sh",', '"/bin/sh", "-u",'))
        self.open()
        self.run_and_try(0, 5)
        self.assertSameMail(self.arrived(), messages)

    def test_the_other_places_get_all_mail_once_and_nothing_is_lost(self):
        messages = mail.small(20, seed=37)
        self.prepared(*messages, places=["maildir:~/Mail", "mbox:~/box"])
        self.run_and_try(74, 3)
        self.assertSameMail(self.world.maildir(), messages)
        self.assertSameMail(self.world.mbox("box"), messages)
        self.assertEqual(len(self.drop.uids()), 20)
        self.drop.add(*mail.small(2, seed=38))
        self.drop.retrieved.clear()
        self.run_and_try(74, 1)
        self.assertEqual(len(self.drop.retrieved), 2, "the new ones, one of them to try")
        self.drop.retrieved.clear()
        self.run_and_try(74, 0)
        self.assertEqual(self.drop.retrieved, [])
        self.assertEqual(len(self.world.maildir()), 22)
        self.open()
        at_terminal = AtTerminal(self.world)
        self.assertEqual(at_terminal.end(), 0, at_terminal.screen)
        everything = [*messages, *mail.small(2, seed=38)]
        for place in (self.world.maildir(), self.world.mbox("box"), self.arrived()):
            self.assertSameMail(place, everything)
        self.assertEqual(self.drop.uids(), [])

    def test_messages_that_are_refused_for_what_they_are_do_not_hold_up_the_others(self):
        bad = [message + b"poison\r\n" for message in mail.small(4, seed=39)]
        good = mail.small(6, seed=40)
        self.prepared(*bad, *good)
        self.open()
        self.run_and_try(74, 3)
        self.run_and_try(74, 10)
        self.assertSameMail(self.arrived(), good)
        self.assertEqual(len(self.drop.uids()), 4)

    def test_fewer_than_three_or_different_answers_are_told_singly(self):
        self.prepared(*[message + b"poison\r\n" for message in mail.small(2, seed=41)])
        self.assertEqual(self.run_and_try(74, 2).err.count("stays on the server"), 2)
        self.prepared(*mail.small(3, seed=42))
        self.world.path("program").write_text("DIR=%s; echo >> $DIR/tries; exit $(wc -l < $DIR/tries)" % self.dir)
        self.assertEqual(self.run_and_try(74, 3).err.count("stays on the server"), 3)

    def test_try_again_later_is_told_after_a_day_only(self):
        self.prepared(*mail.small(9, seed=43))
        (self.dir / "status").write_text("75")
        self.assertEqual(self.run_and_try(75, 3, "-q").err, "")
        self.assertEqual(self.run_and_try(75, 1, "-q").err, "")

    def test_cron_is_told_once(self):
        self.prepared(*mail.small(9, seed=44))
        self.assertEqual(self.run_and_try(74, 3, "-q").err.count("error:"), 1)
        self.assertEqual(self.run_and_try(74, 1, "-q").err, "")
        self.assertEqual(self.run_and_try(74, 0, "-q").err, "")

    def test_verbose_has_the_details(self):
        self.prepared(*mail.small(9, seed=45))
        result = self.run_and_try(74, 3, "-v")
        self.assertEqual(result.out.count(b"stays on the server: sh: exit status 1"), 3)

    def test_mail_delivered_before_is_removed_all_the_same(self):
        self.prepared(*mail.small(2, seed=46), leave_on_server=True)
        self.open()
        self.run_and_try(0, 2)
        (self.dir / "open").unlink()
        self.drop.add(*mail.small(5, seed=47))
        self.world.configure({"home": {**self.account_now(), "leave_on_server": False}})
        self.run_and_try(74, 3)
        self.assertEqual(len(self.drop.uids()), 5)

    def account_now(self):
        return json.loads(self.world.config.read_text())["accounts"]["home"]


if __name__ == "__main__":
    unittest.main()
