"""How faults of a library that seals and opens are declared; those in HPKE and in sealing requests (RFC 9458, 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from conformance import crypto
from conformance.bench import Fault, Reply, fault, faults_of
from conformance.crypto import HPKEError, KeyPair, Suite
from conformance.protocols.ohttp.faults import _hpke
from conformance.protocols.ohttp.messages import (
    PSK,
    GatewayKey,
    KeyEntry,
)
from conformance.protocols.ohttp.peers import HPKE, Encapsulation
from conformance.protocols.ohttp.peers._hpke import Context

SENDER, RECEIVER = ("ohttp.sender",), ("ohttp.receiver",)
BOTH = (*SENDER, *RECEIVER)
INFO, FIRST = "rfc9458/4.3/request-hpke-info-exact", "rfc9458/4.3/request-aad-empty-first-sequence"
BASE, LAYOUT = "rfc9458/4.3/hpke-base-mode-only", "rfc9458/4.1/request-layout-exact"
APP_A = (
    "rfc9458/4.3/app-a-request-reproduced", "rfc9458/4.3/app-a-request-decapsulated",
    "rfc9458/4.4/app-a-response-opened",
)  # fmt: skip
SCHEDULE = "rfc9180/4.1/labelled-key-schedule-exact"
FRESH = "rfc9458/6.1/fresh-hpke-context-per-request"
SECRET, SALT, KDF, EXPAND, AAD, NONCE = (
    "rfc9458/4.4/response-secret-export-exact", "rfc9458/4.4/response-salt-enc-then-nonce",
    "rfc9458/4.4/response-kdf-unlabelled", "rfc9458/4.4/response-key-nonce-expand-exact",
    "rfc9458/4.4/response-aad-empty", "rfc9458/4.2/response-nonce-length-exact",
)  # fmt: skip
OPENED = "rfc9458/4.4/app-a-response-opened"
UNDECRYPTABLE = "rfc9458/4.4/undecryptable-response-refused"
LONG_KEYS = {"suite": ["0020/0001/0003"]}


library_fault = partial(fault, shows=("violation",))
"""Declare a fault of a library in each of these roles."""


# HPKE inside


def _with(hpke: type[HPKE], name: str) -> type[Encapsulation]:
    made: Any = type(name, (Encapsulation,), {"__doc__": hpke.__doc__, "hpke": hpke})
    made.__module__ = __name__
    return made  # type: ignore[no-any-return]


_ZERO = ("rfc9180/7.1.4/zero-shared-secret-refused", "rfc9458/4.3/invalid-enc-refused")
_POINTS = ("rfc9180/7.1.4/public-keys-and-enc-validated", "rfc9458/4.3/invalid-enc-refused")
_FORMS = "rfc9180/7.1.1/uncompressed-points-only"
library_fault(BOTH, *_ZERO, where={"suite": ["0020/0001/0001", "0021/0003/0003"]})(
    _with(_hpke.ZeroAllowed, "SharedSecretOfZeroAllowed")
)
library_fault(RECEIVER, *_ZERO, shows=("crash",), where={"suite": ["0020/0001/0001", "0020/0001/0002"]})(
    _with(_hpke.PanicsOnASecretOfZero, "PanicsOnASharedSecretOfZero")
)
library_fault(SENDER, *_POINTS, where=_hpke.P_CURVES)(_with(_hpke.AnyPoint, "KeyThatIsNoPointAllowed"))
library_fault(SENDER, _FORMS, where=_hpke.P_CURVES)(_with(_hpke.AnyForm, "KeyInAnyFormAllowed"))
library_fault(
    RECEIVER, *_POINTS, _FORMS, "rfc9458/4.3/undecryptable-request-refused", "rfc9458/4.3/short-request-refused",
    "rfc9458/4.3/header-bound-to-encryption", "rfc9458/4.3/unknown-key-or-kem-refused",
    shows=("crash",), where=_hpke.P_CURVES,
)(_with(_hpke.PanicsOnABadPoint, "PanicsOnAnEncThatIsNoPoint"))  # fmt: skip
library_fault(BOTH, SCHEDULE, INFO, FIRST, BASE, LAYOUT, *APP_A)(_with(_hpke.NoLabels, "HPKEWithoutLabels"))


@library_fault(BOTH, BASE, *APP_A)
class PSKMode(Encapsulation):
    """Seals and opens in PSK mode, with the key of an earlier design."""

    class hpke(HPKE):  # noqa: N801 - the library's attribute
        """PSK mode."""

        def mode(self) -> tuple[int, bytes, bytes]:
            return (1, *PSK)


@library_fault(RECEIVER, BASE)
class PSKModeToo(Encapsulation):
    """Opens in base mode or, where that fails, in PSK mode with the key of an earlier design."""

    def opened(self, octets: bytes, key: GatewayKey) -> Any:
        try:
            return super().opened(octets, key)
        except HPKEError:
            other = PSKMode()
            return other.opened(octets, key)


# requests: senders


@library_fault(BOTH, INFO, *APP_A)
class NoZeroOctet(Encapsulation):
    """Info has no zero octet between label and header."""

    def info(self, header: bytes) -> bytes:
        return self.request_label + header


@library_fault(BOTH, INFO, *APP_A)
class HeaderNotInInfo(Encapsulation):
    """Info is the label alone: nothing binds the header."""

    def info(self, header: bytes) -> bytes:
        del header
        return self.request_label + b"\0"


@library_fault(BOTH, INFO, *APP_A, origin="ohttpy: one form's label with the other form's message")
class ChunkedLabel(Encapsulation):
    """Seals plain requests with the label of chunked ones."""

    request_label = b"message/bhttp chunked request"


@library_fault(BOTH, FIRST, *APP_A)
class HeaderAsAssociatedData(Encapsulation):
    """Seals and opens with the header as associated data."""

    def seal(self, context: Context, header: bytes, request: bytes) -> bytes:
        return self.algorithms.seal(context, request, header)

    def open(self, context: Context, ciphertext: bytes) -> bytes:
        header = bytes([1]) + b"".join(
            n.to_bytes(2, "big") for n in (context.suite.kem, context.suite.kdf, context.suite.aead)
        )
        return self.algorithms.open(context, ciphertext, header)


@library_fault(BOTH, FIRST, *APP_A)
class CountsFromOne(Encapsulation):
    """The first message has the sequence number 1."""

    def seal(self, context: Context, header: bytes, request: bytes) -> bytes:
        context.sequence = 1
        return super().seal(context, header, request)

    def open(self, context: Context, ciphertext: bytes) -> bytes:
        context.sequence = 1
        return super().open(context, ciphertext)


@library_fault(SENDER, LAYOUT, "rfc9458/4.3/app-a-request-reproduced")
class LengthInFrontOfEnc(Encapsulation):
    """Writes the length of the encapsulated key in front of it."""

    def ohttp_request_encapsulate(self, keys: str, request: str, ephemeral: str = "") -> Reply:
        reply = super().ohttp_request_encapsulate(keys, request, ephemeral)
        if "ok" not in reply:
            return reply
        sealed = bytes.fromhex(reply["ok"]["request"])
        return {"ok": {**reply["ok"], "request": (sealed[:7] + b"\0\x20" + sealed[7:]).hex()}}


@library_fault(SENDER, LAYOUT)
class RequestsCut(Encapsulation):
    """Seals no more than the 65535 octets of its buffer."""

    def seal(self, context: Context, header: bytes, request: bytes) -> bytes:
        return super().seal(context, header, request[:65_535])


@library_fault(SENDER, *APP_A)
class OwnEphemeralKey(Encapsulation):
    """Makes an ephemeral key of its own where one is given."""

    def ephemeral(self, kem: int, private: bytes) -> KeyPair:
        del private
        return super().ephemeral(kem, b"")


@library_fault(SENDER, FRESH)
class SameEphemeralKey(Encapsulation):
    """Makes its ephemeral key once."""

    def ephemeral(self, kem: int, private: bytes) -> KeyPair:
        return super().ephemeral(kem, private or crypto.derive(kem, bytes(32)).private)


@library_fault(SENDER, "rfc9458/3.1/listed-kdf-aead-pair-used")
class CrossProduct(Encapsulation):
    """Takes the best KDF and the best AEAD of a list, whether or not they stand there together."""

    def choose(self, usable: Sequence[tuple[KeyEntry, list[Suite]]]) -> tuple[KeyEntry, Suite]:
        entry, _ = super().choose(usable)
        suites = usable[0][1]
        return entry, Suite(entry.kem, min(s.kdf for s in suites), max(s.aead for s in suites))


@library_fault(SENDER, "rfc9458/4.3/header-matches-selected-config", "rfc9458/3/supported-key-config-picked")
class SealsForTheLastKey(Encapsulation):
    """Writes the first key's id into the header and seals for the last key."""

    def choose(self, usable: Sequence[tuple[KeyEntry, list[Suite]]]) -> tuple[KeyEntry, Suite]:
        entry, suite = super().choose(usable)
        last, _ = usable[-1]
        return KeyEntry(entry.key_id, entry.kem, last.public, entry.algorithms), suite


@library_fault(SENDER, "rfc9458/4.3/header-matches-selected-config", "rfc9458/3.1/any-key-id-accepted", *APP_A)
class KeyIdIsThePlace(Encapsulation):
    """Writes the place in the list for the key's id."""

    def header(self, entry: KeyEntry, suite: Suite) -> bytes:
        return b"\0" + super().header(entry, suite)[1:]


@library_fault(SENDER, "rfc9458/3/key-config-preference-stable")
class AnyKeyOfTheList(Encapsulation):
    """Takes one of the usable keys by chance."""

    def choose(self, usable: Sequence[tuple[KeyEntry, list[Suite]]]) -> tuple[KeyEntry, Suite]:
        return super().choose(self.rng.sample(usable, len(usable)))


@library_fault(SENDER, "rfc9180/5.3/export-only-aead-refused", shows=("violation", "crash"))
class ExportOnlyAEADChosen(Encapsulation):
    """Takes the export-only AEAD for one that seals, and panics when it does not."""

    def can_use(self, suite: Suite) -> bool:
        return suite.implemented

    def seal(self, context: Context, header: bytes, request: bytes) -> bytes:
        assert context.suite.aead in (1, 2, 3), "not supported"
        return super().seal(context, header, request)


@library_fault(SENDER, "rfc9180/7.2/one-stage-kdf-skipped", shows=("crash",))
class OneStageKDFChosen(Encapsulation):
    """Takes a one-stage KDF for one that has Extract and Expand."""

    def can_use(self, suite: Suite) -> bool:
        assert suite.kdf not in range(0x0010, 0x0014), "not implemented"
        return super().can_use(suite)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
