# SPDX-License-Identifier: MIT
"""Cases with a `mailhaul watch` that asks every second."""
import queue
import signal
import socket
import threading

from .world import LIMIT


class Watching:
    """Put this before Case in the list of base classes. answers[b"QUIT"] = self.note_session makes a maildrop count
    its sessions."""

    def setUp(self):
        super().setUp()
        self.sessions = threading.Semaphore(0)

    def note_session(self, *_):
        self.sessions.release()

    def sessions_end(self, count=1):
        for _ in range(count):
            self.assertTrue(self.sessions.acquire(timeout=LIMIT), "no session ended")

    def later_sessions_end(self, count=1):
        """Waits for the end of so many sessions that begin from now on. The next one to end may have begun before."""
        self.sessions = threading.Semaphore(0)
        self.sessions_end(count + 1)

    def begin(self, *words, **more):
        process = self.world.start("watch", "--interval", "1s", *words, **more)
        self.addCleanup(process.kill)
        return process

    def end(self, process, status=0, by=signal.SIGTERM):
        process.send_signal(by)
        result = self.world.ended(process)
        self.assertStatus(result, status)
        return result


class UnderSystemd(Watching):
    """The test plays systemd, which hears from the program once a second at least."""

    def setUp(self):
        super().setUp()
        self.messages = queue.Queue()
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = str(self.world.root / "notify")
        notify.bind(self.path)
        # Reads at once: the kernel keeps ten messages, and the program does not wait where they are not read.
        reader = threading.Thread(target=self.listen, args=(notify,))
        reader.start()
        self.addCleanup(notify.close)
        self.addCleanup(reader.join)
        self.addCleanup(notify.shutdown, socket.SHUT_RD)

    def listen(self, notify):
        while message := notify.recv(4096):  # empty: shut down
            self.messages.put(message.decode())

    def begin(self, *words, **more):
        env = {**more.pop("env", {}), "NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "2000000"}
        return super().begin(*words, env=env, **more)

    def heard(self, word):
        """Waits for the message that begins with the word; returns it."""
        while True:
            text = self.messages.get(timeout=LIMIT)
            if text.startswith(word):
                return text
