# SPDX-License-Identifier: MIT
"""Tests the bundled demo server with Python's poplib and with raw commands. $DEMO_SERVER names the program."""
import hashlib
import os
import pathlib
import poplib
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest

from support.py.world import LIMIT

DEMO_SERVER = os.environ.get("DEMO_SERVER", "mailhaul-demo-server")


def on_the_wire(text):
    """What RETR must return after removing stuffed dots: CRLF everywhere, also at the end."""
    lines = [line.removesuffix(b"\r") for line in text.split(b"\n")]
    if lines[-1] == b"":
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


class Raw:
    """A connection that returns the raw bytes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT)
        self.file = self.socket.makefile("rb")
        self.greeting = self.file.readline()

    def ask(self, command):
        self.socket.sendall(command + b"\r\n")
        return self.file.readline().removesuffix(b"\r\n")

    def body(self):
        lines = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def close(self):
        self.file.close()
        self.socket.close()


class DemoServer(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="mailhaul-demo-")))

    def serve(self, *options):
        server = subprocess.Popen([DEMO_SERVER, "--exit-with-parent", *map(str, options)], stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        match = re.fullmatch(rb"listening on 127\.0\.0\.1:(\d+)\n", server.stdout.readline())
        self.server, self.port = server, int(match[1])
        return self.port

    def raw(self):
        connection = Raw(self.port)
        self.addCleanup(connection.close)
        return connection

    def logged_in(self, name=b"demo"):
        connection = self.raw()
        connection.ask(b"USER " + name)
        self.assertTrue(connection.ask(b"PASS demo").startswith(b"+OK"))
        return connection

    def folder_of(self, **messages):
        folder = self.folder / "mailbox"
        folder.mkdir()
        for name, text in messages.items():
            (folder / name).write_bytes(text)
        return folder

    def test_every_sample_message_arrives_byte_for_byte(self):
        self.serve("--dump", self.folder / "dump")
        connection = self.logged_in()
        connection.ask(b"UIDL")
        uids = dict(line.split(b" ") for line in connection.body().splitlines())
        connection.ask(b"LIST")
        sizes = dict(line.split(b" ") for line in connection.body().splitlines())
        self.assertEqual(len(uids), 14)
        self.assertEqual(sorted(os.listdir(self.folder / "dump")), sorted(uid.decode() for uid in uids.values()))
        for number, uid in uids.items():
            self.assertTrue(connection.ask(b"RETR " + number).startswith(b"+OK"))
            got = connection.body()
            got = (got[1:] if got.startswith(b".") else got).replace(b"\r\n.", b"\r\n")
            self.assertEqual(got, on_the_wire((self.folder / "dump" / uid.decode()).read_bytes()), uid)
            self.assertEqual(len(got), int(sizes[number]), uid)

    def test_the_sample_mailbox_has_the_awkward_shapes(self):
        self.serve("--dump", self.folder)
        text = {name: (self.folder / name).read_bytes() for name in os.listdir(self.folder)}
        self.assertIn(b"\n.\n", text["06-dots"])
        self.assertIn(b"\nFrom ", text["07-from-lines"])
        self.assertGreater(max(map(len, text["08-long-line"].split(b"\r\n"))), 200_000)
        self.assertNotIn(b"\n\n", text["09-header-only"])
        self.assertTrue(text["10-empty-body"].endswith(b"\n\n"))
        self.assertGreater(len(text["12-large"]), 25_000_000)
        self.assertFalse(text["14-no-line-end"].endswith(b"\n"))
        with self.assertRaises(UnicodeDecodeError):
            text["05-latin-1"].decode()
        self.assertFalse(text["04-utf-8"].decode().isascii())

    def test_generated_messages_have_the_size_asked_for_and_are_the_same_again(self):
        dumps = []
        for run in ("one", "two"):
            self.serve("--mailbox", "gen:200:900:1100:5", "--dump", self.folder / run)
            dumps.append({name: (self.folder / run / name).read_bytes() for name in os.listdir(self.folder / run)})
        self.assertEqual(dumps[0], dumps[1])
        self.assertEqual(len(dumps[0]), 200)
        self.assertTrue(all(900 <= len(text) <= 1100 for text in dumps[0].values()))
        self.assertGreater(len({len(text) for text in dumps[0].values()}), 50)

    def test_poplib_understands_it(self):
        self.serve("--mailbox", self.folder_of(a=b"Subject: one\n\nbody\n.\n", b=b"Subject: two\n\n"))
        client = poplib.POP3("127.0.0.1", self.port)
        self.assertEqual(set(client.capa()), {"TOP", "UIDL", "USER", "SASL", "RESP-CODES", "AUTH-RESP-CODE",
                                              "PIPELINING", "IMPLEMENTATION"})
        client.user("demo")
        client.pass_("demo")
        self.assertEqual(client.stat(), (2, 25 + 16))
        self.assertEqual(client.list()[1], [b"1 25", b"2 16"])
        self.assertEqual(client.uidl()[1], [b"1 a", b"2 b"])
        self.assertEqual(client.retr(1)[1], [b"Subject: one", b"", b"body", b"."])
        self.assertEqual(client.top(1, 1)[1], [b"Subject: one", b"", b"body"])
        self.assertEqual(client.top(1, 0)[1], [b"Subject: one", b""])
        client.quit()

    def test_dele_counts_at_quit_only(self):
        self.serve("--mailbox", "gen:3:500:500")
        connection = self.logged_in()
        self.assertEqual(connection.ask(b"DELE 2"), b"+OK marked")
        self.assertEqual(connection.ask(b"STAT"), b"+OK 2 1000")
        self.assertTrue(connection.ask(b"RETR 2").startswith(b"-ERR"))
        self.assertTrue(connection.ask(b"DELE 2").startswith(b"-ERR"))
        connection.close()
        connection = self.logged_in()
        self.assertEqual(connection.ask(b"STAT"), b"+OK 3 1500")
        connection.ask(b"DELE 1")
        connection.ask(b"RSET")
        connection.ask(b"DELE 3")
        self.assertTrue(connection.ask(b"QUIT").startswith(b"+OK"))
        self.assertEqual(connection.file.read(), b"")
        connection = self.logged_in()
        self.assertTrue(connection.ask(b"UIDL").startswith(b"+OK 2 "))
        self.assertEqual(connection.body(), b"1 gen-1-1\r\n2 gen-1-2\r\n")

    def test_what_was_removed_is_back_after_a_signal(self):
        self.serve("--mailbox", "gen:5:500:600")
        connection = self.logged_in()
        connection.ask(b"DELE 2")
        connection.ask(b"DELE 3")
        connection.ask(b"QUIT")
        self.server.send_signal(signal.SIGUSR1)
        self.assertEqual(self.server.stdout.readline(), b"3 were left, all are back\n")
        connection = self.logged_in()
        self.assertTrue(connection.ask(b"STAT").startswith(b"+OK 5 "))
        self.assertTrue(connection.ask(b"UIDL 2").endswith(b"gen-1-2"))

    def test_digests_are_those_of_the_dump_with_lf_line_ends(self):
        self.serve("--user", "anna=gen:3:500:900", "--user", "bert=demo", "--dump", self.folder / "dump", "--digests",
                   self.folder / "digests")
        lines = (self.folder / "digests").read_text().splitlines()
        self.assertEqual(len(lines), 3 + 14)
        for line in lines:
            user, uid, digest = line.split()
            text = on_the_wire((self.folder / "dump" / user / uid).read_bytes()).replace(b"\r\n", b"\n")
            self.assertEqual(hashlib.sha256(text).hexdigest(), digest, uid)

    def test_it_listens_where_it_is_told(self):
        server = subprocess.Popen([DEMO_SERVER, "--exit-with-parent", "--address", "127.0.0.2"], stdout=subprocess.PIPE)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        port = int(re.fullmatch(rb"listening on 127\.0\.0\.2:(\d+)\n", server.stdout.readline())[1])
        with socket.create_connection(("127.0.0.2", port), timeout=LIMIT) as connection:
            self.assertEqual(connection.recv(3), b"+OK")

    def test_a_maildrop_has_one_session_at_a_time(self):
        self.serve("--lock-timeout", 0, "--user", "anna=gen:1:500:500", "--user", "bert=gen:2:500:500")
        self.logged_in(b"anna")
        self.logged_in(b"bert")
        second = self.raw()
        second.ask(b"USER anna")
        self.assertTrue(second.ask(b"PASS demo").startswith(b"-ERR [IN-USE]"))

    def test_a_login_waits_for_the_session_before_it(self):
        self.serve("--mailbox", "gen:1:500:500")
        first, second = self.logged_in(), self.raw()
        second.ask(b"USER demo")
        second.socket.sendall(b"PASS demo\r\n")
        first.close()
        self.assertTrue(second.file.readline().startswith(b"+OK"))

    def test_what_is_wrong_is_refused(self):
        self.serve("--mailbox", "gen:2:500:500")
        connection = self.raw()
        for command in (b"STAT", b"RETR 1", b"XYZZY", b"", b"PASS demo", b"USER", b"AUTH", b"AUTH CRAM-MD5",
                        b"AUTH PLAIN !!!!", b"AUTH PLAIN ZGVtbw==", b"STLS", b"AUTH PLAIN AGRlbW8Ad3Jvbmc="):
            self.assertTrue(connection.ask(command).startswith(b"-ERR"), command)
        connection.ask(b"USER demo")
        self.assertTrue(connection.ask(b"PASS wrong").startswith(b"-ERR [AUTH]"))
        connection = self.logged_in()
        for command in (b"RETR", b"RETR 0", b"RETR 3", b"RETR -1", b"RETR 1 2", b"LIST 3", b"UIDL x", b"TOP 1",
                        b"TOP 1 -1", b"TOP 3 0", b"DELE 99999999999999999999", b"USER demo", b"AUTH PLAIN"):
            self.assertTrue(connection.ask(command).startswith(b"-ERR"), command)
        self.assertEqual(connection.ask(b"noop"), b"+OK still here")

    def test_auth_plain_with_and_without_initial_response(self):
        self.serve("--mailbox", "gen:1:500:500")
        connection = self.raw()
        self.assertEqual(connection.ask(b"AUTH PLAIN"), b"+ ")
        self.assertTrue(connection.ask(b"AGRlbW8AZGVtbw==").startswith(b"+OK"))
        connection.close()
        self.assertTrue(self.raw().ask(b"AUTH PLAIN AGRlbW8AZGVtbw==").startswith(b"+OK"))

    def test_switched_off_is_not_announced(self):
        self.serve("--no-pipelining", "--no-uidl", "--no-top", "--mailbox", "gen:1:500:500")
        connection = self.logged_in()
        connection.ask(b"CAPA")
        announced = connection.body().split(b"\r\n")
        for capability in (b"PIPELINING", b"UIDL", b"TOP"):
            self.assertNotIn(capability, announced)
        self.assertTrue(connection.ask(b"UIDL").startswith(b"-ERR"))
        self.assertTrue(connection.ask(b"TOP 1 0").startswith(b"-ERR"))

    def test_tls_from_the_first_byte_and_by_stls(self):
        trusted = self.folder / "ca.pem"
        for mode in ("implicit", "starttls"):
            self.serve("--tls", mode, "--ca-out", trusted, "--mailbox", "gen:2:70000:70000")
            context = ssl.create_default_context(cafile=trusted)
            if mode == "implicit":
                client = poplib.POP3_SSL("127.0.0.1", self.port, context=context)
            else:
                client = poplib.POP3("127.0.0.1", self.port)
                self.assertIn("STLS", client.capa())
                client.stls(context=context)
                self.assertNotIn("STLS", client.capa())
            client.user("demo")
            client.pass_("demo")
            self.assertEqual(sum(len(line) + 2 for line in client.retr(2)[1]), 70000)
            client.quit()

    def test_what_came_in_clear_behind_stls_is_dropped(self):
        self.serve("--tls", "starttls")
        connection = self.raw()
        connection.socket.sendall(b"STLS\r\nUSER demo\r\nCAPA\r\n")
        self.assertTrue(connection.file.readline().startswith(b"+OK"))
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(connection.socket) as secure:
            secure.sendall(b"PASS demo\r\n")
            self.assertTrue(secure.recv(100).startswith(b"-ERR USER first"))

    def test_pipelined_commands_are_answered_in_order(self):
        self.serve("--mailbox", "gen:200:300:200k")
        connection = self.logged_in()
        connection.socket.sendall(b"".join(b"LIST %d\r\nRETR %d\r\n" % (n, n) for n in range(1, 201)) + b"QUIT\r\n")
        for number in range(1, 201):
            _, listed, size = connection.file.readline().split()
            self.assertEqual(int(listed), number)
            self.assertEqual(connection.file.readline(), b"+OK %s octets\r\n" % size)
            self.assertIn(b"Subject: Generated message 1.%d\r\n" % number, connection.body())
        self.assertTrue(connection.file.readline().startswith(b"+OK"))

    def test_it_ends_on_sigterm_with_sessions_open(self):
        self.serve("--mailbox", "gen:2000:3000:3000", "--port-file", self.folder / "port")
        self.assertEqual((self.folder / "port").read_text(), f"{self.port}\n")
        idle, busy = self.logged_in(), self.raw()
        busy.socket.sendall(b"CAPA\r\n" * 100_000)  # nobody reads the answers
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(timeout=LIMIT), 0)
        self.assertEqual(idle.file.read(), b"")

    def test_bad_options_are_named(self):
        for options in (["--mailbox", "/nowhere"], ["--mailbox", "gen:1:2"], ["--tls", "maybe"], ["--port", "x"],
                        ["--lock-timeout", "x"], ["--bogus"], ["--cert", "x"], ["--mailbox"]):
            done = subprocess.run([DEMO_SERVER, *options], capture_output=True, timeout=LIMIT)
            self.assertEqual(done.returncode, 1, options)
            self.assertIn(b"mailhaul-demo-server: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
