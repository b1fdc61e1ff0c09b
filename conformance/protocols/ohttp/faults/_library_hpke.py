"""Faults of libraries in how they open requests, and seal and open responses (RFC 9458, Sections 4.3 and 4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance import crypto
from conformance.bench import Fault, Reply, faults_of
from conformance.crypto import AEADS, HPKEError, Suite
from conformance.protocols.ohttp.faults import _hpke, _library_sealing
from conformance.protocols.ohttp.faults._library_sealing import (
    AAD,
    APP_A,
    BOTH,
    EXPAND,
    FIRST,
    INFO,
    KDF,
    LONG_KEYS,
    NONCE,
    OPENED,
    RECEIVER,
    SALT,
    SECRET,
    SENDER,
    UNDECRYPTABLE,
    ChunkedLabel,
    CountsFromOne,
    HeaderNotInInfo,
    NoZeroOctet,
    library_fault,
)
from conformance.protocols.ohttp.messages import GatewayKey, KeyEntry, Refused, RequestHeader, choose_key
from conformance.protocols.ohttp.peers import Encapsulation
from conformance.protocols.ohttp.peers._hpke import Context
from conformance.wire import DecodeError

# requests: receivers


@library_fault(RECEIVER, "rfc9458/4.3/unlisted-kdf-aead-refused", origin="chris-wood/ohttp-go: any pair of any key")
class AlgorithmsThatAreNotListed(Encapsulation):
    """Opens with whatever algorithms it knows, listed for the key or not."""

    def check(self, header: RequestHeader, key: GatewayKey) -> None:
        if header.suite.implemented and header.suite.aead in (1, 2, 3):
            known = KeyEntry(
                key.entry.key_id, key.entry.kem, key.entry.public, ((header.suite.kdf, header.suite.aead),)
            )
            choose_key(header, [GatewayKey(known, key.private)])
        else:
            super().check(header, key)


@library_fault(RECEIVER, "rfc9458/3.1/any-key-id-accepted")
class NoKeyIdFrom128(Encapsulation):
    """Reads key ids in headers as signed octets."""

    def check(self, header: RequestHeader, key: GatewayKey) -> None:
        if header.key_id >= 0x80:
            raise Refused("key", "negative")
        super().check(header, key)


@library_fault(RECEIVER, "rfc9458/4.3/unknown-key-or-kem-refused")
class KeyIdIgnored(Encapsulation):
    """Opens with its one key, whatever id the header names."""

    def check(self, header: RequestHeader, key: GatewayKey) -> None:
        choose_key(RequestHeader(key.entry.key_id, header.suite, header.octets), [key])


class _Own(Encapsulation):
    """Opens with a suite of its own choice in place of the header's."""

    def own(self, header: RequestHeader, key: GatewayKey) -> Suite:
        """The suite to open with."""
        raise NotImplementedError

    def opened(self, octets: bytes, key: GatewayKey) -> Any:
        if len(octets) < 8:
            raise DecodeError("request", 0, "too short")
        number = [int.from_bytes(octets[at : at + 2], "big") for at in (1, 3, 5)]
        header = RequestHeader(octets[0], Suite(*number), octets[:7])
        suite = self.own(header, key)
        meant = header.octets[:1] + b"".join(n.to_bytes(2, "big") for n in (suite.kem, suite.kdf, suite.aead))
        self.bound = header.octets
        return super().opened(meant + octets[7:], key)

    def info(self, header: bytes) -> bytes:
        return super().info(getattr(self, "bound", header))


@library_fault(RECEIVER, "rfc9458/4.3/unknown-key-or-kem-refused", origin="netty: the KEM is not compared")
class KEMIgnored(_Own):
    """Opens with the key's KEM, whatever the header names."""

    def own(self, header: RequestHeader, key: GatewayKey) -> Suite:
        return Suite(key.entry.kem, header.suite.kdf, header.suite.aead)


@library_fault(
    RECEIVER, "rfc9458/4.3/unoffered-kdf-aead-refused", "rfc9180/5.3/export-only-aead-refused",
    "rfc9180/7.2/one-stage-kdf-skipped", origin="thibmeu/ohttp-ts: header ignored in favour of the configured suite",
)  # fmt: skip
class AlgorithmsIgnored(_Own):
    """Opens with the first pair that its key is offered with, whatever the header names."""

    def own(self, header: RequestHeader, key: GatewayKey) -> Suite:
        return Suite(header.suite.kem, *key.entry.algorithms[0])


@library_fault(
    RECEIVER, "rfc9458/4.3/unoffered-kdf-aead-refused", "rfc9180/5.3/export-only-aead-refused",
    "rfc9180/7.2/one-stage-kdf-skipped", "rfc9458/4.3/header-bound-to-encryption",
    "rfc9458/4.3/unlisted-kdf-aead-refused", shows=("crash",),
)  # fmt: skip
class PanicsOnAlgorithmsThatWereNotOffered(Encapsulation):
    """Looks up the pair in the header without looking whether it is there."""

    def check(self, header: RequestHeader, key: GatewayKey) -> None:
        known = {pair: pair for pair in key.entry.algorithms}
        known[header.suite.kdf, header.suite.aead]
        super().check(header, key)


@library_fault(RECEIVER, "rfc9458/4.3/header-bound-to-encryption", INFO, *APP_A)
class HeaderNotBound(_Own):
    """Opens with what it configured, in algorithms and in info: the header in front decides nothing."""

    def own(self, header: RequestHeader, key: GatewayKey) -> Suite:
        del header
        return Suite(key.entry.kem, *key.entry.algorithms[0])

    def check(self, header: RequestHeader, key: GatewayKey) -> None:
        """Nothing is looked at."""

    def info(self, header: bytes) -> bytes:
        del header
        return self.request_label + b"\0" + self.bound_to

    def opened(self, octets: bytes, key: GatewayKey) -> Any:
        suite = Suite(key.entry.kem, *key.entry.algorithms[0])
        self.bound_to = self.header(key.entry, suite)
        return super().opened(octets, key)


class _Lenient(Encapsulation):
    """Tries again in other ways what does not open."""

    def opened(self, octets: bytes, key: GatewayKey) -> Any:
        try:
            return super().opened(octets, key)
        except (HPKEError, DecodeError) as why:
            for other in self.others():
                try:
                    return other.opened(octets, key)
                except (HPKEError, DecodeError, Refused):
                    continue
            raise HPKEError(str(why)) from why

    def others(self) -> Sequence[Encapsulation]:
        """Libraries that do it otherwise."""
        return ()


@library_fault(RECEIVER, INFO)
class OtherInfoToo(_Lenient):
    """Opens what older versions of it sealed: with other labels, and without zero octet or header."""

    def others(self) -> Sequence[Encapsulation]:
        old = Encapsulation()
        old.request_label = b"message/bhttp response"  # type: ignore[misc]
        return (NoZeroOctet(), HeaderNotInInfo(), ChunkedLabel(), old)


@library_fault(RECEIVER, FIRST)
class OtherMessagesToo(_Lenient):
    """Opens a request at any place of its context's sequence, and with associated data."""

    def others(self) -> Sequence[Encapsulation]:
        return (CountsFromOne(), _WithFinal())


class _WithFinal(Encapsulation):
    def open(self, context: Context, ciphertext: bytes) -> bytes:
        return self.algorithms.open(context, ciphertext, b"final")


@library_fault(
    RECEIVER, "rfc9458/4.3/undecryptable-request-refused", "rfc9458/4.3/short-request-refused",
    "rfc9458/4.3/header-bound-to-encryption",
)  # fmt: skip
class RequestTagNotChecked(Encapsulation):
    """Deciphers requests and does not look at the tag (of AES-GCM)."""

    def open(self, context: Context, ciphertext: bytes) -> bytes:
        if len(ciphertext) < 16:
            raise HPKEError("no room for a tag")
        return _hpke.without_tag(context.key, context.base_nonce, ciphertext)


@library_fault(RECEIVER, "rfc9458/4.3/short-request-refused", shows=("crash",), origin="chris-wood/ohttp-go, earlier")
class PanicsOnAShortRequest(Encapsulation):
    """Cuts header, enc and tag out of a request without looking whether they are there."""

    def opened(self, octets: bytes, key: GatewayKey) -> Any:
        assert len(octets) >= 7 + crypto.KEMS[key.entry.kem].enc_length + 16, "slice bounds out of range"
        return super().opened(octets, key)


@library_fault(RECEIVER, FIRST)
class LongRequestsCut(Encapsulation):
    """Gives no more of a request than the 65535 octets of its buffer."""

    def open(self, context: Context, ciphertext: bytes) -> bytes:
        return super().open(context, ciphertext)[:65_535]


@library_fault(RECEIVER, "rfc9458/4.3/app-a-request-decapsulated", "rfc9458/4.4/response-salt-enc-then-nonce", EXPAND)
class KeysOfItsOwn(Encapsulation):
    """Makes a key of its own where one is to be imported."""

    def keyconfig_encode(self, key_id: int, kem: int, suites: Sequence[Sequence[int]], private_key: str = "") -> Reply:
        del private_key
        return super().keyconfig_encode(key_id, kem, suites)


# responses: how they are sealed and opened


@library_fault(BOTH, NONCE, OPENED, where=LONG_KEYS, origin="ohttp crate's stream client: 16 octets for every AEAD")
class NonceOf16Octets(Encapsulation):
    """Nonce and secret of a response have 16 octets with every AEAD."""

    def nonce_length(self, suite: Suite) -> int:
        del suite
        return 16


@library_fault(BOTH, NONCE, SECRET, OPENED)
class NonceOfTheAEAD(Encapsulation):
    """Nonce and secret of a response have Nn octets, as a nonce of the AEAD has."""

    def nonce_length(self, suite: Suite) -> int:
        return AEADS[suite.aead].nonce_length


@library_fault(BOTH, SECRET, OPENED)
class SecretWithTheRequestsLabel(Encapsulation):
    """Exports the response's secret with the label of requests."""

    response_label = b"message/bhttp request"


@library_fault(BOTH, SECRET, OPENED, origin="netty CVE-2026-41207: all-zero secrets when the export fails")
class SecretOfZero(Encapsulation):
    """Does not look whether the export worked: the secret is zero."""

    def secret(self, exchange: Any) -> bytes:
        return bytes(self.nonce_length(exchange.suite))


@library_fault(BOTH, SALT, OPENED)
class NonceThenEnc(Encapsulation):
    """The salt is the nonce and then the encapsulated key."""

    def salt(self, enc: bytes, nonce: bytes) -> bytes:
        return nonce + enc


@library_fault(BOTH, SALT, OPENED)
class NonceAlone(Encapsulation):
    """The salt is the nonce alone."""

    def salt(self, enc: bytes, nonce: bytes) -> bytes:
        del enc
        return nonce


@library_fault(BOTH, KDF, OPENED)
class LabelledKDF(Encapsulation):
    """Uses HPKE's labelled Extract and Expand for the response's keys."""

    def derived(self, suite: Suite, secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
        hpke, suite_id, aead = self.algorithms, self.algorithms.suite_id(suite), AEADS[suite.aead]
        prk = hpke.labelled_extract(suite.kdf, suite_id, salt, b"secret", secret)
        return (
            hpke.labelled_expand(suite.kdf, suite_id, prk, b"key", b"", aead.key_length),
            hpke.labelled_expand(suite.kdf, suite_id, prk, b"nonce", b"", aead.nonce_length),
        )


@library_fault(BOTH, KDF, where={"suite": ["0011/0002/0002"]})
class AlwaysSHA256(Encapsulation):
    """Uses HKDF-SHA256 for the response's keys, whatever KDF the suite has."""

    def derived(self, suite: Suite, secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
        return super().derived(Suite(suite.kem, 1, suite.aead), secret, salt)


@library_fault(BOTH, EXPAND, OPENED)
class KeyAndNonceLabelsLonger(Encapsulation):
    """Expands with the names of the pseudocode's variables, aead_key and aead_nonce, for labels."""

    def derived(self, suite: Suite, secret: bytes, salt: bytes) -> tuple[bytes, bytes]:
        prk, aead = crypto.extract(suite.kdf, salt, secret), AEADS[suite.aead]
        return (
            crypto.expand(suite.kdf, prk, b"aead_key", aead.key_length),
            crypto.expand(suite.kdf, prk, b"aead_nonce", aead.nonce_length),
        )


@library_fault(BOTH, AAD, OPENED)
class FinalAsAssociatedData(Encapsulation):
    """Seals and opens responses with the associated data of a last chunk."""

    def response_aad(self, nonce: bytes) -> bytes:
        del nonce
        return b"final"


# responses: receivers


@library_fault(RECEIVER, "rfc9458/4.4/response-nonce-never-reused", "rfc9458/6.5/replay-gets-fresh-nonce")
class OneResponseNonce(Encapsulation):
    """Draws the response nonce once."""

    def nonce(self, suite: Suite) -> bytes:
        return bytes(range(self.nonce_length(suite)))


@library_fault(RECEIVER, "rfc9458/6.5/replay-gets-fresh-nonce", "rfc9458/4.4/response-nonce-never-reused")
class NonceMadeOfTheRequest(Encapsulation):
    """Makes the response nonce of the request: the same octets get the same."""

    def ohttp_response_encapsulate(self, context: int, response: str, nonce: str = "") -> Reply:
        self.seed = self.received[context].enc
        return super().ohttp_response_encapsulate(context, response, nonce)

    def nonce(self, suite: Suite) -> bytes:
        return (self.seed + bytes(32))[: self.nonce_length(suite)]


@library_fault(RECEIVER, "rfc9458/4.3/response-uses-request-context")
class ContextOfTheLastRequest(Encapsulation):
    """Keeps one context for all: that of the last request."""

    def ohttp_request_decapsulate(self, key: int, request: str) -> Reply:
        reply = super().ohttp_request_decapsulate(key, request)
        if "ok" in reply:
            self.last = self.received[reply["ok"]["context"]]
        return reply

    def response_keys(self, exchange: Any, nonce: bytes) -> tuple[bytes, bytes]:
        del exchange
        return super().response_keys(self.last, nonce)


@library_fault(RECEIVER, NONCE)
class LongResponsesCut(Encapsulation):
    """Seals no more of a response than the 65535 octets of its buffer."""

    def ohttp_response_encapsulate(self, context: int, response: str, nonce: str = "") -> Reply:
        return super().ohttp_response_encapsulate(context, response[: 2 * 65_535], nonce)


@library_fault(RECEIVER, SALT, EXPAND)
class GivenNonceIgnored(Encapsulation):
    """Draws a nonce of its own where one is given."""

    def ohttp_response_encapsulate(self, context: int, response: str, nonce: str = "") -> Reply:
        del nonce
        return super().ohttp_response_encapsulate(context, response)


# responses: senders


@library_fault(
    SENDER, "rfc9458/4.4/short-response-refused", shows=("crash",), origin="chris-wood/ohttp-go; ohttpy: slice panic"
)
class PanicsOnAShortResponse(Encapsulation):
    """Cuts nonce and tag off a response without looking whether they are there."""

    def parsed(self, octets: bytes, suite: Suite) -> tuple[bytes, bytes]:
        assert len(octets) >= self.nonce_length(suite) + 16, "slice bounds out of range"
        return super().parsed(octets, suite)


@library_fault(SENDER, UNDECRYPTABLE, "rfc9458/4.4/short-response-refused", "rfc9458/4.4/swapped-response-refused")
class ResponseTagNotChecked(Encapsulation):
    """Deciphers responses and does not look at the tag (of AES-GCM)."""

    def open_response(self, suite: Suite, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        del suite, aad
        if len(ciphertext) < 16:
            raise HPKEError("no room for a tag")
        return _hpke.without_tag(key, nonce, ciphertext)


class _Trying(Encapsulation):
    """Tries again in other ways what does not open."""

    def ohttp_response_decapsulate(self, context: int, response: str) -> Reply:
        exchange = self.sent[context]
        reply = super().ohttp_response_decapsulate(context, response)
        for other in () if "ok" in reply else self.others():
            again = other.ohttp_response_decapsulate(other.sent.keep(exchange), response)
            if "ok" in again:
                return again
        return reply

    def others(self) -> Sequence[Encapsulation]:
        """Libraries that do it otherwise."""
        raise NotImplementedError


@library_fault(SENDER, UNDECRYPTABLE)
class NonceOfAnyLength(_Trying):
    """Finds out by trying how long the nonce of a response is."""

    def others(self) -> Sequence[Encapsulation]:
        made = []
        for length in (12, 15, 17, 20):
            other: Any = Encapsulation()
            other.parsed = lambda octets, _, n=length: (octets[:n], octets[n:])
            made.append(other)
        return made


@library_fault(SENDER, SECRET)
class OtherLabelsToo(_Trying):
    """Opens what receivers with other labels sealed."""

    def others(self) -> Sequence[Encapsulation]:
        made = []
        for label in (b"message/bhttp request", b"message/bhttp chunked response"):
            other: Any = Encapsulation()
            other.response_label = label
            made.append(other)
        return made


@library_fault(SENDER, AAD)
class AssociatedDataToo(_Trying):
    """Opens responses with the associated data of a last chunk, too."""

    def others(self) -> Sequence[Encapsulation]:
        return (FinalAsAssociatedData(),)


@library_fault(SENDER, SALT)
class OtherSaltsToo(_Trying):
    """Opens responses whose salt is the nonce alone, too."""

    def others(self) -> Sequence[Encapsulation]:
        return (NonceAlone(),)


@library_fault(SENDER, "rfc9458/4.4/swapped-response-refused")
class AnyRequestUnderWay(_Trying):
    """Opens a response with whichever request under way it fits."""

    def others(self) -> Sequence[Encapsulation]:
        made = []
        for exchange in self.sent.all():
            other: Any = Encapsulation()
            other.sent.pop = lambda _, kept=exchange: kept
            made.append(other)
        return made


@library_fault(SENDER, "rfc9458/5.1/inner-1xx-tolerated", SECRET)
class InformationalResponsesRefused(Encapsulation):
    """Looks into the response, and refuses one whose first status is informational, or that is none."""

    def open_response(self, suite: Suite, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        plaintext = super().open_response(suite, key, nonce, ciphertext, aad)
        if plaintext[1:2] == b"\x40" and plaintext[2:3] < b"\xc8":
            raise HPKEError("no final status")
        return plaintext


@library_fault(SENDER, SECRET)
class LongAnswersCut(Encapsulation):
    """Gives no more of a response than the 65535 octets of its buffer."""

    def open_response(self, suite: Suite, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        return super().open_response(suite, key, nonce, ciphertext, aad)[:65_535]


FAULTS: tuple[Fault, ...] = (*_library_sealing.FAULTS, *faults_of(__name__))
