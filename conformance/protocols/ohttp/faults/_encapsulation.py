"""Faults of gateways in opening encapsulated requests (RFC 9458, Sections 4.3 and 5.2; RFC 9180, Section 7.1.4)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance import crypto
from conformance.bench import Fault, faults_of
from conformance.crypto import AEADS, EXPORT_ONLY, KDFS, KEMS, HPKEError, Suite
from conformance.net import ServerExchange
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import (
    HEADER_LENGTH,
    PSK,
    REQUEST_LABEL,
    GatewayKey,
    Refused,
    RequestHeader,
    ResponseContext,
    choose_key,
    open_request,
    read_header,
)
from conformance.protocols.ohttp.peers import Gateway
from conformance.wire import DecodeError, Reader

ANY_REFUSAL = (
    "rfc9458/5.2/invalid-message-gets-4xx",
    "rfc9458/4.3/*-refused",
    "rfc9180/*-refused",
    "rfc9180/*-validated",
)
WHAT_IS_SEALED = (
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.3/hpke-base-mode-only",
    "rfc9458/4.3/request-aad-empty-first-sequence",
    "rfc9458/4.3/header-bound-to-encryption",
    "rfc9458/4.6/label-matches-media-type",
)
Opening = tuple[bytes, ResponseContext]
REFUSED_4XX = "rfc9458/5.2/invalid-message-gets-4xx"


class Panic(Exception):
    """A handler of the gateway dies, and with it the connection."""


# Answers


@gateway_fault(*ANY_REFUSAL, *WHAT_IS_SEALED, "rfc9458/6.4/*-gets-422")
class InternalErrorWhenUndecryptable(Gateway):
    """Cannot tell a request that does not decrypt from a failure of its own: 500."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        await self.plain(exchange, 500, str(why))


@gateway_fault("rfc9458/6.4/*-gets-422", origin="privacy-gateway-server-go: 401 text/plain for an unknown key id")
class UnauthorizedWhenUndecryptable(Gateway):
    """Answers 401 where a key is unknown or does not fit, and says no more."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        del why
        await self.plain(exchange, 401, "unauthorized")


@gateway_fault(
    "rfc9458/4.3/unknown-key-or-kem-refused",
    REFUSED_4XX,
    "rfc9458/6.4/unknown-key-id-gets-422",
    origin="microsoft/attested-ohttp-server: 500 for an unknown key",
)
class InternalErrorForUnknownKey(Gateway):
    """Takes an unknown key identifier for a failure of its key store: 500."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        if isinstance(why, Refused) and why.step == "key":
            await self.plain(exchange, 500, str(why))
        else:
            await super().refuse(exchange, why)


@gateway_fault(
    "rfc9458/4.3/short-request-refused", REFUSED_4XX, origin="netty-incubator-codec-ohttp: closes on a prefix"
)
class ClosesOnShortRequest(Gateway):
    """Waits for the rest of a request that is cut within header or encapsulated key, and closes when there is none."""

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        if isinstance(why, DecodeError):
            await exchange.close()
        else:
            await super().refuse(exchange, why)


@gateway_fault(
    "rfc9458/4.3/short-request-refused",
    REFUSED_4XX,
    origin="netty-incubator-codec-ohttp: CVE-2026-48040, out of bounds",
)
class PanicsOnShortCiphertext(Gateway):
    """Cuts the tag off the end of the ciphertext without looking whether there is one."""

    def decapsulate(self, content: bytes) -> Opening:
        reader = Reader(content, "request")
        header = read_header(reader)
        choose_key(header, self.keys)
        if reader.left < header.suite.kem_info.enc_length + header.suite.aead_info.tag_length:
            raise Panic("slice out of range")
        return super().decapsulate(content)


@gateway_fault(
    "rfc9458/4.3/unknown-key-or-kem-refused",
    REFUSED_4XX,
    origin="chris-wood/ohttp-go before 2026-02: panics on unknown KEM",
)
class PanicsOnUnknownKEM(Gateway):
    """Looks up the sizes of the KEM in the header before it looks whether it has that KEM."""

    def decapsulate(self, content: bytes) -> Opening:
        if len(content) >= HEADER_LENGTH and int.from_bytes(content[1:3], "big") not in KEMS:
            raise Panic("no such KEM")
        return super().decapsulate(content)


@gateway_fault("rfc9458/4.3/unoffered-kdf-aead-refused", REFUSED_4XX)
class PanicsOnUnknownAlgorithm(Gateway):
    """Makes the suite that the header names before it looks whether it offers it."""

    def decapsulate(self, content: bytes) -> Opening:
        if len(content) >= HEADER_LENGTH:
            kdf, aead = (int.from_bytes(content[at : at + 2], "big") for at in (3, 5))
            if kdf not in KDFS or aead not in AEADS:
                raise Panic("no such algorithm")
        return super().decapsulate(content)


@gateway_fault("rfc9180/5.3/export-only-aead-refused", REFUSED_4XX)
class PanicsOnExportOnly(Gateway):
    """Has the export-only AEAD among its algorithms, and asks its context to open something."""

    def decapsulate(self, content: bytes) -> Opening:
        if content[5:7] == EXPORT_ONLY.to_bytes(2, "big"):
            raise Panic("this context only exports")
        return super().decapsulate(content)


@gateway_fault("rfc9458/4.3/invalid-enc-refused", "rfc9180/7.1.4/public-keys-and-enc-validated", REFUSED_4XX)
class PanicsOnInvalidPoint(Gateway):
    """Expects the encapsulated key to be a point, and has no words for others."""

    def decapsulate(self, content: bytes) -> Opening:
        reader = Reader(content, "request")
        suite = choose_key(read_header(reader), self.keys).entry.suites[0]
        try:
            crypto.validate_public(suite.kem, reader.take(suite.kem_info.enc_length, "enc"))
        except HPKEError as why:
            if suite.kem in {0x0010, 0x0011, 0x0012}:
                raise Panic("a valid point") from why
        return super().decapsulate(content)


@gateway_fault(
    "rfc9458/4.3/undecryptable-request-refused", REFUSED_4XX, where={"http": [1]},
    origin="netty-incubator-codec-ohttp: GHSA-vmr9-j6wf-pmh2, a buffer leaks with each failure",
)  # fmt: skip
class BufferLostPerRefusal(Gateway):
    """Every request that does not open costs one of a thousand buffers; then there is none for anybody."""

    lost = 0

    async def refuse(self, exchange: ServerExchange, why: DecodeError | Refused) -> None:
        self.lost += 1
        if self.lost > 1000:
            raise Panic("out of buffers")
        await super().refuse(exchange, why)


# Keys and algorithms


@gateway_fault("rfc9458/4.3/unknown-key-or-kem-refused", REFUSED_4XX, "rfc9458/6.4/unknown-key-id-gets-422")
class AnyKeyWillDo(Gateway):
    """Takes the key of the right KEM, whatever identifier the request names."""

    def decapsulate(self, content: bytes) -> Opening:
        def choose(header: RequestHeader, keys: Sequence[GatewayKey]) -> GatewayKey:
            fits = (k for k in keys if header.suite in k.entry.suites)
            return next(fits, None) or choose_key(header, keys)

        return open_request(content, self.keys, choose)


@gateway_fault(
    "rfc9458/4.3/unknown-key-or-kem-refused", REFUSED_4XX, origin="netty-incubator-codec-ohttp: the KEM is not compared"
)
class KEMNotCompared(Gateway):
    """Finds the key by its identifier, and uses it with its own KEM, whatever the request says."""

    def decapsulate(self, content: bytes) -> Opening:
        reader = Reader(content, "request")
        header = read_header(reader)
        key = next((k for k in self.keys if k.entry.key_id == header.key_id), None)
        if key is None:
            return super().decapsulate(content)
        suite = replace(header.suite, kem=key.entry.kem)
        if suite not in key.entry.suites:
            return super().decapsulate(content)
        envelope = Envelope(header, key, reader.take(suite.kem_info.enc_length, "enc"), reader.rest())
        try:
            return envelope.open(envelope.info(), suite=suite)
        except HPKEError as why:
            raise Refused("open", str(why)) from why


@gateway_fault(
    "rfc9458/4.3/unlisted-kdf-aead-refused",
    origin="privacy-gateway-server-go: AES-256-GCM and ChaCha20-Poly1305 are taken though not listed",
)
class TakesUnlistedAlgorithms(Gateway):
    """Opens with any algorithms that its library has, listed for the key or not."""

    def decapsulate(self, content: bytes) -> Opening:
        def choose(header: RequestHeader, keys: Sequence[GatewayKey]) -> GatewayKey:
            found = next((k for k in keys if (k.entry.key_id, k.entry.kem) == (header.key_id, header.suite.kem)), None)
            return found if found and header.suite.implemented else choose_key(header, keys)

        return open_request(content, self.keys, choose)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An encapsulated request taken apart, with the key that it names."""

    header: RequestHeader
    key: GatewayKey
    enc: bytes
    ciphertext: bytes

    def info(self, label: bytes = REQUEST_LABEL) -> bytes:
        """The HPKE info under a label."""
        return label + b"\0" + self.header.octets

    def open(self, info: bytes, *, suite: Suite | None = None, aad: bytes = b"", sequence: int = 0) -> Opening:
        """Open with these parts; HPKEError when it does not."""
        suite = suite or self.header.suite
        recipient = crypto.setup_recipient(suite, self.enc, self.key.private, info)
        return recipient.open(self.ciphertext, aad, sequence), ResponseContext(suite, self.enc, recipient)

    def open_with(self, dh: bytes, psk: bytes = b"", psk_id: bytes = b"") -> Opening:
        """Open with what both sides are said to share; HPKEError when it does not."""
        suite = self.header.suite
        recipient = crypto.setup_recipient_with(suite, self.key.entry.public, self.info(), self.enc, dh, psk, psk_id)
        return recipient.open(self.ciphertext), ResponseContext(suite, self.enc, recipient)


class Second(Gateway):
    """A gateway that has other ways to open what does not open. No fault by itself."""

    def decapsulate(self, content: bytes) -> Opening:
        try:
            return super().decapsulate(content)
        except Refused:
            reader = Reader(content, "request")
            header = read_header(reader)
            names = (header.key_id, header.suite.kem)
            key = next((k for k in self.keys if (k.entry.key_id, k.entry.kem) == names), None)
            if key is None:
                raise
            enc = reader.take(header.suite.kem_info.enc_length, "enc")
            for attempt in self.others(Envelope(header, key, enc, reader.rest())):
                with contextlib.suppress(HPKEError, ValueError):
                    return attempt()
            raise

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        """Other ways to open it."""
        del envelope
        return ()


@gateway_fault(
    "rfc9458/4.3/header-bound-to-encryption",
    REFUSED_4XX,
    origin="thibmeu/ohttp-ts: KDF and AEAD of the header are ignored in favour of the configured suite",
)
class ConfiguredSuiteWhateverTheHeaderSays(Second):
    """Opens with the algorithms that it is configured for, and does not look at those in the header."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        for suite in envelope.key.entry.suites:
            octets = envelope.header.octets[:3] + suite.kdf.to_bytes(2, "big") + suite.aead.to_bytes(2, "big")
            yield partial(envelope.open, REQUEST_LABEL + b"\0" + octets, suite=suite)


# What is sealed


@gateway_fault("rfc9458/4.3/request-hpke-info-exact", "rfc9458/4.6/label-matches-media-type", REFUSED_4XX)
class TriesOtherLabels(Second):
    """Serves several formats on one resource, and finds out by trying which of them a request is."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        labels = b"message/bhttp chunked request", b"application/dns-message request", b""
        return [partial(envelope.open, envelope.info(label)) for label in labels]


@gateway_fault("rfc9458/4.3/request-hpke-info-exact", REFUSED_4XX)
class InfoWithoutHeader(Second):
    """Takes requests too that are not bound to their header, or not with the zero octet: old clients send them."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        infos = REQUEST_LABEL + b"\0", REQUEST_LABEL + envelope.header.octets, b""
        return [partial(envelope.open, info) for info in infos]


@gateway_fault("rfc9458/4.3/request-aad-empty-first-sequence", REFUSED_4XX)
class OpensChunksToo(Second):
    """Opens as it would a chunk: with the associated data of the last one, or at another place of the sequence."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        yield partial(envelope.open, envelope.info(), aad=b"final")
        yield partial(envelope.open, envelope.info(), sequence=1)


@gateway_fault("rfc9458/4.3/hpke-base-mode-only", REFUSED_4XX)
class TakesPSKMode(Second):
    """Has a default for the pre-shared key, and takes requests that are sealed with it."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        kem, private = envelope.header.suite.kem, envelope.key.private
        yield lambda: envelope.open_with(crypto.diffie_hellman(kem, private, envelope.enc), *PSK)


# Invalid encapsulated keys


@gateway_fault("rfc9458/4.3/invalid-enc-refused", "rfc9180/7.1.4/zero-shared-secret-refused", REFUSED_4XX)
class TakesZeroSharedSecret(Second):
    """Does not look whether the shared secret of X25519 or X448 is zero."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        if envelope.header.suite.kem in {0x0020, 0x0021}:
            yield partial(envelope.open_with, bytes(len(envelope.enc)))


CURVES: Mapping[int, ec.EllipticCurve] = {0x0010: ec.SECP256R1(), 0x0011: ec.SECP384R1(), 0x0012: ec.SECP521R1()}


@gateway_fault(
    "rfc9458/4.3/invalid-enc-refused", "rfc9180/7.1.4/public-keys-and-enc-validated",
    "rfc9180/7.1.1/uncompressed-points-only", REFUSED_4XX,
)  # fmt: skip
class OnlyTheCoordinateX(Second):
    """Computes with the first coordinate of a point alone, so that nobody looks at its form or its second one."""

    def others(self, envelope: Envelope) -> Iterable[Callable[[], Opening]]:
        kem = envelope.header.suite.kem

        def opened() -> Opening:
            half = b"\x02" + envelope.enc[1 : 1 + len(envelope.enc) // 2]
            point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[kem], half)
            whole = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            return envelope.open_with(crypto.diffie_hellman(kem, envelope.key.private, whole))

        if kem in CURVES:
            yield opened


FAULTS: tuple[Fault, ...] = faults_of(__name__)
