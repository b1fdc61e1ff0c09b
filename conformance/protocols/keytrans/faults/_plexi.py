"""Faults of monitors of Plexi's auditor: each leaves out one check. Those that were seen come first."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from conformance.bench import Fault, fault, faults_of
from conformance.crypto.groups import EDWARDS25519
from conformance.protocols.keytrans.faults._akd import InsertedDropped
from conformance.protocols.keytrans.messages.akd import AppendOnly
from conformance.protocols.keytrans.messages.plexi import Epoch, hex_member, member
from conformance.protocols.keytrans.messages.protobuf import Fields
from conformance.protocols.keytrans.peers import Audit, Monitor, MonitorError
from conformance.protocols.keytrans.peers._monitor import Steps
from conformance.wire import DecodeError

CLI, EPOCH, PROOF = "plexi-auditor-api/cli", "plexi-auditor-api/epoch", "plexi-auditor-api/proof"


monitor_fault = partial(fault, "plexi.monitor", shows=("violation",), within=(Monitor, "audit"))
"""Declare a fault of the checks."""


# --- Answers ---------------------------------------------------------------------------------------------------------


@monitor_fault(f"{CLI}/answer-for-other-epoch-refused")
class AnyEpoch(Audit):
    """Does not compare the epoch that is answered for."""

    def same_epoch(self, said: Epoch, wanted: int) -> None:
        del said, wanted


@monitor_fault(f"{CLI}/answer-for-other-namespace-refused", f"{EPOCH}/response-matches-request")
class AnyNamespace(Audit):
    """Does not compare the namespace that is answered for."""

    def same_namespace(self, said: Epoch) -> None:
        del said


@monitor_fault(f"{CLI}/stale-latest-epoch-reported")
class AnyAge(Audit):
    """Does not look how old the newest epoch is."""

    def fresh(self, said: Epoch) -> None:
        del said


@monitor_fault(f"{CLI}/previous-signature-verified")
class PreviousNotVerified(Audit):
    """Takes the digest of the epoch before as it comes."""

    def signed_before(self, answer: dict[str, Any], info: dict[str, Any]) -> Epoch:
        del info
        return self.epoch(answer, "previous")


@monitor_fault(f"{CLI}/missing-previous-epoch-clean-error", shows=("crash",), origin="plexi-cli 0.1.2")
class PanicsWithoutPrevious(Audit):
    """Takes for granted that there is an epoch before."""

    def get(self, target: str, path: str) -> Steps:
        try:
            found = yield from super().get(target, path)
        except MonitorError as why:
            if path != "previous" or why.step != "missing":
                raise
            raise AssertionError("there should be a previous signature") from why
        return found


@monitor_fault(f"{CLI}/previous-signature-*", f"{CLI}/missing-previous-*", f"{PROOF}/proof-links-*",
               f"{CLI}/append-only-proof-verified", f"{CLI}/only-404-means-none")  # fmt: skip
class StartFromTheLog(Audit):
    """Takes the digest before from what was verified last, and does not ask for the epoch."""

    def previous(self, base: str, current: Epoch, info: dict[str, Any], last: dict[str, Any]) -> Steps:
        del base, info
        yield "/info"  # which it has already
        return Epoch(
            current.suite, self.namespace, self.now, current.epoch - 1, hex_member(last, "start_hash", 32, "last")
        )


# --- Keys and signatures ---------------------------------------------------------------------------------------------


@monitor_fault(f"{CLI}/not-yet-valid-key-refused")
class KeysValidForEver(Audit):
    """Does not look from when a key is valid."""

    def valid(self, place: dict[str, Any], said: Epoch) -> None:
        del place, said


@monitor_fault(f"{CLI}/malformed-public-key-refused", shows=("crash",), origin="plexi-cli 0.1.2")
class PanicsOnAMalformedKey(Audit):
    """Takes for granted that keys are hexadecimal digits."""

    def key(self, answer: dict[str, Any], info: dict[str, Any], said: Epoch, path: str) -> bytes:
        try:
            return super().key(answer, info, said, path)
        except DecodeError as why:
            if not why.path.endswith("public_key"):
                raise
            raise AssertionError("KeyInfo.public_key is always stored as hex") from why


@monitor_fault(f"{CLI}/unknown-key-id-refused", f"{CLI}/malformed-public-key-refused", f"{CLI}/signature-verified-*",
               f"{CLI}/not-yet-valid-key-refused")  # fmt: skip
class OwnKey(Audit):
    """Tries all keys that it ever knew, whatever is advertised."""

    def key(self, answer: dict[str, Any], info: dict[str, Any], said: Epoch, path: str) -> bytes:
        try:
            return super().key(answer, info, said, path)
        except (MonitorError, DecodeError):
            return b""

    def verified(self, key: bytes, message: bytes, signature: bytes) -> bool:
        from conformance.protocols.keytrans.messages.plexi import signer
        from conformance.protocols.keytrans.peers._plexi import KEYS

        known = [key, *(signer(seed)[0] for seed in (*KEYS, bytes([11]) * 32))]
        return any(super(OwnKey, self).verified(each, message, signature) for each in known)


@monitor_fault(f"{CLI}/signature-verified-strictly")
class SmallOrderTaken(Audit):
    """Verifies signatures by the equation alone."""

    def verified(self, key: bytes, message: bytes, signature: bytes) -> bool:
        try:
            point, r = (EDWARDS25519.decode(each, identity=True) for each in (key, signature[:32]))
        except DecodeError:
            return False
        s = int.from_bytes(signature[32:], "little")
        k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % EDWARDS25519.order
        return EDWARDS25519.combine((s, -k), (EDWARDS25519.generator, point)) == r


@monitor_fault(f"{CLI}/signature-verified-strictly", f"{EPOCH}/epoch-signature-verifies", f"{CLI}/unknown-key-id-*",
               f"{CLI}/previous-signature-verified", f"{CLI}/serialized-message-*")  # fmt: skip
class SignatureNotVerified(Audit):
    """Does not verify signatures."""

    def verified(self, key: bytes, message: bytes, signature: bytes) -> bool:
        del key, message, signature
        return True

    def serialized(self, answer: dict[str, Any], said: Epoch, path: str) -> None:
        del answer, said, path


@monitor_fault(f"{CLI}/wrong-length-signature-refused", shows=("crash",), origin="plexi-cli 0.1.2")
class PanicsOnASignatureOfOtherLength(Audit):
    """Takes for granted that a signature has 64 octets."""

    def signature(self, answer: dict[str, Any], path: str) -> bytes:
        try:
            return super().signature(answer, path)
        except DecodeError as why:
            raise AssertionError("signature bytes have a known length") from why


@monitor_fault(f"{EPOCH}/epoch-signature-verifies")
class OneSuiteForAll(Audit):
    """Verifies every signature over the octets of the second suite."""

    def verified(self, key: bytes, message: bytes, signature: bytes) -> bool:
        return not message.startswith(b"\x08\x01") and super().verified(key, message, signature)


# --- Suites ----------------------------------------------------------------------------------------------------------


@monitor_fault(f"{CLI}/version-suite-conflict-refused")
class NewerNameOnly(Audit):
    """Looks at the newer of the suite's names alone."""

    def suite(self, answer: dict[str, Any], path: str) -> int:
        return int(member(answer, "ciphersuite", int, path)) if "ciphersuite" in answer else super().suite(answer, path)


@monitor_fault(f"{CLI}/unknown-suite-refused")
class UnknownSuiteAsTheFirst(Audit):
    """Takes a suite that it does not know for the first or second, whichever fits."""

    def suite(self, answer: dict[str, Any], path: str) -> int:
        said = super().suite(answer, path)
        if said in {1, 2}:
            return said
        return 1 if str(answer.get("serialized_message", "")).startswith("0801") else 2


@monitor_fault(f"{CLI}/missing-version-and-suite-handled", shows=("crash",))
class PanicsWithoutSuite(Audit):
    """Takes for granted that an answer names a suite."""

    def suite(self, answer: dict[str, Any], path: str) -> int:
        assert {"version", "ciphersuite"} & answer.keys(), "called unwrap on a None value"
        return super().suite(answer, path)


@monitor_fault(f"{CLI}/serialized-message-mismatch-reported")
class ToldMessageIgnored(Audit):
    """Does not look at the message that an answer tells."""

    def serialized(self, answer: dict[str, Any], said: Epoch, path: str) -> None:
        del answer, said, path


# --- Roots -----------------------------------------------------------------------------------------------------------


@monitor_fault(
    f"{CLI}/epoch-below-root-refused", f"{CLI}/root-digest-mismatch-refused", f"{CLI}/malformed-root-refused"
)
class RootIgnored(Audit):
    """Does not look at what a namespace begins with."""

    def root(self, namespace: dict[str, Any]) -> tuple[int, bytes]:
        del namespace
        return 0, bytes(32)


@monitor_fault(f"{CLI}/root-digest-mismatch-refused")
class DigestOfTheRootIgnored(Audit):
    """Takes any digest for the first epoch."""

    def at_root(self, current: Epoch, root: bytes) -> None:
        del current, root


@monitor_fault(f"{CLI}/malformed-root-refused", shows=("crash",))
class PanicsOnAMalformedRoot(Audit):
    """Takes for granted that a root is an epoch and a digest."""

    def root(self, namespace: dict[str, Any]) -> tuple[int, bytes]:
        try:
            return super().root(namespace)
        except DecodeError as why:
            raise AssertionError("index out of bounds") from why


@monitor_fault(f"{CLI}/root-digest-mismatch-refused", shows=("violation", "crash"))
class NothingAtTheRoot(Audit):
    """Wants an epoch before the first."""

    def at_root(self, current: Epoch, root: bytes) -> None:
        raise MonitorError("root", f"{current.epoch} has none before it; it is {root.hex()}")


# --- Proofs ----------------------------------------------------------------------------------------------------------


@monitor_fault(f"{CLI}/append-only-proof-verified", f"{PROOF}/proof-links-*", f"{CLI}/element-dropping-*")
class ProofNotVerified(Audit):
    """Fetches the proof and does not look into it."""

    def proof(self, octets: bytes, before: bytes, current: Epoch) -> None:
        del octets, before, current


@monitor_fault(f"{CLI}/element-dropping-proof-refused", origin="plexi-cli 0.1.2, with akd 0.11")
class DroppedElementsTaken(Audit):
    """Verifies proofs with a library that passes over what finds its place taken."""

    verification = InsertedDropped


@monitor_fault(f"{CLI}/append-only-proof-verified", shows=("crash",))
class PanicsOnNoProof(Audit):
    """Takes for granted that a proof can be read."""

    def proof(self, octets: bytes, before: bytes, current: Epoch) -> None:
        try:
            AppendOnly.decode(Fields(octets))
        except DecodeError as why:
            raise AssertionError("called unwrap on an Err value") from why
        super().proof(octets, before, current)


@monitor_fault(f"{CLI}/append-only-proof-verified")
class UnknownFieldsRefused(Audit):
    """Refuses proofs with fields that it does not know."""

    def proof(self, octets: bytes, before: bytes, current: Epoch) -> None:
        if len(AppendOnly.decode(Fields(octets)).recipe().encode()) != len(octets):
            raise MonitorError("proof", "unknown fields")
        super().proof(octets, before, current)


@monitor_fault(f"{CLI}/unavailable-proof-fails-audit", f"{CLI}/only-404-means-none")
class NoProofIsFine(Audit):
    """Goes on where the log has no proof."""

    def run(self) -> Steps:
        try:
            yield from super().run()
        except MonitorError as why:
            if not str(why).startswith("proof: no proof"):
                raise


@monitor_fault(f"{CLI}/unchecked-proof-not-success", origin="plexi-cli 0.1.2 in its short form")
class NoLogIsFine(Audit):
    """Says that all is well where the namespace names no log."""

    def run(self) -> Steps:
        try:
            yield from super().run()
        except MonitorError as why:
            if "names no log" not in str(why):
                raise


@monitor_fault(f"{CLI}/log-directory-path-kept", origin="plexi-cli 0.1.2")
class PathOfTheLogDropped(Audit):
    """Asks the host of the log, without the path under which it stands."""

    def directory(self, namespace: dict[str, Any]) -> str:
        scheme, _, rest = super().directory(namespace).partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"


# --- HTTP ------------------------------------------------------------------------------------------------------------


@monitor_fault(f"{CLI}/only-404-means-none", shows=("crash",))
class PanicsOnAnError(Audit):
    """Takes for granted that answers are there."""

    def get(self, target: str, path: str) -> Steps:
        try:
            found = yield from super().get(target, path)
        except MonitorError as why:
            if why.step == "missing" and path == "previous":
                raise
            raise AssertionError("called unwrap on an Err value") from why
        return found


@monitor_fault(f"{CLI}/only-404-means-none", shows=("crash",))
class PanicsOnNoJSON(Audit):
    """Takes for granted that answers are JSON."""

    def get(self, target: str, path: str) -> Steps:
        try:
            found = yield from super().get(target, path)
        except DecodeError as why:
            raise AssertionError("called unwrap on an Err value") from why
        return found


@monitor_fault(f"{CLI}/audit-defaults-to-last-verified", f"{CLI}/only-404-means-none")
class GuessesTheEpoch(Audit):
    """Counts epochs from the root itself in place of asking which was verified last."""

    def run(self) -> Steps:
        steps = super().run()
        next(steps)
        target = steps.send((200, b'{"epoch": 5}'))
        try:
            while True:
                target = steps.send((yield target))
        except StopIteration:
            return


FAULTS: tuple[Fault, ...] = faults_of(__name__)
