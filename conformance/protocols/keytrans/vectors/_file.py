"""What derived vectors are made of, and how a file of them is written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GENERATOR = "python -m conformance.protocols.keytrans.vectors"
NOTES = (
    "Every invalid vector is refused by the suite's strict verifier. Where confirmed names implementations, they "
    "refuse it too and take its twin; where it names none, the comment says why that is so."
)


@dataclass(frozen=True, slots=True)
class Made:
    """A vector: what goes in, and what comes out or (of an invalid one) the change, what it breaks and the refusals."""

    name: str
    given: Mapping[str, Any]
    requirements: Sequence[str]
    expect: Mapping[str, Any] | None = None
    comment: str = ""
    twin: str = ""
    change: str = ""
    refusal: Sequence[str] = ()
    flags: Sequence[str] = ()

    def vector(self, prefix: str) -> dict[str, Any]:
        """The vector as it stands in a file."""
        said: dict[str, Any] = {"id": f"{prefix}/{self.name}"}
        if self.comment:
            said["comment"] = self.comment
        said |= {"requirements": sorted(self.requirements), "flags": list(self.flags), "given": dict(self.given)}
        if self.expect is not None:
            return said | {"result": "valid", "expect": dict(self.expect)}
        twin = {"twin": f"{prefix}/{self.twin}", "change": self.change, "refusal": list(self.refusal)}
        return said | {"result": "invalid"} | twin


def slug(text: str) -> str:
    """A label as a part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def file_of(kind: str, document: str, source: str, prefix: str, made: Sequence[Made], seed: int = 0) -> dict[str, Any]:
    """A file of derived vectors."""
    return {
        "schema": "conformance-vectors/1",
        "protocol": "keytrans",
        "kind": kind,
        "document": document,
        "section": "",
        "source": source,
        "origin": "derived",
        "generator": GENERATOR,
        "seed": seed,
        "notes": NOTES,
        "vectors": [one.vector(prefix) for one in made],
    }


def text(content: Mapping[str, Any]) -> str:
    """A file as it is committed."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
