# SPDX-License-Identifier: MIT
"""Mistakes of newcomers: many at once, words of other programs, commands that need a shell, sudo; and config show."""
import json
import os
import re
import shutil
import unittest

from support.py import mail
from support.py.terminal import AtTerminal
from support.py.world import Case


class Written(Case):
    """`config check` is run, and no server is contacted."""

    def check(self, status, *words, **keys):
        self.world.configure({"home": self.account(1, **keys)})
        return self.checked(status, *words)

    def checked(self, status, *words):
        result = self.world.run("config", "check")
        self.assertStatus(result, status)
        self.assertSays(result.err, *words)
        return result

    def written(self, status, old, new, *words):
        """Checks a file in which `old` is replaced by `new`."""
        text = json.dumps({"accounts": {"home": self.account(1)}}, indent=2)
        self.assertIn(old, text)
        self.world.write_config(text.replace(old, new))
        return self.checked(status, *words)

    def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(self):
        account = {"sever": "pop3s://x", "user": "anna", "passwd": "secret", "delivr": "maildir:~/Mail", "max_size": "10 MX"}
        self.world.configure({"home": account, "work": {**self.account(1), "timeot": "3m"}})
        result = self.checked(78)
        told = re.findall(r"error: [^:]*config\.json:(\d+):\d+: accounts\.(\S+): (.*)", result.err)
        self.assertEqual([name for _, name, _ in told],
                         ["home.sever", "home.passwd", "home.delivr", "home.max_size", "work.timeot"])
        self.assertEqual([int(line) for line, _, _ in told], sorted(int(line) for line, _, _ in told))
        for (_, _, sentence), near in zip(told, ("server", "password", "deliver", "", "timeout")):
            self.assertIn('did you mean "%s"' % near if near else "10M", sentence + result.err)

    def test_the_line_is_shown_with_its_place_marked(self):
        self.assertIn('\n    "leave_on_sever": true\n    ^\n  hint: ', self.check(78, leave_on_sever=True).err)
        self.assertIn('\n    "max_size": "..."\n                ^\n  hint: ', self.check(78, max_size="10 MX").err)
        # For a file on one line, what is around the place is shown, but nothing that may be a password.
        self.world.write_config(json.dumps({"accounts": {"home": {"user": "gardenia", "pasword": "orchid,{a:b}", "max_sise": 7}}}))
        err = self.checked(78).err
        self.assertIn('\n    {"accounts": {"home": {"user": "...", "pasword": "...", "...": ...}}\n', err)
        self.assertIn('"home": {"user": "...", "...": "...", "max_sise": ...}}}\n', err)
        for word in ("gardenia", "orchid", "a:b"):
            self.assertNotIn(word, err)
        self.world.write_config('{"accounts": {"home": {"password": "orchid", }}} "tulip')
        self.assertNotRegex(self.checked(78).err, "orchid|tulip")
        self.assertSays(self.world.run("doctor").out.decode(), "config.json:1:")
        self.assertNotIn("x0a", self.world.run("doctor").out.decode())

    def test_what_cannot_run_is_found(self):
        self.world.path("full").mkdir()
        (self.world.path("full") / "letter.txt").write_text("x")
        self.world.path("box").mkdir()
        program = {"kind": "mda", "allow_root": True}
        for words, keys in (
                (("there is no program nosuchprogram",), {"deliver": {**program, "command": "nosuchprogram"}}),
                (("there is no program gpg2x",), {"password": None, "password_command": ["gpg2x"]}),
                (("no shell", '["sh", "-c", "'), {"password": None, "password_command": "echo show x | head -1"}),
                (("no shell", 'gets ">"'), {"password": None, "password_command": "echo x > file"}),
                (("no shell", 'gets "$X"'), {"after_fetch": ["echo", "$X"]}),
                (("no shell", "~/lda.conf"), {"deliver": {**program, "command": "cat -c ~/lda.conf"}}),
                (("full is neither a Maildir nor empty",), {"deliver": "maildir:~/full"}),
                (("box is a directory",), {"deliver": "mbox:~/box"}),
                (("warning", "there is no program nosuchnotifier"), {"after_fetch": "nosuchnotifier"}),
                (("warning", "there is no program nosuchpager"), {"on_trouble": ["nosuchpager", "-v"]}),
                (("there is no program nosuchrelay",), {"tunnel": ["nosuchrelay", "-W"]})):
            with self.subTest(words):
                account = {key: value for key, value in self.account(1, **keys).items() if value is not None}
                self.world.configure({"home": account})
                result = self.world.run("config", "check")
                self.assertSays(result.err, *words)
                is_warning = "no shell" in words or "warning" in words
                self.assertEqual((result.status == 0, "warning" in result.err), (is_warning, is_warning))

    def test_nothing_is_created(self):
        self.world.configure({"home": self.account(1, deliver=["maildir:~/Mail/home", "mbox:~/box"])}, log="~/logs/mailhaul")
        before = sorted(self.world.root.rglob("*"))
        self.checked(0)
        self.assertEqual(sorted(self.world.root.rglob("*")), before)

    def test_words_of_other_programs_lead_to_ours(self):
        for theirs, ours in (("username", "user"), ("host", "server"), ("port", "server"), ("ssl", "tls"),
                             ("keep", "leave_on_server"), ("folder", "deliver"), ("mailbox", "deliver")):
            self.check(78, '%s: unknown key; did you mean "%s"?' % (theirs, ours), **{theirs: "x"})
        self.check(78, "IMAP is not supported", server="imaps://mail.example.org")

    def test_sizes_times_and_commas_as_people_write_them(self):
        self.check(0, max_size="10MB", timeout="2 minutes")
        self.check(0, max_size="10 MB", leave_on_server=True, delete_after="30 days")
        self.check(0, max_size="10MiB")
        self.written(0, '"maildir:~/Mail",', '"maildir:~/Mail", // here\n')

    def test_comments_and_quotes_of_other_languages(self):
        self.written(78, '"tls"', '# no encryption\n"tls"', "a comment begins with // or /*")
        for opening, closing in (("\u201c", "\u201d"), ("\u201e", "\u201c"), ("'", "'")):
            self.written(78, '"none"', opening + "none" + closing, "strings must be in double quotes")

    @unittest.skipIf(os.geteuid(), "needs root")
    def test_root_is_told_whose_configuration_it_is(self):
        _, server = self.maildrop()
        self.world.configure({"home": self.account(server)})
        shutil.chown(self.world.config, 65534)
        for words in ((), ("config", "check")):
            result = self.world.run(*words)
            self.assertStatus(result, 78)
            self.assertHint(result, "belongs to another user", "run mailhaul as that user: sudo -u ")
            self.assertNotIn("chown", result.err)


class Shown(Case):
    def test_values_are_shown_as_people_write_them(self):
        self.world.configure({"home": self.account(1, max_size="50M", timeout="3m", connect_timeout="30s"),
                              "work": self.account(1, server="pop3s://pop.example.org", tls="required", user="bert")})
        result = self.world.run("config", "show")
        self.assertStatus(result, 0)
        shown = json.loads(result.out)["accounts"]
        self.assertEqual({key: shown["home"][key] for key in ("max_size", "timeout", "connect_timeout", "server")},
                         {"max_size": "50M", "timeout": "3m", "connect_timeout": "30s", "server": "pop3://127.0.0.1:1"})
        self.assertEqual(shown["work"]["server"], "pop3s://pop.example.org:995")

    def test_only_the_accounts_that_are_named(self):
        self.world.configure({"home": self.account(1), "old": self.account(2, user="bert", enabled=False),
                              "work": self.account(3, user="carl", colour="red")})
        for names in (("home",), ("old", "home")):
            shown = self.world.run("config", "show", *names)
            self.assertStatus(shown, 0)
            self.assertEqual(set(json.loads(shown.out)["accounts"]), set(names))
        for names, status, says in (((), 78, "colour"), (("work", "home"), 78, "colour"),
                                    (("hom",), 64, "there is no account 'hom'; did you mean 'home'?")):
            refused = self.world.run("config", "show", *names)
            self.assertStatus(refused, status)
            self.assertSays(refused.err, says)
            self.assertEqual(refused.out, b"")


class Forgetting(Case):
    def setUp(self):
        super().setUp()
        self.drop, server = self.maildrop(*mail.small(3))
        self.world.configure({"home": self.account(server, leave_on_server=True)})
        self.assertStatus(self.world.run(), 0)

    def remembered(self):
        return len(self.json_lines(self.world.run("--json", "state", "show")))

    def test_all_is_forgotten_only_after_a_question(self):
        for answer, left in (("\n", 3), ("n\n", 3), ("y\n", 0)):
            run = AtTerminal(self.world, "state", "forget", "home", "--all")
            run.expect(rb"Forget 3 messages\? [^\n]*\[y/N\] ")
            run.type(answer)
            self.assertEqual(run.end(), 0)
            self.assertEqual(self.remembered(), left)

    def test_a_uid_of_one_character_is_no_mistyped_account_of_one_letter(self):
        whole = json.loads(self.world.config.read_text())
        self.world.configure({"a": whole["accounts"]["home"]})
        self.assertSays(self.world.run("state", "forget", "7").out.decode(), "a: nothing to forget", "1 UID is not recorded")
        self.assertSays(self.world.run("state", "forget", "a", "7").out.decode(), "1 UID is not recorded")

    def test_without_a_terminal_it_has_to_be_confirmed_by_an_option(self):
        for words in ((), ("--json",)):
            result = self.world.run("state", "forget", "home", "--all", *words)
            self.assertStatus(result, 64)
            self.assertSays(result.err + result.out.decode(), "--yes forgets without asking")
            self.assertEqual(self.remembered(), 3)
        self.assertStatus(self.world.run("state", "forget", "home", "uid-000001"), 0)
        self.assertEqual(self.remembered(), 2)
        self.assertStatus(self.world.run("state", "forget", "home", "--all", "--yes"), 0)
        self.assertEqual(self.remembered(), 0)


if __name__ == "__main__":
    unittest.main()
