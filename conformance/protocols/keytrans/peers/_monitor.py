"""The reference monitor: a client of Plexi's auditor that checks everything which can be checked.

`Audit` is the checking alone: a generator that yields the targets it wants and is sent status and content, so that it
also runs on what was recorded. `Monitor` fetches for it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator, Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from conformance.bench import Hello, Reply, RoleOffer
from conformance.crypto.groups import EDWARDS25519
from conformance.protocols.keytrans.messages import plexi
from conformance.protocols.keytrans.messages.akd import CONFIGURATIONS, AppendOnly
from conformance.protocols.keytrans.messages.plexi import Epoch, hex_member, member, read_object
from conformance.protocols.keytrans.messages.protobuf import Fields
from conformance.protocols.keytrans.peers._akd import AKDError, Verification
from conformance.wire import DecodeError

STALE = 7 * 86_400_000
"""Milliseconds after which the newest epoch is too old."""
Fetched = tuple[int, bytes]
Steps = Generator[str, Fetched, Any]


class MonitorError(Exception):
    """What was served does not hold; the step says at what it was noticed."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step = step


def verified(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature holds strictly: no small order, one encoding, the equation without cofactor.

    RFC 8032, 5.1.7, with the checks of `verify_strict` of the published types.
    """
    group = EDWARDS25519
    try:
        key, r = group.decode(public), group.decode(signature[:32])
        s = group.decode_scalar(signature[32:])
    except DecodeError:
        return False
    if (8 * key).identity or (8 * r).identity:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % group.order
    return group.combine((s, -k), (group.generator, key)) == r


class Audit:
    """One audit; every step a method, so that a fault replaces one of them."""

    verification: ClassVar[type[Verification]] = Verification

    def __init__(self, namespace: str, now: int) -> None:
        self.namespace = namespace
        self.now = now

    def run(self) -> Steps:
        """Audit the epoch that was verified last; MonitorError or DecodeError where something does not hold."""
        base = f"/namespaces/{self.namespace}"
        last = yield from self.get(f"{base}/last-verified-epoch", "last")
        wanted = member(last, "epoch", int, "last")
        answer = yield from self.get(f"{base}/audits/{wanted}", "epoch")
        info = yield from self.get("/info", "info")
        current = self.signed(answer, info, "epoch")
        self.answers(current, wanted)
        self.fresh(current)
        namespace = yield from self.get(base, "namespace")
        root_epoch, root = self.root(namespace)
        if current.epoch < root_epoch:
            raise MonitorError("root", f"epoch {current.epoch} is before the root, {root_epoch}")
        if current.epoch == root_epoch:
            self.at_root(current, root)
            return
        previous = yield from self.previous(base, current, info, last)
        directory = self.directory(namespace)
        target = f"{directory}/{current.epoch}/{previous.digest.hex()}/{current.digest.hex()}"
        status, octets = yield target
        if status != 200:
            raise MonitorError("proof", f"no proof: {status}")
        self.proof(octets, previous.digest, current)

    def get(self, target: str, path: str) -> Steps:
        """The JSON object at a target; MonitorError where there is none."""
        status, octets = yield target
        if status != 200:
            raise MonitorError("missing" if status == 404 else "status", f"{target}: {status}")
        return read_object(octets, path)

    def signed(self, answer: dict[str, Any], info: dict[str, Any], path: str) -> Epoch:
        """What an answer says, whose signature holds under an advertised key that is valid."""
        said = self.epoch(answer, path)
        key = self.key(answer, info, said, path)
        signature = self.signature(answer, path)
        if not self.verified(key, said.octets(), signature):
            raise MonitorError("signature", f"{path}: it does not hold")
        self.serialized(answer, said, path)
        return said

    def epoch(self, answer: dict[str, Any], path: str) -> Epoch:
        """What an answer says."""
        return Epoch(
            self.suite(answer, path),
            member(answer, "namespace", str, path),
            member(answer, "timestamp", int, path),
            member(answer, "epoch", int, path),
            hex_member(answer, "digest", 32, path),
        )

    def suite(self, answer: dict[str, Any], path: str) -> int:
        """The suite: `ciphersuite`, or the older `version`; they must not differ."""
        said = [member(answer, name, int, path) for name in ("ciphersuite", "version") if name in answer]
        if not said:
            raise MonitorError("suite", f"{path}: none is named")
        if len(set(said)) > 1:
            raise MonitorError("suite", f"{path}: {said} differ")
        return int(said[0])

    def signature(self, answer: dict[str, Any], path: str) -> bytes:
        """The signature of an answer."""
        return hex_member(answer, "signature", 64, path)

    def key(self, answer: dict[str, Any], info: dict[str, Any], said: Epoch, path: str) -> bytes:
        """The advertised key that an answer names by its last octet."""
        key_id = member(answer, "key_id", int, path)
        for place in member(info, "keys", list, "info"):
            if not isinstance(place, dict):
                raise DecodeError("info.keys", 0, "no object")
            key = hex_member(place, "public_key", 32, "info.keys")
            if key[-1] == key_id:
                self.valid(place, said)
                return key
        raise MonitorError("key", f"no key {key_id} is advertised")

    def valid(self, place: dict[str, Any], said: Epoch) -> None:
        """Whether a key was valid when it signed."""
        since = member(place, "not_before", int, "info.keys")
        if since > said.timestamp:
            raise MonitorError("key", "the key was not valid yet")

    def verified(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Whether a signature holds."""
        return verified(key, message, signature)

    def serialized(self, answer: dict[str, Any], said: Epoch, path: str) -> None:
        """Whether the message that is told is the one that was signed."""
        if "serialized_message" in answer:
            message = said.octets()
            if hex_member(answer, "serialized_message", len(message), path) != message:
                raise MonitorError("message", f"{path}: another message is told than was signed")

    def answers(self, said: Epoch, wanted: int) -> None:
        """Whether an answer is that to what was asked."""
        self.same_epoch(said, wanted)
        self.same_namespace(said)

    def same_epoch(self, said: Epoch, wanted: int) -> None:
        """Whether it is the epoch that was asked for."""
        if said.epoch != wanted:
            raise MonitorError("epoch", f"asked for {wanted}, answered for {said.epoch}")

    def same_namespace(self, said: Epoch) -> None:
        """Whether it is the namespace that was asked for."""
        if said.namespace != self.namespace:
            raise MonitorError("namespace", f"answered for {said.namespace!r}")

    def fresh(self, said: Epoch) -> None:
        """Whether the newest epoch is recent."""
        if self.now - said.timestamp > STALE:
            raise MonitorError("fresh", f"the newest epoch is {(self.now - said.timestamp) // 86_400_000} days old")

    def root(self, namespace: dict[str, Any]) -> tuple[int, bytes]:
        """Epoch and digest that the namespace begins with."""
        epoch, slash, digest = member(namespace, "root", str, "namespace").partition("/")
        if not (slash and epoch.isascii() and epoch.isdigit() and len(epoch) < 19):
            raise DecodeError("namespace.root", 0, "no epoch and digest")
        return int(epoch), hex_member({"root": digest}, "root", 32, "namespace")

    def at_root(self, current: Epoch, root: bytes) -> None:
        """Whether the first epoch has the digest of the root."""
        if current.digest != root:
            raise MonitorError("root", "the digest at the root is another")

    def previous(self, base: str, current: Epoch, info: dict[str, Any], last: dict[str, Any]) -> Steps:
        """The epoch before, signed as well; what was said of the last one verified is not taken for it."""
        del last
        answer = yield from self.get(f"{base}/audits/{current.epoch - 1}", "previous")
        before = self.signed_before(answer, info)
        self.answers(before, current.epoch - 1)
        return before

    def signed_before(self, answer: dict[str, Any], info: dict[str, Any]) -> Epoch:
        """What the answer for the epoch before says."""
        return self.signed(answer, info, "previous")

    def directory(self, namespace: dict[str, Any]) -> str:
        """The log that has the proofs, without a slash at its end."""
        if namespace.get("log_directory") is None:
            raise MonitorError("proof", "the namespace names no log")
        return str(member(namespace, "log_directory", str, "namespace")).rstrip("/")

    def proof(self, octets: bytes, before: bytes, current: Epoch) -> None:
        """Whether a proof shows that the epoch follows from the one before."""
        decoded = AppendOnly.decode(Fields(octets, "proof"))
        try:
            self.verification(CONFIGURATIONS["whatsapp_v1"]).append_only(decoded, before, current.digest, current.epoch)
        except AKDError as why:
            raise MonitorError("proof", str(why)) from why


def replayed(namespace: str, now: int, served: Mapping[str, Fetched]) -> str:
    """What the reference says of what was served: empty where all of it holds, as far as it was asked for."""
    steps = Audit(namespace, now).run()
    try:
        target = next(steps)
        while True:
            found = served.get(urlsplit(target).path)
            if found is None:
                return ""
            target = steps.send(found)
    except StopIteration:
        return ""
    except (MonitorError, DecodeError) as why:
        return str(why)


class Monitor:
    """The reference monitor, as an object that answers as an adapter does."""

    audit: ClassVar[type[Audit]] = Audit

    def hello(self) -> Hello:
        """What it is."""
        suites = RoleOffer(variants={"signature": tuple(plexi.SUITES)})
        return Hello(
            "reference monitor",
            language="python",
            roles={"plexi.monitor": suites},
            operations=("plexi.monitor.audit",),
        )

    async def plexi_monitor_audit(self, url: str, namespace: str) -> Reply:
        """Audit the epoch of a namespace that the auditor at the URL verified last."""
        import httpx

        steps = self.audit(namespace, int(time.time() * 1000)).run()
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
                target = next(steps)
                while True:
                    answer = await client.get(target if "://" in target else url.rstrip("/") + target)
                    target = steps.send((answer.status_code, answer.content))
        except StopIteration:
            return {"ok": {}}
        except (MonitorError, DecodeError) as why:
            return {"refused": {"class": getattr(why, "step", "message"), "detail": str(why)}}
        except (httpx.HTTPError, httpx.InvalidURL) as why:
            return {"refused": {"class": "http", "detail": str(why)}}
