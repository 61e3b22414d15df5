# SPDX-License-Identifier: MIT
"""Cases with a `mailhaul watch` that asks every second."""
import signal


class Watching:
    """Stands before a Case in the list of base classes."""

    def begin(self, *words):
        process = self.world.start("watch", "--interval", "1s", *words)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        result = self.world.ended(process)
        self.assertStatus(result, 0)
        return result
