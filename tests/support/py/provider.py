# SPDX-License-Identifier: MIT
"""An OAuth 2 provider on loopback, over HTTPS: authorization code with PKCE, device code, refresh tokens that are replaced
at each use, and registration. Also the login of a POP3 server that takes its tokens.

A refresh token that was replaced is still accepted until its successor, or an access token that came with that, is used.
After that it is a stolen one: its whole family ends.
"""
import base64
import collections
import hashlib
import http.server
import json
import secrets
import ssl
import threading
import time
import urllib.parse

Grant = collections.namedtuple("Grant", "redirect challenge")


class Family:
    """All tokens that come from one login."""

    def __init__(self):
        self.alive = True
        self.generation = 0  # of the newest token that was used


class Token:
    def __init__(self, family, generation, ends=None):
        self.family, self.generation, self.ends = family, generation, ends


class Provider:
    """special: path -> a list of (status, headers, body), or of callables of the form that return one; each is used once."""

    def __init__(self, certificates, lifetime=3600, rotates=True, jwt=None):
        self.lifetime, self.rotates, self.jwt = lifetime, rotates, jwt
        self.shift = 0             # seconds that its clock is ahead
        self.special = collections.defaultdict(list)
        self.requests = []         # (path, fields), in order
        self.secrets = []          # everything that must be shown nowhere
        self.refreshes, self.accesses, self.codes, self.devices = {}, {}, {}, {}
        self.offers_registration = False
        self.lock = threading.RLock()
        handler = type("Handler", (Handler,), {"provider": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificates.good))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = "https://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def now(self):
        return time.time() + self.shift

    def secret(self, prefix):
        text = prefix + secrets.token_urlsafe(24)
        self.secrets.append(text)
        return text

    def access(self):
        if self.jwt is None:
            return self.secret("at-")
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                 for part in ({"alg": "none"}, {**self.jwt, "jti": secrets.token_hex(8)})]
        self.secrets.append(".".join(parts) + ".c2ln")
        return self.secrets[-1]

    def issue(self, family, generation):
        access, refresh = self.access(), self.secret("rt-")
        self.accesses[access] = Token(family, generation, self.now() + self.lifetime)
        self.refreshes[refresh] = Token(family, generation)
        return {"access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": self.lifetime}

    def accepts(self, token):
        """Whether the mail server may accept this access token."""
        with self.lock:
            known = self.accesses.get(token)
            if known is None or not known.family.alive or known.ends <= self.now():
                return False
            known.family.generation = max(known.family.generation, known.generation)
            return True

    def forms(self, path, grant=None):
        return [fields for at, fields in self.requests if at == path and grant in (None, fields.get("grant_type"))]

    # The user, in a browser elsewhere.

    def approve(self, user_code, error=None):
        self.devices[user_code]["error"] = error

    # The answers to POST.

    def device(self, _):
        code = self.secret("dc-")
        user_code = "WXYZ-%d" % len(self.devices)
        self.devices[user_code] = self.devices[code] = {"error": "authorization_pending"}
        return 200, {}, {"device_code": code, "user_code": user_code, "verification_uri": self.url + "/activate",
                         "expires_in": 900, "interval": 1}

    def register(self, _):
        return 201, {}, {"client_id": "registered-client"}

    def token(self, fields):
        grants = {"authorization_code": self.by_code, "refresh_token": self.by_refresh,
                  "urn:ietf:params:oauth:grant-type:device_code": self.by_device}
        found = grants[fields["grant_type"]](fields)
        return (400 if "error" in found else 200), {}, found

    def by_code(self, fields):
        grant = self.codes.pop(fields["code"], None)
        self.secrets.append(fields.get("code_verifier", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(fields.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if grant is None or grant.redirect != fields["redirect_uri"] or grant.challenge != challenge.decode():
            return {"error": "invalid_grant"}
        return self.issue(Family(), 1)

    def by_device(self, fields):
        error = self.devices[fields["device_code"]]["error"]
        return {"error": error} if error else self.issue(Family(), 1)

    def by_refresh(self, fields):
        token = self.refreshes.get(fields["refresh_token"])
        if token is None or not token.family.alive:
            return {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
        if token.generation < token.family.generation:
            token.family.alive = False
            return {"error": "invalid_grant", "error_description": "a token was used twice"}
        token.family.generation = token.generation
        answer = self.issue(token.family, token.generation + self.rotates)
        if not self.rotates:
            del self.refreshes[answer.pop("refresh_token")]
        return answer

    def consent(self, query):
        code = self.secret("code-")
        self.codes[code] = Grant(query["redirect_uri"], query["code_challenge"])
        return query["redirect_uri"] + "?" + urllib.parse.urlencode({"code": code, "state": query["state"]})

    def answer(self, path, fields):
        with self.lock:
            self.requests.append((path, fields))
            if self.special[path]:
                special = self.special[path].pop(0)
                return special(fields) if callable(special) else special
            return {"/device": self.device, "/token": self.token, "/register": self.register}[path](fields)

    def page(self, path, query):
        with self.lock:
            if path == "/authorize":
                self.requests.append((path, query))
                return 302, {"Location": self.consent(query)}, b""
            if path == "/.well-known/oauth-authorization-server" and self.offers_registration:
                return 200, {}, {"issuer": self.url, "registration_endpoint": self.url + "/register"}
            return 404, {}, b"nothing"

    def profile(self, **more):
        """The value of `oauth`, with the URLs of this provider."""
        return {"client_id": "client-1", "scope": "mail offline", "authorize_url": self.url + "/authorize",
                "token_url": self.url + "/token", "device_url": self.url + "/device", **more}

    def log_in_at(self, drop, mechanisms=b"XOAUTH2"):
        """Lets a Maildrop take this provider's tokens."""
        drop.capabilities = [b"TOP", b"UIDL", b"SASL " + mechanisms]
        drop.answers[b"AUTH"] = self.pop3_auth

    def pop3_auth(self, session, argument):
        _, _, data = argument.partition(b" ")
        if not data:
            session.connection.send(b"+ \r\n")
            data = session.connection.line() or b""
        token = base64.b64decode(data).partition(b"auth=Bearer ")[2].partition(b"\1")[0].decode()
        if self.accepts(token):
            return session.log_in()
        session.connection.send(b"+ " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}') + b"\r\n")
        session.connection.line()
        return b"-ERR [AUTH] invalid token\r\n"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider = None

    def log_message(self, *_):
        pass

    def reply(self, status, headers, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), "Connection": "close", **headers}.items():
            if value is not None:
                self.send_header(name, value)
        try:
            self.end_headers()
            self.wfile.write(data)
        except OSError:  # the client was stopped meanwhile
            self.close_connection = True

    def do_GET(self):
        path, _, query = self.path.partition("?")
        self.reply(*self.provider.page(path, dict(urllib.parse.parse_qsl(query))))

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_json = self.headers["Content-Type"] == "application/json"
        self.reply(*self.provider.answer(self.path, json.loads(text) if is_json else dict(urllib.parse.parse_qsl(text))))
