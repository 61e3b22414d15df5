# SPDX-License-Identifier: MIT
"""Certificates made on the spot with the openssl command: an authority, and servers good and bad."""
import pathlib
import subprocess

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
[good]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost,IP:127.0.0.1
[elsewhere]
basicConstraints = CA:FALSE
subjectAltName = DNS:mail.example.org
"""


class Certificates:
    """ca: a file to trust. good, expired, elsewhere, selfsigned: (certificate file, key file)."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.config = self.dir / "openssl.cnf"
        self.config.write_text(CONFIG.format(dir=self.dir))
        (self.dir / "index.txt").write_text("")
        (self.dir / "serial").write_text("1000\n")
        self.ca, self._ca_key = self._self_signed("ca", "authority")
        self.good = self._signed("good", "good", "20200101000000Z", "20491231000000Z")
        self.expired = self._signed("expired", "good", "20200101000000Z", "20210101000000Z")
        self.elsewhere = self._signed("elsewhere", "elsewhere", "20200101000000Z", "20491231000000Z")
        self.selfsigned = self._self_signed("selfsigned", "good")

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

    def _signed(self, name, extensions, begin, end):
        key, certificate, request = self._key(name), self.dir / (name + ".pem"), self.dir / (name + ".csr")
        self._openssl("req", "-new", "-key", key, "-subj", "/CN=" + name, "-config", self.config, "-out", request)
        self._openssl("ca", "-batch", "-notext", "-config", self.config, "-cert", self.ca, "-keyfile", self._ca_key,
                      "-startdate", begin, "-enddate", end, "-extensions", extensions, "-in", request,
                      "-out", certificate)
        return certificate, key

    def pin(self, which):
        """sha256//BASE64 of a certificate's public key."""
        import base64
        import hashlib
        der = subprocess.run(["openssl", "pkey", "-in", str(which[1]), "-pubout", "-outform", "DER"], check=True,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()
