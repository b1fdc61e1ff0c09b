"""What derived vectors are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.deriving import octets_of, slug
from conformance.model import Change
from conformance.wire import Message


@dataclass(frozen=True, slots=True)
class Twin:
    """A valid vector: its name, the recipe of its octets, what was given besides, and what it says."""

    name: str
    recipe: Message
    about: str
    requirements: Sequence[str]
    expect: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """An invalid vector: its twin, a label, the changes in words and as data, what is broken and how it is refused."""

    twin: Twin
    label: str
    change: str
    changes: Sequence[Change]
    requirements: Sequence[str]
    refusal: Sequence[str]
    flags: Sequence[str] = ()
    comment: str = ""

    def octets(self) -> bytes:
        """Its octets; ValueError where a change found no place."""
        return octets_of(self.twin.recipe, self.changes, f"{self.twin.name}, {self.label}")


def valid(prefix: str, twin: Twin, name: str) -> dict[str, Any]:
    """A valid vector; `name` is the field of `given` that holds its octets."""
    return {
        "id": f"{prefix}/{twin.name}",
        "comment": twin.about,
        "requirements": sorted(twin.requirements),
        "flags": [],
        "given": {**twin.given, name: twin.recipe.encode().hex()},
        "result": "valid",
        "expect": dict(twin.expect),
    }


def invalid(prefix: str, row: Row, name: str) -> dict[str, Any]:
    """An invalid vector."""
    said: dict[str, Any] = {"id": f"{prefix}/{row.twin.name}/{slug(row.label)}"}
    if row.comment:
        said["comment"] = row.comment
    return said | {
        "requirements": sorted(row.requirements),
        "flags": list(row.flags),
        "given": {
            **row.twin.given,
            name: row.octets().hex(),
        },
        "result": "invalid",
        "twin": f"{prefix}/{row.twin.name}",
        "change": row.change,
        "refusal": list(row.refusal),
    }


def vectors_of(prefix: str, name: str, twins: Iterable[Twin], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Valid vectors, each followed by the invalid ones that were made from it; octets that were made twice once."""
    every = list(rows)
    made = []
    for twin in twins:
        made.append(valid(prefix, twin, name))
        seen = {made[-1]["given"][name]}
        for row in (one for one in every if one.twin is twin):
            vector = invalid(prefix, row, name)
            if vector["given"][name] not in seen:
                seen.add(vector["given"][name])
                made.append(vector)
    return made
