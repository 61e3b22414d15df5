# SPDX-License-Identifier: MIT
"""A proxy that refuses: its words are reported as those of the proxy and not of the server."""
import unittest

from support.py.world import Case


def http(answer):
    """A proxy that reads a CONNECT and gives this answer."""
    def talk(connection):
        while connection.line():
            pass
        connection.send(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    return talk


def socks(method, login=b"\x01\x00", answer=None):
    """A SOCKS 5 proxy: the method that it picks, its answer to user and password, its answer to the request."""
    def talk(connection):
        sock = connection.sock
        sock.recv(257)
        sock.sendall(b"\x05" + method)
        if method == b"\x02":
            sock.recv(513)
            sock.sendall(login)
        if answer:
            sock.recv(512)
            sock.sendall(answer)
        while sock.recv(512):
            pass
    return talk


def silent(connection):
    while connection.sock.recv(512):
        pass


class Proxies(Case):
    def fails(self, status, *words, **keys):
        self.world.configure({"home": self.account(1, **keys)})
        result = self.world.run()
        self.assertStatus(result, status)
        self.assertHint(result, "home", *words)
        return result

    def test_http_answers(self):
        for answer, status, words in ((b"403 Forbidden", 69, ("127.0.0.1:1", "HTTP 403", "ports")),
                                      (b"502 Bad Gateway", 75, ("127.0.0.1:1", "HTTP 502"))):
            with self.subTest(answer):
                server = self.serve(http(answer))
                self.fails(status, "the proxy does not connect to", *words, proxy="http://127.0.0.1:%d" % server.port)

    def test_one_that_hangs_up_or_says_nothing(self):
        for talk in (lambda connection: None, silent):
            for kind in ("http", "socks5h"):
                with self.subTest(kind):
                    proxy = "%s://127.0.0.1:%d" % (kind, self.serve(talk).port)
                    self.with_time_out(lambda seconds, proxy=proxy: self.fails(
                        75, "the proxy", "127.0.0.1:1", '"proxy"', proxy=proxy, connect_timeout="%ds" % seconds))

    def test_http_wants_a_login(self):
        server = self.serve(http(b"407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\""))
        self.fails(78, "the proxy requires a login", "USER:PASSWORD", proxy="http://127.0.0.1:%d" % server.port)
        result = self.fails(78, "the proxy refuses the login", "407", "check user name and password",
                            proxy="http://anna:geheim@127.0.0.1:%d" % server.port)
        self.assertNotIn("geheim", result.err)

    def test_socks_wants_a_login(self):
        refusing = self.serve(socks(b"\xff"))
        self.fails(78, "the proxy requires a login", "socks5h://USER:PASSWORD",
                   proxy="socks5h://127.0.0.1:%d" % refusing.port)
        server = self.serve(socks(b"\x02", b"\x01\x01"))
        result = self.fails(78, "the proxy refuses the login", "check user name and password",
                            proxy="socks5h://anna:geheim@127.0.0.1:%d" % server.port)
        self.assertNotIn("geheim", result.err)

    def test_socks_cannot_reach_the_server(self):
        server = self.serve(socks(b"\x00", answer=b"\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"))
        self.fails(75, "the proxy does not connect to 127.0.0.1:1", proxy="socks5h://127.0.0.1:%d" % server.port)

    def test_one_from_the_environment_is_named(self):
        port = self.closed_port()
        self.world.env["all_proxy"] = "http://127.0.0.1:%d" % port
        self.fails(75, "through the proxy", str(port), "check all_proxy", proxy="env")
        self.world.env["no_proxy"] = "127.0.0.1"
        result = self.fails(75, "cannot connect to 127.0.0.1:1", proxy="env")
        self.assertNotIn("the proxy", result.err)

    def test_one_from_the_environment_that_is_no_url(self):
        account = self.account(1, proxy="env")
        self.world.configure({"home": account})
        for variable in ("ALL_PROXY", "all_proxy", "pop3_proxy", "POP3_PROXY"):
            with self.subTest(variable):
                env = dict(self.world.env)
                self.world.env[variable] = "http://anna:geheim@[::1"
                told = [self.world.run(*words) for words in ((), ("check",), ("config", "check"), ("doctor",))]
                for result in told:
                    self.assertStatus(result, 78)
                    self.assertSays(result.err + result.out.decode(), variable + ": this is not the URL of a proxy: ",
                                    "http://HOST:PORT")
                    self.assertNotIn("geheim", result.err + result.out.decode())
                self.world.env["no_proxy"] = "127.0.0.1"  # then the proxy is not used
                self.assertStatus(self.world.run("config", "check"), 0)
                self.world.env = env
        self.world.env["ALL_PROXY"] = "gopher://127.0.0.1:1"
        self.assertSays(self.world.run("config", "check").err, "ALL_PROXY: gopher:// is not a scheme for proxies")
        self.world.configure({"home": {**account, "proxy": "none"}})
        self.assertStatus(self.world.run("config", "check"), 0)


if __name__ == "__main__":
    unittest.main()
