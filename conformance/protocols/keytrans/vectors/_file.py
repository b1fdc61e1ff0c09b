"""What derived vectors are made of, and how a file of them is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance import deriving
from conformance.deriving import File

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


def file_of(kind: str, document: str, source: str, prefix: str, made: Sequence[Made]) -> File:
    """A file of derived vectors."""
    vectors = [one.vector(prefix) for one in made]
    return deriving.file_of(kind, document, "", source, vectors, protocol="keytrans", notes=NOTES)
