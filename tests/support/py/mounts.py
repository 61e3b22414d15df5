# SPDX-License-Identifier: MIT
"""Replaces a file or folder of the system, for one command and its children."""
import os
import subprocess


def instead(source, place):
    """A prefix for a command: it finds `source` in place of `place`."""
    return ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c",
            'mount --bind "$1" "$2" || exit 70; shift 2; exec "$@"', "sh", str(source), str(place)]


def read_only(source, place, owner):
    """A prefix for a command: it finds the files of the folder `source` at `place`, on a mount that cannot be written, with
    another owner. Root only: nobody else may give files away."""
    return ["unshare", "-m", "sh", "-c",
            'mount -t tmpfs none "$2" && cp -p "$1"/* "$2" && chown "$3" "$2"/* && mount -o remount,ro "$2" || exit 70\n'
            'shift 3; exec "$@"', "sh", str(source), str(place), str(owner)]


def system_log(socket, folder):
    """A prefix for a command: it finds `socket` as /dev/log. `folder`, which is created, becomes its /dev."""
    return ["unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c",
            'mkdir -p "$2/shm" || exit 70; ln -sf "$1" "$2/log" || exit 70\n'
            'for i in null zero full random urandom tty; do : >"$2/$i"; mount --bind /dev/$i "$2/$i" || exit 70; done\n'
            '[ ! -d /dev/shm ] || mount --rbind /dev/shm "$2/shm" || exit 70\n'
            'mount --rbind "$2" /dev || exit 70; shift 2; exec "$@"', "sh", str(socket), str(folder)]


def usable():
    """Returns whether this user may replace files: as root, or in a user namespace."""
    return subprocess.run([*instead("/proc/self/status", "/proc/self/status"), "true"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False).returncode == 0
