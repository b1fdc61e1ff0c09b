"""Why a response does not open: the one step of RFC 9458, Section 4.4, that the gateway takes otherwise, if any does.

Each step is tried in the ways in which it has been got wrong; the others stay as they are in the document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from conformance import crypto
from conformance.crypto import AEADS, KDFS, HPKEError, Suite
from conformance.protocols.ohttp.messages._encapsulation import (
    REQUEST_LABEL,
    RESPONSE_LABEL,
    RequestContext,
    response_nonce_length,
)

CHUNKED_LABEL = b"message/bhttp chunked response"


@dataclass(frozen=True, slots=True)
class _Steps:
    """How a response is opened: every step of Section 4.4."""

    label: bytes
    secret_length: int
    nonce_length: int
    zero: bool = False
    salt: Callable[[bytes, bytes], bytes] = lambda enc, nonce: enc + nonce
    labelled: bool = False
    aad: bytes = b""


def diagnosis(context: RequestContext, response: bytes, enc: bytes) -> str:
    """The step that was taken otherwise: nonce-length, secret, salt, kdf or aad; empty where none explains it."""
    for step, steps in _alternatives(context.suite):
        try:
            _open(context, response, enc or context.exporter.enc, steps)
        except HPKEError:
            continue
        return step
    return ""


def _alternatives(suite: Suite) -> Iterator[tuple[str, _Steps]]:
    length = response_nonce_length(suite)
    right = _Steps(RESPONSE_LABEL, length, length)
    for other in {12, 16, 32} - {length}:
        yield "nonce-length", replace(right, nonce_length=other)
        yield "nonce-length", replace(right, nonce_length=other, secret_length=other)
        yield "secret", replace(right, secret_length=other)
    for label in (b"", REQUEST_LABEL, CHUNKED_LABEL):
        yield "secret", replace(right, label=label)
    yield "secret", replace(right, zero=True)
    for salt in (lambda enc, nonce: nonce + enc, lambda _, nonce: nonce, lambda enc, _: enc):
        yield "salt", replace(right, salt=salt)
    yield "kdf", replace(right, labelled=True)
    yield "aad", replace(right, aad=b"final")


def _open(context: RequestContext, response: bytes, enc: bytes, steps: _Steps) -> bytes:
    suite, aead = context.suite, AEADS[context.suite.aead]
    nonce, ciphertext = response[: steps.nonce_length], response[steps.nonce_length :]
    secret = bytes(steps.secret_length) if steps.zero else context.exporter.export(steps.label, steps.secret_length)
    extract, expand = _labelled(suite) if steps.labelled else (crypto.extract, crypto.expand)
    prk = extract(suite.kdf, steps.salt(enc, nonce), secret)
    key = expand(suite.kdf, prk, b"key", aead.key_length)
    return crypto.aead_open(suite.aead, key, expand(suite.kdf, prk, b"nonce", aead.nonce_length), ciphertext, steps.aad)


Extract = Callable[[int, bytes, bytes], bytes]
Expand = Callable[[int, bytes, bytes, int], bytes]


def _labelled(suite: Suite) -> tuple[Extract, Expand]:
    """LabeledExtract and LabeledExpand (RFC 9180, Section 4), which responses of Oblivious HTTP do not use."""
    suite_id = b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (suite.kem, suite.kdf, suite.aead))

    def extract(kdf: int, salt: bytes, secret: bytes) -> bytes:
        return crypto.extract(kdf, salt, b"HPKE-v1" + suite_id + b"secret" + secret)

    def expand(kdf: int, prk: bytes, label: bytes, length: int) -> bytes:
        return crypto.expand(kdf, prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label, length)

    assert suite.kdf in KDFS
    return extract, expand


__all__ = ["CHUNKED_LABEL", "diagnosis"]
