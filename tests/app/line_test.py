# SPDX-License-Identifier: MIT
"""The command line: options anywhere and combined, mistyped commands, UIDs that look like options, destinations in JSON."""
import json
import unittest

from support.py import mail
from support.py.world import Case


class Line(Case):
    def setUp(self):
        super().setUp()
        self.drop, self.server = self.maildrop(*mail.small(2))
        self.world.configure({"home": self.account(self.server)})

    def refused(self, *words, says=(), hints=()):
        result = self.world.run(*words)
        self.assertStatus(result, 64)
        sentence, _, hint = result.err.partition("hint:")
        self.assertSays(sentence, *says)
        self.assertSays(hint, *hints)
        self.assertNotIn("bug", result.err)
        return result

    def elsewhere(self):
        other = self.world.path("c.json")
        self.world.config.rename(other)
        return other


class Options(Line):
    def test_a_bundle_may_end_in_an_option_with_a_value(self):
        other = self.elsewhere()
        for words in (("-qc", other, "check"), ("-vqc", other, "check", "home"), ("-c%s" % other, "check"),
                      ("check", "-qc", other), ("-qj", "2", "-c", other, "check"), ("-qj2", "-c", other, "check"),
                      ("-c", other, "-nq"), ("-nqc", other, "home")):
            with self.subTest(words):
                self.ok(*words)
        self.assertEqual(self.drop.removed, [])

    def test_options_of_fetch_may_stand_before_the_command(self):
        self.ok("-k", "fetch", "home")
        self.assertEqual((len(self.world.maildir()), len(self.drop.uids())), (2, 2))
        self.ok("--max-size", "10M", "--leave-on-server", "fetch")
        self.ok("--deliver", "maildir:~/Other", "-a", "fetch", "home", "-k")
        self.assertEqual(len(self.world.maildir("Other")), 2)

    def test_options_of_fetch_are_refused_by_other_commands(self):
        for words, command in ((("-k", "check"), "check"), (("check", "-k"), "check"),
                               (("--max-size", "10M", "list", "home"), "list"),
                               (("config", "show", "-K"), "config show")):
            with self.subTest(words):
                option = next(word for word in words if word.startswith("-"))
                self.refused(*words, says=(option + " is an option of fetch, not of " + command,),
                             hints=("mailhaul fetch --help explains it", "mailhaul %s --help" % command))
        self.refused("state", "show", "--all", says=("state mark-seen, state mark-delivered, state forget, not of state show",))

    def test_options_that_describe_an_account_need_no_file(self):
        self.world.config.unlink()
        self.world.path("secret").write_text("secret")
        self.world.path("secret").chmod(0o600)
        account = self.account(self.server)
        options = ["--server", account["server"], "--user", account["user"], "--tls", account["tls"],
                   "--password-file", self.world.path("secret")]
        self.assertSays(self.ok("check", *options).out.decode(), "2 new")
        self.assertSays(self.ok(*options, "list").out.decode(), "uid-000001", "uid-000002")
        uid = self.drop.uids()[1].decode()
        self.assertIn(b"Subject:", self.ok("get", *options, "--", uid).out)
        self.assertEqual((len(self.drop.uids()), self.world.maildir()), (2, []))
        self.refused("check", "--server", account["server"], says=("also needs --user\n",))
        self.refused(*options, says=("also needs --deliver\n",))

    def test_such_an_account_is_called_by_its_mailbox(self):
        secret = self.world.path("secret")
        secret.write_text("secret")
        secret.chmod(0o600)
        where = ("--tls", "none", "--password-file", secret, "--deliver", "maildir:~/Mail", "-k")
        for user, name in (("anna", "anna@127.0.0.1"), ("anna@example.org", "anna@example.org")):
            drop, server = self.maildrop(*mail.small(2), user=user.encode())
            options = ("--server", "pop3://127.0.0.1:%d" % server.port, "--user", user, *where)
            self.assertIn(name + ": 2 new messages, ", self.ok(*options).out.decode())
            drop.add(mail.sized(20000))
            result = self.world.run(*options, "--max-size", "10k")
            self.assertIn("mailhaul: %s: warning: " % name, result.err)
            self.assertIn("--max-size 0 --server pop3://127.0.0.1:%d --user %s fetches it" % (server.port, user), result.err)

    def test_hints_to_such_an_account_name_options(self):
        options = ("--server", "pop3://127.0.0.1:%d" % self.server.port, "--user", "anna", "--deliver", "maildir:~/Mail")
        for more in ((), ("--json",), ("-q",)):
            result = self.world.run(*options, "--password-command", "echo secret", *more)
            self.assertStatus(result, 69)
            told = result.out.decode() if more == ("--json",) else result.err
            self.assertSays(told, "write pop3s:// in --server, or --tls none if you really want plain text")
        self.assertSays(self.world.run("doctor", *options[:4]).out.decode(), "or --tls none if")
        self.assertSays(self.world.run(*options).err, "give --password-command, --password-file, ")
        self.world.configure({"home": self.account(self.server, tls="required")})
        self.assertSays(self.world.run().err, 'write pop3s:// in "server", or "tls": "none" if')

    def test_an_unknown_option_names_the_nearest(self):
        for words, option, near in ((("--sever", "pop3://h"), "--sever", "--server"),
                                    (("fetch", "-all"), "-l in -all", "--all"),
                                    (("check", "--quit"), "--quit", "--quiet"),
                                    (("--no-netr",), "--no-netr", "--no-netrc")):
            with self.subTest(words):
                self.refused(*words, says=("unknown option %s; did you mean %s?" % (option, near),),
                             hints=("--help lists the options",))
        self.refused("check", "-x", says=("unknown option -x\n",), hints=("mailhaul check --help",))
        for words in (("---",), ("list", "--=x"), ("-q-",)):
            self.refused(*words, says=("unknown option -",), hints=("--help lists the options",))
        for command, *words in (("import", "fetchmail"), ("state move", "h", "home")):
            self.refused(*command.split(), "--foo", *words, says=("unknown option --foo",),
                         hints=("mailhaul %s --help lists the options" % command,))

    def test_a_missing_value_is_told_by_its_option(self):
        for words, option, example in ((("fetch", "--server"), "--server", "--server URL"),
                                       (("-qc",), "-c", "-c FILE"), (("check", "-j"), "-j", "-j N")):
            with self.subTest(words):
                self.refused(*words, says=(option + " needs a value",), hints=("write " + example,))

    def test_the_last_of_several_counts(self):
        other = self.elsewhere()
        self.ok("-c", "/nowhere", "--color", "never", "-j", "1", "-j", "2", "check", "-c", other, "--color", "always")

    def test_keeping_and_removing_exclude_each_other(self):
        for words in (("-kK",), ("--no-keep", "--keep")):
            self.refused(*words, says=("-k and -K are mutually exclusive",))

    def test_a_switch_takes_no_value(self):
        for word in ("--netrc=foo", "--leave-on-server=x", "--no-fetch-all=1", "--enabled=x"):
            with self.subTest(word):
                self.refused(word, says=(word.partition("=")[0], "no value"), hints=("--no-",))

    def test_what_belongs_into_the_file_says_so(self):
        for words in (("--password", "geheim"), ("--password=geheim",), ("--oauth", "x"), ("--enabled",),
                      ("--no-enabled",)):
            with self.subTest(words):
                option = words[0].partition("=")[0]
                result = self.refused("fetch", *words, says=(option + " cannot be given on the command line",),
                                      hints=(("configuration file", "--password-command"),))
                self.assertNotIn("geheim", result.err)
        self.assertNotIn("--password TEXT", self.ok("fetch", "--help").out.decode())


class Words(Line):
    def test_an_unknown_subcommand(self):
        self.refused("state", "foo", says=("state has no command 'foo'\n",), hints=("show, mark-seen, mark-delivered, forget",))
        self.refused("config", "chekc", says=("config has no command 'chekc'; did you mean 'check'?",))
        self.refused("config", "nonsense", "home", says=("'nonsense'", "config"), hints=("check, show, schema",))
        self.refused("state", says=("state",), hints=("show, mark-seen, mark-delivered, forget",))
        self.refused("state", "-q", says=("state",), hints=("show, mark-seen, mark-delivered, forget",))
        self.assertSays(self.ok("state", "--help").out.decode(), "mark-seen")

    def test_a_word_that_was_meant_as_a_command(self):
        for word, near in (("fetsh", "fetch"), ("ftech", "fetch"), ("hmoe", "home")):
            self.refused(word, says=("'%s' is neither a command nor an account; did you mean '%s'?" % (word, near),),
                         hints=("accounts: home", "mailhaul --help"))
        self.refused("chek", "home", says=("'chek'", "did you mean 'check'?"))
        self.refused("zzz", says=("'zzz' is neither a command nor an account\n",))
        self.assertNotIn("command", self.refused("fetch", "fetsh", says=("fetsh",), hints=("home",)).err)

    def test_without_a_profile_too_a_mistyped_command_is_told_as_one(self):
        self.world.config.unlink()
        for word, near in (("ftech", "fetch"), ("lst", "list"), ("hlep", "help")):
            self.refused(word, "home", says=("'%s' is not a command; did you mean '%s'?" % (word, near),),
                         hints=("mailhaul --help",))
        self.assertStatus(self.world.run(), 78)
        self.assertStatus(self.world.run("fetch", "home"), 78)

    def test_beside_a_file_that_is_missing_a_mistyped_command_is_told_too(self):
        result = self.world.run("-c", "/nonexistent", "fech")
        self.assertStatus(result, 66)
        self.assertHint(result, "/nonexistent", "'fech' is not a command: did you mean 'fetch'?")
        self.assertNotIn("command", self.world.run("-c", "/nonexistent", "fetch", "home").err)

    def test_help_and_version_are_commands(self):
        self.world.config.unlink()
        self.assertEqual(self.ok("help").out, self.ok("--help").out)
        for words in (("fetch",), ("state",), ("state", "show")):
            self.assertEqual(self.ok("help", *words).out, self.ok(*words, "--help").out)
        self.assertEqual(self.ok("version").out, self.ok("--version").out)
        self.refused("help", "ftech", says=("'ftech' is not a command; did you mean 'fetch'?",))

    def test_a_mistyped_command_has_no_help(self):
        for words in (("lst", "--help"), ("-h", "lst")):  # an account may have this name
            self.assertEqual(self.ok(*words).out, self.ok("fetch", "--help").out)
        self.assertEqual(self.ok("-V", "lst").out, self.ok("--version").out)
        for words in (("help", "state", "shwo"), ("state", "shwo", "--help"), ("state", "shwo", "home", "-h")):
            self.refused(*words, says=("state has no command 'shwo'; did you mean 'show'?",), hints=("show, mark-seen",))
        self.assertEqual(self.ok("home", "--help").out, self.ok("fetch", "--help").out)
        self.assertEqual(self.ok("help", "fetch", "home").out, self.ok("fetch", "--help").out)

    def test_options_of_other_programs_lead_to_ours(self):
        for option, near in (("--username", "--user"), ("--host", "--server"), ("--fetchall", "--fetch-all"),
                             ("--max-message-size", "--max-size")):
            self.refused("fetch", option, "x", says=("unknown option %s; did you mean %s?" % (option, near),))
        self.refused("state", "show", "--username", "x", says=("unknown option --username\n",))
        self.refused("list", "--username", "x", says=("unknown option --username; did you mean --user?\n",))

    def test_help_names_what_is_done_without_a_command(self):
        self.assertSays(self.ok("--help").out.decode(), "mailhaul fetch --help")

    def test_a_word_too_many_is_named(self):
        for words, command in ((("list", "home", "other"), "list"), (("config", "check", "other"), "config check")):
            self.refused(*words, says=("%s: unexpected word 'other'" % command,), hints=("%s --help" % command,))


    def test_the_only_account_need_not_be_named(self):
        message = mail.local(self.drop.messages[0].wire)
        self.assertEqual(self.ok("list").out, self.ok("list", "home").out)
        self.assertEqual(self.ok("get", "uid-000001").out, message)
        self.assertEqual(self.ok("get", "home", "uid-000001").out, message)
        self.ok("state", "mark-seen", "uid-000001")
        self.ok("state", "forget", "uid-000001")
        self.ok("state", "mark-seen", "--all")
        self.assertEqual(self.ok().out, b"")
        self.refused("get", says=("no UID is given",), hints=("mailhaul list home",))
        for command in ("mark-seen", "mark-delivered", "forget"):
            self.refused("state", command, says=("no UID is given",), hints=("mailhaul list home", "--all"))
        self.refused("get", "hoem", "uid-000001", says=("no account 'hoem'; did you mean 'home'?",))
        self.refused("list", "uid-000001", says=("no account 'uid-000001'",))

    def test_one_of_several_accounts_must_be_named(self):
        account = self.account(self.server)
        self.world.configure({"home": account, "off": {**account, "user": "bert", "enabled": False}})
        self.assertEqual(self.ok("state", "show", "off", "home").out.split(b"\n")[:2],
                         [b"off: 0 messages recorded", b"home: 0 messages recorded"])
        self.refused("state", "show", "home", "of", says=("no account 'of'; did you mean 'off'?",))
        for words in (("list",), ("get",), ("state", "mark-seen", "--all"), ("state", "forget", "--all")):
            self.refused(*words, says=("no account is named",), hints=("home, off",))
        self.refused("get", "uid-000001", says=("no account 'uid-000001'",))


class Uids(Line):
    def test_brackets_are_part_of_a_uid(self):
        self.drop.messages[0].uid = b"[a,b]"
        message = mail.local(self.drop.messages[0].wire)
        self.assertEqual(self.ok("get", "home", "[a,b]").out, message)
        self.assertEqual(self.ok("get", "home", "--", "[a,b]").out, message)

    def test_two_dashes_may_stand_anywhere_before_the_uid(self):
        self.drop.messages[0].uid = b"-dash"
        message = mail.local(self.drop.messages[0].wire)
        for words in (("get", "--", "home", "-dash"), ("get", "home", "--", "-dash"),
                      ("get", "-q", "--", "home", "-dash")):
            with self.subTest(words):
                self.assertEqual(self.ok(*words).out, message)
        self.ok("state", "mark-seen", "--", "home", "-dash")
        self.assertSays(self.ok("state", "show").out.decode(), "-dash", "seen")
        self.ok("state", "forget", "home", "--", "-dash")

    def test_without_two_dashes_the_hint_names_them(self):
        for words in (("get", "home", "-dash"), ("state", "mark-seen", "home", "-dash")):
            self.refused(*words, says=("-dash",), hints=("--", "-UID"))

    def test_one_uid_of_two_messages_means_both(self):
        for message in self.drop.messages:
            message.uid = b"dup"
        wires = self.drop.wires()
        out = self.ok("get", "home", "dup").out
        self.assertSameMail([text for _, text in mail.entries(out)], wires)
        self.ok("state", "mark-seen", "home", "dup")
        self.ok()
        self.assertEqual(self.world.maildir(), [])
        self.assertEqual(len(self.drop.uids()), 2)


class Places(Line):
    def test_a_place_may_be_an_object_as_in_the_file(self):
        self.ok("-k", "--deliver", json.dumps({"kind": "mbox", "path": "~/box", "lock": "fcntl"}))
        self.assertEqual(len(self.world.mbox("box")), 2)

    def test_deliver_takes_an_array_and_may_be_repeated(self):
        self.ok("-k", "--deliver", '["maildir:~/A", {"kind": "maildir", "path": "~/B"}]', "--deliver", "maildir:~/C")
        self.assertEqual([len(self.world.maildir(name)) for name in "ABC"], [2, 2, 2])

    def test_mistakes_in_it_are_of_usage(self):
        for text, *words in (('{"kind": "mbox", "path": "~/box", "lok": "fcntl"}', "lok", "lock"),
                             ('{"kind": "mbox"', "--deliver", "}"), ('{"kind": "pigeon"}', "kind: must be maildir")):
            with self.subTest(text):
                self.refused("--deliver", text, says=words)

    def test_show_and_schema_in_json_are_one_line(self):
        for words in (("config", "show"), ("config", "schema")):
            line, = self.json_lines(self.ok(*words, "--json"))
            self.assertEqual(line, json.loads(self.ok(*words).out))


if __name__ == "__main__":
    unittest.main()
