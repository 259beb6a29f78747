"""A time stamp authority of our own: OpenSSL's, behind an address on 127.0.0.1."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """
[tsa]
default_tsa = main
[main]
serial = {folder}/serial
signer_cert = {folder}/stamper.pem
signer_key = {folder}/stamper.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


class TimeStampAuthority:
    """Its certificate is `root`."""

    def __init__(self, folder: Path, good_for: timedelta = timedelta(days=30)) -> None:
        """`good_for` is from now on; below zero, and the certificate that stamps has run out."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._config = folder, folder / "openssl.cnf"
        self.root = folder / "root.pem"
        self._config.write_text(_CONFIG.format(folder=folder), encoding="utf-8")
        (folder / "serial").write_text("01\n", encoding="utf-8")
        now = datetime.now(UTC)
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        root = _built("Test root", "Test root", root_key, now + timedelta(days=60)).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        stamper = _built("Test stamper", "Test root", key, now + good_for).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
        for builder, file in ((root, self.root), (stamper, folder / "stamper.pem")):
            file.write_bytes(builder.sign(root_key, hashes.SHA256()).public_bytes(Encoding.PEM))
        kept = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "stamper.key").write_bytes(kept)

    def answer(self, request: bytes) -> bytes:
        """What it answers to a request."""
        asked, answered = self._folder / "asked.tsq", self._folder / "answered.tsr"
        asked.write_bytes(request)
        command = ["openssl", "ts", "-reply", "-config", str(self._config), "-queryfile", str(asked)]
        subprocess.run([*command, "-out", str(answered)], check=True, capture_output=True)
        return answered.read_bytes()


def _built(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, end: datetime) -> x509.CertificateBuilder:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = x509.CertificateBuilder().subject_name(named(subject)).issuer_name(named(issuer))
    begin = end - timedelta(days=3650)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return builder.not_valid_before(begin).not_valid_after(end)
