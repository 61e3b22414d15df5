# SPDX-License-Identifier: MIT
"""The server's side of NTLM (MS-NLMP), as far as a login of mailhaul needs it. Checks NTLMv2 responses."""
import base64
import hmac
import os
import struct

from support.py.scripted import Cut

SIGNATURE = b"NTLMSSP\0"
UNICODE, NTLM, EXTENDED_SECURITY, TARGET_INFO = 0x1, 0x200, 0x80000, 0x800000
END_OF_LIST, NETBIOS_DOMAIN, DNS_HOST = 0, 2, 3


def md4(data):
    """RFC 1320. hashlib has it only where OpenSSL still offers it."""
    def turned(value, by):
        value &= 0xffffffff
        return (value << by | value >> (32 - by)) & 0xffffffff

    rounds = ((lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5a827999, [n % 4 * 4 + n // 4 for n in range(16)], (3, 5, 9, 13)),
              (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1, [int(format(n, "04b")[::-1], 2) for n in range(16)], (3, 9, 11, 15)))
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", 8 * len(data))
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    for at in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[at:at + 64])
        a, b, c, d = state
        for mix, constant, order, shifts in rounds:
            for number, word in enumerate(order):
                a, b, c, d = d, turned(a + mix(b, c, d) + words[word] + constant, shifts[number % 4]), b, c
        state = [(old + new) & 0xffffffff for old, new in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def wide(text):
    return text.encode("utf-16-le")


def field(message, at):
    length, _, offset = struct.unpack_from("<HHI", message, at)
    return message[offset:offset + length]


class Login:
    """One login. `domain`: the domain of the server, which it sends to the client."""

    def __init__(self, domain="WORK", host="mail.example.org"):
        self.challenge = os.urandom(8)
        info = b"".join(struct.pack("<HH", kind, len(value)) + value for kind, value in
                        ((NETBIOS_DOMAIN, wide(domain)), (DNS_HOST, wide(host)), (END_OF_LIST, b"")))
        name, start = wide(domain), 48
        self.second = (SIGNATURE + struct.pack("<IHHI", 2, len(name), len(name), start)
                       + struct.pack("<I", UNICODE | NTLM | EXTENDED_SECURITY | TARGET_INFO) + self.challenge + bytes(8)
                       + struct.pack("<HHI", len(info), len(info), start + len(name)) + name + info)

    def who(self, third):
        """The (user, domain) that the client's last message names."""
        return field(third, 36).decode("utf-16-le"), field(third, 28).decode("utf-16-le")

    def proves(self, third, password):
        """Whether the response is one that only this password makes: MS-NLMP 3.3.2."""
        if third[:12] != SIGNATURE + struct.pack("<I", 3):
            return False
        user, domain = self.who(third)
        key = hmac.digest(md4(wide(password)), wide(user.upper() + domain), "md5")
        proof, blob = field(third, 20)[:16], field(third, 20)[16:]
        return len(blob) > 28 and hmac.compare_digest(proof, hmac.digest(key, self.challenge + blob, "md5"))


def log_in_at(drop, password="secret", hangs_up_at=None):
    """Lets a Maildrop take NTLM. Returns a list that gets (user, domain) of each login, right or wrong.

    hangs_up_at: "name", "message on the line of the name", "response".
    """
    tried = []

    def answer(session, argument):
        mechanism, _, first = argument.partition(b" ")
        connection, login = session.connection, Login()
        if mechanism != b"NTLM":
            return b"-ERR unknown mechanism\r\n"
        if hangs_up_at == "name" or (first and hangs_up_at == "message on the line of the name"):
            raise Cut("hung up")
        if not first:
            connection.send(b"+ \r\n")
            first = connection.line() or b""
        if base64.b64decode(first)[:12] != SIGNATURE + struct.pack("<I", 1):
            return b"-ERR this is no first message\r\n"
        connection.send(b"+ " + base64.b64encode(login.second) + b"\r\n")
        third = base64.b64decode(connection.line() or b"")
        tried.append(login.who(third))
        if hangs_up_at == "response":
            raise Cut("hung up")
        return session.log_in() if login.proves(third, password) else b"-ERR [AUTH] wrong password\r\n"

    drop.capabilities = [b"TOP", b"UIDL", b"SASL NTLM"]
    drop.answers[b"AUTH"] = answer
    return tried
