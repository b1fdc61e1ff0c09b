"""HPKE contexts for drivers and peers: one small, synchronous interface over pyhpke.

The algorithms are pyhpke's. This module adds what a test suite needs and a library does not offer: the registries as
tables, where *known but not implemented* differs from *unknown*; key pairs from a seed; the ephemeral key as an
argument; messages sealed and opened at a sequence number of one's choice; and one exception for whatever is wrong with
octets.

Documents: RFC 9180; for the sizes of later algorithms the IANA registry of HPKE, draft-ietf-hpke-hpke-05 (one-stage
KDFs) and draft-ietf-hpke-pq-05 (post-quantum KEMs). The keys are those of tests: they are cached, and never wiped.
"""

from __future__ import annotations

import contextlib
import hmac
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from pyhpke import (
    AEADId,
    CipherSuite,
    ContextInterface,
    KDFId,
    KEMId,
    KEMInterface,
    KEMKey,
    KEMKeyInterface,
    KEMKeyPair,
    PyHPKEError,
)
from pyhpke.consts import Mode
from pyhpke.encryption_context import EncryptionContext
from pyhpke.kem import KEM as DHKEM

# --- Registries ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KEM:
    """A row of the registry of KEMs: lengths in octets (RFC 9180, 7.1)."""

    id: int
    name: str
    enc_length: int  # Nenc
    public_length: int  # Npk
    private_length: int  # Nsk
    implemented: bool  # whether this module can use it, or only knows its sizes


@dataclass(frozen=True, slots=True)
class KDF:
    """A row of the registry of KDFs: `hash_length` is Nh in octets (RFC 9180, 7.2).

    One-stage KDFs have no Extract and Expand, hence no response keys in Oblivious HTTP.
    """

    id: int
    name: str
    hash_length: int
    one_stage: bool
    implemented: bool


@dataclass(frozen=True, slots=True)
class AEAD:
    """A row of the registry of AEADs: Nk, Nn and Nt in octets, all zero for the export-only one (RFC 9180, 7.3)."""

    id: int
    name: str
    key_length: int
    nonce_length: int
    tag_length: int


_Row = TypeVar("_Row", KEM, KDF, AEAD)


def _by_id(*rows: _Row) -> dict[int, _Row]:
    return {row.id: row for row in rows}


EXPORT_ONLY = 0xFFFF

KEMS = _by_id(
    KEM(0x0010, "DHKEM(P-256, HKDF-SHA256)", 65, 65, 32, implemented=True),
    KEM(0x0011, "DHKEM(P-384, HKDF-SHA384)", 97, 97, 48, implemented=True),
    KEM(0x0012, "DHKEM(P-521, HKDF-SHA512)", 133, 133, 66, implemented=True),
    KEM(0x0013, "DHKEM(CP-256, HKDF-SHA256)", 32, 32, 32, implemented=False),
    KEM(0x0014, "DHKEM(CP-384, HKDF-SHA384)", 48, 48, 48, implemented=False),
    KEM(0x0015, "DHKEM(CP-521, HKDF-SHA512)", 66, 66, 66, implemented=False),
    KEM(0x0016, "DHKEM(secp256k1, HKDF-SHA256)", 65, 65, 32, implemented=False),
    KEM(0x0020, "DHKEM(X25519, HKDF-SHA256)", 32, 32, 32, implemented=True),
    KEM(0x0021, "DHKEM(X448, HKDF-SHA512)", 56, 56, 56, implemented=True),
    KEM(0x0030, "X25519Kyber768Draft00", 1120, 1216, 2432, implemented=False),
    KEM(0x0040, "ML-KEM-512", 768, 800, 64, implemented=False),
    KEM(0x0041, "ML-KEM-768", 1088, 1184, 64, implemented=False),
    KEM(0x0042, "ML-KEM-1024", 1568, 1568, 64, implemented=False),
    KEM(0x0050, "MLKEM768-P256", 1153, 1249, 32, implemented=False),
    KEM(0x0051, "MLKEM1024-P384", 1665, 1665, 32, implemented=False),
    KEM(0x647A, "MLKEM768-X25519", 1120, 1216, 32, implemented=False),
)
KDFS = _by_id(
    KDF(0x0001, "HKDF-SHA256", 32, one_stage=False, implemented=True),
    KDF(0x0002, "HKDF-SHA384", 48, one_stage=False, implemented=True),
    KDF(0x0003, "HKDF-SHA512", 64, one_stage=False, implemented=True),
    KDF(0x0010, "SHAKE128", 32, one_stage=True, implemented=False),
    KDF(0x0011, "SHAKE256", 64, one_stage=True, implemented=False),
    KDF(0x0012, "TurboSHAKE128", 32, one_stage=True, implemented=False),
    KDF(0x0013, "TurboSHAKE256", 64, one_stage=True, implemented=False),
)
AEADS = _by_id(
    AEAD(0x0001, "AES-128-GCM", 16, 12, 16),
    AEAD(0x0002, "AES-256-GCM", 32, 12, 16),
    AEAD(0x0003, "ChaCha20Poly1305", 32, 12, 16),
    AEAD(EXPORT_ONLY, "Export-only", 0, 0, 0),
)

_X_CURVES = (0x0020, 0x0021)
_HASHES: dict[int, hashes.HashAlgorithm] = {1: hashes.SHA256(), 2: hashes.SHA384(), 3: hashes.SHA512()}
_CIPHERS: dict[int, type[AESGCM | ChaCha20Poly1305]] = {1: AESGCM, 2: AESGCM, 3: ChaCha20Poly1305}


class HPKEError(Exception):
    """The one exception of this module: a key, an encapsulated key, a ciphertext or a length that HPKE refuses."""


@dataclass(frozen=True, slots=True, order=True)
class Suite:
    """A KEM, a KDF and an AEAD by their identifiers; any 16-bit values, known or not."""

    kem: int
    kdf: int
    aead: int

    @property
    def name(self) -> str:
        """The identifiers in lower-case hex, as in `0020/0001/0001`."""
        return f"{self.kem:04x}/{self.kdf:04x}/{self.aead:04x}"

    @classmethod
    def parse(cls, name: str) -> Suite:
        """The suite of that name; HPKEError if the text is not a name."""
        if re.fullmatch(r"[0-9a-f]{4}/[0-9a-f]{4}/[0-9a-f]{4}", name) is None:
            raise HPKEError(f"{name!r} does not name a suite (as 0020/0001/0001 does)")
        return cls(*(int(part, 16) for part in name.split("/")))

    @property
    def implemented(self) -> bool:
        """Whether contexts can be made here; with the export-only AEAD they can, and only export."""
        kem, kdf = KEMS.get(self.kem), KDFS.get(self.kdf)
        return kem is not None and kem.implemented and kdf is not None and kdf.implemented and self.aead in AEADS

    @property
    def kem_info(self) -> KEM:
        """The registry's row of the KEM; HPKEError if it is unknown."""
        return _row(KEMS, self.kem, "KEM")

    @property
    def kdf_info(self) -> KDF:
        """The registry's row of the KDF; HPKEError if it is unknown."""
        return _row(KDFS, self.kdf, "KDF")

    @property
    def aead_info(self) -> AEAD:
        """The registry's row of the AEAD; HPKEError if it is unknown."""
        return _row(AEADS, self.aead, "AEAD")


SUITES: tuple[Suite, ...] = tuple(
    Suite(kem.id, kdf.id, aead.id)
    for kem in KEMS.values()
    for kdf in KDFS.values()
    for aead in AEADS.values()
    if kem.implemented and kdf.implemented and aead.id != EXPORT_ONLY
)


def _row(registry: dict[int, _Row], number: int, kind: str) -> _Row:
    row = registry.get(number)
    if row is None:
        raise HPKEError(f"{kind} {number:#06x} is unknown")
    return row


def _implemented(kdf_id: int) -> KDF:
    row = _row(KDFS, kdf_id, "KDF")
    if not row.implemented:
        raise HPKEError(f"{row.name} is not implemented")
    return row


def _sized(octets: bytes, length: int, what: str) -> None:
    if len(octets) != length:
        raise HPKEError(f"{what} has {len(octets)} octets, not {length}")


@contextlib.contextmanager
def _refusing(what: str) -> Iterator[None]:
    """Turns what the libraries raise for octets into HPKEError, and nothing else: a TypeError is a mistake of ours."""
    try:
        yield
    except (ValueError, OverflowError, InvalidTag, PyHPKEError) as error:
        raise HPKEError(f"{what}: {error}") from error


# --- Keys ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A KEM's key pair, serialized (RFC 9180, 7.1.1 and 7.1.2)."""

    private: bytes
    public: bytes


@cache
def _cipher_suite(suite: Suite) -> CipherSuite:
    if not suite.implemented:
        raise HPKEError(f"suite {suite.name} is not implemented")
    return CipherSuite.new(KEMId(suite.kem), KDFId(suite.kdf), AEADId(suite.aead))


def _kem(kem_id: int) -> KEMInterface:
    return _cipher_suite(Suite(kem_id, 0x0001, EXPORT_ONLY)).kem


_derived: dict[tuple[int, bytes], KEMKeyInterface] = {}
"""Private keys that were just made: to read one again takes as long as a key agreement."""


@lru_cache(maxsize=256)
def _private(kem_id: int, octets: bytes) -> KEMKeyInterface:
    if (made := _derived.pop((kem_id, octets), None)) is not None:
        return made
    kem = _kem(kem_id)
    _sized(octets, KEMS[kem_id].private_length, "private key")  # pyhpke takes any length on the P curves
    with _refusing("private key"):
        return kem.deserialize_private_key(octets)


@lru_cache(maxsize=256)
def _public(kem_id: int, octets: bytes) -> KEMKeyInterface:
    kem = _kem(kem_id)
    _sized(octets, KEMS[kem_id].public_length, "public key")  # pyhpke takes compressed points
    with _refusing("public key"):
        return kem.deserialize_public_key(octets)


def generate(kem_id: int, rng: random.Random) -> KeyPair:
    """A key pair from the next octets of `rng`: the same seed gives the same keys."""
    return derive(kem_id, rng.randbytes(_row(KEMS, kem_id, "KEM").private_length))


def derive(kem_id: int, ikm: bytes) -> KeyPair:
    """The key pair that DeriveKeyPair makes of `ikm`, of any length (RFC 9180, 7.1.3)."""
    kem = _kem(kem_id)
    with _refusing("key derivation"):
        pair = kem.derive_key_pair(ikm)
    raw = pair.private_key.raw
    private: bytes
    if kem_id in _X_CURVES:
        private = raw.private_bytes_raw()
    else:  # pyhpke's own serialization takes the length in bits for octets
        private = raw.private_numbers().private_value.to_bytes(KEMS[kem_id].private_length, "big")
    if len(_derived) >= 64:
        _derived.clear()
    _derived[kem_id, private] = pair.private_key
    return KeyPair(private, pair.public_key.to_public_bytes())


def public_of(kem_id: int, private: bytes) -> bytes:
    """The public key that belongs to a private one."""
    return KEMKey.from_pyca_cryptography_key(_private(kem_id, private).raw.public_key()).to_public_bytes()


def validate_public(kem_id: int, public: bytes) -> None:
    """Raises HPKEError unless a sender may use this public key (RFC 9180, 7.1.4).

    On the P curves the octets must be an uncompressed point of the curve. On X25519 and X448 the shared secret must not
    be zero; whether it is, does not depend on the private key: each clamped scalar is a multiple of the cofactor.
    """
    key = _public(kem_id, public)
    if kem_id in _X_CURVES:
        scalar = _private(kem_id, bytes(KEMS[kem_id].private_length))
        with _refusing("public key"):
            scalar.raw.exchange(key.raw)


# --- Contexts --------------------------------------------------------------------------------------------------------


class _Context:
    """What the contexts of both sides share: the sequence number and the exporter."""

    __slots__ = ("_context", "_suite", "sequence")

    def __init__(self, suite: Suite, context: ContextInterface) -> None:
        self._suite = suite
        self._context = context
        self.sequence = 0  # of the next message without a number of its own

    def export(self, context: bytes, length: int) -> bytes:
        """A secret of `length` octets from the exporter, for that exporter context (RFC 9180, 5.3)."""
        _expandable(self._suite.kdf_info, length)
        return self._context.export(context, length)

    def _numbered(self, sequence: int | None, step: Callable[[], bytes]) -> bytes:
        """One step at that sequence number; the counter moves only if it gave the number and the step succeeded."""
        if not isinstance(self._context, EncryptionContext):
            raise HPKEError("the context can only export")
        number = self.sequence if sequence is None else sequence
        last = (1 << 8 * self._suite.aead_info.nonce_length) - 2  # one more and the counter would wrap (RFC 9180, 5.2)
        if not 0 <= number <= last:
            raise HPKEError(f"sequence number {number} is out of range")
        # pyhpke has no setter, and counts failed openings, which RFC 9180, 5.2 does not.
        self._context._seq = number  # noqa: SLF001
        octets = step()
        if sequence is None:
            self.sequence += 1
        return octets


class Sender(_Context):
    """A sender's context; `enc` is the encapsulated key, `sequence` the number of the next message."""

    __slots__ = ("enc",)

    def __init__(self, suite: Suite, context: ContextInterface, enc: bytes) -> None:
        super().__init__(suite, context)
        self.enc = enc

    def seal(self, plaintext: bytes, aad: bytes = b"", sequence: int | None = None) -> bytes:
        """The ciphertext with its tag; at the next sequence number, or at one given, which leaves the counter alone."""
        with _refusing("sealing"):
            return self._numbered(sequence, lambda: self._context.seal(plaintext, aad))


class Recipient(_Context):
    """A recipient's context; `sequence` is the number of the next message."""

    __slots__ = ()

    def open(self, ciphertext: bytes, aad: bytes = b"", sequence: int | None = None) -> bytes:
        """The plaintext at the next sequence number, or at one given, which leaves the counter alone; HPKEError."""
        with _refusing("opening"):
            return self._numbered(sequence, lambda: self._context.open(ciphertext, aad))


def setup_sender(suite: Suite, public: bytes, info: bytes, ephemeral: KeyPair) -> Sender:
    """A sender's context in base mode (RFC 9180, 5.1.1), with the ephemeral key pair as an argument."""
    return _setup_sender(suite, public, info, ephemeral, b"", b"")


def setup_sender_psk(suite: Suite, public: bytes, info: bytes, ephemeral: KeyPair, psk: bytes, psk_id: bytes) -> Sender:
    """A sender's context in PSK mode (RFC 9180, 5.1.2): what a recipient in base mode must not open."""
    if not psk or not psk_id:  # pyhpke would fall back to base mode
        raise HPKEError("PSK mode needs both a key and its identifier")
    return _setup_sender(suite, public, info, ephemeral, psk, psk_id)


def _setup_sender(suite: Suite, public: bytes, info: bytes, ephemeral: KeyPair, psk: bytes, psk_id: bytes) -> Sender:
    cipher_suite = _cipher_suite(suite)
    pair = KEMKeyPair(_private(suite.kem, ephemeral.private), _public(suite.kem, ephemeral.public))
    recipient = _public(suite.kem, public)
    with _refusing("encapsulation"):
        enc, context = cipher_suite.create_sender_context(recipient, info, psk=psk, psk_id=psk_id, eks=pair)
    return Sender(suite, context, enc)


def diffie_hellman(kem_id: int, private: bytes, public: bytes) -> bytes:
    """What a DHKEM's two sides share before it is hashed (RFC 9180, 4.1)."""
    key = _public(kem_id, public)
    scalar = _private(kem_id, private).raw
    with _refusing("public key"):
        dh: bytes = scalar.exchange(key.raw) if kem_id in _X_CURVES else scalar.exchange(ec.ECDH(), key.raw)
    return dh


def setup_sender_with(suite: Suite, public: bytes, info: bytes, enc: bytes, dh: bytes) -> Sender:
    """A sender's context in base mode for any octets as encapsulated key and as shared value: no check is made.

    With those of an honest sender it is the context that `setup_sender` gives.
    """
    context = _cipher_suite(suite)._key_schedule_s  # noqa: SLF001 - pyhpke has no call for a part of it
    return Sender(suite, context(Mode.BASE, _shared(suite, dh, enc + public), info, b"", b""), enc)


def setup_recipient_with(
    suite: Suite, public: bytes, info: bytes, enc: bytes, dh: bytes, psk: bytes = b"", psk_id: bytes = b""
) -> Recipient:
    """The recipient's context that belongs to `setup_sender_with`, or to PSK mode: what one has who makes no check."""
    context = _cipher_suite(suite)._key_schedule_r  # noqa: SLF001
    mode = Mode.PSK if psk else Mode.BASE
    return Recipient(suite, context(mode, _shared(suite, dh, enc + public), info, psk, psk_id))


def _shared(suite: Suite, dh: bytes, kem_context: bytes) -> bytes:
    kem = _kem(suite.kem)
    assert isinstance(kem, DHKEM)
    return kem.extract_and_expand(dh, kem_context, kem._nsecret)  # noqa: SLF001


def setup_recipient(suite: Suite, enc: bytes, private: bytes, info: bytes) -> Recipient:
    """A recipient's context in base mode (RFC 9180, 5.1.1)."""
    cipher_suite = _cipher_suite(suite)
    _sized(enc, KEMS[suite.kem].enc_length, "encapsulated key")
    key = _private(suite.kem, private)
    with _refusing("decapsulation"):
        return Recipient(suite, cipher_suite.create_recipient_context(enc, key, info))


# --- Without labels: the keys of Oblivious HTTP responses (RFC 9458, 4.4) --------------------------------------------


def extract(kdf_id: int, salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract (RFC 5869, 2.2): a pseudorandom key of Nh octets."""
    _implemented(kdf_id)
    return hmac.digest(salt, ikm, _HASHES[kdf_id].name)


def expand(kdf_id: int, prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand (RFC 5869, 2.3): `length` octets, at most 255 Nh."""
    _expandable(_implemented(kdf_id), length)
    return HKDFExpand(_HASHES[kdf_id], length, info).derive(prk)


def _expandable(kdf: KDF, length: int) -> None:
    if not 0 <= length <= 255 * kdf.hash_length:
        raise HPKEError(f"{kdf.name} cannot give {length} octets")


def aead_seal(aead_id: int, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """The ciphertext with its tag."""
    with _refusing("sealing"):
        return _cipher(aead_id, key, nonce).encrypt(nonce, plaintext, aad)


def aead_open(aead_id: int, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes = b"") -> bytes:
    """The plaintext; HPKEError if the tag does not fit."""
    with _refusing("opening"):
        return _cipher(aead_id, key, nonce).decrypt(nonce, ciphertext, aad)


def _cipher(aead_id: int, key: bytes, nonce: bytes) -> AESGCM | ChaCha20Poly1305:
    row = _row(AEADS, aead_id, "AEAD")
    if aead_id == EXPORT_ONLY:
        raise HPKEError("the export-only AEAD seals and opens nothing")
    _sized(key, row.key_length, "key")
    _sized(nonce, row.nonce_length, "nonce")
    return _CIPHERS[aead_id](key)
