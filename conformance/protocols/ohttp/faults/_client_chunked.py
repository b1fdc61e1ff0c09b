"""Faults of clients in the chunked form (draft-ietf-ohai-chunked-ohttp-08)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from conformance.bench import Fault, faults_of
from conformance.crypto import HPKEError
from conformance.model import Ended
from conformance.net import Answer
from conformance.protocols.ohttp.faults._client import RETRY, client_fault
from conformance.protocols.ohttp.messages import (
    CHUNK_LIMIT,
    CHUNKED_REQUEST_LABEL,
    REQUEST_LABEL,
    REQUEST_TYPE,
    BinaryRequest,
    BinaryResponse,
    Line,
    Refused,
    bhttp_request,
    chunk_nonce,
    pieces_of,
)
from conformance.protocols.ohttp.peers import ChunkedClient
from conformance.protocols.ohttp.peers._library_hpke import Exchange
from conformance.wire import DecodeError, Reader, varint_width

DRAFT = "ietf-ohai-chunked-ohttp"
TRUNCATED, FINALITY = f"{DRAFT}/7.1/truncated-response-refused", f"{DRAFT}/6.1/finality-protected-by-aad"
ORDER, EMPTY = f"{DRAFT}/6/reordered-chunks-refused", f"{DRAFT}/6/empty-non-final-refused"
COUNTER, LARGE = f"{DRAFT}/6.2/chunk-nonce-counter-exact", f"{DRAFT}/3/chunk-16384-octets-accepted"
LAYOUT, ALONE = f"{DRAFT}/4/final-chunk-layout-exact", f"{DRAFT}/4/final-chunk-alone-accepted"
WITH_DATA, WIDTH = f"{DRAFT}/6/empty-final-chunk-accepted", f"{DRAFT}/6/non-minimal-length-accepted"
TRAILING, SHORT = f"{DRAFT}/4/trailing-octets-refused", f"{DRAFT}/4/chunk-shorter-than-tag-refused"
ANYWHERE, EXPORT = f"{DRAFT}/1.1/bhttp-split-anywhere-accepted", f"{DRAFT}/6.2/response-export-label-exact"
INFO, WITHIN = f"{DRAFT}/6.1/request-info-label-exact", f"{DRAFT}/3/sent-chunks-within-16384"
TYPED, EXCLUSIVE = f"{DRAFT}/3/request-media-type-exact", f"{DRAFT}/3/chunked-types-used-exclusively"
FALLBACK, NEVER_EMPTY = f"{DRAFT}/7/no-non-chunked-fallback", f"{DRAFT}/6/empty-non-final-never-sent"
UNDECRYPTABLE, PLAIN = "rfc9458/4.4/undecryptable-response-refused", "rfc9458/5.2/plain-reply-not-target-answer"
LONG_KEYS = {"suite": ["0020/0001/0003"]}


# Where a response ends


@client_fault(TRUNCATED, origin="cohere-tng 1.2.0: a clean end of the content ends the response")
class FinalChunkNotAwaited(ChunkedClient):
    """Takes the end of the content for the end of the response."""

    def without_final(self, reader: Reader, pieces: Sequence[bytes]) -> bytes:
        return b"".join(pieces) if pieces else super().without_final(reader, pieces)


@client_fault(TRUNCATED, TRAILING, SHORT, FINALITY, UNDECRYPTABLE)
class FinalChunkNotOpened(ChunkedClient):
    """Takes the zero for the end, and does not look whether the final chunk opens."""

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        try:
            return super().chunk_opened(exchange, key, nonce, sealed, final=final)
        except HPKEError:
            if final:
                return b""
            raise


@client_fault(EMPTY, origin="ohttp crate: an empty chunk reads as the end of the stream")
class EmptyChunkEnds(ChunkedClient):
    """An empty chunk is the end to whoever reads its stream."""

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        self._found: list[bytes] = []
        try:
            return super().chunks_opened(octets, exchange)
        except _EmptyError:
            return b"".join(self._found)

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        piece = super().chunk_opened(exchange, key, nonce, sealed, final=final)
        self._found.append(piece)
        return piece

    def empty_chunk(self, reader: Reader) -> None:
        raise _EmptyError(reader.at)


class _EmptyError(Exception):
    pass


@client_fault(EMPTY, origin="google/quiche before 609c6f073; ohttp crate")
class EmptyChunkSkipped(ChunkedClient):
    """Passes over chunks that hold nothing."""

    def empty_chunk(self, reader: Reader) -> None:
        """Goes on."""


@client_fault(WITH_DATA, LAYOUT, ALONE, origin="cohere-tng 1.2.0")
class FinalChunkWithDataRefused(ChunkedClient):
    """Wants the final chunk to be empty."""

    def final_piece(self, piece: bytes) -> bytes:
        if piece:
            raise Refused("chunk", "data in the final chunk")
        return piece


@client_fault(WITH_DATA, LAYOUT, ALONE)
class FinalChunkForgotten(ChunkedClient):
    """Opens the final chunk to see that it is there, and forgets what it holds."""

    def final_piece(self, piece: bytes) -> bytes:
        del piece
        return b""


@client_fault(ALONE)
class FirstChunkIsNeverFinal(ChunkedClient):
    """Expects something in front of the final chunk."""

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        at = self.nonce_length(exchange.suite)
        if octets[at : at + 1] == b"\0":
            raise DecodeError("chunk", 0, "a length of zero")
        return super().chunks_opened(octets, exchange)


@client_fault(TRAILING)
class FinalChunkUpToItsTag(ChunkedClient):
    """Takes an empty final chunk's tag and leaves what follows to nobody."""

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        try:
            return super().chunk_opened(exchange, key, nonce, sealed, final=final)
        except HPKEError:
            if not final:
                raise
            return super().chunk_opened(exchange, key, nonce, sealed[:16], final=True)


@client_fault(FINALITY)
class AssociatedDataOfEitherKind(ChunkedClient):
    """Opens a chunk with the associated data of the final one or with none, whichever fits."""

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        try:
            return super().chunk_opened(exchange, key, nonce, sealed, final=final)
        except HPKEError:
            return super().chunk_opened(exchange, key, nonce, sealed, final=not final)


# How chunks are counted


@client_fault(COUNTER, EXPORT, INFO, origin="chris-wood/ohttp-go, pull request 26: wrong from the third chunk on")
class NonceXoredInPlace(ChunkedClient):
    """XORs the number of each chunk into the nonce of the one before."""

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        self._nonce = b""
        return super().chunks_opened(octets, exchange)

    def chunk_nonce(self, base: bytes, number: int) -> bytes:
        self._nonce = chunk_nonce(self._nonce or base, number)
        return self._nonce


@client_fault(COUNTER)
class CounterOfOneOctet(ChunkedClient):
    """Counts chunks in one octet."""

    def chunk_nonce(self, base: bytes, number: int) -> bytes:
        return chunk_nonce(base, number & 0xFF)


@client_fault(COUNTER, ORDER)
class AnyNumberNearby(ChunkedClient):
    """Tries the numbers around that of a chunk, so that a lost one does no harm."""

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        base = int.from_bytes(nonce, "big")
        for difference in range(8):
            try:
                near = (base ^ difference).to_bytes(len(nonce), "big")
                return super().chunk_opened(exchange, key, near, sealed, final=final)
            except HPKEError:
                continue
        raise HPKEError("no number fits")


# Lengths


@client_fault(LARGE, origin="the length of a chunk of 16384 octets, once sealed, needs four octets")
class LengthsOfTwoOctets(ChunkedClient):
    """Has no room for chunks whose length needs more than two octets."""

    def next_length(self, reader: Reader) -> int:
        length = super().next_length(reader)
        if length > 16_383:
            raise reader.fail("chunk.length", "too long")
        return length


@client_fault(WIDTH)
class MinimalLengthsOnly(ChunkedClient):
    """Refuses lengths that have more octets than they need."""

    def next_length(self, reader: Reader) -> int:
        at = reader.at
        length = super().next_length(reader)
        if reader.at - at != varint_width(length):
            raise reader.fail("chunk.length", "not minimal")
        return length


@client_fault(SHORT, TRUNCATED, shows=("crash",))
class PanicsOnAShortChunk(ChunkedClient):
    """Cuts the tag off a chunk without looking whether it is there."""

    def chunk_opened(self, exchange: Exchange, key: bytes, nonce: bytes, sealed: bytes, *, final: bool) -> bytes:
        assert len(sealed) >= 16, "slice bounds out of range"
        return super().chunk_opened(exchange, key, nonce, sealed, final=final)


@client_fault(ANYWHERE)
class FirstChunkHoldsTheControlData(ChunkedClient):
    """Reads framing indicator and status out of the first chunk."""

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        length = self.nonce_length(exchange.suite)
        if 0 < int.from_bytes(octets[length : length + 1], "big") < 16 + 3:
            raise DecodeError("chunk", length, "no status in the first chunk")
        return super().chunks_opened(octets, exchange)


@client_fault(f"{DRAFT}/6/any-outer-framing-accepted")
class ChunksAsHTTPCutsThem(ChunkedClient):
    """Takes each piece of the chunked transfer coding for a chunk: what is cut otherwise is lost."""

    async def exchange(self, url: str, method: bytes, fields: Sequence[Line], content: bytes | None) -> Answer:
        answer = await super().exchange(url, method, fields, content)
        if any(n.lower() == b"transfer-encoding" for n, _ in answer.fields):
            raise DecodeError("chunk", 0, "a piece is no chunk")
        return answer


# Labels, and what is sent


@client_fault(INFO, UNDECRYPTABLE, EXPORT, origin="ohttpy 0.1a13")
class LabelOfPlainRequests(ChunkedClient):
    """Seals chunked requests with the label of plain ones."""

    chunked_request_label: ClassVar[bytes] = REQUEST_LABEL


@client_fault(EXPORT, UNDECRYPTABLE)
class LabelOfChunkedRequestsForResponses(ChunkedClient):
    """Exports the secret of responses with the label of requests."""

    chunked_response_label: ClassVar[bytes] = CHUNKED_REQUEST_LABEL


@client_fault(EXPORT, INFO, where=LONG_KEYS, shows=("crash",), origin="ohttp crate 0.7.2 and 0.8.0: slice of 32 of 16")
class PanicsWithLongKeys(ChunkedClient):
    """Has sixteen octets for the response nonce, whatever the AEAD."""

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        assert self.nonce_length(exchange.suite) <= 16, "range end index 32 out of range for slice of length 16"
        return super().chunks_opened(octets, exchange)


class _Otherwise(ChunkedClient):
    """A client that opens a chunked response in another way where it does not open. No fault by itself."""

    other: ClassVar[type[ChunkedClient]]

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        try:
            return super().chunks_opened(octets, exchange)
        except (DecodeError, HPKEError):
            return self.other().chunks_opened(octets, exchange)


class _PlainLabel(ChunkedClient):
    chunked_response_label: ClassVar[bytes] = b"message/bhttp response"


@client_fault(UNDECRYPTABLE)
class PlainLabelToo(_Otherwise):
    """Opens chunks that were sealed with the label of plain responses, too."""

    other = _PlainLabel


@client_fault(f"{DRAFT}/3/request-incremental-sent")
class NotIncremental(ChunkedClient):
    """Does not say that octets are to be passed on as they come."""

    def chunked_fields(self, wanted: BinaryRequest) -> Sequence[Line]:
        return tuple((n, v) for n, v in super().chunked_fields(wanted) if n != b"incremental")


@client_fault(WITHIN)
class OneChunkForAll(ChunkedClient):
    """Sends its request in one chunk, however long it is."""

    def request_pieces(self, octets: bytes) -> list[bytes]:
        return [octets]


@client_fault(NEVER_EMPTY, WITHIN, INFO)
class EmptyChunkFirst(ChunkedClient):
    """Flushes before it has written anything."""

    def request_pieces(self, octets: bytes) -> list[bytes]:
        pieces = pieces_of(octets, [CHUNK_LIMIT] * (len(octets) // CHUNK_LIMIT))
        return [b"", *pieces] if len(octets) > CHUNK_LIMIT else pieces


@client_fault(TYPED, EXCLUSIVE, PLAIN, FALLBACK, EMPTY)
class PlainFormWhereItIsShort(ChunkedClient):
    """Sends short requests in the plain form."""

    async def fetched(self, url: str, wanted: BinaryRequest, usable: Sequence[Any], *, chunked: bool) -> BinaryResponse:
        return await super().fetched(url, wanted, usable, chunked=chunked and len(wanted.content) > 100)


@client_fault(FALLBACK, PLAIN, RETRY)
class TurnsToThePlainForm(ChunkedClient):
    """Sends the request again in the plain form where the chunked one is not taken."""

    async def fetched(self, url: str, wanted: BinaryRequest, usable: Sequence[Any], *, chunked: bool) -> BinaryResponse:
        try:
            return await super().fetched(url, wanted, usable, chunked=chunked)
        except (Refused, Ended):
            return await super().fetched(url, wanted, usable, chunked=False)


@client_fault(PLAIN)
class AnyTypeOfChunks(ChunkedClient):
    """Opens what comes in answer to a chunked request, whatever it is called."""

    def check_type(self, answer: Answer, wanted: str) -> None:
        if wanted == REQUEST_TYPE:
            super().check_type(answer, wanted)


@client_fault(f"{DRAFT}/3/both-bhttp-forms-accepted")
class KnownLengthOnly(ChunkedClient):
    """Reads messages of known length only."""

    def chunks_opened(self, octets: bytes, exchange: Exchange) -> bytes:
        plaintext = super().chunks_opened(octets, exchange)
        if plaintext[:1] == b"\3":
            raise DecodeError("bhttp.framing", 0, "indeterminate length")
        return plaintext


@client_fault(f"{DRAFT}/3/both-bhttp-forms-accepted", "rfc9292/3.1/known-length-response-layout-exact")
class IndeterminateLengthOnly(ChunkedClient):
    """Writes and reads messages of indeterminate length only."""

    def encoded(self, wanted: BinaryRequest) -> bytes:
        return bhttp_request(wanted, known=False).encode()

    def read(self, plaintext: bytes) -> BinaryResponse:
        if plaintext[:1] == b"\1":
            raise DecodeError("bhttp.framing", 0, "known length")
        return super().read(plaintext)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
