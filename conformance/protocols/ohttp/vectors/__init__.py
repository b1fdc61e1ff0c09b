"""The vectors of Oblivious HTTP that are derived: made from valid messages by one change each, through the recipes.

    python -m conformance.protocols.ohttp.vectors
        writes the files
    python -m conformance.protocols.ohttp.vectors --confirm KIND PURL COMMAND…
        asks an adapter about the files of that kind (a glob), and records what it refuses where it takes the twin

Everything but `confirmed` is made anew each time; that is kept as long as the octets of a vector stay what they are.
"""

from __future__ import annotations

from pathlib import Path

from conformance.deriving import File, kept
from conformance.protocols.ohttp.vectors import _bhttp, _encapsulation, _keys, _reasons
from conformance.protocols.ohttp.vectors._check import answer

_FILES = {
    "rfc9292-negative.json": _bhttp.negative,
    "rfc9292-unusual.json": _bhttp.unusual,
    "rfc9458-keys-negative.json": _keys.negative,
    "rfc9458-request-negative.json": _encapsulation.requests,
    "rfc9458-response-negative.json": _encapsulation.responses,
}


def files(folder: Path) -> dict[str, File]:
    """The files that there should be in the protocol's folder of vectors, with what implementations said so far."""
    return {name: kept(made(), folder / name, _reasons.why_unconfirmed) for name, made in _FILES.items()}


__all__ = ["answer", "files"]
