# SPDX-License-Identifier: MIT
"""A program for the key `tunnel`: python3 -c BRIDGE PORT."""

# What `nc localhost PORT` does.
BRIDGE = """
import os, socket, sys, threading
sock = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
def down():
    while data := sock.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=down, daemon=True).start()
while data := os.read(0, 65536):
    sock.sendall(data)
"""
