# SPDX-License-Identifier: MIT
"""Failures of network, TLS, login and disk: the text, the hint and the status of each."""
import base64
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import unittest

from support.py import mail, mounts
from support.py.certificates import of_module as certificates_of_module
from support.py.maildrop import Maildrop
from support.py.scripted import script, server_context
from support.py.world import Case


def setUpModule():
    global certificates
    certificates = certificates_of_module()


class Erring(Case):
    def fails(self, status, *words, hint=False, **keys):
        """Asserts that a run fails with this account (`at` is its server, unless the keys have a URL)."""
        server = keys.pop("at", 1)
        self.world.configure({"home": self.account(server, **keys)})
        result = self.world.run()
        self.assertStatus(result, status)
        self.assertSays(result.err, "home", *words)
        self.assertEqual(result.out, b"")
        if hint:
            self.assertIn("hint:", result.err)
        return result

    def times_out(self, *words, key="connect_timeout", **keys):
        """Asserts that a run fails after a time-out. `key` sets that time-out, and TIME in the words is its value."""
        return self.with_time_out(lambda seconds: self.fails(
            75, *(word.replace("TIME", "%ds" % seconds) for word in words), **{key: "%ds" % seconds}, **keys))


class Network(Erring):
    def test_an_unknown_host(self):
        host = "mail.unknown.invalid"
        try:
            socket.getaddrinfo(host, 110)
        except socket.gaierror as error:
            status = 75 if error.errno == socket.EAI_AGAIN else 68
        self.fails(status, host, hint=status == 68, server="pop3://" + host)

    def test_a_refused_connection(self):
        self.fails(75, "127.0.0.1", "refused", at=self.closed_port())

    def test_a_server_that_says_nothing(self):
        server = self.serve(lambda connection: connection.wait_until_gone())
        self.times_out("127.0.0.1", "sent no greeting within TIME", hint=True, at=server)

    def test_a_server_that_falls_silent_in_the_middle(self):
        drop, server = self.maildrop(*mail.small(3))
        drop.answers[b"RETR"] = lambda session, argument: session.connection.wait_until_gone() or b""
        self.times_out("nothing came for TIME (answer to RETR", key="timeout", at=server)
        self.assertEqual(len(drop.uids()), 3)

    def test_a_server_that_speaks_something_else(self):
        for greeting in (b"220 mail.example.org ESMTP\r\n", b"* OK IMAP4rev1 ready\r\n", b"SSH-2.0-OpenSSH_9.2\r\n",
                         b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\r\n"):
            with self.subTest(greeting):
                server = self.serve(script(greeting))
                self.fails(76, "127.0.0.1", "does not speak POP3", greeting.split(b"\r\n")[0].decode(),
                           "pop3s:// uses 995", hint=True, at=server, connect_timeout="1h")

    def test_a_server_that_hangs_up_at_once(self):
        server = self.serve(lambda connection: None)
        self.fails(75, "closed the connection before its greeting", "pop3s:// uses 995", hint=True, at=server)

    def test_a_server_that_answers_the_login_with_something_else(self):
        server = self.serve(script(b"+OK\r\n", ("expect", b"CAPA"), b"+OK\r\nUSER\r\n.\r\n", ("expect", b"USER"),
                                   b"well, well secret\r\n"))
        result = self.fails(76, "neither +OK nor -ERR: well, well", hint=True, at=server, auth="user")
        self.assertNotIn("secret", result.err)

    def test_a_login_that_does_not_end(self):
        server = self.serve(script(b"+OK\r\n"))
        for auth in ("auto", "user"):
            self.times_out("did not finish the login within TIME", "connect_timeout", hint=True, at=server, auth=auth)

    def test_a_message_that_the_server_does_not_hand_over(self):
        drop, server = self.maildrop(*mail.small(1))
        drop.answers[b"RETR"] = lambda session, argument: b"-ERR it is broken\r\n"
        self.fails(75, "it is broken", "the next runs ask for it again", hint=True, at=server)

    def test_get_and_delete_of_a_message_that_the_server_does_not_hand_over(self):
        drop, server = self.maildrop(*mail.small(1))
        drop.answers[b"RETR"] = drop.answers[b"TOP"] = lambda session, argument: b"-ERR it is broken\r\n"
        self.world.configure({"home": self.account(server)})
        uid = drop.uids()[0].decode()
        for words in (("get", "home", uid), ("delete", "--yes", "--unfetched", "home", uid)):
            result = self.world.run(*words)
            self.assertStatus(result, 75)
            self.assertHint(result, "it is broken", "try again later")

    def test_stls_towards_a_port_that_speaks_tls_at_once(self):
        """Port 995 with pop3://: both sides wait for each other."""
        server = self.serve(Maildrop(), tls=server_context(*certificates.good))
        self.times_out("sent no greeting within TIME", "pop3s://", hint=True, at=server, tls="required")

    def test_tls_towards_a_port_that_speaks_plain_text(self):
        _, server = self.maildrop()
        self.fails(69, hint=True, server="pop3s://127.0.0.1:%d" % server.port, tls="required")


class Tls(Erring):
    def offered(self, which, implicit):
        context = server_context(*which)
        drop = Maildrop(mail.small(1), uids=self.uids(), tls=None if implicit else context)
        server = self.serve(drop, tls=context if implicit else None)
        return drop, "%s://127.0.0.1:%d" % ("pop3s" if implicit else "pop3", server.port), server

    def both_ways(self, which, *words, **keys):
        for implicit in (True, False):
            with self.subTest(implicit=implicit):
                drop, url, server = self.offered(which, implicit)
                self.fails(69, "certificate", *words, hint=True, server=url, tls="required", **keys)
                self.assertEqual(len(drop.uids()), 1)
                self.assertFalse([line for line in server.lines if b"anna" in line or b"secret" in line])

    def test_an_expired_certificate(self):
        self.both_ways(certificates.expired, "expired", tls_ca_file=str(certificates.ca))

    def test_a_self_signed_certificate(self):
        self.both_ways(certificates.selfsigned, ("self-signed", "self signed"))

    def test_a_certificate_for_another_host(self):
        self.both_ways(certificates.elsewhere, "127.0.0.1", tls_ca_file=str(certificates.ca))

    def test_a_certificate_of_an_unknown_authority(self):
        self.both_ways(certificates.good, ("issuer", "authority", "trusted"))

    def test_a_chain_that_is_incomplete(self):
        """The server sends the certificate of the authority as well, or does not."""
        alone, key = certificates.other_authority
        whole = self.world.path("chain.pem")
        whole.write_bytes(pathlib.Path(alone).read_bytes() + (certificates.dir / "other_ca.pem").read_bytes())
        for chain, incomplete in ((alone, True), (whole, False)):
            with self.subTest(incomplete=incomplete):
                _, url, _ = self.offered((chain, key), True)
                result = self.fails(69, "issued by CN", "its key is " + certificates.pin(certificates.other_authority),
                                    "openssl s_client", "tls_ca_file", hint=True, server=url, tls="required")
                self.assertEqual("chain is incomplete" in result.err, incomplete)

    def test_a_pin_that_does_not_fit(self):
        _, url, server = self.offered(certificates.good, True)
        self.fails(69, ("pin", "public key"), hint=True, server=url, tls="required", tls_ca_file=str(certificates.ca),
                   tls_pin=certificates.pin(certificates.expired))
        self.assertEqual(server.lines, [])

    def test_the_name_in_the_certificate_may_be_told(self):
        drop, url, _ = self.offered(certificates.elsewhere, True)
        self.world.configure({"home": self.account(1, server=url, tls="required", tls_ca_file=str(certificates.ca),
                                                   tls_server_name="mail.example.org")})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])

    def test_a_self_signed_certificate_may_be_trusted_by_name(self):
        drop, url, _ = self.offered(certificates.selfsigned, True)
        self.world.configure({"home": self.account(1, server=url, tls="required",
                                                   tls_ca_file=str(certificates.selfsigned[0]))})
        self.assertStatus(self.world.run(), 0)
        self.assertEqual(drop.uids(), [])

    @unittest.skipUnless(mounts.usable(), "neither root nor a user namespace may mount here")
    def test_an_authority_of_the_system_is_found_with_and_without_an_index_by_hash(self):
        for indexed in (True, False):
            with self.subTest(indexed=indexed):
                drop, url, _ = self.offered(certificates.good, True)
                self.world.configure({"home": self.account(1, server=url, tls="required")})
                folder = self.world.path("authorities-%s" % indexed)
                folder.mkdir()
                if indexed:
                    shutil.copy(certificates.ca, folder / "ours.pem")
                    subprocess.run(["openssl", "rehash", str(folder)], check=True)
                else:
                    shutil.copy(certificates.ca, folder / "ca-certificates.crt")
                self.assertStatus(self.world.run(), 69)
                self.world.prefix = mounts.instead(folder, "/etc/ssl/certs")
                self.assertStatus(self.world.run(), 0)
                self.world.prefix = []
                self.assertEqual(drop.uids(), [])

    def test_a_server_without_stls_never_sees_the_password(self):
        drop, server = self.maildrop(*mail.small(1))
        self.fails(69, "STLS", hint=True, at=server, tls="required")
        self.assertFalse([line for line in server.lines if b"anna" in line or b"secret" in line])
        self.assertEqual(len(drop.uids()), 1)


    def test_a_client_certificate_that_is_not_accepted(self):
        context = server_context(*certificates.good)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.ca)
        key = self.world.path("key.pem")
        key.write_bytes(pathlib.Path(certificates.selfsigned[1]).read_bytes())
        key.chmod(0o600)
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                context.maximum_version = version
                server = self.serve(Maildrop(), tls=context)
                self.fails(69, "no TLS", "alert", "tls_client_cert", "does not accept", hint=True, tls="required",
                           server="pop3s://127.0.0.1:%d" % server.port, tls_ca_file=str(certificates.ca),
                           tls_client_cert=str(certificates.selfsigned[0]), tls_client_key=str(key))


class Login(Erring):
    def test_a_wrong_password(self):
        _, server = self.maildrop(*mail.small(1))
        result = self.fails(77, "no such user, or wrong password", hint=True, at=server, password="drowssap")
        self.assertNotIn("drowssap", result.err)

    def test_ntlm_goes_out_by_libcurl_and_is_refused_once(self):
        messages = []

        def talk(connection):
            connection.send("+OK ready\r\n")
            while (line := connection.line()) is not None:
                if line == b"CAPA":
                    connection.send("+OK\r\nSASL NTLM\r\n.\r\n")
                elif line.startswith(b"AUTH NTLM"):
                    if line == b"AUTH NTLM":
                        connection.send("+ \r\n")
                    messages.append(base64.b64decode(line[10:] or connection.line()))
                    connection.send("-ERR [AUTH] wrong\r\n")
                else:
                    connection.send("-ERR what\r\n")

        server = self.serve(talk)
        self.world.configure({"home": self.account(server, auth="ntlm")})
        result = self.world.run()
        if "not in this build of libcurl" in result.err:
            self.skipTest("this libcurl has no NTLM")
        self.assertStatus(result, 77)
        self.assertHint(result, "refused the login of anna", "wrong")
        self.assertEqual([message[:12] for message in messages], [b"NTLMSSP\0\1\0\0\0"], "the first message of MS-NLMP 2.2.1.1")
        self.assertEqual(len(server.connections), 1)

    def test_after_a_refused_login_the_next_runs_wait(self):
        _, server = self.maildrop(*mail.small(1))
        self.fails(77, at=server, password="drowssap")
        asked = len(server.connections)
        self.assertStatus(self.world.run(), 75)
        self.assertEqual(len(server.connections), asked, "no second guess within five minutes")
        self.world.configure({"home": self.account(server)})
        self.assertStatus(self.world.run(), 0)  # a changed profile ends the pause

    def test_a_server_that_hangs_up_at_the_name_is_asked_once_in_a_run_and_after_two_runs_the_next_ones_wait(self):
        drop, server = self.maildrop(*mail.small(1))
        drop.answers[b"USER"] = lambda session, argument: session.connection.finish()
        for runs in (1, 2):
            self.fails(75, "closed the connection when it was given the user name anna", "an unknown user", hint=True, at=server)
            self.assertEqual(len(server.connections), runs)
        result = self.world.run()
        self.assertStatus(result, 75)
        self.assertSays(result.err, "no login at 127.0.0.1 before", ": the last 2 logins failed")
        self.assertEqual(len(server.connections), 2)
        self.assertNotIn(b"PASS secret", server.lines)

    def test_auto_tells_the_refusal_of_the_last_way_and_the_next_runs_wait(self):
        drop, server = self.maildrop(*mail.small(1))
        drop.answers[b"USER"] = lambda session, argument: b"-ERR no such user\r\n"
        self.fails(77, "no such user", at=server, auth="auto")
        asked = len(server.connections)
        self.assertEqual(asked, 1)
        self.assertStatus(self.world.run(), 75)
        self.assertEqual(len(server.connections), asked)

    def test_the_mailbox_is_in_use(self):
        drop, server = self.maildrop(*mail.small(1))
        drop.answers[b"PASS"] = lambda session, argument: b"-ERR [IN-USE] somebody else is reading\r\n"
        self.fails(75, "somebody else is reading", at=server)

    def test_response_codes_decide(self):
        for code, status in ((b"SYS/TEMP", 75), (b"SYS/PERM", 69), (b"LOGIN-DELAY", 75), (b"AUTH", 77)):
            with self.subTest(code):
                world, self.world = self.world, type(self.world)()
                self.addCleanup(world.close)
                drop, server = self.maildrop(*mail.small(1))
                drop.answers[b"PASS"] = lambda session, argument, code=code: b"-ERR [" + code + b"] the words\r\n"
                self.fails(status, "the words", at=server)
        self.world.close()

    def test_limits_are_no_wrong_password(self):
        for words in (b"Exceeded the login limit for a 15 minute period. Reduce the frequency of requests",
                      b"Request is throttled. Suggested Backoff Time: 299972 milliseconds", b"Download exceed. msg=10",
                      b"POP timeout", b"Too many connections", b"quota exceeded"):
            for verb in (b"PASS", b"LIST", b"UIDL"):
                with self.subTest(words=words, verb=verb):
                    world, self.world = self.world, type(self.world)()
                    self.addCleanup(world.close)
                    drop, server = self.maildrop(*mail.small(1))
                    drop.answers[verb] = lambda session, argument, words=words: b"-ERR " + words + b"\r\n"
                    result = self.fails(75, words.decode(), hint=True, at=server)
                    self.assertNotIn("password", result.err)
                    self.assertNotIn("mark-seen", result.err)

    def test_a_greeting_that_refuses(self):
        drop, server = self.maildrop()
        drop.greeting = b"-ERR [SYS/TEMP] come back after tea\r\n"
        self.fails(75, "come back after tea", at=server)


class Disk(Erring):
    def refused(self, status, *words, **keys):
        drop, server = self.maildrop(*mail.small(2))
        result = self.fails(status, *words, at=server, **keys)
        self.assertEqual(len(drop.uids()), 2)
        self.assertEqual(drop.removed, [])
        return result

    def test_a_maildir_below_a_file(self):
        self.world.path("file").write_text("x")
        self.refused(73, str(self.world.path("file/Mail")), deliver="maildir:~/file/Mail")

    def test_a_directory_that_is_no_maildir(self):
        self.world.path("Documents").mkdir()
        self.world.path("Documents/letter.txt").write_text("x")
        self.refused(73, "Documents", "Maildir", hint=True, deliver="maildir:~/Documents")
        self.assertEqual(os.listdir(self.world.path("Documents")), ["letter.txt"])

    def test_an_mbox_that_is_a_symbolic_link(self):
        self.world.path("target").write_bytes(b"")
        self.world.path("mbox").symlink_to("target")
        self.refused(73, "mbox", ("symbolic link", "symlink"), hint=True, deliver="mbox:~/mbox")
        self.assertEqual(self.world.path("target").read_bytes(), b"")

    def test_an_mbox_with_a_second_name(self):
        self.world.path("mbox").write_bytes(b"")
        os.link(self.world.path("mbox"), self.world.path("second"))
        self.refused(73, "mbox", ("second name", "link"), deliver="mbox:~/mbox")
        self.assertEqual(self.world.path("mbox").read_bytes(), b"")

    def test_an_mbox_that_is_no_file(self):
        self.world.path("mbox").mkdir()
        self.refused(73, "mbox", deliver="mbox:~/mbox")
        self.world.path("mbox").rmdir()
        os.mkfifo(self.world.path("mbox"))
        self.refused(73, "mbox", deliver="mbox:~/mbox")
        self.refused(73, "/dev/null", "not a regular file", hint=True, deliver="mbox:/dev/null")

    def test_an_mbox_of_another_user(self):
        box = self.world.path("mbox")
        if os.geteuid() == 0:  # root may open it, and would deliver mail there that its owner did not request
            box.write_bytes(b"")
            os.chown(box, 65534, 65534)
            self.refused(73, str(box), "belongs to another user", hint=True, deliver="mbox:~/mbox")
            self.assertEqual((box.read_bytes(), box.stat().st_uid), (b"", 65534))
        else:
            self.refused(73, "/etc/passwd", "Permission denied", deliver="mbox:/etc/passwd")
        self.assertEqual(self.world.leftovers(), [])

    @unittest.skipIf(os.geteuid(), "only root could deliver there")
    def test_a_maildir_of_another_user(self):
        box = self.world.path("Mail")
        for part in (box, *(box / name for name in ("tmp", "new", "cur"))):
            part.mkdir()
            os.chown(part, 65534, 65534)
        self.refused(73, str(box), "belongs to another user", hint=True, deliver="maildir:~/Mail")
        self.assertEqual([list((box / part).iterdir()) for part in ("tmp", "new", "cur")], [[], [], []])

    def test_a_maildir_with_a_symbolic_link_inside(self):
        for part in ("tmp", "new", "cur"):
            box, target = self.world.path("Mail-" + part), self.world.path("target-" + part)
            target.mkdir()
            for name in ("tmp", "new", "cur"):
                if name != part:
                    (box / name).mkdir(parents=True)
            (box / part).symlink_to(target)
            self.refused(73, str(box / part), deliver="maildir:~/Mail-" + part)
            self.assertEqual(os.listdir(target), [])

    def test_a_damaged_database_is_left_alone(self):
        drop, server = self.maildrop(*mail.small(2))
        self.world.state_dir.mkdir(parents=True)
        database = self.world.state_dir / "state.db"
        database.write_bytes(b"SQLite format 3\0" + b"rubbish " * 1000)
        database.chmod(0o600)
        before = database.read_bytes()
        self.fails(74, "state.db", ("mark-seen", "fetch -a"), hint=True, at=server)
        for words in (("state", "show"), ("state", "forget", "home", "--all"), ("check",)):
            result = self.world.run(*words)
            self.assertStatus(result, 74)
            self.assertHint(result, "home: error", "state.db")
        self.assertEqual(database.read_bytes(), before)
        self.assertEqual(len(drop.uids()), 2)


if __name__ == "__main__":
    unittest.main()
