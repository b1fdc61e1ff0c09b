"""What derived vectors are made of, and how a file of them is written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.model import Change
from conformance.wire import Message

GENERATOR = "python -m conformance.protocols.ohttp.vectors"
CONFIRMED = (
    "Every invalid vector is refused by the suite's strict decoder. Where confirmed names implementations, they refuse "
    "it too; where it names none, the comment says why that is so."
)


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


def slug(text: str) -> str:
    """A label as a part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def octets_of(row: Row) -> bytes:
    """The octets of an invalid vector; ValueError where a change found no place."""
    built = row.twin.recipe.build(list(row.changes))
    if len(built.applied) < len(row.changes):
        raise ValueError(f"{row.twin.name}, {row.label}: a change was not applied")
    return built.octets


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
        "given": {**row.twin.given, name: octets_of(row).hex()},
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


def text(content: Mapping[str, Any]) -> str:
    """A file as it is committed."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
