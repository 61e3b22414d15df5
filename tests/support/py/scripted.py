# SPDX-License-Identifier: MIT
"""A POP3 server that does exactly what a test says, in threads, on an ephemeral loopback port.

`Server(talk)` calls `talk(connection)` for every client. The connection records what the client said, can
switch to TLS, and can be cut after so many bytes, as by a hostile or dying server.
"""
import select
import socket
import ssl
import struct
import threading
import time
import weakref


class Cut(OSError):
    """The connection was cut here, on purpose."""


class Connection:
    """One client, seen from the server. `lines`: what it said, without line ends."""

    def __init__(self, sock, budget=None):
        self.sock = sock
        self.budget = budget  # bytes that may still be sent before the connection is cut; None: no limit
        self.sent = 0
        self.lines = []
        self.clear = None  # how many of the lines were received before TLS; None: all of them
        self._buffer = b""

    def line(self):
        """The client's next line without its end; None if the client is gone."""
        while b"\n" not in self._buffer:
            piece = self.sock.recv(65536)
            if not piece:
                return None
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\n", 1)
        self.lines.append(line.rstrip(b"\r"))
        return self.lines[-1]

    def pending(self):
        """Returns whether the client has sent more lines than were read."""
        return b"\n" in self._buffer

    def send(self, data):
        if isinstance(data, str):
            data = data.encode("latin-1")
        if self.budget is not None and len(data) >= self.budget:
            data = data[:self.budget]
            if data:
                self.sock.sendall(data)
            self.sent += len(data)
            raise Cut("cut after %d bytes" % self.sent)
        self.sock.sendall(data)
        self.sent += len(data)
        if self.budget is not None:
            self.budget -= len(data)

    @property
    def clear_lines(self):
        return self.lines[:self.clear]

    def start_tls(self, context):
        self.clear = len(self.lines)
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self._buffer = b""

    def wait_until_gone(self):
        """Sends nothing more until the client gives up."""
        while self.line() is not None:
            pass

    def drop_pending(self):
        """Discards what the client has sent ahead."""
        self._buffer = b""

    def flood(self, piece):
        """Sends the same again and again until the client closes the connection."""
        while True:
            self.send(piece)

    def drip(self, data, pause):
        """Sends byte by byte with this pause in seconds, until the client closes the connection."""
        for byte in data:
            self.send(bytes([byte]))
            self.pause(pause)

    def pause(self, seconds):
        """Sends nothing for this long, unless the client closes the connection."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.sock], [], [], left)[0]:
                piece = self.sock.recv(65536)
                if not piece:
                    raise Cut("the client is gone")
                self._buffer += piece

    def discard(self):
        """Ignores whatever arrives until the client is gone."""
        while self.sock.recv(65536):
            pass

    def finish(self):
        """Ends with FIN, under TLS without a close alert. Closing with unread data would send RST."""
        self.sock.shutdown(socket.SHUT_WR)
        self.discard()

    def reset(self):
        """Ends with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class Server:
    """Listens until stopped; a context manager. `budgets`: one per connection, then None. `path`: listens at this
    local socket instead of a port."""

    def __init__(self, talk, tls=None, budgets=(), path=None):
        self.talk = talk
        self.tls = tls  # an ssl.SSLContext: TLS from the first byte
        self.budgets = list(budgets)
        self.connections = []
        self.errors = []
        self._threads = []
        self._stopping = False
        if path:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(str(path))
            self._listener.listen(64)
        else:
            self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._address = self._listener.getsockname()
        self.port = None if path else self._address[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            if self._stopping:
                sock.close()
                return
            if self.port:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock, self.budgets.pop(0) if self.budgets else None)
            self.connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            if self.tls:
                connection.start_tls(self.tls)
            self.talk(connection)
        except OSError:  # the client is gone, or the connection was cut
            pass
        except Exception as error:  # a bug of the test
            self.errors.append(error)
        finally:
            try:
                connection.sock.close()
            except OSError:
                pass

    @property
    def lines(self):
        """Everything that clients sent, connection after connection."""
        return [line for connection in self.connections for line in connection.lines]

    def stop(self):
        if self._stopping:
            return
        self._stopping = True
        try:  # wakes accept(); closing alone would not
            with socket.socket(self._listener.family) as waker:
                waker.settimeout(5)
                waker.connect(self._address)
        except OSError:
            pass
        self._acceptor.join(10)
        self._listener.close()
        if self.port:  # held, so that no other program begins to listen on it: it refuses connections from now on
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind(self._address)
            weakref.finalize(self, holder.close)
        for connection in self.connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(10)
        if self.errors:
            raise self.errors[0]


def script(*steps):
    """A conversation of bytes to send and of words that the client's next line must begin with: ("expect", b"USER")."""
    def talk(connection):
        for step in steps:
            if isinstance(step, tuple):
                line = connection.line()
                if line is None:
                    return
                if not line.upper().startswith(step[1].upper()):
                    raise AssertionError("expected %r, the client sent %r" % (step[1], line))
            else:
                connection.send(step)
        connection.wait_until_gone()
    return talk


def server_context(certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
