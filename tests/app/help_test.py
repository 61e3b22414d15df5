# SPDX-License-Identifier: MIT
"""The help, which a person reads in a window of 80 columns; and a configuration on standard input."""
import json
import re
import socket
import subprocess
import unittest

from support.py import mail
from support.py.world import MAILHAUL, Case


class Help(Case):
    def help(self, *words):
        result = self.world.run(*words, "--help")
        self.assertStatus(result, 0)
        self.assertEqual(result.err, "")
        return result.out.decode()

    def commands(self, *above):
        """The words of each command, also of those with two words."""
        listed = re.search(r"^Commands:\n(.*?)\n\n", self.help(*above), re.M | re.S)
        for name in re.findall(r"^  ([a-z][\w-]*)", listed[1], re.M) if listed else []:
            if name != "help":  # which prints the help of the program
                yield (*above, name)
                yield from self.commands(*above, name)

    def test_no_line_is_wider_than_80_columns(self):
        texts = {(): self.help(), **{words: self.help(*words) for words in self.commands()}}
        self.assertLess({("fetch",), ("state", "mark-seen"), ("config", "schema"), ("version",)}, set(texts))
        for words, text in texts.items():
            with self.subTest(words):
                self.assertLessEqual(max(map(len, text.splitlines())), 80)
                self.assertTrue(text.startswith("Usage: mailhaul " + " ".join(words)), text)
                self.assertRegex(text, r"\nManual: man mailhaul(-%s)?\n$" % (words[0] if words else "never"))
                self.assertNotRegex(text, r"\{false\}|REQUIRED|Positionals|SUBCOMMAND")

    def test_options_are_grouped_and_have_their_defaults(self):
        text = self.help("fetch")
        headings = [heading for heading in re.findall(r"^([A-Z]\w+):$", text, re.M) if heading != "Examples"]
        self.assertEqual(headings, ["Arguments", "Options", "Server", "TLS", "Login", "Messages", "Delivery"])
        self.assertRegex(text, r"--timeout TIME +the longest silence of the server after the login\s+\(default: 3m\)")
        self.assertRegex(text, r"--\[no-\]trace-header [^-]*\(default: yes\)")
        self.assertNotIn("default: required)\n  --user", text)

    def test_it_has_an_example_and_names_the_options_of_every_command(self):
        for words in self.commands():
            if words in (("state",), ("config",)):  # these only have subcommands
                continue
            with self.subTest(words):
                options, _, example = self.help(*words).partition("\nExample")
                self.assertSays(options, "Options of every command", "--config FILE", "--json")
                self.assertSays(example, "mailhaul " + " ".join(words))
        self.assertNotIn("Options of every command", self.help())


class StandardInput(Case):
    def run_with(self, text, *words):
        file = self.world.path("input")
        file.write_text(text)
        with open(file, "rb") as stdin:
            return self.world.ended(self.world.start("-c", "-", *words, stdin=stdin))

    def text_for(self, server, **keys):
        return json.dumps({"accounts": {"home": self.account(server, **keys)}})

    def test_a_configuration_with_a_password_is_read_from_standard_input(self):
        drop, server = self.maildrop(*mail.small(2))
        wires = drop.wires()
        self.assertStatus(self.run_with(self.text_for(server)), 0)
        self.assertSameMail(self.world.maildir(), wires)

    def test_a_pipe_will_do(self):
        drop, server = self.maildrop(*mail.small(2))
        process = self.world.start("-c", "-", "check", stdin=subprocess.PIPE)
        out, err = process.communicate(self.text_for(server).encode())
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertSays(out.decode(), "home: 2 new")

    def test_a_mistake_is_found_in_it(self):
        result = self.run_with("{", "check")
        self.assertStatus(result, 78)
        self.assertSays(result.err, "standard input:1:2: ")

    def test_it_cannot_be_written_to(self):
        self.world.path(".fetchmailrc").write_text("poll pop.example.org proto pop3 user anna ssl\n")
        self.world.path(".fetchmailrc").chmod(0o600)
        result = self.run_with("{}", "import", "fetchmail")
        self.assertStatus(result, 64)
        self.assertSays(result.err, "standard input cannot be written")


class Readers(Case):
    def test_a_reader_that_is_gone_is_no_error_even_at_a_socket(self):
        ours, theirs = socket.socketpair()
        ours.close()
        with theirs:
            result = subprocess.run([MAILHAUL, "config", "schema"], stdout=theirs, stderr=subprocess.PIPE, env=self.world.env, check=False)
        self.assertEqual((result.returncode, result.stderr), (0, b""))


if __name__ == "__main__":
    unittest.main()
