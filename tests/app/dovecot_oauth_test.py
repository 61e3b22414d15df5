# SPDX-License-Identifier: MIT
"""OAuth 2 tokens at a real Dovecot, which asks a page of ours about each token (RFC 7662)."""
import http.server
import json
import tempfile
import threading
import unittest
import urllib.parse

from support.py import mail
from support.py import dovecot as dovecots
from support.py.certificates import Certificates
from support.py.world import Case

TOKEN = "ya29." + "x" * 1500


class Introspection(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        good = form.get("token") == [TOKEN]
        body = json.dumps({"active": good, "username": "anna"} if good else {"active": False}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@unittest.skipIf(dovecots.program() is None or dovecots.is_modern(), "this needs Dovecot 2.3")
class Tokens(Case):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="mailhaul-certificates-")
        cls.addClassCleanup(folder.cleanup)
        page = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Introspection)
        threading.Thread(target=page.serve_forever, daemon=True).start()
        cls.addClassCleanup(page.server_close)
        cls.addClassCleanup(page.shutdown)
        cls.certificates = Certificates(folder.name)
        cls.dovecot = dovecots.Dovecot(*cls.certificates.good,
                                       introspection="http://127.0.0.1:%d/introspect" % page.server_port)
        cls.addClassCleanup(cls.dovecot.stop)
        cls.dovecot.add_user("anna")

    def configure(self, token, **keys):
        self.world.env["TOKEN"] = token
        account = self.account(1, server="pop3s://localhost:%d" % self.dovecot.tls, tls="required",
                               tls_ca_file=str(self.certificates.ca), password_env="TOKEN", **keys)
        del account["password"]
        self.world.configure({"home": account})

    def test_both_mechanisms(self):
        for auth in ("xoauth2", "oauthbearer"):
            with self.subTest(auth):
                self.begin_anew()
                messages = mail.small(3)
                self.dovecot.deliver("anna", messages)
                self.configure(TOKEN, auth=auth)
                result = self.world.run("-vv")
                self.assertStatus(result, 0)
                self.assertIn("AUTH " + auth.upper(), result.err)
                self.assertEqual(len(self.world.maildir()), 3)
                self.assertNotIn(TOKEN, result.err)

    def test_a_token_that_is_not_good(self):
        for auth in ("xoauth2", "oauthbearer"):
            with self.subTest(auth):
                self.begin_anew()
                self.configure("ya29.worn-out", auth=auth)
                result = self.world.run("-vv")
                self.assertStatus(result, 77)
                self.assertSays(result.err, "refused the token of anna", ("invalid_token", "401"))
                self.assertNotIn("worn-out", result.err)
