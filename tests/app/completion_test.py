# SPDX-License-Identifier: MIT
"""completion: what real shells do at TAB. Each shell is Debian's; if one is missing, its tests are skipped."""
import os
import pathlib
import shutil
import subprocess
import threading
import unittest

from support.py import terminal
from support.py.world import LIMIT, MAILHAUL, Case

# What is typed before TAB, and the line afterwards.
LINES = (
    ("mailhaul chec", "mailhaul check "),
    ("mailhaul state mark-d", "mailhaul state mark-delivered "),
    ("mailhaul state show wor", "mailhaul state show work@example.org "),
    ("mailhaul fetch --max-m", "mailhaul fetch --max-messages "),
    ("mailhaul --no-lea", "mailhaul --no-leave-on-server "),
    ("mailhaul list --verb", "mailhaul list --verbose "),
    ("mailhaul --color=al", "mailhaul --color=always "),
    ("mailhaul --progress nev", "mailhaul --progress never "),
    ("mailhaul fetch --auth scram-sha-2", "mailhaul fetch --auth scram-sha-256 "),
    ("mailhaul list wo", "mailhaul list work@example.org "),
    ("mailhaul list work@ex", "mailhaul list work@example.org "),
    ("mailhaul check home wor", "mailhaul check home work@example.org "),
    ("mailhaul hom", "mailhaul home "),
    ("mailhaul -c other.json list on", "mailhaul -c other.json list only "),
    ("mailhaul --config=other.json get on", "mailhaul --config=other.json get only "),
    ("mailhaul -c oth", "mailhaul -c other.json "),
    ("mailhaul --config=oth", "mailhaul --config=other.json "),
    ("mailhaul fetch --deliver mail", "mailhaul fetch --deliver maildir:"),
    ("mailhaul fetch --deliver maildir:Pos", "mailhaul fetch --deliver maildir:Post/"),
    ("mailhaul import getm", "mailhaul import getmail "),
    ("mailhaul import getmail oth", "mailhaul import getmail other.json "),
    ("mailhaul help state forg", "mailhaul help state forget "),
    ("mailhaul completion zs", "mailhaul completion zsh "),
    ("mailhaul check --tls-ca-file oth", "mailhaul check --tls-ca-file other.json "),
    ("mailhaul get home nothing", "mailhaul get home nothing"),
)


class Completion(Case):
    def setUp(self):
        super().setUp()
        self.world.env["PATH"] = "%s:%s" % (pathlib.Path(MAILHAUL).resolve().parent, self.world.env["PATH"])
        account = self.account(1)
        self.world.configure({"home": account, "work@example.org": {**account, "user": "berta"}})
        self.world.path("other.json").write_text('{"accounts": {"only": {"server": "pop3s://h", "user": "u", "deliver": "mbox:m"}}}')
        self.world.path("other.json").chmod(0o600)
        self.world.path("Post").mkdir()

    def script(self, shell, name):
        """Puts the completion script where the shell looks for it."""
        result = self.world.run("completion", shell)
        self.assertStatus(result, 0)
        file = self.world.path(name)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(result.out)
        return file


class Words(Completion):
    def words(self, *words):
        return [line.split("\t")[0] for line in self.world.run("completion", "words", *words).out.decode().splitlines()]

    def test_commands_and_accounts_come_first(self):
        words = self.words("")
        self.assertLess({"fetch", "check", "delete", "state", "home", "work@example.org"}, set(words))
        self.assertEqual(len(words), len(set(words)))

    def test_options_are_those_of_the_command(self):
        words = self.words("list", "-")
        self.assertLess({"--last", "--server", "--json", "-q", "-h", "--help"}, set(words))
        self.assertFalse({"--keep", "--deliver", "--print"} & set(words))
        self.assertEqual(len(words), len(set(words)))

    def test_each_option_has_what_it_means(self):
        for line in self.world.run("completion", "words", "fetch", "-").out.decode().splitlines():
            self.assertRegex(line, r"^--?[a-zA-Z][a-z-]*\t\S")

    def test_options_that_are_refused_are_not_offered(self):
        self.assertNotIn("--password", self.words("fetch", "--"))
        self.assertEqual(self.words("get", "home", "--", "-"), [])

    def test_a_configuration_with_a_mistake_offers_no_account_and_says_nothing(self):
        self.world.write_config("{")
        result = self.world.run("completion", "words", "check", "")
        self.assertEqual((result.status, result.out, result.err), (0, b"", ""))

    def test_another_shell_is_refused(self):
        for words in ((), ("tcsh",)):
            result = self.world.run("completion", *words)
            self.assertStatus(result, 64)
            self.assertHint(result, "one of bash, zsh, fish")


class Installed(Completion):
    def test_each_shell_finds_its_file(self):
        prefix = self.world.root / "usr"
        tree = pathlib.Path(MAILHAUL).resolve().parent
        subprocess.run(["cmake", "--install", tree, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
        for shell, file in (("bash", "bash-completion/completions/mailhaul"), ("zsh", "zsh/site-functions/_mailhaul"),
                            ("fish", "fish/vendor_completions.d/mailhaul.fish")):
            self.assertEqual((prefix / "share" / file).read_bytes(), self.world.run("completion", shell).out)


class Interactive:
    """A shell at a terminal, where a key writes the current line into a pipe."""

    def __init__(self, case, words, setup):
        self.pipe = case.world.path("lines")
        os.mkfifo(self.pipe)
        self.master, slave = terminal.opened((24, 200))
        self.process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                                        cwd=case.world.home, env={**case.world.env, "TERM": "xterm", "LINES_TO": str(self.pipe)})
        os.close(slave)
        case.addCleanup(self.end)
        self.screen = bytearray()
        self.drain = threading.Thread(target=self.read_screen)
        self.drain.start()
        self.type(setup + "\n")

    def end(self):
        self.process.kill()
        self.process.wait()
        self.drain.join(LIMIT)
        os.close(self.master)

    def read_screen(self):
        try:
            while piece := os.read(self.master, 65536):
                self.screen += piece
        except OSError:  # the shell has ended
            pass

    def type(self, text):
        os.write(self.master, text.encode())

    def after_tab(self, text):
        self.type(text + "\t\x14")
        with open(self.pipe, encoding="utf-8") as lines:
            line = lines.read().removesuffix("\n")
        self.type("\x15")
        return line


class Shells(Completion):
    def check_lines(self, shell):
        for typed, completed in LINES:
            with self.subTest(typed):
                self.assertEqual(shell.after_tab(typed), completed, bytes(shell.screen[-2000:]))

    @unittest.skipUnless(shutil.which("bash"), "bash is not installed")
    def test_bash(self):
        file = self.script("bash", "mailhaul.bash")
        self.check_lines(Interactive(self, ["bash", "--norc", "--noprofile", "-i"],
                                     "source %s; bind -x '\"\\C-t\": printf \"%%s\\n\" \"$READLINE_LINE\" >$LINES_TO'" % file))

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh(self):
        file = self.script("zsh", "functions/_mailhaul")
        self.check_lines(Interactive(self, ["zsh", "-f", "-i"],
                                     "fpath=(%s $fpath); autoload -Uz compinit; compinit -u -D; "
                                     "show() { print -r -- \"$BUFFER\" >$LINES_TO }; zle -N show; bindkey '^T' show" % file.parent))

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish(self):
        file = self.script("fish", "mailhaul.fish")
        for typed, completed in LINES:
            with self.subTest(typed):
                result = subprocess.run(["fish", "--no-config", "-c", 'source %s; complete -C "%s"' % (file, typed)],
                                        capture_output=True, text=True, check=True, cwd=self.world.home, env=self.world.env)
                self.assertEqual(result.stderr, "")
                offered = [line.split("\t")[0] for line in result.stdout.splitlines()]
                word = completed.split()[-1]
                self.assertEqual(offered, [] if completed == typed else [word])


if __name__ == "__main__":
    unittest.main()
