# SPDX-License-Identifier: MIT
"""Many accounts in one run: each can fail alone, and the most serious status is the exit status."""
import unittest

from support.py import mail
from support.py.scripted import script
from support.py.world import Case, World

ORDER = (78, 77, 74, 73, 65, 76, 69, 68, 75)  # the most serious first


class Accounts(Case):
    def failing(self):
        """Maps each status to a profile that ends with it."""
        def serving(prepare):
            drop, server = self.maildrop(*mail.small(1))
            prepare(drop)
            return server

        def refuse(words):
            def prepare(drop):
                drop.answers[b"PASS"] = lambda session, argument: words
            return prepare

        self.world.path("file").write_text("")
        good = serving(lambda drop: None)
        self.world.path("open").write_text("secret\n")
        self.world.path("open").chmod(0o644)
        open_secret = self.account(serving(lambda drop: None), password_file=str(self.world.path("open")))
        del open_secret["password"]
        return {
            78: open_secret,
            77: self.account(serving(lambda drop: None), password="drowssap"),
            74: self.account(good, deliver={"kind": "mda", "command": ["false"], "allow_root": True}),
            73: self.account(serving(lambda drop: None), deliver="mbox:~/file/below/mbox"),
            76: self.account(self.serve(script(b"+OK\r\n", ("expect", b"CAPA"), b"+OK\r\n.\r\n", ("expect", b"USER"),
                                               b"+OK\r\n", ("expect", b"PASS"), b"+OK\r\n", ("expect", b""),
                                               b"what do you mean\r\n" * 3))),
            69: self.account(serving(refuse(b"-ERR [SYS/PERM] closed for good\r\n"))),
            75: self.account(self.closed_port()),
        }

    def test_the_most_serious_status_wins(self):
        profiles = self.failing()
        alone = {}
        for status, profile in profiles.items():
            world, world_before = World(), self.world
            self.addCleanup(world.close)
            self.world = world
            world.path("file").write_text("")
            world.configure({"a%d" % status: profile})
            alone[status] = world.run().status
            self.world = world_before
        self.assertEqual(alone, {status: status for status in profiles})
        remaining = [status for status in ORDER if status in profiles]
        while remaining:
            world = World()
            self.addCleanup(world.close)
            world.path("file").write_text("")
            world.configure({"a%d" % status: profiles[status] for status in reversed(remaining)})
            result = world.run()
            self.assertEqual(result.status, remaining[0], result.err)
            for status in remaining:
                self.assertIn("a%d" % status, result.err)
            remaining.pop(0)

    def test_broken_accounts_hold_up_no_other(self):
        profiles = {"a%d" % status: profile for status, profile in self.failing().items()}
        messages = {name: mail.small(3, seed=seed) for seed, name in enumerate(("first", "middle", "last"), 60)}
        accounts = {}
        for name, wires in messages.items():
            _, server = self.maildrop(*wires)
            accounts[name] = self.account(server, deliver="maildir:~/" + name)
        self.world.configure({"first": accounts["first"], **profiles, "middle": accounts["middle"],
                              "last": accounts["last"]})
        result = self.world.run()
        self.assertStatus(result, 78)
        for name, wires in messages.items():
            self.assertSameMail(self.world.maildir(name), wires)
            self.assertSays(result.out.decode(), name)

    def test_an_account_without_a_password_holds_up_no_other(self):
        """Without a terminal, nobody can be asked: the account fails and is named, and the others get their mail."""
        drop, server = self.maildrop(*mail.small(2))
        _, other = self.maildrop(*mail.small(1))
        asking = self.account(other)
        del asking["password"]
        self.world.configure({"asking": asking, "home": self.account(server)})
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "asking", "password")
        self.assertEqual(drop.uids(), [])

    def mistaken(self):
        """name -> a profile with a mistake, and the key that the error names."""
        good = self.account(1)
        without_user = {key: value for key, value in good.items() if key != "user"}
        return {"size": ({**good, "max_size": "10X"}, "max_size"), "unknown": ({**good, "max_sice": 1}, "max_sice"),
                "incomplete": (without_user, "user"), "two_passwords": ({**good, "netrc": True}, "netrc"),
                "list": ([], "list"), "check": (good, "command"), "relative": ({**good, "deliver": "~x"}, "deliver"),
                "useless": ({**good, "delete_after": "3d"}, "delete_after")}

    def test_a_mistake_in_one_account_holds_up_no_other(self):
        for number, (name, (profile, word)) in enumerate(self.mistaken().items()):
            with self.subTest(name):
                drop, server = self.maildrop(*mail.small(2, seed=number))
                self.world.configure({name: profile, "home": self.account(server)})
                result = self.world.run()
                self.assertStatus(result, 78)
                self.assertHint(result, name + ": error:", "config.json:", word)
                self.assertEqual(drop.uids(), [])
                self.assertStatus(self.world.run("home"), 0)
                self.assertStatus(self.world.run("check"), 78)
                self.assertStatus(self.world.run("list", "home"), 0)
                self.assertStatus(self.world.run("config", "show"), 78)

    def test_an_account_with_a_mistake_may_be_named(self):
        _, server = self.maildrop()
        self.world.configure({"bad": self.account(1, max_size="10X"), "home": self.account(server)})
        for words in (("bad",), ("check", "bad"), ("list", "bad"), ("get", "bad", "x"), ("bad", "home"),
                      ("state", "show", "bad"), ("state", "forget", "bad", "--all")):
            with self.subTest(words):
                result = self.world.run(*words)
                self.assertStatus(result, 78)
                self.assertSays(result.err, "accounts.bad.max_size")
        result = self.world.run("bat")
        self.assertStatus(result, 64)
        self.assertHint(result, "'bad'", "accounts: bad, home")

    def test_a_disabled_account_with_a_mistake_is_silent_until_it_is_named(self):
        _, server = self.maildrop()
        self.world.configure({"bad": self.account(1, max_size="10X", enabled=False), "home": self.account(server)})
        self.assertEqual(self.world.run()[::2], (0, ""))
        self.assertStatus(self.world.run("bad"), 78)
        self.assertStatus(self.world.run("config", "check"), 78)

    def test_the_second_account_for_a_mailbox_is_the_mistake(self):
        drop, server = self.maildrop(*mail.small(2))
        self.world.configure({"one": self.account(server), "two": self.account(server, deliver="maildir:~/Two")})
        result = self.world.run()
        self.assertStatus(result, 78)
        self.assertHint(result, "two: error:", "same mailbox as accounts.one")
        self.assertEqual((drop.uids(), len(self.world.maildir()), len(self.world.maildir("Two"))), ([], 2, 0))

    def test_config_check_tells_all_mistakes_of_all_accounts(self):
        profiles = {name: profile for name, (profile, _) in self.mistaken().items()}
        profiles["many"] = self.account(1, max_size="10X", max_sice=1, timeout="soon")
        self.world.configure({**profiles, "off": self.account(1, order="any", enabled=False)})
        result = self.world.run("config", "check")
        self.assertStatus(result, 78)
        for name in (*profiles, "off"):
            self.assertSays(result.err, name + ": error:")
        self.assertSays(result.err, "accounts.many.max_size", "accounts.many.max_sice", "accounts.many.timeout")
        self.assertEqual(result.out, b"")

    def test_a_mistake_for_all_accounts_stops_them_all(self):
        drop, server = self.maildrop(*mail.small(1))
        home = self.account(server)
        for text in ('{"accounts": {"home": 1}, }', '{"jobs": 0, "accounts": {}}'):
            self.world.write_config(text)
            self.assertStatus(self.world.run(), 78)
        self.world.configure({"home": home}, defaults={"max_size": "10X"})
        self.assertStatus(self.world.run(), 78)
        self.world.configure({"bad": self.account(1, order="any"), "home": home})
        self.assertStatus(self.world.run("--max-size", "10X"), 64)
        self.assertEqual(len(drop.uids()), 1)

    def test_with_every_account_disabled_something_is_said(self):
        _, server = self.maildrop()
        self.world.configure({"off": self.account(server, enabled=False)})
        for words in ((), ("check",), ("-n",), ("state", "show")):
            with self.subTest(words):
                result = self.world.run(*words)
                self.assertStatus(result, 0)
                self.assertHint(result, "warning: no account is enabled", "mailhaul off")
        self.assertEqual(self.world.run("-q").err, "")
        self.assertEqual(self.world.run("off")[::2], (0, ""))
        self.assertEqual(server.lines[:1] != [], True)

    def test_twenty_accounts_at_once(self):
        accounts, drops = {}, []
        for number in range(20):
            drop, server = self.maildrop(*mail.small(15, seed=100 + number))
            drops.append(drop)
            accounts["a%d" % number] = self.account(server, deliver="maildir:~/Mail%d" % number)
        self.world.configure(accounts, jobs=20, host_jobs=20)
        result = self.world.run()
        self.assertStatus(result, 0)
        self.assertEqual(len(result.out.splitlines()), 20)
        for number, drop in enumerate(drops):
            self.assertSameMail(self.world.maildir("Mail%d" % number), mail.small(15, seed=100 + number))
            self.assertEqual(drop.uids(), [])

    def test_a_disabled_account_only_when_named(self):
        drop, server = self.maildrop(*mail.small(1))
        other, other_server = self.maildrop(*mail.small(1))
        self.world.configure({"on": self.account(server), "off": self.account(other_server, enabled=False)})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual((len(drop.uids()), len(other.uids())), (0, 1))
        self.assertStatus(self.world.run("off"), 0)
        self.assertEqual(other.uids(), [])

    def test_only_the_accounts_named(self):
        one, one_server = self.maildrop(*mail.small(1))
        two, two_server = self.maildrop(*mail.small(1))
        self.world.configure({"one": self.account(one_server), "two": self.account(two_server)})
        self.assertStatus(self.world.run("fetch", "two"), 0)
        self.assertEqual((len(one.uids()), len(two.uids())), (1, 0))

    def test_defaults_are_for_all(self):
        one, one_server = self.maildrop(*mail.small(2))
        two, two_server = self.maildrop(*mail.small(2, seed=5))
        self.world.configure({"one": self.account(one_server), "two": self.account(two_server, leave_on_server=False)},
                             defaults={"leave_on_server": True})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual((len(one.uids()), len(two.uids())), (2, 0))

    def test_a_renamed_account_forgets_nothing(self):
        drop, server = self.maildrop(*mail.small(3))
        for name in ("old", "new"):
            self.world.configure({name: self.account(server, leave_on_server=True)})
            self.assertStatus(self.world.run(), 0)
        self.assertEqual(len(self.world.maildir()), 3)
        self.assertEqual(len(drop.retrieved), 3)

    def test_messages_of_several_accounts_never_mix_on_standard_output(self):
        accounts = {}
        for number in range(4):
            _, server = self.maildrop(*mail.small(10, seed=200 + number))
            accounts["a%d" % number] = self.account(server)
        self.world.configure(accounts, jobs=4, host_jobs=4)
        result = self.world.run("fetch", "--deliver", "stdout")
        self.assertStatus(result, 0)
        wires = [wire for number in range(4) for wire in mail.small(10, seed=200 + number)]
        self.assertSameMail([text for _, text in mail.entries(result.out)], wires)


if __name__ == "__main__":
    unittest.main()
