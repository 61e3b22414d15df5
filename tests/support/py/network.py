# SPDX-License-Identifier: MIT
"""An internet on loopback: names that lead to ports of ours by a SOCKS 5 proxy, a name server, and pages over HTTPS."""
import http.server
import select
import socket
import ssl
import struct
import threading

from support.py.scripted import Server

TYPES = {15: "MX", 16: "TXT", 33: "SRV"}


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part) + b"\0"


def record(kind, value):
    """The data of a record from its value: SRV (priority, weight, port, host); MX (preference, host); TXT a text."""
    if kind == "SRV":
        return struct.pack(">HHH", *value[:3]) + labels(value[3])
    if kind == "MX":
        return struct.pack(">H", value[0]) + labels(value[1])
    return bytes([len(value)]) + value.encode()


class NameServer:
    """records: {("MX", "example.org"): [(10, "mx.example.org")]}; all other names do not exist."""

    def __init__(self):
        self.records, self.asked = {}, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.at = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(512)
            if not query:
                return
            self.socket.sendto(self.answer(query), client)

    def answer(self, query):
        parts, at = [], 12
        while query[at]:
            parts.append(query[at + 1:at + 1 + query[at]].decode())
            at += query[at] + 1
        question, number = query[12:at + 5], query[at + 1:at + 3]
        kind, name = TYPES.get(int.from_bytes(number, "big")), ".".join(parts)
        self.asked.append((kind, name))
        found = [record(kind, value) for value in self.records.get((kind, name), [])]
        answers = b"".join(b"\xc0\x0c" + number + struct.pack(">HIH", 1, 60, len(data)) + data for data in found)
        flags = 0x8180 if found else 0x8183
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0) + question + answers


class Pages:
    """pages: {("example.org", "/path"): text}; all others are not found."""

    def __init__(self, certificate):
        self.pages, self.asked = {}, []
        handler = type("Handler", (PageHandler,), {"owner": self})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificate))
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class PageHandler(http.server.BaseHTTPRequestHandler):
    owner = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        host, path = self.headers["Host"], self.path.partition("?")[0]
        self.owner.asked.append((host, self.path))
        body = self.owner.pages.get((host, path))
        self.send_response(404 if body is None else 200)
        data = (body or "nothing").encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        try:
            self.wfile.write(data)
        except OSError:  # the client has hung up
            pass


class Network:
    """hosts: {("pop.example.org", 995): port}; all others cannot be reached. tried: all requested ones, in order."""

    def __init__(self):
        self.hosts, self.tried = {}, []
        self.server = Server(self.talk)
        self.proxy = "socks5h://127.0.0.1:%d" % self.server.port

    def stop(self):
        self.server.stop()

    def talk(self, connection):
        sock = connection.sock
        sock.recv(257)
        sock.sendall(b"\x05\x00")
        request = sock.recv(512)
        name = request[5:5 + request[4]].decode()
        at = (name, int.from_bytes(request[5 + request[4]:][:2], "big"))
        self.tried.append(at)
        port = self.hosts.get(at)
        sock.sendall(b"\x05" + (b"\x00" if port else b"\x04") + b"\x00\x01\x00\x00\x00\x00\x00\x00")
        if port:
            with socket.create_connection(("127.0.0.1", port)) as there:
                relay(sock, there)


def relay(one, other):
    """Passes bytes on in both directions, until one end closes."""
    while True:
        for ready in select.select([one, other], [], [])[0]:
            try:
                data = ready.recv(65536)
                (other if ready is one else one).sendall(data)
            except OSError:
                return
            if not data:
                return
