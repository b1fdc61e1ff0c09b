"""Requests that a library sealed, opened in the document's way and in others that have been seen (RFC 9458, 4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance import crypto
from conformance.crypto import HPKEError, KeyPair, Suite
from conformance.protocols.ohttp.messages import REQUEST_LABEL, RESPONSE_LABEL, KeyEntry, ResponseContext, read_header
from conformance.wire import Reader

_INFO, _FIRST = "rfc9458/4.3/request-hpke-info-exact", "rfc9458/4.3/request-aad-empty-first-sequence"
_HEADER = "rfc9458/4.3/header-matches-selected-config"


def _ways(header: bytes) -> Iterator[tuple[str, str, bytes, bytes, int]]:
    """How requests have been sealed: requirement and what is wrong (both empty: right), info, aad, sequence."""
    info = REQUEST_LABEL + b"\0" + header
    yield "", "", info, b"", 0
    yield _INFO, "info without the zero octet", REQUEST_LABEL + header, b"", 0
    yield _INFO, "info without the header", REQUEST_LABEL + b"\0", b"", 0
    yield _INFO, "info without header and zero octet", REQUEST_LABEL, b"", 0
    yield _INFO, "the label of chunked requests", b"message/bhttp chunked request\0" + header, b"", 0
    yield _INFO, "the label of responses", RESPONSE_LABEL + b"\0" + header, b"", 0
    yield _INFO, "the media type as label", b"message/ohttp-req\0" + header, b"", 0
    yield _INFO, "no info", b"", b"", 0
    yield _FIRST, "the header as associated data", info, header, 0
    yield _FIRST, "info as associated data", info, info, 0
    yield _FIRST, "'final' as associated data", info, b"final", 0
    yield _FIRST, "the second sequence number", info, b"", 1


@dataclass(frozen=True, slots=True)
class Opened:
    """What our strict receiver makes of a request that a library sealed.

    `plaintext` is None where it opens in no way that we know; `requirement` and `told` say what is wrong, if anything.
    """

    suite: Suite
    enc: bytes = b""
    plaintext: bytes | None = None
    requirement: str = ""
    told: str = ""
    context: ResponseContext | None = None


def open_sealed(octets: bytes, entries: Sequence[KeyEntry], pairs: Sequence[KeyPair]) -> Opened:
    """Open what a library sealed for one of these entries; DecodeError when it is too short for its header."""
    reader = Reader(octets, "request")
    header = read_header(reader)
    suite = header.suite
    entry = next((e for e in entries if (e.key_id, e.kem) == (header.key_id, suite.kem)), None)
    if entry is None:
        return Opened(suite, requirement=_HEADER, told=f"the header {header.octets.hex()} names no key of the list")
    if (suite.kdf, suite.aead) not in entry.algorithms:
        told = f"the algorithms {suite.kdf:04x}/{suite.aead:04x} are not listed together"
        return Opened(suite, requirement="rfc9458/3.1/listed-kdf-aead-pair-used", told=told)
    if not suite.implemented:
        return Opened(suite, told=f"the suite {suite.name} was chosen")
    enc = reader.take(crypto.KEMS[suite.kem].enc_length, "enc")
    ciphertext = reader.rest()
    private = next((p.private for p in pairs if p.public == entry.public), None)
    if private is None:
        return Opened(suite, enc, told="the key is not ours")
    for requirement, told, info, aad, sequence in _ways(header.octets):
        try:
            recipient = crypto.setup_recipient(suite, enc, private, info)
            plaintext = recipient.open(ciphertext, aad, sequence)
        except HPKEError:
            continue
        return Opened(suite, enc, plaintext, requirement, told, ResponseContext(suite, enc, recipient))
    return Opened(suite, enc, told="it opens in no way that we know")


def may_seal_for(key_id: int, kem: int, entries: Sequence[KeyEntry]) -> bool:
    """Whether the public key that was chosen is one that a sender may use (RFC 9180, Section 7.1.4)."""
    try:
        for entry in entries:
            if (entry.key_id, entry.kem) == (key_id, kem):
                crypto.validate_public(kem, entry.public)
    except HPKEError:
        return False
    return True
