"""The reference of HPKE in base mode (RFC 9180), step by step, so that a fault replaces one of them.

    DH → ExtractAndExpand → key schedule → key, base nonce, exporter secret → messages in sequence, exports

It stands on the primitives of `cryptography` alone. Drivers and judges use `conformance.crypto` instead, so that a
mistake of either shows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519

from conformance import crypto
from conformance.bench import Hello, Reply, RoleOffer
from conformance.crypto import AEADS, EXPORT_ONLY, KDFS, KEMS, HPKEError, KeyPair, Suite

SUITES = (
    "0020/0001/0001", "0020/0001/0002", "0020/0001/0003", "0010/0001/0001", "0011/0002/0002", "0012/0003/0002",
    "0021/0003/0003",
)  # fmt: skip
"""What the reference libraries offer: every KEM, KDF and AEAD that we implement at least once, the commonest first."""
PUBLISHED = ("0010/0001/0003", "0010/0003/0001")
"""Further suites, for which RFC 9180 has test vectors."""
KEM_KDF = {0x0010: 0x0001, 0x0011: 0x0002, 0x0012: 0x0003, 0x0020: 0x0001, 0x0021: 0x0003}
"""The KDF inside each KEM (RFC 9180, Section 7.1); Nsecret is its Nh."""
_CURVES: dict[int, ec.EllipticCurve] = {0x0010: ec.SECP256R1(), 0x0011: ec.SECP384R1(), 0x0012: ec.SECP521R1()}


@dataclass(slots=True)
class Context:
    """What the key schedule gives (RFC 9180, Section 5.1), and the number of the next message."""

    suite: Suite
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes
    sequence: int = 0


class HPKE:
    """Base mode for the KEMs, KDFs and AEADs that we implement; HPKEError for whatever must be refused."""

    def setup_sender(self, suite: Suite, public: bytes, info: bytes, ephemeral: KeyPair) -> tuple[bytes, Context]:
        """The encapsulated key and the sender's context (5.1.1)."""
        dh = self.dh(suite.kem, ephemeral.private, public)
        shared = self.shared_secret(suite.kem, dh, ephemeral.public + public)
        return ephemeral.public, self.key_schedule(suite, shared, info)

    def setup_recipient(self, suite: Suite, enc: bytes, private: bytes, info: bytes) -> Context:
        """The recipient's context (5.1.1)."""
        dh = self.dh(suite.kem, private, enc)
        shared = self.shared_secret(suite.kem, dh, enc + crypto.public_of(suite.kem, private))
        return self.key_schedule(suite, shared, info)

    # the KEM (4.1, 7.1)

    def dh(self, kem: int, private: bytes, public: bytes) -> bytes:
        """What the two keys share; HPKEError for a public key that is none, and for a shared secret of zero (7.1.4)."""
        row = KEMS.get(kem)
        if row is None or kem not in KEM_KDF:
            raise HPKEError(f"KEM {kem:#06x} is not implemented")
        if len(public) != row.public_length or len(private) != row.private_length:
            raise HPKEError(f"a key of {row.name} has another length")
        try:
            if kem == 0x0020:
                return x25519.X25519PrivateKey.from_private_bytes(private).exchange(
                    x25519.X25519PublicKey.from_public_bytes(public)
                )
            if kem == 0x0021:
                return x448.X448PrivateKey.from_private_bytes(private).exchange(
                    x448.X448PublicKey.from_public_bytes(public)
                )
            own = ec.derive_private_key(int.from_bytes(private, "big"), _CURVES[kem])
            return own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[kem], public))
        except ValueError as why:
            raise HPKEError(f"public key: {why}") from why

    def shared_secret(self, kem: int, dh: bytes, kem_context: bytes) -> bytes:
        """ExtractAndExpand (4.1)."""
        kdf, suite_id = KEM_KDF[kem], b"KEM" + kem.to_bytes(2, "big")
        prk = self.labelled_extract(kdf, suite_id, b"", b"eae_prk", dh)
        return self.labelled_expand(kdf, suite_id, prk, b"shared_secret", kem_context, KDFS[kdf].hash_length)

    # the key schedule (4, 5.1)

    def labelled_extract(self, kdf: int, suite_id: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        """LabeledExtract."""
        return crypto.extract(kdf, salt, b"HPKE-v1" + suite_id + label + ikm)

    def labelled_expand(self, kdf: int, suite_id: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
        """LabeledExpand; HPKEError when the length is more than 255 Nh (5.3)."""
        if not 0 <= length <= 255 * KDFS[kdf].hash_length:
            raise HPKEError(f"{length} octets cannot be expanded")
        return crypto.expand(kdf, prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + info, length)

    def suite_id(self, suite: Suite) -> bytes:
        """The name of the suite in all labels of the key schedule."""
        return b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (suite.kem, suite.kdf, suite.aead))

    def mode(self) -> tuple[int, bytes, bytes]:
        """Mode, pre-shared key and its identifier: base mode has none."""
        return 0, b"", b""

    def key_schedule(self, suite: Suite, shared: bytes, info: bytes) -> Context:
        """Key, base nonce and exporter secret in base mode (5.1)."""
        if suite.aead not in AEADS or suite.kdf not in KDFS or not suite.implemented:
            raise HPKEError(f"suite {suite.name} is not implemented")
        suite_id, aead = self.suite_id(suite), AEADS[suite.aead]
        mode, psk, psk_id = self.mode()
        psk_id_hash = self.labelled_extract(suite.kdf, suite_id, b"", b"psk_id_hash", psk_id)
        info_hash = self.labelled_extract(suite.kdf, suite_id, b"", b"info_hash", info)
        context = bytes([mode]) + psk_id_hash + info_hash
        secret = self.labelled_extract(suite.kdf, suite_id, shared, b"secret", psk)

        def expand(label: bytes, length: int) -> bytes:
            return self.labelled_expand(suite.kdf, suite_id, secret, label, context, length)

        return Context(
            suite,
            expand(b"key", aead.key_length),
            expand(b"base_nonce", aead.nonce_length),
            expand(b"exp", KDFS[suite.kdf].hash_length),
        )

    # messages and exports (5.2, 5.3)

    def nonce(self, context: Context) -> bytes:
        """The nonce of the next message: the base nonce XOR its number."""
        length = len(context.base_nonce)
        return (int.from_bytes(context.base_nonce, "big") ^ context.sequence).to_bytes(length, "big")

    def seal(self, context: Context, plaintext: bytes, aad: bytes) -> bytes:
        """The next message; HPKEError with the export-only AEAD."""
        if context.suite.aead == EXPORT_ONLY:
            raise HPKEError("the export-only AEAD seals nothing")
        sealed = crypto.aead_seal(context.suite.aead, context.key, self.nonce(context), plaintext, aad)
        context.sequence += 1
        return sealed

    def open(self, context: Context, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext of the next message; a failure leaves the number as it is."""
        if context.suite.aead == EXPORT_ONLY:
            raise HPKEError("the export-only AEAD opens nothing")
        plaintext = crypto.aead_open(context.suite.aead, context.key, self.nonce(context), ciphertext, aad)
        context.sequence += 1
        return plaintext

    def export(self, context: Context, exporter_context: bytes, length: int) -> bytes:
        """A secret of that length for that exporter context (5.3)."""
        suite = context.suite
        return self.labelled_expand(
            suite.kdf, self.suite_id(suite), context.exporter_secret, b"sec", exporter_context, length
        )


class HPKELibrary:
    """Operations on octets over `HPKE`, as an adapter offers them."""

    hpke: ClassVar[type[HPKE]] = HPKE

    def __init__(self) -> None:
        self.rng = random.Random(9180)

    def hello(self) -> Hello:
        """What it is."""
        offer = RoleOffer(features=("ephemeral",), variants={"suite": (*SUITES, *PUBLISHED)})
        return Hello(
            "reference HPKE",
            language="python",
            roles={"hpke.sender": offer, "hpke.receiver": offer},
            operations=("hpke.seal", "hpke.open", "hpke.export"),
        )

    def hpke_seal(self, suite: str, public_key: str, info: str, messages: Sequence[Any], ephemeral: str = "") -> Reply:
        """Seal messages in one context."""
        hpke = self.hpke()
        try:
            chosen = Suite.parse(suite)
            pair = self.ephemeral(chosen.kem, bytes.fromhex(ephemeral))
            enc, context = hpke.setup_sender(chosen, bytes.fromhex(public_key), bytes.fromhex(info), pair)
            sealed = [
                hpke.seal(context, bytes.fromhex(m["plaintext"]), bytes.fromhex(m["aad"])).hex() for m in messages
            ]
        except HPKEError as why:
            return refused("hpke", why)
        return {"ok": {"enc": enc.hex(), "ciphertexts": sealed}}

    def ephemeral(self, kem: int, private: bytes) -> KeyPair:
        """The ephemeral key pair: a new one for every context, unless one is given."""
        return pair_of(kem, private, self.rng)

    def hpke_open(self, suite: str, private_key: str, enc: str, info: str, messages: Sequence[Any]) -> Reply:
        """Open messages in one context: all of them or none."""
        hpke = self.hpke()
        try:
            context = self._recipient(hpke, suite, private_key, enc, info)
            opened = [
                hpke.open(context, bytes.fromhex(m["ciphertext"]), bytes.fromhex(m["aad"])).hex() for m in messages
            ]
        except HPKEError as why:
            return refused("hpke", why)
        return {"ok": {"plaintexts": opened}}

    def hpke_export(self, suite: str, private_key: str, enc: str, info: str, exports: Sequence[Any]) -> Reply:
        """Export secrets from one context."""
        hpke = self.hpke()
        try:
            context = self._recipient(hpke, suite, private_key, enc, info)
            secrets = [hpke.export(context, bytes.fromhex(e["context"]), e["length"]).hex() for e in exports]
        except HPKEError as why:
            return refused("hpke", why)
        return {"ok": {"secrets": secrets}}

    def _recipient(self, hpke: HPKE, suite: str, private_key: str, enc: str, info: str) -> Context:
        return hpke.setup_recipient(
            Suite.parse(suite), bytes.fromhex(enc), bytes.fromhex(private_key), bytes.fromhex(info)
        )


def pair_of(kem: int, private: bytes, rng: random.Random) -> KeyPair:
    """The pair of a given private key, or a new one where none is given."""
    return KeyPair(private, crypto.public_of(kem, private)) if private else crypto.generate(kem, rng)


def refused(kind: str, why: Exception) -> Reply:
    """The reply for what the library does not take."""
    return {"refused": {"class": kind, "detail": str(why)}}
