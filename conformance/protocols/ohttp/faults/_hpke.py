"""Faults of libraries of HPKE (RFC 9180)."""

from __future__ import annotations

import hashlib
from functools import partial

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from conformance import crypto
from conformance.bench import Fault, fault, faults_of
from conformance.crypto import KDFS, HPKEError, KeyPair, Suite
from conformance.protocols.ohttp.peers import HPKE, HPKELibrary
from conformance.protocols.ohttp.peers._hpke import Context

SENDER, RECEIVER = ("hpke.sender",), ("hpke.receiver",)
BOTH = (*SENDER, *RECEIVER)
SCHEDULE, SEQUENCE = "rfc9180/4.1/labelled-key-schedule-exact", "rfc9180/5.2/nonce-xor-sequence-number"
UNAUTHENTIC, EXPORTED = "rfc9180/5.2/unauthentic-message-refused", "rfc9180/5.3/exported-secret-exact"
TOO_LONG = "rfc9180/5.3/too-long-export-refused"
ZERO, VALIDATED = "rfc9180/7.1.4/zero-shared-secret-refused", "rfc9180/7.1.4/public-keys-and-enc-validated"
UNCOMPRESSED = "rfc9180/7.1.1/uncompressed-points-only"
P256 = {"suite": ["0010/0001/0001"]}


hpke_fault = partial(fault, shows=("violation",), within=(HPKELibrary, "hpke"))
"""Declare a fault of HPKE itself, in a library of each of these roles."""


# the key schedule


@hpke_fault(BOTH, SCHEDULE, SEQUENCE, EXPORTED)
class NoLabels(HPKE):
    """Extract and Expand without version, suite and label."""

    def labelled_extract(self, kdf: int, suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        del suite_id, label
        return crypto.extract(kdf, salt, ikm)

    def labelled_expand(self, kdf: int, suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
        del suite_id
        if length > 255 * KDFS[kdf].hash_length:
            raise HPKEError("too long")
        return crypto.expand(kdf, prk, label + info, length)


@hpke_fault(BOTH, SCHEDULE, SEQUENCE, EXPORTED)
class SuiteOfTheKEMEverywhere(HPKE):
    """The labels of the key schedule name the KEM alone, as those inside the KEM do."""

    def suite_id(self, suite: Suite) -> bytes:
        return b"KEM" + suite.kem.to_bytes(2, "big")


@hpke_fault(BOTH, SCHEDULE, SEQUENCE, UNAUTHENTIC, EXPORTED)
class InfoForgotten(HPKE):
    """The key schedule does not depend on info."""

    def key_schedule(self, suite: Suite, shared: bytes, info: bytes) -> Context:
        del info
        return super().key_schedule(suite, shared, b"")


# the sequence


@hpke_fault(BOTH, SEQUENCE)
class SequenceIgnored(HPKE):
    """Every message has the base nonce."""

    def nonce(self, context: Context) -> bytes:
        return context.base_nonce


@hpke_fault(BOTH, SEQUENCE, origin="netty CVE-2024-36121 with 32 bits: a sequence number that wraps")
class SequenceOfOneOctet(HPKE):
    """The sequence number is an octet, and wraps."""

    def nonce(self, context: Context) -> bytes:
        return context.base_nonce[:-1] + bytes([context.base_nonce[-1] ^ (context.sequence & 0xFF)])


@hpke_fault(BOTH, SEQUENCE)
class SequenceInTheWrongOrder(HPKE):
    """The sequence number is XORed with its lowest octet first."""

    def nonce(self, context: Context) -> bytes:
        number = context.sequence.to_bytes(len(context.base_nonce), "little")
        return bytes(a ^ b for a, b in zip(context.base_nonce, number, strict=True))


@hpke_fault(RECEIVER, SEQUENCE)
class AnyOrder(HPKE):
    """Opens a message at whatever place of the sequence it fits."""

    def open(self, context: Context, ciphertext: bytes, aad: bytes) -> bytes:
        for number in range(8):
            context.sequence = number
            try:
                return super().open(context, ciphertext, aad)
            except HPKEError:
                continue
        raise HPKEError("it fits nowhere")


# messages


@hpke_fault(BOTH, SCHEDULE, SEQUENCE, UNAUTHENTIC)
class AssociatedDataForgotten(HPKE):
    """Seals and opens without associated data."""

    def seal(self, context: Context, plaintext: bytes, aad: bytes) -> bytes:
        del aad
        return super().seal(context, plaintext, b"")

    def open(self, context: Context, ciphertext: bytes, aad: bytes) -> bytes:
        del aad
        return super().open(context, ciphertext, b"")


def without_tag(key: bytes, nonce: bytes, ciphertext: bytes) -> bytes:
    """What AES-GCM deciphers before it looks at the tag."""
    counter = Cipher(algorithms.AES(key), modes.CTR(nonce + b"\0\0\0\2")).decryptor()
    return counter.update(ciphertext[:-16]) + counter.finalize()


@hpke_fault(RECEIVER, UNAUTHENTIC, SEQUENCE)
class TagNotChecked(HPKE):
    """Deciphers and does not look at the tag (of AES-GCM)."""

    def open(self, context: Context, ciphertext: bytes, aad: bytes) -> bytes:
        del aad
        if len(ciphertext) < 16:
            raise HPKEError("no room for a tag")
        plaintext = without_tag(context.key, self.nonce(context), ciphertext)
        context.sequence += 1
        return plaintext


@hpke_fault(RECEIVER, UNAUTHENTIC, shows=("crash",))
class PanicsOnAShortCiphertext(HPKE):
    """Cuts off a tag without looking whether there is room for one."""

    def open(self, context: Context, ciphertext: bytes, aad: bytes) -> bytes:
        assert len(ciphertext) >= 16, "slice bounds out of range"
        return super().open(context, ciphertext, aad)


@hpke_fault(SENDER, SCHEDULE)
class LongMessagesCut(HPKE):
    """Seals no more than the 16384 octets of its buffer."""

    def seal(self, context: Context, plaintext: bytes, aad: bytes) -> bytes:
        return super().seal(context, plaintext[:16_384], aad)


@fault("hpke.sender", "rfc9458/6.1/fresh-hpke-context-per-request")
class OneEphemeralKey(HPKELibrary):
    """Makes its ephemeral key once."""

    def ephemeral(self, kem: int, private: bytes) -> KeyPair:
        return super().ephemeral(kem, private) if private else crypto.derive(kem, bytes(32))


@fault("hpke.sender", SCHEDULE)
class EphemeralKeyIgnored(HPKELibrary):
    """Makes an ephemeral key of its own where one is given."""

    def ephemeral(self, kem: int, private: bytes) -> KeyPair:
        del private
        return super().ephemeral(kem, b"")


# public keys


class ZeroAllowed(HPKE):
    """Goes on with a shared secret of zero."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        try:
            return super().dh(kem, private, public)
        except HPKEError:
            if kem not in (0x0020, 0x0021) or len(public) not in (32, 56):
                raise
            return bytes(len(public))


hpke_fault(BOTH, ZERO, where={"suite": ["0020/0001/0001", "0021/0003/0003"]})(ZeroAllowed)


class PanicsOnASecretOfZero(HPKE):
    """Asserts that a shared secret is not zero."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        try:
            return super().dh(kem, private, public)
        except HPKEError as why:
            if (kem, len(public)) in {(0x0020, 32), (0x0021, 56)}:
                raise AssertionError("not contributory") from why
            raise


class AnyPoint(HPKE):
    """Computes with whatever stands under the mark of an uncompressed point."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        try:
            return super().dh(kem, private, public)
        except HPKEError:
            if len(public) < 65 or public[0] != 4:
                raise
            return hashlib.shake_128(private + public).digest(len(public) // 2)


P_CURVES = {"suite": ["0010/0001/0001", "0011/0002/0002", "0012/0003/0002"]}
hpke_fault(SENDER, VALIDATED, where=P_CURVES)(AnyPoint)


class PanicsOnABadPoint(HPKE):
    """Asserts that a public key is a point."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        if kem in (0x0010, 0x0011, 0x0012):
            try:
                return super().dh(kem, private, public)
            except HPKEError as why:
                raise AssertionError("invalid point") from why
        return super().dh(kem, private, public)


hpke_fault(RECEIVER, VALIDATED, UNCOMPRESSED, UNAUTHENTIC, shows=("crash",), where=P_CURVES)(PanicsOnABadPoint)


class AnyForm(HPKE):
    """Takes a point under any mark for that which its octets are in the uncompressed form."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        if kem in (0x0010, 0x0011, 0x0012) and public[:1] != b"\4":
            public = b"\4" + public[1:]
        return super().dh(kem, private, public)


hpke_fault(SENDER, UNCOMPRESSED, where=P_CURVES, origin="OpenSSL: the hybrid form; @hpke/core on it")(AnyForm)


class LongerKeysCut(HPKE):
    """Reads as many octets of a public key as its KEM has, and fills up what is missing."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        length = crypto.KEMS[kem].public_length
        return super().dh(kem, private, (public + bytes(length))[:length] if public else b"\1" + bytes(31))


hpke_fault(SENDER, VALIDATED)(LongerKeysCut)


class PanicsOnAKeyOfOtherLength(HPKE):
    """Asserts that a public key has its length."""

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        assert len(public) == crypto.KEMS[kem].public_length, "slice bounds out of range"
        return super().dh(kem, private, public)


hpke_fault(RECEIVER, VALIDATED, UNCOMPRESSED, shows=("crash",))(PanicsOnAKeyOfOtherLength)


# exports


@hpke_fault(RECEIVER, EXPORTED, SCHEDULE, origin="@hpke/common 1.10.1: the length of Expand is one octet")
class ExportLengthOfOneOctet(HPKE):
    """Writes the length into the label of Expand as one octet."""

    def labelled_expand(self, kdf: int, suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
        if length > 255 * KDFS[kdf].hash_length:
            raise HPKEError("too long")
        named = bytes([0, length & 0xFF]) + b"HPKE-v1" + suite_id + label + info
        return crypto.expand(kdf, prk, named, length)


@hpke_fault(RECEIVER, EXPORTED, SCHEDULE)
class ExportWithoutContext(HPKE):
    """Exports the same secret for every context."""

    def export(self, context: Context, exporter_context: bytes, length: int) -> bytes:
        del exporter_context
        return super().export(context, b"", length)


@hpke_fault(RECEIVER, TOO_LONG)
class LongExportsShortened(HPKE):
    """Gives as much as it can of a secret that is too long."""

    def export(self, context: Context, exporter_context: bytes, length: int) -> bytes:
        return super().export(context, exporter_context, min(length, 255 * KDFS[context.suite.kdf].hash_length))


FAULTS: tuple[Fault, ...] = faults_of(__name__)
