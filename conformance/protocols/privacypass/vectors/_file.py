"""What derived vectors are made of, and how a file of them is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from conformance import deriving
from conformance.deriving import octets_of, slug
from conformance.model import Change
from conformance.wire import Message

CLASSES = {
    "key": "key-id", "identity": "point", "algorithm": "public-key", "parameters": "public-key", "der": "public-key",
} | dict.fromkeys(
    ("name", "empty", "type", "scheme", "syntax", "missing", "base64", "twice", "several", "json", "structure", "range",
     "number"), "malformed",
)  # fmt: skip
"""The classes of refusal that the schema of vectors has for the words that stand here."""
EACH = ", each invalid one made by one change of a valid one"


@dataclass(frozen=True, slots=True)
class Twin:
    """A valid vector: its name, the recipe of its octets, what it is about, and what else is given."""

    name: str
    recipe: Message
    about: str
    requirements: Sequence[str]
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """An invalid vector: its twin, the change in words and as data, what is broken and how it is refused."""

    twin: Twin
    change: str
    changes: Sequence[Change]
    requirements: Sequence[str]
    refusal: Sequence[str]

    def octets(self) -> bytes:
        """Its octets; ValueError where a change found no place."""
        return octets_of(self.twin.recipe, self.changes, f"{self.twin.name}, {self.change}")


def to(path: str, op: str, *args: Any) -> list[Change]:
    """One change of a message."""
    return [Change("", path, op, args)]


def under(name: str) -> Callable[[bytes], Mapping[str, Any]]:
    """Puts octets into what is given, under that name, as hex."""
    return lambda octets: {name: octets.hex()}


def vectors_of(
    prefix: str,
    give: Callable[[bytes], Mapping[str, Any]],
    say: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    twins: Iterable[Twin],
    rows: Iterable[Row],
) -> list[dict[str, Any]]:
    """Valid vectors, each followed by the invalid ones that were made from it.

    `give` puts octets into what is given, `say` is what the strict decoder says of that.
    """
    every = list(rows)
    made: list[dict[str, Any]] = []
    ids: set[str] = set()
    for twin in twins:
        given = {**twin.given, **give(twin.recipe.encode())}
        made.append(
            {
                "id": f"{prefix}/{twin.name}",
                "comment": twin.about,
                "requirements": sorted(twin.requirements),
                "flags": [],
                "given": given,
                "result": "valid",
                "expect": dict(say(given)),
            }
        )
        made += [
            {
                "id": _new(f"{prefix}/{twin.name}/{slug(row.change)}", ids),
                "requirements": sorted(row.requirements),
                "flags": [],
                "given": {
                    **twin.given,
                    **give(row.octets()),
                },
                "result": "invalid",
                "twin": f"{prefix}/{twin.name}",
                "change": row.change,
                "refusal": sorted({CLASSES.get(word, word) for word in row.refusal}),
            }
            for row in every
            if row.twin is twin
        ]
    return made


def _new(name: str, ids: set[str]) -> str:
    """The name, with a number behind it where it was there before: words that differ in their signs only."""
    found, n = name, 1
    while found in ids:
        n += 1
        found = f"{name}-{n}"
    ids.add(found)
    return found


file_of = partial(deriving.file_of, protocol="privacypass")
"""A file of derived vectors."""
