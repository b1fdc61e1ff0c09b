"""The vectors of Oblivious HTTP that are derived: made from valid messages by one change each, through the recipes.

    python -m conformance.protocols.ohttp.vectors
        writes the files
    python -m conformance.protocols.ohttp.vectors --confirm KIND PURL COMMAND…
        asks an adapter about the files of that kind (a glob), and records what it refuses where it takes the twin

Everything but `confirmed` is made anew each time; that is kept as long as the octets of a vector stay what they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from conformance.protocols.ohttp.vectors import _bhttp, _encapsulation, _keys, _reasons
from conformance.protocols.ohttp.vectors._check import answer
from conformance.protocols.ohttp.vectors._file import text

_FILES = {
    "rfc9292-negative.json": _bhttp.negative,
    "rfc9292-unusual.json": _bhttp.unusual,
    "rfc9458-keys-negative.json": _keys.negative,
    "rfc9458-request-negative.json": _encapsulation.requests,
    "rfc9458-response-negative.json": _encapsulation.responses,
}


def files(folder: Path) -> dict[str, dict[str, Any]]:
    """The files that there should be in the protocol's folder of vectors, with what implementations said so far."""
    return {name: _kept(made(), folder / name) for name, made in _FILES.items()}


def write(folder: Path, content: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the files."""
    for name, file in content.items():
        (folder / name).write_text(text(file), encoding="utf-8")


def _kept(file: dict[str, Any], path: Path) -> dict[str, Any]:
    known = {v["id"]: v for v in msgspec.json.decode(path.read_bytes())["vectors"]} if path.is_file() else {}
    for vector in file["vectors"]:
        if vector["result"] == "valid":
            continue
        before = known.get(vector["id"], {})
        confirmed = before.get("confirmed", []) if before.get("given") == vector["given"] else []
        if confirmed:
            vector["confirmed"] = confirmed
        elif "comment" not in vector:
            vector["comment"] = _reasons.why_unconfirmed(vector)
    return file


__all__ = ["answer", "files", "text", "write"]
