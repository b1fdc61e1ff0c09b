"""The vectors of key transparency that are derived: honest proofs and answers, and what must be refused beside them.

    python -m conformance.protocols.keytrans.vectors
        writes the files
    python -m conformance.protocols.keytrans.vectors --confirm KIND PURL COMMAND…
        asks an adapter about the files of that kind (a glob), and records what it refuses where it takes the twin

Everything but `confirmed` is made anew each time; that is kept as long as the octets of a vector stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from conformance.protocols.keytrans.vectors import _akd, _plexi, _vrf
from conformance.protocols.keytrans.vectors._file import text

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


def files(folder: Path) -> dict[str, dict[str, Any]]:
    """The files that there should be in the protocol's folder of vectors, with what implementations said so far."""
    return {name: _kept(made(), folder / name) for name, made in _FILES.items()}


def write(folder: Path, content: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the files."""
    for name, file in content.items():
        (folder / name).write_text(text(file), encoding="utf-8")


def answer(kind: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """What our strict verifier says, as `expect` has it, or None where it refuses."""
    return _ANSWERS[kind](given)


def _kept(file: dict[str, Any], path: Path) -> dict[str, Any]:
    known = {v["id"]: v for v in msgspec.json.decode(path.read_bytes())["vectors"]} if path.is_file() else {}
    for vector in file["vectors"]:
        if vector["result"] == "valid":
            continue
        before = known.get(vector["id"], {})
        confirmed = before.get("confirmed", []) if before.get("given") == vector["given"] else []
        if confirmed:
            vector["confirmed"] = confirmed
        else:
            vector["comment"] = _REASONS[file["kind"]]
    return file


__all__ = ["answer", "files", "text", "write"]
