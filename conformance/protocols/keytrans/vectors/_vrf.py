"""Proofs of VRFs (RFC 9381) that must be refused, and unusual ones that hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.cases import cut, extend, flip, octets, put
from conformance.crypto.vrf import ECVRF, SUITES, VRFError
from conformance.model import Change
from conformance.protocols.keytrans.cases.vrf import _forged as forged
from conformance.protocols.keytrans.vectors._file import Made, file_of

R = "rfc9381"
LENGTH, MISMATCH = f"{R}/5.4.4/wrong-proof-length-refused", f"{R}/5.3/challenge-mismatch-refused"
FOREIGN = f"{R}/5.3/foreign-alpha-or-key-refused"
GAMMA, SCALAR, KEY = (
    f"{R}/5.4.4/undecodable-gamma-refused", f"{R}/5.4.4/unreduced-proof-scalar-refused",
    f"{R}/5.3/undecodable-public-key-refused",
)  # fmt: skip
SMALL, SUITE = f"{R}/5.4.5/public-key-small-order-refused", f"{R}/5.5/suite-byte-in-every-hash"
HOLDS = (f"{R}/5.3/verifier-recomputes-u-and-v", f"{R}/5.2/beta-hashes-cofactor-times-gamma")
SECRET, ALPHA = octets(32, 5), b"conformance"


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    change: Change
    requirement: str
    refusal: tuple[str, ...]


def _rows(vrf: ECVRF) -> list[_Row]:
    """The changes of a proof that all suites have in common."""
    order = vrf.group.order
    wrong = ("length", "truncated", "trailing")
    rows = [
        _Row("an octet short", cut("proof", 1), LENGTH, wrong),
        _Row("an octet long", extend("proof", b"\0"), LENGTH, wrong),
        _Row("twice as long", extend("proof", bytes(vrf.suite.proof_length)), LENGTH, wrong),
        _Row("without its scalar", cut("proof", 32), LENGTH, wrong),
        _Row("empty", put("proof", b""), LENGTH, wrong),
        _Row("scalar all ones", put("proof.s", b"\xff" * 32), SCALAR, ("scalar",)),
        _Row("scalar of the order", put("proof.s", vrf.octets(order, 32)), SCALAR, ("scalar",)),
        _Row("scalar zero", put("proof.s", bytes(32)), MISMATCH, ("challenge", "scalar")),
        _Row("a bit of the scalar", flip("proof.s", 16), MISMATCH, ("challenge",)),
        _Row("challenge zero", put("proof.c", bytes(16), wire=True), MISMATCH, ("challenge",)),
        _Row("a bit of the challenge", flip("proof.c", 3, wire=True), MISMATCH, ("challenge",)),
        _Row("challenge turned around", put("proof.c", _turned(vrf), wire=True), MISMATCH, ("challenge",)),
    ]
    bad = forged.NO_ED25519_POINTS if vrf.suite.little else forged.NO_P256_POINTS
    rows += [
        _Row(f"gamma {name}", put("proof.gamma", point, wire=True), GAMMA, ("point",)) for name, point in bad.items()
    ]
    if vrf.suite.little:
        honest = vrf.decode_proof(vrf.prove(SECRET, ALPHA))
        for n in (1, 8):
            larger = put("proof.s", vrf.octets(honest.s + n * order, 32))
            rows.append(_Row(f"scalar and {n} times the order", larger, SCALAR, ("scalar",)))
        moved = (honest.gamma + forged.TORSION[1]).encode()
        rows.append(_Row("gamma moved by torsion", put("proof.gamma", moved, wire=True), MISMATCH, ("challenge",)))
    else:
        at = vrf.prove(SECRET, ALPHA)[1:33]
        for mark in forged.OTHER_FORMS:
            form = put("proof.gamma", bytes([mark]) + at, wire=True)
            rows.append(_Row(f"gamma in the form {mark:02x}", form, GAMMA, ("point", "challenge")))
    return rows


def _turned(vrf: ECVRF) -> bytes:
    at = vrf.suite.point_length
    return vrf.prove(SECRET, ALPHA)[at : at + 16][::-1]


def _of_suite(name: str) -> Iterator[Made]:
    vrf, slug = ECVRF(SUITES[name]), name.lower()
    public, honest = vrf.public(SECRET), vrf.recipe(SECRET, ALPHA)

    def given(key: bytes = public, alpha: bytes = ALPHA, proof: bytes = honest.encode()) -> dict[str, str]:
        return {"suite": name, "public_key": key.hex(), "alpha": alpha.hex(), "proof": proof.hex()}

    def holds(label: str, comment: str, proof: bytes, alpha: bytes = ALPHA) -> Made:
        output = vrf.verify(public, alpha, proof)
        return Made(f"{slug}/{label}", given(alpha=alpha, proof=proof), HOLDS, {"output": output.hex()}, comment)

    def refused(label: str, change: str, requirement: str, refusal: tuple[str, ...], **other: bytes) -> Made:
        words = given(**other)
        return Made(f"{slug}/{label}", words, (requirement,), None, "", f"{slug}/proof", change, refusal)

    yield holds("proof", "an honest proof", honest.encode())
    yield holds("empty-alpha", "an honest proof for no octets", vrf.prove(SECRET, b""), b"")
    if vrf.suite.little:
        torsion = forged.with_torsion(vrf, SECRET, ALPHA)
        yield holds("gamma-beside-the-group", "Gamma has a part of order 8, the challenge is a multiple of 8", torsion)
    for row in _rows(vrf):
        proof = honest.build([row.change]).octets
        if proof != honest.encode():
            yield refused(label_slug(row.label), row.label, row.requirement, row.refusal, proof=proof)
    yield refused("another-alpha", "alpha is another", FOREIGN, ("challenge",), alpha=b"another")
    yield refused("longer-alpha", "alpha has a zero octet more", FOREIGN, ("challenge",), alpha=ALPHA + b"\0")
    other = vrf.public(octets(32, 6))
    yield refused("another-key", "the public key is another", FOREIGN, ("challenge",), key=other)
    negated = (-vrf.decode_key(public)).encode()
    yield refused("negated-key", "the public key is the negative", FOREIGN, ("challenge",), key=negated)
    family = forged.ED_SUITES if vrf.suite.little else forged.P_SUITES
    (beside,) = set(family) - {name}
    proof = ECVRF(SUITES[beside]).prove(SECRET, ALPHA)
    yield refused("another-suite", f"the proof is of {beside}", SUITE, ("challenge",), proof=proof)
    yield refused("short-key", "the public key is an octet short", KEY, ("public-key", "length"), key=public[:-1])
    yield refused("long-key", "the public key is an octet long", KEY, ("public-key", "length"), key=public + b"\0")
    if vrf.suite.little:
        for label, (key, point) in forged.small_order_keys().items():
            proof = forged.under_small_order(vrf, key, point, ALPHA)
            change = f"the public key is of small order ({label}), and the proof holds under it"
            yield refused(f"key-{label_slug(label)}", change, SMALL, ("public-key", "point"), key=key, proof=proof)
    else:
        for label, key in (forged.NO_P256_POINTS | {"infinity": b"\0"}).items():
            change = f"the public key is no point ({label})"
            yield refused(f"key-{label_slug(label)}", change, KEY, ("public-key", "point", "length"), key=key)


def label_slug(label: str) -> str:
    """A label as a part of an id, in which signs have words."""
    words = label.replace("+", " plus ").replace("-1", "minus 1")
    return "-".join("".join(c if c.isalnum() else " " for c in words.lower()).split())


def proofs() -> dict[str, Any]:
    """The file."""
    made = [one for name in SUITES for one in _of_suite(name)]
    return file_of(
        "vrf.proof", R, "made by the suite from its own proofs, with known keys", "keytrans/rfc9381-derived", made
    )


def answer(given: dict[str, Any]) -> dict[str, Any] | None:
    """What our strict verifier says."""
    try:
        output = ECVRF(SUITES[given["suite"]]).verify(
            *(bytes.fromhex(given[name]) for name in ("public_key", "alpha", "proof"))
        )
    except VRFError:
        return None
    return {"output": output.hex()}
