"""The chunked form of the reference client (draft-ietf-ohai-chunked-ohttp-08): what differs from the plain form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from conformance import crypto
from conformance.protocols.ohttp.messages import (
    CHUNK_LIMIT,
    CHUNKED_REQUEST_LABEL,
    CHUNKED_REQUEST_TYPE,
    CHUNKED_RESPONSE_LABEL,
    CHUNKED_RESPONSE_TYPE,
    FINAL,
    BinaryRequest,
    BinaryResponse,
    Line,
    chunk_nonce,
    pieces_of,
)
from conformance.protocols.ohttp.peers._client import Client
from conformance.protocols.ohttp.peers._library_hpke import Exchange
from conformance.wire import Reader, Varint


class ChunkedClient(Client):
    """A client that has both forms. What is asked for in chunks is sent and taken in chunks only (7)."""

    features: ClassVar[tuple[str, ...]] = ("fetches-keys", "plain", "chunked")
    chunked_request_label: ClassVar[bytes] = CHUNKED_REQUEST_LABEL
    chunked_response_label: ClassVar[bytes] = CHUNKED_RESPONSE_LABEL

    async def fetched(self, url: str, wanted: BinaryRequest, usable: Sequence[Any], *, chunked: bool) -> BinaryResponse:
        """The response to one request."""
        if not chunked:
            return await super().fetched(url, wanted, usable, chunked=False)
        octets, exchange = self.sealed_in_chunks(usable, self.request_pieces(self.encoded(wanted)))
        answer = await self.exchange(url, b"POST", self.chunked_fields(wanted), octets)
        self.check_status(answer)
        self.check_type(answer, CHUNKED_RESPONSE_TYPE)
        return self.read(self.chunks_opened(answer.content, exchange))

    # requests

    def chunked_fields(self, wanted: BinaryRequest) -> Sequence[Line]:
        """The fields outside: the media type, and that octets are to be passed on as they come (3)."""
        del wanted
        return ((b"content-type", CHUNKED_REQUEST_TYPE.encode()), (b"incremental", b"?1"))

    def request_pieces(self, octets: bytes) -> list[bytes]:
        """The request in pieces that every gateway takes (3), an empty one at the end."""
        return pieces_of(octets, [CHUNK_LIMIT] * (len(octets) // CHUNK_LIMIT))

    def sealed_in_chunks(self, usable: Sequence[Any], pieces: Sequence[bytes]) -> tuple[bytes, Exchange]:
        """A chunked request, and what its response needs (6.1)."""
        entry, suite = self.choose(usable)
        pair = self.ephemeral(suite.kem, b"")
        header = self.header(entry, suite)
        info = self.chunked_request_label + b"\0" + header
        enc, context = self.algorithms.setup_sender(suite, entry.public, info, pair)
        out = [header, enc]
        for n, piece in enumerate(pieces):
            last = n == len(pieces) - 1
            sealed = self.algorithms.seal(context, piece, self.chunk_aad(final=last))
            out += [b"\0" if last else self.chunk_length(sealed), sealed]
        return b"".join(out), Exchange(suite, enc, context)

    def chunk_aad(self, *, final: bool) -> bytes:
        """The associated data of a chunk (6)."""
        return FINAL if final else b""

    def chunk_length(self, sealed: bytes) -> bytes:
        """What stands in front of a chunk that is not the final one (4)."""
        return Varint(len(sealed)).encode()

    # responses

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        """What all chunks of a response hold together (6.2); DecodeError when the final one does not come (7.1)."""
        length = self.nonce_length(exchange.suite)
        reader = Reader(octets, "response")
        nonce = reader.take(length, "nonce")
        secret = self.algorithms.export(exchange.context, self.chunked_response_label, length)
        key, base = self.derived(exchange.suite, secret, self.salt(exchange.enc, nonce))
        pieces: list[bytes] = []
        while self.more(reader):
            size = self.next_length(reader)
            final = size == 0
            sealed = self.final_octets(reader) if final else reader.take(size, f"chunk[{len(pieces)}]")
            aead_nonce = self.chunk_nonce(base, len(pieces))
            piece = self.chunk_opened(exchange, key, aead_nonce, sealed, final=final)
            if final:
                return b"".join([*pieces, self.final_piece(piece)])
            if not piece:
                self.empty_chunk(reader)
            pieces.append(piece)
        return self.without_final(reader, pieces)

    def more(self, reader: Reader) -> bool:
        """Whether something follows."""
        return reader.left > 0

    def next_length(self, reader: Reader) -> int:
        """The length in front of a chunk, in any width (6)."""
        return reader.varint("chunk.length")

    def final_octets(self, reader: Reader) -> bytes:
        """The final chunk: all that is left (4)."""
        return reader.rest()

    def final_piece(self, piece: bytes) -> bytes:
        """What the final chunk holds, which may be nothing (6)."""
        return piece

    def chunk_nonce(self, base: bytes, number: int) -> bytes:
        """The AEAD nonce of a chunk (6.2)."""
        return chunk_nonce(base, number)

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        """What is in a chunk."""
        return crypto.aead_open(exchange.suite.aead, key, nonce, sealed, self.chunk_aad(final=final))

    def empty_chunk(self, reader: Reader) -> None:
        """An empty chunk that is not the final one is treated as one that does not open (6)."""
        raise reader.fail("chunk", "empty, and not the final one")

    def without_final(self, reader: Reader, pieces: Sequence[bytes]) -> bytes:
        """The end of the content before the final chunk: what has come is not the whole (7.1)."""
        del pieces
        raise reader.fail("chunk", "the final one does not come")
