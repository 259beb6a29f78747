"""Time stamps by RFC 3161: an authority signs a digest together with the time, so that nobody can date it back.

digest and a nonce | POST | the answer: granted, of this digest and nonce, signed by the authority's certificate

The library is loaded with the first stamp: a service without an authority never needs it.
"""

import hashlib
import http.client
import socket
import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bellwether.core.errors import BellwetherError
from bellwether.core.pools import pool

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TIMEOUT = 20.0  #: seconds for all of it
_LARGEST = 65_536  #: bytes of an answer; those of known authorities have about 6,000
_CHECK = "check proof.authority."


class NoTimeStamp(BellwetherError):
    """There is no stamp; the text says why, and what the operator can do."""


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """What an authority answered."""

    token: bytes  #: the answer, as `openssl ts -verify -in` takes it
    at: datetime


def request_stamp(authority: str, certificates: Path, content: bytes) -> TimeStamp:
    """Have the sha256 of something stamped.

    `certificates` is a PEM file: the root, and those between. Raises NoTimeStamp.
    """
    from rfc3161_client import (
        HashAlgorithm,
        TimestampRequestBuilder,
        VerificationError,
        VerifierBuilder,
        decode_timestamp_response,
    )

    trusted = _trusted(certificates)
    builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
    request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
    token = _post(authority, request.as_bytes())
    try:
        answer = decode_timestamp_response(token)
        if answer.status not in (0, 1):
            raise NoTimeStamp(f"The time stamp authority refused the request (status {answer.status}).")
        info = answer.tst_info
    except ValueError as problem:
        raise NoTimeStamp(
            f"What the time stamp authority answered is no time stamp ({problem}); check proof.authority."
        ) from None
    if info.message_imprint.message != hashlib.sha256(content).digest():
        raise NoTimeStamp("The time stamp authority stamped another digest than it was asked for.")
    if info.nonce != request.nonce:
        raise NoTimeStamp("The time stamp has another nonce than was asked for: it may be an old answer given again.")
    verifier = VerifierBuilder.from_request(request)
    for certificate in trusted:
        verifier = verifier.add_root_certificate(certificate)
    try:
        verifier.build().verify(answer, hashlib.sha256(content).digest())
    except (VerificationError, ValueError) as problem:
        raise NoTimeStamp(
            f"The time stamp is not signed by the certificate in {certificates.name}, or that has run out ({problem}); "
            "check proof.authority_certificate."
        ) from None
    at = info.gen_time
    return TimeStamp(token, at if at.tzinfo is not None else at.replace(tzinfo=UTC))


def _trusted(file: Path) -> "list[Certificate]":
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else "it holds no certificate in PEM"
        raise NoTimeStamp(f"The file of proof.authority_certificate cannot be used: {why}.") from None


class _Exchange:
    """One request to an authority and its answer, which another thread may break off wherever it has come to."""

    def __init__(self, address: str) -> None:
        """Raises ValueError for an address that is none."""
        parts = urlsplit(address)
        connection = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connection(parts.hostname or "", parts.port, timeout=TIMEOUT)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._is_over = threading.Event()
        self._socket: socket.socket | None = None

    def run(self, body: bytes) -> tuple[int, bytes]:
        """The status, and no more of the answer than is looked at. Raises OSError and HTTPException."""
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        with closing(self._connection):
            self._connection.connect()
            self._socket = self._connection.sock
            if self._is_over.is_set():
                raise TimeoutError
            self._connection.request("POST", self._target, body, headers)
            with self._connection.getresponse() as answer:
                return answer.status, answer.read(_LARGEST + 1)

    def break_off(self) -> None:
        """Let the thread end that waits for the authority."""
        self._is_over.set()
        if self._socket is not None:
            with suppress(OSError):  # it may be closed by now
                self._socket.shutdown(socket.SHUT_RDWR)


def _post(address: str, body: bytes) -> bytes:
    """The answer's body; no redirect is followed. Raises NoTimeStamp, also for one that is long or comes too slowly."""
    try:
        exchange = _Exchange(address)
        # in a thread of its own: the bound of a socket is for each read, and a name or a header may come in many
        thread = pool(1, "time-stamp")
        try:
            status, read = thread.submit(exchange.run, body).result(TIMEOUT)
        finally:
            exchange.break_off()
            thread.shutdown(wait=False)
    except TimeoutError:
        raise NoTimeStamp(f"The time stamp authority gave no answer within {TIMEOUT:g} s; it is asked again.") from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise NoTimeStamp(
            f"The time stamp authority cannot be reached ({type(problem).__name__}); it is asked again."
        ) from None
    if 300 <= status < 400:
        raise NoTimeStamp(f"The time stamp authority answered {status}: redirects are not followed; {_CHECK}")
    if status != http.client.OK:
        raise NoTimeStamp(f"The time stamp authority answered {status}; it is asked again.")
    if len(read) > _LARGEST:
        raise NoTimeStamp(f"The time stamp authority's answer is too long to be one; {_CHECK}")
    return read
