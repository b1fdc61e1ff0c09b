"""The vectors of key transparency that are derived: honest proofs and answers, and what must be refused beside them.

    python -m conformance.protocols.keytrans.vectors
        writes the files
    python -m conformance.protocols.keytrans.vectors --confirm KIND PURL COMMAND…
        asks an adapter about the files of that kind (a glob), and records what it refuses where it takes the twin

Everything but `confirmed` is made anew each time; that is kept as long as the octets of a vector stay what they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from conformance.deriving import File, kept
from conformance.protocols.keytrans.vectors import _akd, _plexi, _vrf

_FILES = {
    "rfc9381-derived.json": _vrf.proofs,
    "akd-lookup-derived.json": _akd.lookups,
    "akd-audit-derived.json": _akd.audits,
    "plexi-epoch-derived.json": _plexi.epochs,
}
_ANSWERS = {
    "vrf.proof": _vrf.answer,
    "akd.lookup": _akd.lookup_answer,
    "akd.audit": _akd.audit_answer,
    "plexi.epoch": _plexi.answer,
}
_REASONS = {
    "vrf.proof": "those asked take it: RFC 9381, Section 5.4.4 leaves no doubt that it is INVALID",
    "akd.lookup": "those asked take it: what they verify is less than the catalogue asks",
    "akd.audit": "those asked take it: what they verify is less than the catalogue asks",
    "plexi.epoch": "the only other implementation is a program that asks an auditor: the cases of monitors ask it",
}


def files(folder: Path) -> dict[str, File]:
    """The files that there should be in the protocol's folder of vectors, with what implementations said so far."""
    return {name: _kept(made(), folder / name) for name, made in _FILES.items()}


def _kept(file: File, path: Path) -> File:
    return kept(file, path, lambda _: _REASONS[file["kind"]])


def answer(kind: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """What our strict verifier says, as `expect` has it, or None where it refuses."""
    return _ANSWERS[kind](given)


__all__ = ["answer", "files"]
