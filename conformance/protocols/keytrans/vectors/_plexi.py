"""Answers of Plexi's auditor that must be refused, each beside the honest one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases import cut, drop, extend, flip, put
from conformance.deriving import slug
from conformance.model import Change
from conformance.protocols.keytrans.cases.monitor._signing import (
    SMALL_ORDER,
    above_the_order,
    by_another,
    for_small_order,
)
from conformance.protocols.keytrans.messages import plexi
from conformance.protocols.keytrans.messages.plexi import Epoch, epoch_answer, read_object, signer
from conformance.protocols.keytrans.peers import Audit, MonitorError
from conformance.protocols.keytrans.vectors._file import Made, file_of
from conformance.wire import DecodeError

CLI = "plexi-auditor-api/cli"
STRICT, VERIFIES = f"{CLI}/signature-verified-strictly", "plexi-auditor-api/epoch/epoch-signature-verifies"
NAMESPACE, EPOCH, TIMESTAMP = "log.example", 458_298, 1_717_084_639_921
PUBLIC, SIGN = signer(bytes([7]) * 32)
DIGEST = bytes(range(32))
LENGTH, NO_KEY = f"{CLI}/wrong-length-signature-refused", f"{CLI}/unknown-key-id-refused"
TOLD = f"{CLI}/serialized-message-mismatch-reported"

CHANGES: dict[str, tuple[Change, str, tuple[str, ...]]] = {
    "a bit of R": (flip("epoch.signature_octets"), VERIFIES, ("signature",)),
    "a bit of S": (flip("epoch.signature_octets", 40), VERIFIES, ("signature",)),
    "signature of zeros": (put("epoch.signature_octets", bytes(64)), STRICT, ("signature",)),
    "63 octets of signature": (cut("epoch.signature_octets", 1), LENGTH, ("signature", "length")),
    "65 octets of signature": (extend("epoch.signature_octets", b"\0"), LENGTH, ("signature", "length")),
    "another digest": (put("epoch.digest.value", b"ab" * 32, wire=True), VERIFIES, ("signature",)),
    "another timestamp": (put("epoch.timestamp.value", b"1717084639922", wire=True), VERIFIES, ("signature",)),
    "another message": (put("epoch.message", b"another"), VERIFIES, ("signature",)),
    "31 octets of digest": (put("epoch.digest.value", b"ab" * 31), VERIFIES, ("digest", "length", "signature")),
    "rightly signed for another epoch": (
        put("epoch.epoch.value", b"458297"),
        f"{CLI}/answer-for-other-epoch-refused",
        ("epoch",),
    ),
    "rightly signed for another namespace": (
        put("epoch.namespace.value", b"another.example"),
        f"{CLI}/answer-for-other-namespace-refused",
        ("namespace",),
    ),
    "no suite": (drop("epoch.ciphersuite"), f"{CLI}/missing-version-and-suite-handled", ("suite",)),
    "another message told": (
        put("epoch.serialized_message.value", b"00" * 40),
        TOLD,
        ("signature",),
    ),
    "another key id": (put("epoch.key_id.value", b"0"), NO_KEY, ("public-key",)),
    "no key id": (drop("epoch.key_id"), NO_KEY, ("public-key",)),
}


def _given(recipe: Any, *changes: Change, key: bytes = PUBLIC) -> dict[str, Any]:
    built = recipe.build(changes)
    if len(built.applied) < len(changes):
        raise ValueError(f"{changes[0]} found no place")
    return {"public_key": key.hex(), "namespace": NAMESPACE, "epoch": EPOCH, "answer": built.octets.hex()}


def _of_suite(suite: int) -> Iterator[Made]:
    name = {plexi.PROTOBUF: "protobuf", plexi.BINCODE: "bincode"}[suite]
    signed = Epoch(suite, NAMESPACE, TIMESTAMP, EPOCH, DIGEST)
    honest, twin = epoch_answer(signed, SIGN, PUBLIC[-1]), f"{name}/answer"
    expect = {"message": signed.octets().hex(), "timestamp": TIMESTAMP, "digest": DIGEST.hex()}
    yield Made(twin, _given(honest), (VERIFIES,), expect, "an honest answer")
    for label, (change, row, refusal) in CHANGES.items():
        changes = [change, *([drop("epoch.version")] if label == "no suite" else [])]
        yield Made(f"{name}/{slug(label)}", _given(honest, *changes), (row,), None, "", twin, label, refusal)
    above = epoch_answer(signed, above_the_order, PUBLIC[-1])
    yield Made(
        f"{name}/s-plus-l", _given(above), (STRICT,), None, "", twin, "the order is added to S", ("signature", "scalar")
    )
    other = epoch_answer(signed, by_another, PUBLIC[-1])
    yield Made(
        f"{name}/another-key",
        _given(other),
        (f"{CLI}/unknown-key-id-refused",),
        None,
        "",
        twin,
        "another key signed",
        ("signature",),
    )
    for label, key in SMALL_ORDER.items():
        weak = epoch_answer(signed, for_small_order(key), key[-1])
        about = f"the key is of small order ({label}), and the signature holds under it"
        yield Made(
            f"{name}/key-{slug(label)}",
            _given(weak, key=key),
            (STRICT,),
            None,
            "",
            twin,
            about,
            ("public-key", "signature"),
        )


def epochs() -> dict[str, Any]:
    """The file."""
    made = [one for suite in plexi.SUITES for one in _of_suite(suite)]
    return file_of(
        "plexi.epoch", "plexi-auditor-api", "made by the suite with a known key", "keytrans/plexi-epoch", made
    )


def answer(given: dict[str, Any]) -> dict[str, Any] | None:
    """What our strict monitor says."""
    audit = Audit(given["namespace"], TIMESTAMP)
    info = {"keys": [{"public_key": given["public_key"], "not_before": 0}]}
    try:
        said = audit.signed(read_object(bytes.fromhex(given["answer"]), "epoch"), info, "epoch")
        audit.answers(said, given["epoch"])
    except (DecodeError, MonitorError):
        return None
    return {"message": said.octets().hex(), "timestamp": said.timestamp, "digest": said.digest.hex()}
