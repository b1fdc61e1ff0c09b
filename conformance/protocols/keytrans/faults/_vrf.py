"""Faults of libraries of VRFs (RFC 9381). First those that were seen, then what a hasty reader writes."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from conformance.bench import Fault, fault, faults_of
from conformance.crypto.groups import Element
from conformance.crypto.vrf import CHALLENGE_LENGTH, ECVRF, SUITES, Proof, VRFError
from conformance.protocols.keytrans.peers import VRFLibrary
from conformance.wire import DecodeError

PROVER, VERIFIER = ("vrf.prover",), ("vrf.verifier",)
BOTH = (*PROVER, *VERIFIER)
P = {"suite": ["ECVRF-P256-SHA256-TAI", "ECVRF-P256-SHA256-SSWU"]}
ED = {"suite": ["ECVRF-EDWARDS25519-SHA512-TAI", "ECVRF-EDWARDS25519-SHA512-ELL2"]}
R = "rfc9381"
HONEST = (
    f"{R}/5.1/*", f"{R}/5.2/beta-hashes-*", f"{R}/5.3/verifier-recomputes-u-and-v", f"{R}/5.4.1*", f"{R}/5.4.2.*",
    f"{R}/5.4.3/*", f"{R}/5.4.4/scalar-byte-order-*", f"{R}/5.5/*-compressed", f"{R}/5.5/ed25519-candidate-from-hash",
    f"{R}/5.5/suite-byte-in-every-hash", f"{R}/4/*", f"{R}/7.1.1/curve-*",
)  # fmt: skip
"""What no honest proof shows of a library whose steps are others than the document's: it refuses them all."""


vrf_fault = partial(fault, within=(VRFLibrary, "vrf"))
"""Declare a fault of the steps themselves, in a library of each of these roles."""


# --- Seen somewhere ---------------------------------------------------------------------------------------------------


@vrf_fault(VERIFIER, f"{R}/5.4.4/unreduced-proof-scalar-refused", f"{R}/5.3/undecodable-proof-refused", where=ED)
class ScalarReduced(ECVRF):
    """Takes the scalar of a proof modulo the order instead of refusing one that is larger."""

    def decode_proof(self, octets: bytes) -> Proof:
        if len(octets) != self.suite.proof_length:
            return super().decode_proof(octets)
        at = self.suite.point_length + CHALLENGE_LENGTH
        return super().decode_proof(octets[:at] + self.group.encode_scalar(self.integer(octets[at:])))


@vrf_fault(
    VERIFIER, f"{R}/5.4.5/*", f"{R}/5.3/failed-key-validation-refused", f"{R}/7.1.1/collision-resistance-*",
    where=ED, origin="facebook/akd 397 and 401: keys not validated",
)  # fmt: skip
class KeyNotValidated(ECVRF):
    """Takes every point for a public key."""

    def decode_key(self, octets: bytes) -> Element:
        try:
            return self.group.decode(octets, identity=True)
        except DecodeError as why:
            raise VRFError(str(why)) from why


@vrf_fault(
    VERIFIER, f"{R}/5.4.5/small-order-list-check-allowed", f"{R}/5.4.5/public-key-small-order-refused",
    f"{R}/5.3/failed-key-validation-refused", f"{R}/7.1.1/collision-resistance-*", where=ED,
)  # fmt: skip
class ShortListOfSmallOrder(ECVRF):
    """Compares keys with the eight encodings of small order, and reads others with their coordinate reduced."""

    def decode_key(self, octets: bytes) -> Element:
        try:
            return super().decode_key(octets)
        except VRFError:
            number = int.from_bytes(octets, "little") if len(octets) == 32 else 0
            y, sign = number & (1 << 255) - 1, number >> 255
            field = 2**255 - 19
            if y < field and not sign:
                raise
            for bit in (sign, 0):
                try:
                    point = self.group.decode((y % field | bit << 255).to_bytes(32, "little"), identity=True)
                except DecodeError:
                    continue
                if point.encode() != octets:
                    return point
            raise


@vrf_fault(
    BOTH, *HONEST, f"{R}/5.4.3/*", f"{R}/5.5/suite-byte-in-every-hash", origin="draft-irtf-cfrg-vrf-10 and before"
)
class ChallengeWithoutTheKey(ECVRF):
    """Hashes four points for the challenge, as older drafts had it."""

    def challenge(self, *points: Element) -> int:
        return super().challenge(*points[1:])


@vrf_fault(
    BOTH, *HONEST, f"{R}/5.4.*", f"{R}/5.2/beta-*", f"{R}/5.5/*", f"{R}/4/*", origin="draft-irtf-cfrg-vrf-08 and before"
)
class NoClosingOctet(ECVRF):
    """Hashes without the octet that closes each input, as older drafts had it."""

    def hash(self, *parts: bytes) -> bytes:
        return super().hash(*(parts[:-1] if parts[-1] == b"\0" and len(parts) > 2 else parts))


@vrf_fault(VERIFIER, f"{R}/5.3/challenge-mismatch-refused", f"{R}/5.4.3/*")
class OlderDraftsTaken(ECVRF):
    """Takes proofs of the RFC, and those of drafts before it, whose challenges lack the key or the closing octet."""

    def holds(self, key: Element, h: Element, proof: Proof) -> bool:
        if super().holds(key, h, proof):
            return True
        u = self.group.combine((proof.s, -proof.c), (self.group.generator, key))
        v = self.group.combine((proof.s, -proof.c), (h, proof.gamma))
        points = b"".join(point.encode() for point in (key, h, proof.gamma, u, v))
        unclosed = self.hash(self._octet, b"\2", points)[:CHALLENGE_LENGTH]
        return proof.c in {self.challenge(h, proof.gamma, u, v), self.integer(unclosed)}


@vrf_fault(
    PROVER, f"{R}/5.1/nonce-from-encoded-h", f"{R}/5.4.2.*", f"{R}/5.1/proving-is-deterministic",
    origin="secp256kfun 244: nonces that repeat",
)  # fmt: skip
class NonceWithoutAlpha(ECVRF):
    """Derives the nonce of the secret key alone, so that all proofs share it."""

    def nonce(self, secret: bytes, h: bytes) -> int:
        return super().nonce(secret, bytes(len(h)))


@vrf_fault(
    VERIFIER, f"{R}/5.4.4/p256-infinity-as-zero-octet", shows=("crash",), where=P,
    origin="libsignal 34f6607eb: points at infinity",
)  # fmt: skip
class PanicsAtInfinity(ECVRF):
    """Has no octets for the point at infinity."""

    def challenge(self, *points: Element) -> int:
        assert not any(point.identity for point in points), "called unwrap on a None value"
        return super().challenge(*points)


# --- Verifiers --------------------------------------------------------------------------------------------------------


@vrf_fault(VERIFIER, f"{R}/5.3/challenge-mismatch-refused", f"{R}/5.3/foreign-*",
           f"{R}/5.2/beta-only-from-verified-proof", f"{R}/5.5/suite-byte-in-every-hash",
           f"{R}/5.3/verifier-recomputes-u-and-v")  # fmt: skip
class OutputUnverified(ECVRF):
    """Gives the output of a proof without looking whether it holds."""

    def holds(self, key: Element, h: Element, proof: Proof) -> bool:
        del key, h, proof
        return True


@vrf_fault(VERIFIER, f"{R}/5.3/verifier-recomputes-u-and-v", f"{R}/5.3/challenge-mismatch-refused", where=ED)
class TorsionCleared(ECVRF):
    """Projects Gamma into the group of prime order before it looks at the proof."""

    def decode_proof(self, octets: bytes) -> Proof:
        decoded = super().decode_proof(octets)
        inverse = self.group.invert(self.group.cofactor)
        return Proof(inverse * (self.group.cofactor * decoded.gamma), decoded.c, decoded.s)


@vrf_fault(VERIFIER, f"{R}/5.4.4/wrong-proof-length-refused", f"{R}/5.3/undecodable-proof-refused")
class LongerProofsCut(ECVRF):
    """Reads as many octets of a proof as it has, and leaves the rest."""

    def decode_proof(self, octets: bytes) -> Proof:
        return super().decode_proof(octets[: self.suite.proof_length])


@vrf_fault(VERIFIER, f"{R}/5.4.4/wrong-proof-length-refused", f"{R}/5.3/undecodable-proof-refused", shows=("crash",))
class PanicsOnAShortProof(ECVRF):
    """Cuts a proof into its parts without looking whether they are there."""

    def decode_proof(self, octets: bytes) -> Proof:
        assert len(octets) >= self.suite.proof_length, "slice bounds out of range"
        return super().decode_proof(octets)


@vrf_fault(VERIFIER, f"{R}/5.4.4/undecodable-gamma-refused", f"{R}/5.3/undecodable-*", f"{R}/5.5/p256-off-curve-*",
           f"{R}/5.4.5/key-on-curve-before-validation", where=P)  # fmt: skip
class FormOfPointsIgnored(ECVRF):
    """Looks at the lowest bit of the octet in front of a point, and not at the others."""

    def _form(self, octets: bytes) -> bytes:
        return bytes([2 | octets[0] & 1]) + octets[1:] if len(octets) >= 33 else octets

    def decode_proof(self, octets: bytes) -> Proof:
        return super().decode_proof(self._form(octets))

    def decode_key(self, octets: bytes) -> Element:
        return super().decode_key(self._form(octets))


@vrf_fault(VERIFIER, f"{R}/5.4.4/undecodable-gamma-refused", f"{R}/5.3/undecodable-*", f"{R}/5.5/*-point-refused",
           f"{R}/5.4.5/*", shows=("crash",))  # fmt: skip
class PanicsOnABadPoint(ECVRF):
    """Asserts that points are points."""

    def _point(self, octets: bytes) -> None:
        if len(octets) in {1, self.suite.point_length}:
            try:
                self.group.decode(octets, identity=True)
            except DecodeError as why:
                raise AssertionError("invalid point") from why

    def decode_key(self, octets: bytes) -> Element:
        self._point(octets)
        return super().decode_key(octets)

    def decode_proof(self, octets: bytes) -> Proof:
        self._point(octets[: self.suite.point_length])
        return super().decode_proof(octets)


@vrf_fault(
    VERIFIER, f"{R}/5.4.4/unreduced-proof-scalar-refused", f"{R}/5.3/undecodable-proof-refused", shows=("crash",)
)
class PanicsOnALargeScalar(ECVRF):
    """Asserts that the scalar of a proof is below the order."""

    def decode_proof(self, octets: bytes) -> Proof:
        assert self.integer(octets[-32:]) < self.group.order or len(octets) != self.suite.proof_length, "unwrap on None"
        return super().decode_proof(octets)


@vrf_fault(VERIFIER, f"{R}/5.3/undecodable-public-key-refused", shows=("crash",))
class PanicsOnAKeyOfOtherLength(ECVRF):
    """Asserts that a public key has its length."""

    def decode_key(self, octets: bytes) -> Element:
        assert len(octets) == self.suite.point_length, "source slice length does not match destination"
        return super().decode_key(octets)


@vrf_fault(
    VERIFIER,
    f"{R}/5.4.5/p256-infinity-key-refused",
    f"{R}/5.3/undecodable-public-key-refused",
    shows=("crash",),
    where=P,
)
class PanicsOnAKeyAtInfinity(ECVRF):
    """Asserts that a public key has coordinates."""

    def decode_key(self, octets: bytes) -> Element:
        assert any(octets), "the point at infinity has no coordinates"
        return super().decode_key(octets)


@fault("vrf.verifier", f"{R}/5.5/suite-byte-in-every-hash", f"{R}/5.3/challenge-mismatch-refused")
class AnySuiteOfTheCurve(VRFLibrary):
    """Verifies in whichever suite of the curve a proof holds."""

    def vrf_verify(self, suite: str, public_key: str, alpha: str, proof: str) -> Any:
        family = [name for name in SUITES if name.startswith(suite[:10])]
        answers = [super(AnySuiteOfTheCurve, self).vrf_verify(name, public_key, alpha, proof) for name in family]
        return next((answer for answer in answers if "ok" in answer), answers[0])


@vrf_fault(VERIFIER, f"{R}/5.3/foreign-alpha-or-key-refused")
class TrailingZerosOfAlphaForgotten(ECVRF):
    """Treats alpha as text that ends at the first zero behind it."""

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        return super().encode_to_curve(salt, alpha.rstrip(b"\0"))


# --- Both sides -------------------------------------------------------------------------------------------------------


@vrf_fault(BOTH, *HONEST)
class NoSalt(ECVRF):
    """Encodes alpha to the curve without the public key in front."""

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        del salt
        return super().encode_to_curve(b"", alpha)


@vrf_fault(BOTH, *HONEST, where={"suite": ["ECVRF-P256-SHA256-TAI", "ECVRF-EDWARDS25519-SHA512-TAI"]})
class CounterOfFourOctets(ECVRF):
    """Writes the counter of its tries in four octets."""

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        for counter in range(256):
            digest = self.hash(self._octet, b"\1", salt, alpha, counter.to_bytes(4, "big"), b"\0")
            if (candidate := self.candidate(digest)) is not None:
                return self.group.cofactor * candidate
        raise VRFError("no try gives a point")


@vrf_fault(BOTH, *HONEST, where={"suite": [P["suite"][1], ED["suite"][1]]})
class DomainWithoutTheSuite(ECVRF):
    """Hashes to the curve in the domain of RFC 9380's suite alone."""

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        return self.group.encode_to_group(salt + alpha, self.suite.mapping.encode())


@vrf_fault(BOTH, *HONEST, where={"suite": [ED["suite"][0]]})
class CofactorNotCleared(ECVRF):
    """Takes H as the hash gives it."""

    def encode_to_curve(self, salt: bytes, alpha: bytes) -> Element:
        for counter in range(256):
            candidate = self.candidate(self.hash(self._octet, b"\1", salt, alpha, bytes([counter]), b"\0"))
            if candidate is not None:
                return candidate
        raise VRFError("no try gives a point")


@vrf_fault(BOTH, *HONEST, where=ED)
class OutputWithoutCofactor(ECVRF):
    """Hashes Gamma itself for the output."""

    def output(self, gamma: Element) -> bytes:
        return self.hash(self._octet, b"\3", gamma.encode(), b"\0")


@vrf_fault(BOTH, *HONEST, where=ED,
           origin="AKD and the IETF protocol use the first half")  # fmt: skip
class OutputHalved(ECVRF):
    """Gives the first 32 octets of the output."""

    def output(self, gamma: Element) -> bytes:
        return super().output(gamma)[:32]


@vrf_fault(BOTH, *HONEST)
class WholeHashAsChallenge(ECVRF):
    """Computes with all of the challenge's hash, of which 16 octets stand in the proof."""

    def challenge(self, *points: Element) -> int:
        encoded = b"".join(point.encode() for point in points)
        return self.integer(self.hash(self._octet, b"\2", encoded, b"\0")[-CHALLENGE_LENGTH:])


@vrf_fault(BOTH, *HONEST, where=P)
class ChallengeInTheWrongOrder(ECVRF):
    """Reads the challenge with its lowest octet first."""

    def challenge(self, *points: Element) -> int:
        return int.from_bytes(self.octets(super().challenge(*points), CHALLENGE_LENGTH), "little")


class _OtherSuite(ECVRF):
    """The suite octet is another everywhere."""

    other: ClassVar[bytes] = b"\xfe"

    @property
    def _octet(self) -> bytes:
        return self.other


@vrf_fault(BOTH, *HONEST, origin="@roamin/ecvrf: 0xfe for a curve of its own")  # fmt: skip
class OwnSuiteOctet(_OtherSuite):
    """Has a suite octet of its own in every hash."""


# --- Provers ----------------------------------------------------------------------------------------------------------


@vrf_fault(PROVER, f"{R}/5.1/nonce-from-encoded-h", f"{R}/5.4.2.*")
class NonceOfAlpha(ECVRF):
    """Derives the nonce of alpha's point with a prefix."""

    def nonce(self, secret: bytes, h: bytes) -> int:
        return super().nonce(secret, b"\0" + h)


@vrf_fault(PROVER, f"{R}/5.1/*", f"{R}/5.5/ed25519-candidate-from-hash", f"{R}/5.4.*", f"{R}/5.2/*", f"{R}/4/*",
           f"{R}/5.5/suite-byte-in-every-hash", where=ED)  # fmt: skip
class SecretNotHashed(ECVRF):
    """Takes the secret key itself for the scalar."""

    def secret_scalar(self, secret: bytes) -> int:
        super().secret_scalar(secret)
        return self.integer(secret) % self.group.order or 1


@vrf_fault(PROVER, f"{R}/5.1/proof-string-exact-layout", f"{R}/5.5/p256-points-compressed", where=P)
class UncompressedPoints(ECVRF):
    """Writes Gamma with both coordinates."""

    def prove(self, secret: bytes, alpha: bytes, nonce: int | None = None) -> bytes:
        proof = super().prove(secret, alpha, nonce)
        return b"\4" + proof[1:33] + bytes(32) + proof[33:]

    def decode_proof(self, octets: bytes) -> Proof:
        return super().decode_proof(b"\2" + octets[1:33] + octets[65:])


@vrf_fault(PROVER, f"{R}/5.1/proof-string-exact-layout")
class OutputBehindTheProof(ECVRF):
    """Gives proof and output in one string."""

    def prove(self, secret: bytes, alpha: bytes, nonce: int | None = None) -> bytes:
        return super().prove(secret, alpha, nonce) + b"\0"

    def decode_proof(self, octets: bytes) -> Proof:
        return super().decode_proof(octets[:-1])


@vrf_fault(PROVER, f"{R}/5.1/proof-scalar-reduced", where=ED)
class ScalarNotReduced(ECVRF):
    """Writes the sum of nonce and product without reducing it to the least."""

    def prove(self, secret: bytes, alpha: bytes, nonce: int | None = None) -> bytes:
        proof = super().prove(secret, alpha, nonce)
        return proof[:-32] + self.octets(self.integer(proof[-32:]) + self.group.order, 32)

    def decode_proof(self, octets: bytes) -> Proof:
        return super().decode_proof(octets[:-32] + self.group.encode_scalar(self.integer(octets[-32:])))


FAULTS: tuple[Fault, ...] = faults_of(__name__)
