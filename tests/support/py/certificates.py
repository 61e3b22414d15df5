# SPDX-License-Identifier: MIT
"""Certificates created with the openssl command: an authority, and good and bad server certificates."""
import datetime
import pathlib
import subprocess
import tempfile
import threading
import unittest

CONFIG = """
[ca]
default_ca = here
[here]
dir = {dir}
database = $dir/index.txt
new_certs_dir = $dir
serial = $dir/serial
default_md = sha256
policy = any
unique_subject = no
copy_extensions = none
[any]
commonName = supplied
[req]
distinguished_name = name
prompt = no
[name]
commonName = mailhaul test
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
"""
SERVER = """[{name}]
basicConstraints = CA:FALSE
subjectAltName = {names}
"""


def _der_name(name):
    """A list of one DNS name, which may be any bytes, for OpenSSL's configuration."""
    return "DER:" + (bytes([0x30, len(name) + 2, 0x82, len(name)]) + name).hex()


HERE = "DNS:localhost,IP:127.0.0.1"
ALWAYS = ("20200101000000Z", "20491231000000Z")
SOON = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=5)).strftime("%Y%m%d%H%M%SZ")
# What the authority signs for servers: alternative names, validity, and the common name if it differs from the key.
SIGNED = {
    "good": (HERE, ALWAYS),
    "providers": (",".join("DNS:" + name for name in (
        "example.org", "autoconfig.example.org", "ua-auto-config.example.org", "pop.example.org", "pop.hoster.example",
        "pop.xn--bcher-kva.example", "hoster.example", "autoconfig.hoster.example", "autoconfig.thunderbird.net", "pop.gmail.com",
        "pop3.web.de", "outlook.office365.com", "login.microsoftonline.com")), ALWAYS),
    "expired": (HERE, ("20200101000000Z", "20210101000000Z")),
    "ending": (HERE, (ALWAYS[0], SOON)),
    "not_yet_valid": (HERE, ("20480101000000Z", "20491231000000Z")),
    "elsewhere": ("DNS:mail.example.org", ALWAYS),
    "only_common_name": ("DNS:mail.example.org", ALWAYS, "127.0.0.1"),
    "address_as_name": ("DNS:127.0.0.1", ALWAYS),
    "star": ("DNS:*", ALWAYS),
    "star_org": ("DNS:*.org", ALWAYS),
    "star_inside": ("DNS:mail.*.org", ALWAYS),
    "star_below": ("DNS:*.mail.example.org", ALWAYS),
    "longer_name": ("DNS:mail.example.org.evil.example", ALWAYS),
    "name_with_nul": (_der_name(b"mail.example.org\0.evil.example"), ALWAYS),
}


class Certificates:
    """ca: a file to trust. Attributes, created when first used: the keys of SIGNED, and selfsigned and
    other_authority, which ca has not signed; each is (certificate file, key file)."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.config = self.dir / "openssl.cnf"
        servers = [SERVER.format(name=name, names=row[0]) for name, row in SIGNED.items()]
        self.config.write_text(CONFIG.format(dir=self.dir) + "".join(servers))
        (self.dir / "index.txt").write_text("")
        (self.dir / "serial").write_text("1000\n")
        self._made, self._lock = {}, threading.Lock()
        self._authority = self._self_signed("ca", "authority")
        self.ca = self._authority[0]

    def __getattr__(self, name):
        if name not in (*SIGNED, "selfsigned", "other_authority"):
            raise AttributeError(name)
        with self._lock:
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def _make(self, name):
        if name == "selfsigned":
            return self._self_signed(name, "good")
        if name == "other_authority":
            return self._signed(name, self._self_signed("other_ca", "authority"), "good", ALWAYS)
        _, validity, *subject = SIGNED[name]
        return self._signed(name, self._authority, name, validity, *subject)

    def _openssl(self, *words):
        subprocess.run(["openssl", *map(str, words)], check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _key(self, name):
        key = self.dir / (name + ".key")
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        key.chmod(0o600)
        return key

    def _self_signed(self, name, extensions):
        key, certificate = self._key(name), self.dir / (name + ".pem")
        self._openssl("req", "-x509", "-new", "-key", key, "-subj", "/CN=" + name, "-days", "3650", "-sha256",
                      "-config", self.config, "-extensions", extensions, "-out", certificate)
        return certificate, key

    def _signed(self, name, authority, extensions, validity, subject=None):
        key, certificate, request = self._key(name), self.dir / (name + ".pem"), self.dir / (name + ".csr")
        self._openssl("req", "-new", "-key", key, "-subj", "/CN=" + (subject or name), "-config", self.config,
                      "-out", request)
        self._openssl("ca", "-batch", "-notext", "-config", self.config, "-cert", authority[0],
                      "-keyfile", authority[1], "-startdate", validity[0], "-enddate", validity[1],
                      "-extensions", extensions, "-in", request, "-out", certificate)
        return certificate, key

    def pin(self, which):
        """sha256//BASE64 of a certificate's public key."""
        import base64
        import hashlib
        der = subprocess.run(["openssl", "pkey", "-in", str(which[1]), "-pubout", "-outform", "DER"], check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def of_module():
    """Certificates that go away with the test module whose setUpModule() calls this."""
    folder = tempfile.TemporaryDirectory(prefix="mailhaul-certificates-")
    unittest.addModuleCleanup(folder.cleanup)
    return Certificates(folder.name)
