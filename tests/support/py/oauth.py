# SPDX-License-Identifier: MIT
"""Tests of OAuth 2: a provider, a mailbox that takes its tokens, a terminal, a browser, and a clock that can be ahead."""
import json
import os
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request

from support.py import mail
from support.py.certificates import Certificates
from support.py.provider import Family, Provider
from support.py.terminal import AtTerminal
from support.py.world import LIMIT, Case, Result

CLOCK = os.environ.get("MAILHAUL_SHIFTED_CLOCK", "")
HTML = (200, {"Content-Type": "text/html"}, b"<html>Please log in to this hotel's network</html>")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class OAuthCase(Case):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.certificates = Certificates(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def provide(self, messages=1, oauth=None, account=None, mechanisms=b"XOAUTH2", **more):
        """A provider, a mailbox that takes its tokens, and a profile for both."""
        self.provider = Provider(self.certificates, **more)
        self.addCleanup(self.provider.stop)
        self.world.secrets = self.provider.secrets
        self.drop, server = self.maildrop(*mail.small(messages))
        self.provider.log_in_at(self.drop, mechanisms)
        profile = self.account(server, oauth=self.provider.profile(**(oauth or {})), tls_ca_file=str(self.certificates.ca),
                               **(account or {}))
        del profile["password"]
        for key in [key for key, value in profile["oauth"].items() if value is None]:
            del profile["oauth"][key]
        self.world.configure({"home": profile})
        return self.provider

    @property
    def token_file(self):
        return self.world.state_dir / "tokens/home.json"

    def kept(self):
        return json.loads(self.token_file.read_text())

    def log_in(self):
        """Stores a login that needs no person: the token was made elsewhere."""
        with self.provider.lock:
            token = self.provider.issue(Family(), 1)["refresh_token"]
        result = self.ended_with(token, "login", "--token", "-", "home")
        self.assertStatus(result, 0)
        self.provider.requests.clear()

    def ended_with(self, text, *words, **more):
        process = self.world.start(*words, stdin=subprocess.PIPE, **more)
        out, err = process.communicate(text.encode(), timeout=LIMIT)
        self.world.must_not_tell(out, err)
        return Result(process.returncode, out, err.decode())

    def later(self, seconds):
        """Sets the clocks of mailhaul and of the provider ahead by so many seconds."""
        self.provider.shift += seconds
        self.world.env["LD_PRELOAD"] = CLOCK
        self.world.env["MAILHAUL_TEST_CLOCK_SHIFT"] = str(int(self.provider.shift))

    def browse(self, url):
        """Opens the page like a browser, and returns the address to which it redirects."""
        context = ssl.create_default_context(cafile=str(self.certificates.ca))
        opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=context))
        try:
            opener.open(url)
        except urllib.error.HTTPError as redirect:
            with redirect:
                return redirect.headers["Location"]
        raise AssertionError("no redirection")

    def assertNoSecret(self, *texts):
        self.assertTrue(self.provider.secrets)
        for text in texts:
            data = text if isinstance(text, bytes) else text.encode()
            for secret in filter(None, self.provider.secrets):
                self.assertNotIn(secret.encode(), data)
