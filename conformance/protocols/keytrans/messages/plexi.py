"""What Plexi's auditor serves, as recipes, and what its signatures cover (documentation of 2026-05, types of 0.1.2).

Signed are, in suite 1, a message of Protocol Buffers, in suite 2 the legacy form of bincode: fixed widths, lowest octet
first. JSON recipes have a part for each field, with the parts `key`, `value` and `end`; what is signed follows them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from conformance.protocols.keytrans.messages.protobuf import number_field, octets_field
from conformance.wire import DecodeError, Many, Message, Sealed

PROTOBUF, BINCODE = 1, 2
SUITES = (PROTOBUF, BINCODE)
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is signed of an epoch; the timestamp is in milliseconds since 1970."""

    suite: int
    namespace: str
    timestamp: int
    epoch: int
    digest: bytes

    def octets(self) -> bytes:
        """The octets that are signed; DecodeError for another suite."""
        name = self.namespace.encode()
        if self.suite == BINCODE:
            parts = (
                _le(self.suite, 4),
                _le(len(name)),
                name,
                _le(self.timestamp),
                _le(self.epoch),
                _le(32),
                self.digest,
            )
            return b"".join(parts)
        if self.suite != PROTOBUF:
            raise DecodeError("epoch.ciphersuite", 0, f"no suite {self.suite}")
        return Message(
            ciphersuite=number_field(1, self.suite),
            namespace=octets_field(2, name),
            timestamp=number_field(3, self.timestamp),
            epoch=octets_field(4, Message(inner=number_field(1, self.epoch))),
            digest=octets_field(5, self.digest),
        ).encode()


def _le(number: int, length: int = 8) -> bytes:
    return (number % (1 << 8 * length)).to_bytes(length, "little")


def signer(seed: bytes) -> tuple[bytes, Sign]:
    """The Ed25519 public key of a seed, and what signs with it."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.public_key().public_bytes_raw(), key.sign


# --- JSON ------------------------------------------------------------------------------------------------------------


def _field(name: str, value: Any, *, text: bool, first: bool = False) -> Message:
    comma, quote = (b"" if first else b","), (b'"' if text else b"")
    return Message(key=comma + json.dumps(name).encode() + b":" + quote, value=value, end=quote)


def number(name: str, value: int) -> Message:
    """A member that is a number."""
    return _field(name, b"%d" % value, text=False)


def text(name: str, value: Any, *, first: bool = False) -> Message:
    """A member that is a string."""
    return _field(name, value.encode() if isinstance(value, str) else value, text=True, first=first)


def _said(octets: bytes) -> Any:
    """The value of a member, as it left; None where it is none."""
    try:
        return next(iter(json.loads(b"{" + octets.lstrip(b",") + b"}").values()), None)
    except ValueError:
        return None


def epoch_answer(signed: Epoch, sign: Sign, key_id: int) -> Message:
    """The answer for an epoch: `message`, what is signed, and `signature_octets` follow the fields."""

    def message(get: Callable[[str], bytes]) -> bytes:
        namespace, suite, timestamp, epoch, digest = (
            _said(get(name)) for name in ("namespace", "ciphersuite", "timestamp", "epoch", "digest")
        )
        try:
            said = Epoch(int(suite or signed.suite), str(namespace), int(timestamp), int(epoch), bytes.fromhex(digest))
            return said.octets()
        except (DecodeError, TypeError, ValueError):
            return signed.octets()

    return Message(
        open=b"{",
        namespace=text("namespace", signed.namespace, first=True),
        version=number("version", signed.suite),
        ciphersuite=number("ciphersuite", signed.suite),
        timestamp=number("timestamp", signed.timestamp),
        epoch=number("epoch", signed.epoch),
        digest=text("digest", signed.digest.hex()),
        message=Sealed(message),
        signature_octets=Sealed(lambda get: sign(get("message"))),
        signature=text("signature", lambda get: get("signature_octets").hex().encode()),
        key_id=number("key_id", key_id),
        serialized_message=text("serialized_message", lambda get: get("message").hex().encode()),
        close=b"}",
    )


def info_answer(keys: Sequence[tuple[bytes, int]], logs: Sequence[str]) -> Message:
    """What the auditor says of itself: public keys, each with the time from which it is valid."""
    listed = [
        Message(
            comma=b"," if n else b"",
            open=b"{",
            public_key=text("public_key", key.hex(), first=True),
            not_before=number("not_before", since),
            close=b"}",
        )
        for n, (key, since) in enumerate(keys)
    ]
    return Message(
        open=b'{"keys":[', keys=Many(listed), middle=b'],"logs":', logs=json.dumps(list(logs)).encode(), close=b"}"
    )


def namespace_answer(name: str, root: str, directory: str, suite: int, last: int) -> Message:
    """What the auditor says of a namespace."""
    return Message(
        open=b"{",
        name=text("name", name, first=True),
        log_directory=text("log_directory", directory),
        root=text("root", root),
        last_verified_epoch=number("last_verified_epoch", last),
        status=text("status", "Online"),
        reports_uri=text("reports_uri", f"/namespaces/{name}/reports"),
        audits_uri=text("audits_uri", f"/namespaces/{name}/audits"),
        signature_version=number("signature_version", suite),
        ciphersuite=number("ciphersuite", suite),
        close=b"}",
    )


def last_answer(epoch: int, start: bytes, end: bytes, timestamp: int) -> Message:
    """Which epoch was verified last."""
    return Message(
        open=b"{",
        job_id=text("job_id", "00000000-0000-4000-8000-000000000000", first=True),
        epoch=number("epoch", epoch),
        start_hash=text("start_hash", start.hex()),
        end_hash=text("end_hash", end.hex()),
        timestamp=number("timestamp", timestamp),
        close=b"}",
    )


# --- Reading ---------------------------------------------------------------------------------------------------------


def read_object(octets: bytes, path: str) -> dict[str, Any]:
    """A JSON object; DecodeError for anything else."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError) as why:
        raise DecodeError(path, 0, f"no JSON: {why}") from why
    if not isinstance(found, dict):
        raise DecodeError(path, 0, "no object")
    return found


def member(found: dict[str, Any], name: str, kind: type, path: str) -> Any:
    """A member of that kind, which is text or a number below 2^64; DecodeError where there is none."""
    value = found.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise DecodeError(f"{path}.{name}", 0, "missing" if value is None else f"{value!r:.60} is of another kind")
    if isinstance(value, int) and not 0 <= value < 1 << 64:
        raise DecodeError(f"{path}.{name}", 0, "no number of 64 bits")
    return value


def hex_member(found: dict[str, Any], name: str, length: int, path: str) -> bytes:
    """A member of so many octets, as hexadecimal digits; DecodeError where there is none."""
    said = member(found, name, str, path)
    try:
        octets = bytes.fromhex(said)
    except ValueError as why:
        raise DecodeError(f"{path}.{name}", 0, f"no hexadecimal digits: {why}") from why
    if len(octets) != length or len(said) != 2 * length:
        raise DecodeError(f"{path}.{name}", 0, f"{len(octets)} octets, not {length}")
    return octets
