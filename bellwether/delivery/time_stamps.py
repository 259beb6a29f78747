"""Time stamps by RFC 3161: an authority signs a digest together with the time, so that nobody can date it back.

digest and a nonce | POST | the answer: granted, of this digest and nonce, signed by the authority's certificate

The library is loaded with the first stamp: a service without an authority never needs it.
"""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bellwether.core.errors import BellwetherError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TIMEOUT = 20.0  #: seconds for all of it
_LARGEST = 65_536  #: bytes of an answer; those of known authorities have about 6,000


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


def _post(address: str, body: bytes) -> bytes:
    """The answer's body. Raises NoTimeStamp, also for one that is too long or comes too slowly."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    until = time.monotonic() + TIMEOUT
    try:
        request = urllib.request.Request(address, body, headers)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            read = b""
            while part := answer.read1(_LARGEST):
                read += part
                if len(read) > _LARGEST:
                    raise NoTimeStamp("The time stamp authority's answer is too long to be one; check proof.authority.")
                if time.monotonic() > until:
                    raise TimeoutError
            return read
    except urllib.error.HTTPError as problem:
        problem.close()
        raise NoTimeStamp(f"The time stamp authority answered {problem.code}; it is asked again.") from None
    except TimeoutError:
        raise NoTimeStamp(f"The time stamp authority gave no answer within {TIMEOUT:g} s; it is asked again.") from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        reason = getattr(problem, "reason", problem)
        raise NoTimeStamp(
            f"The time stamp authority cannot be reached ({type(reason).__name__}); it is asked again."
        ) from None
