"""Chunked Oblivious HTTP (draft-ietf-ohai-chunked-ohttp-08, Sections 3 to 6).

    request   = header (7), enc (Nenc), chunk…      response = nonce (max(Nn, Nk)), chunk…
    chunk     = length of the sealed octets (varint, at least 1), sealed octets
    final     = 0 (varint), sealed octets up to the end of the content

A chunk is sealed with no associated data, the final one with `final`; each at the next number of its direction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from conformance import crypto
from conformance.crypto import HPKEError
from conformance.protocols.ohttp.messages._encapsulation import (
    ChooseKey,
    GatewayKey,
    Refused,
    ResponseContext,
    choose_key,
    read_header,
    response_keys,
    response_nonce_length,
)
from conformance.wire import Many, Message, Reader, Sealed, UInt, Varint

CHUNKED_REQUEST_TYPE, CHUNKED_RESPONSE_TYPE = "message/ohttp-chunked-req", "message/ohttp-chunked-res"
CHUNKED_REQUEST_LABEL = b"message/bhttp chunked request"
CHUNKED_RESPONSE_LABEL = b"message/bhttp chunked response"
FINAL = b"final"
REST = 16_000
"""Octets of a chunk whose size does not matter: sealed, their number still fits two octets."""
Get = Callable[[str], bytes]
CHUNK_LIMIT = 16_384
"""Octets of a chunk, before it is sealed, that every receiver takes (Section 3)."""


def pieces_of(octets: bytes, sizes: Sequence[int], *, empty_final: bool = True) -> list[bytes]:
    """Octets in pieces of these sizes, empty ones where a size is 0, and the rest, `REST` at a time.

    `empty_final` puts an empty piece behind all.
    """
    pieces, at = [], 0
    for size in sizes:
        if at < len(octets) or not size:
            pieces.append(octets[at : at + size])
        at += size
    pieces += [octets[n : n + REST] for n in range(at, len(octets), REST)]
    return [*pieces, b""] if empty_final or not pieces else pieces


def chunked_response(
    context: ResponseContext, nonce: bytes, content: Any, sizes: Sequence[int] = (), *, empty_final: bool = True
) -> Message:
    """The recipe of a chunked response (Section 6.2): `content`, a recipe, in pieces of these sizes and the rest.

    The number of chunks is that of the honest content; what a change adds to the content goes into the last that is
    not empty.
    """
    suite, length = context.suite, response_nonce_length(context.suite)
    honest = pieces_of(content.encode(), sizes, empty_final=empty_final)
    ends = [sum(len(p) for p in honest[: n + 1]) for n in range(len(honest))]

    filled = max((n for n, piece in enumerate(honest) if piece), default=0)

    def chunk(n: int) -> Message:
        start, end = (ends[n - 1] if n else 0), None if n == filled else ends[n]
        last = n == len(honest) - 1
        return sealed_chunk(n, lambda get: get("content")[start:end], final=last, aead=suite.aead)

    return Message(
        nonce=nonce,
        label=Sealed(CHUNKED_RESPONSE_LABEL),
        secret=Sealed(lambda get: context.recipient.export(get("label"), length)),
        salt=Sealed(lambda get: context.enc + get("nonce")),
        key=Sealed(lambda get: response_keys(suite, get("secret"), get("salt"))[0]),
        base=Sealed(lambda get: response_keys(suite, get("secret"), get("salt"))[1]),
        content=Sealed(content),
        chunk=Many([chunk(n) for n in range(len(honest))]),
    )


def sealed_chunk(number: int, plaintext: Any, *, final: bool, aead: int) -> Message:
    """The recipe of one chunk of a response, in a message that has `key` and `base`: its number, and what is in it."""

    def seal(get: Get) -> bytes:
        nonce = chunk_nonce(get("base"), int.from_bytes(get("number"), "big"))
        return crypto.aead_seal(aead, get("key"), nonce, get("plaintext"), get("aad"))

    return Message(
        length=Varint(0) if final else lambda get: Varint(len(get("sealed"))),
        number=Sealed(UInt(number, 8)),
        aad=Sealed(FINAL if final else b""),
        plaintext=Sealed(plaintext),
        sealed=seal,
    )


def chunk_nonce(base: bytes, number: int) -> bytes:
    """The AEAD nonce of a chunk: the base nonce, and its number in network order, XORed (Section 6.2)."""
    return (int.from_bytes(base, "big") ^ number).to_bytes(len(base), "big")


def read_chunks(reader: Reader) -> Iterator[tuple[bytes, bool]]:
    """The sealed octets of each chunk, and whether it is the final one; DecodeError where there is no final one."""
    n = 0
    while True:
        length = reader.varint(f"chunk[{n}].length")
        if not length:
            yield reader.rest(), True
            return
        yield reader.take(length, f"chunk[{n}]"), False
        n += 1


def open_chunked_response(octets: bytes, context: ResponseContext) -> bytes:
    """What a strict client reads in a chunked response; DecodeError where any chunk is missing, wrong or empty."""
    suite, length = context.suite, response_nonce_length(context.suite)
    reader = Reader(octets, "response")
    nonce = reader.take(length, "nonce")
    secret = context.recipient.export(CHUNKED_RESPONSE_LABEL, length)
    key, base = response_keys(suite, secret, context.enc + nonce)
    pieces = []
    for n, (sealed, final) in enumerate(read_chunks(reader)):
        try:
            piece = crypto.aead_open(suite.aead, key, chunk_nonce(base, n), sealed, FINAL if final else b"")
        except HPKEError as why:
            raise reader.fail(f"chunk[{n}]", f"it does not open ({why})") from why
        if not piece and not final:
            raise reader.fail(f"chunk[{n}]", "empty, and not the final one")
        pieces.append(piece)
    return b"".join(pieces)


def open_chunked_request(
    octets: bytes, keys: Sequence[GatewayKey], choose: ChooseKey = choose_key
) -> tuple[bytes, ResponseContext, list[int]]:
    """The plaintext of a chunked request (Section 6.1), the context for its response, and the sizes of its chunks.

    DecodeError when it is cut, Refused when no key fits or a chunk does not open or is empty.
    """
    reader = Reader(octets, "request")
    header = read_header(reader)
    key = choose(header, keys)
    enc = reader.take(crypto.KEMS[header.suite.kem].enc_length, "enc")
    pieces: list[bytes] = []
    try:
        recipient = crypto.setup_recipient(
            header.suite, enc, key.private, CHUNKED_REQUEST_LABEL + b"\0" + header.octets
        )
        for sealed, final in read_chunks(reader):
            pieces.append(recipient.open(sealed, FINAL if final else b""))
            if not pieces[-1] and not final:
                raise Refused("empty", f"chunk {len(pieces) - 1} is empty, and not the final one")
    except HPKEError as why:
        raise Refused("open", f"chunk {len(pieces)}: {why}") from why
    return b"".join(pieces), ResponseContext(header.suite, enc, recipient), [len(p) for p in pieces]


__all__ = [
    "CHUNKED_REQUEST_LABEL", "CHUNKED_REQUEST_TYPE", "CHUNKED_RESPONSE_LABEL", "CHUNKED_RESPONSE_TYPE", "CHUNK_LIMIT",
    "FINAL", "chunk_nonce", "chunked_response", "open_chunked_request",
    "open_chunked_response", "pieces_of", "read_chunks", "sealed_chunk",
]  # fmt: skip
