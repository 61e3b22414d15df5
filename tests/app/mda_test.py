# SPDX-License-Identifier: MIT
"""Delivery to a program that fails: what stays on the server, what is reported, and the status."""
import os
import signal
import unittest

from support.py import mail
from support.py.world import Case

# Accepts a message as a whole or not at all. A line "poison: X" in the message makes it fail in the way X.
PROGRAM = r"""
file=$(mktemp "$OUT/.arriving.XXXXXX")
cat > "$file"
case $(sed -n 's/^poison: //p' "$file") in
  75) rm "$file"; exit 75 ;;
  65) rm "$file"; echo 'this is no mail' >&2; exit 65 ;;
  1) rm "$file"; echo 'no room in the attic' >&2; exit 1 ;;
  signal) rm "$file"; kill -9 $$ ;;
  hang) rm "$file"; exec sleep 600 ;;
  deaf) rm "$file"; exec <&-; mv "$(mktemp "$OUT/.deaf.XXXXXX")" "$OUT/deaf.$$"; exit 0 ;;
esac
printf '%s\n' "$*" > "$OUT/arguments.$$"
env > "$OUT/environment.$$"
mv "$file" "$OUT/message.$$"
"""


def poisoned(how, seed=99):
    return mail.small(1, seed=seed)[0] + b"poison: " + how.encode() + b"\r\n"


class Program(Case):
    def setUp(self):
        super().setUp()
        self.out = self.world.path("out")
        self.out.mkdir()
        self.world.path("program").write_text("OUT=%s\n%s" % (self.out, PROGRAM))

    def deliver(self, *words, **keys):
        return {"kind": "mda", "command": ["/bin/sh", str(self.world.path("program")), *words], "allow_root": True, **keys}

    def prepared(self, *messages, words=(), deliver=None, **keys):
        drop, server = self.maildrop(*messages)
        self.world.configure({"home": self.account(server, deliver=self.deliver(*words, **(deliver or {})), **keys)})
        return drop

    def arrived(self):
        return [file.read_bytes() for file in self.out.glob("message.*")]


class Outcomes(Program):
    def test_exit_0_is_delivered(self):
        messages = mail.corpus(60, seed=21, raw=True)
        drop = self.prepared(*messages)
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.arrived(), messages)
        self.assertEqual(drop.uids(), [])

    def test_sigchld_may_be_ignored_by_what_starts_us(self):
        """A script may do so with trap '' CHLD; then the system would not keep the exit status of a program."""
        messages = mail.small(3)
        drop = self.prepared(*messages)
        result = self.world.run(preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
        self.assertStatus(result, 0)
        self.assertSameMail(self.arrived(), messages)
        self.assertEqual(drop.uids(), [])

    def test_a_program_that_says_nothing_can_be_tried_by_hand(self):
        self.prepared(poisoned("75"))
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertHint(result, "it gave no reason", "mailhaul get home UID | /bin/sh")
        self.prepared(poisoned("1", seed=98))
        result = self.world.run()
        self.assertStatus(result, 74)
        self.assertHint(result, "no room in the attic", "the next run hands it over again")

    def test_what_can_be_tried_by_hand_is_the_whole_command(self):
        """A shell without its arguments would run the message as a script."""
        _, server = self.maildrop(*mail.small(1, seed=20))
        command = ["/bin/sh", "-c", "cat >/dev/null; exit 9"]
        self.world.configure({"home": self.account(server, deliver=self.deliver() | {"command": command})})
        self.assertHint(self.world.run(), "UID | /bin/sh -c 'cat >/dev/null; exit 9'")

    def test_what_it_writes_is_shown_with_v_though_it_exits_0(self):
        for words, shown in (((), False), (("-v",), True)):
            drop, server = self.maildrop(*mail.small(1, seed=20))
            command = ["/bin/sh", "-c", "cat > /dev/null; echo quota nearly used >&2"]
            self.world.configure({"home": self.account(server, deliver=self.deliver() | {"command": command})})
            result = self.world.run(*words)
            self.assertStatus(result, 0)
            self.assertEqual(b"home: sh wrote: quota nearly used" in result.out, shown, result)
            self.assertEqual(drop.uids(), [])

    def failing(self, how, status, *words, seconds=3600):
        good = mail.small(4, seed=22)
        drop = self.prepared(good[0], good[1], poisoned(how), good[2], good[3], deliver={"timeout": "%ds" % seconds})
        result = self.world.run()
        self.assertStatus(result, status)
        self.assertSameMail(self.arrived(), good)
        self.assertEqual(drop.uids(), [b"uid-000003"], "the failed one stays, the others went on")
        self.assertSays(result.err, "home", *words)
        return drop

    def test_exit_75_stays_for_later(self):
        self.failing("75", 75, "75")

    def test_exit_65_is_a_refusal_for_the_content(self):
        self.failing("65", 65, "this is no mail")

    def test_the_most_serious_refusal_decides(self):
        for worse, status in (("75", 65), ("1", 74)):
            with self.subTest(worse):
                self.prepared(poisoned("65"), poisoned(worse, seed=98))
                self.assertStatus(self.world.run(), status)

    def test_a_program_that_refuses_everything_for_its_content(self):
        drop = self.prepared(*[poisoned("65", seed=seed) for seed in range(5)])
        for _ in range(2):
            result = self.world.run()
            self.assertStatus(result, 65)
            self.assertSays(result.err, "this is no mail", "5 messages wait")
        self.assertEqual(len(drop.uids()), 5)

    def test_exit_1_stays_and_says_what_the_program_said(self):
        self.failing("1", 74, "no room in the attic")

    def test_death_by_a_signal_stays(self):
        self.failing("signal", 74, ("signal", "killed"), ("9", "kill"))

    def test_a_hanging_program_is_ended_after_its_time(self):
        self.with_time_out(lambda seconds: self.failing("hang", 74, "did not end within %d s" % seconds, seconds=seconds))

    def test_a_program_that_does_not_read_has_decided_by_its_status(self):
        drop = self.prepared(*mail.small(1), poisoned("deaf"), mail.sized(300000))
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])
        self.assertEqual(len(list(self.out.glob("deaf.*"))), 1)

    def test_a_failed_message_is_tried_again_in_the_next_run(self):
        drop = self.failing("75", 75)
        self.world.path("program").write_text("OUT=%s\n%s" % (self.out, PROGRAM.replace("75) rm", "never) rm")))
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])
        self.assertEqual(len(self.arrived()), 5)

    def test_a_retry_serves_only_the_place_that_has_not_got_it(self):
        good = mail.small(2, seed=23)
        drop, server = self.maildrop(good[0], poisoned("75"), good[1])
        self.world.configure({"home": self.account(server, deliver=["maildir:~/Mail", self.deliver()])})
        everything = drop.wires()
        self.assertStatus(self.world.run(), 75)
        self.assertSameMail(self.arrived(), good)
        self.assertEqual(drop.uids(), [b"uid-000002"])
        self.world.path("program").write_text("OUT=%s\n%s" % (self.out, PROGRAM.replace("75) rm", "never) rm")))
        self.assertStatus(self.world.run(), 0)
        self.assertSameMail(self.arrived(), everything)
        self.assertSameMail(self.world.maildir(), everything)
        self.assertEqual(drop.uids(), [])

    def test_a_kill_when_another_place_already_has_the_message(self):
        """The retry must work although the other place still has the message."""
        messages = mail.small(3, seed=25)
        for other in ("maildir:~/Mail", "mbox:~/mbox"):
            with self.subTest(other):
                drop, server = self.maildrop(*messages)
                self.world.path("program").write_text(
                    "cat > %s/message.$$; test -e %s/killed && exit 0; touch %s/killed; kill -9 $PPID\n" % ((self.out,) * 3))
                self.world.configure({"home": self.account(server, deliver=[other, self.deliver()])})
                self.assertStatus(self.world.run(), -9)
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.maildir() if "Mail" in other else self.world.mbox(), messages)
                self.assertSameMail(self.arrived(), [messages[0], *messages])
                self.assertEqual(drop.uids(), [])
                self.assertClean("Mail")
                for file in self.out.iterdir():
                    file.unlink()

    def test_a_place_that_has_the_message_and_is_no_longer_in_the_profile(self):
        """The place that the profile now names gets the message as well, and this is reported."""
        messages = mail.small(1, seed=26)
        drop, server = self.maildrop(*messages)
        self.world.path("program").write_text("cat > %s/message.$$; kill -9 $PPID\n" % self.out)
        self.world.configure({"home": self.account(server, deliver=["maildir:~/Mail", self.deliver()])})
        self.assertStatus(self.world.run(), -9)
        self.world.path("program").write_text("cat > %s/message.$$\n" % self.out)
        self.world.configure({"home": self.account(server, deliver=["maildir:~/Other", self.deliver()])})
        result = self.world.run()
        self.assertStatus(result, 0)
        self.assertSays(result.err, "maildir:%s" % self.world.path("Mail"), "twice")
        self.assertSameMail(self.world.maildir(), messages)
        self.assertSameMail(self.world.maildir("Other"), messages)
        self.assertEqual(drop.uids(), [])

    def test_the_ways_out_for_a_place_that_is_gone_are_told_and_work(self):
        messages = mail.small(2, seed=27)
        for way in ("restore it", "create an empty one", "deliver elsewhere"):
            with self.subTest(way):
                self.begin_anew()
                drop, server = self.maildrop(*messages)
                self.world.path("program").write_text(
                    "cat > %s/message.$$; test -e %s/killed && exit 0; touch %s/killed; kill -9 $PPID\n" % ((self.out,) * 3))
                self.world.configure({"home": self.account(server, deliver=["mbox:~/mbox", self.deliver()])})
                self.assertStatus(self.world.run(), -9)
                box, away = self.world.path("mbox"), self.world.path("away")
                box.rename(away)
                result = self.world.run()
                self.assertStatus(result, 74)
                self.assertHint(result, "the mbox %s is gone" % box, way, "(touch %s)" % box)
                self.assertEqual(len(drop.uids()), 2)
                if way == "restore it":
                    away.rename(box)
                elif way == "create an empty one":
                    box.touch()
                else:
                    self.world.configure({"home": self.account(server, deliver=["maildir:~/Mail", self.deliver()])})
                self.assertStatus(self.world.run(), 0)
                self.assertSameMail(self.world.maildir() if "else" in way else self.world.mbox(), messages)
                self.assertEqual(drop.uids(), [])

    def test_what_the_program_prints_is_not_ours(self):
        """It is not mixed with our output: JSON stays JSON, and a summary stays one line."""
        self.world.path("program").write_text("cat > /dev/null; echo noise; echo noise >&2\n")
        self.prepared(*mail.small(3))
        for line in self.json_lines(self.world.run("--json")):
            self.assertIn("event", line)
        self.prepared(*mail.small(3))
        result = self.world.run()
        self.assertStatus(result, 0)
        self.assertEqual(result.out.count(b"\n"), 1, result.out)

    def test_a_missing_program_is_said(self):
        drop = self.prepared(*mail.small(2))
        account = self.account(1, deliver={"kind": "mda", "command": ["/no/such/program"], "allow_root": True})
        account["server"] = "pop3://127.0.0.1:%d" % self.serve(drop).port
        self.world.configure({"home": account})
        result = self.world.run()
        self.assertStatus(result, 74)
        self.assertSays(result.err, "home", "/no/such/program")
        self.assertEqual(len(drop.uids()), 2)

    def test_root_must_be_allowed(self):
        drop = self.prepared(*mail.small(1), deliver={"allow_root": False})
        result = self.world.run()
        if os.geteuid() == 0:
            self.assertStatus(result, 78)
            self.assertHint(result, "allow_root")
            self.assertEqual(len(drop.uids()), 1)
        else:
            self.assertStatus(result, 0)


class Arguments(Program):
    def arguments(self):
        return [file.read_text().split("\n")[0] for file in self.out.glob("arguments.*")]

    def environments(self):
        return [dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
                for file in self.out.glob("environment.*")]

    def test_placeholders_and_environment(self):
        message = mail.small(1)[0]
        self.prepared(message, words=("-f", "%F", "%T", "%a", "%i", "%s", "%%"))
        self.assertStatus(self.world.run(), 0)
        words = self.arguments()[0].split(" ")
        environment = self.environments()[0]
        self.assertEqual(words[1], "sender1000000@example.org")
        self.assertEqual(words[3], "home")
        self.assertEqual(words[4], environment["MAILHAUL_ID"])
        self.assertEqual(words[5], environment["MAILHAUL_SIZE"])
        self.assertEqual(int(words[5]), len(mail.local(message)))
        self.assertEqual(words[6], "%")
        self.assertEqual(environment["MAILHAUL_ACCOUNT"], "home")
        self.assertNotIn("MAILHAUL_RETRY", environment)
        self.assertFalse([value for value in environment.values() if "secret" in value])

    def test_a_sender_is_never_an_option_nor_shell_text(self):
        nasty = (b"-oQ/tmp", b"a b@x", b"$(touch gone)@x", b";rm@x", b"", b"`id`@x", b"\xff\xfe@x", b"'x'@y")
        messages = [b"Return-Path: <" + sender + b">\r\nSubject: %d\r\n\r\nx\r\n" % n for n, sender in enumerate(nasty)]
        self.prepared(*messages, words=("[%F]",))
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.arguments()), len(nasty))
        for word in self.arguments():
            self.assertRegex(word, r"\A\[[A-Za-z0-9@._+=][A-Za-z0-9@._+=-]*\]\Z")

    def test_a_from_line_on_top_when_asked_for(self):
        message = mail.small(1)[0]
        self.prepared(message, deliver={"from_line": True})
        self.assertStatus(self.world.run(), 0)
        first, rest = self.arrived()[0].split(b"\n", 1)
        self.assertTrue(first.startswith(b"From "), first)
        self.assertEqual(rest, mail.local(message))

    def test_words_of_a_string_are_split_and_no_shell_runs(self):
        drop, server = self.maildrop(*mail.small(1))
        line = "/bin/sh %s 'one word' $HOME ;x" % self.world.path("program")
        deliver = {"kind": "mda", "command": line, "allow_root": True}
        self.world.configure({"home": self.account(server, deliver=deliver)})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(self.arguments(), ["one word $HOME ;x"])
        self.assertEqual(drop.uids(), [])


class Interrupted(Program):
    def test_a_program_that_outlives_us_is_waited_for_and_the_retry_is_marked(self):
        """kill -9 while the program runs: the message is delivered again, with MAILHAUL_RETRY=1 and a warning."""
        gate = self.world.path("gate")
        os.mkfifo(gate)
        started = self.world.path("started")
        os.mkfifo(started)
        script = "if [ -z \"$MAILHAUL_RETRY\" ]; then echo x > %s; read line < %s; exit 1; fi\n" % (started, gate)
        self.world.path("program").write_text(script + "OUT=%s\n%s" % (self.out, PROGRAM))
        drop = self.prepared(*mail.small(1))
        process = self.world.start("fetch")
        with open(started, "rb") as running:
            running.read()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with open(gate, "wb") as release:
            release.write(b"go\n")
        result = self.world.run()
        self.assertStatus(result, 0)
        self.assertEqual(len(self.arrived()), 1)
        environment = next(self.out.glob("environment.*")).read_text()
        self.assertIn("MAILHAUL_RETRY=1", environment)
        self.assertSays(result.err, "home", ("again", "twice", "may have", "retry"))
        self.assertEqual(drop.uids(), [])


if __name__ == "__main__":
    unittest.main()
