# SPDX-License-Identifier: MIT
"""The real mutt, which reads a mailbox at a terminal."""
import os
import subprocess

from . import terminal

SETTINGS = """
set mark_old=no quit=yes delete=yes pipe_split=yes pipe_decode=no wait_key=no
set confirmappend=no confirmcreate=no header_cache='' mbox_type=Maildir sort=mailbox-order resolve=no
"""


def run(box, folder, keys, read_only=False):
    """Opens the mailbox, types `keys` (names of mutt's functions in angle brackets), and waits for mutt's end. `=NAME` is a
    folder in `folder`."""
    settings = folder / "muttrc"
    settings.write_text(SETTINGS + "set folder=%s spoolfile=%s\npush \"%s\"\n" % (folder, box, keys))
    master, slave = terminal.opened()
    process = subprocess.Popen(["mutt", "-n", "-F", str(settings), *(["-R"] if read_only else []), "-f", str(box)],
                               stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                               env={**os.environ, "TERM": "xterm", "HOME": str(folder), "LANG": "C.UTF-8"})
    os.close(slave)
    return terminal.read_to_the_end(master, process)
