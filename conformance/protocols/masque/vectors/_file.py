"""How a file of derived vectors is put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from conformance.protocols.masque.vectors._check import answer

GENERATOR = "python -m conformance.protocols.masque.vectors"
OURS = "refused by the suite's strict decoder; no other reader of this form was asked"
AIOQUIC = "pkg:pypi/aioquic@1.7.2"


def slug(text: str) -> str:
    """A label as a part of an id."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


class Making:
    """One file's vectors, each checked by our decoders as it is made."""

    def __init__(self, prefix: str, kind: str) -> None:
        self.prefix = prefix
        self.kind = kind
        self.made: list[dict[str, Any]] = []

    def valid(self, label: str, given: dict[str, Any], comment: str, requirements: Iterable[str]) -> str:
        """A valid vector; its id."""
        expect = answer(self.kind, given)
        if expect is None:
            msg = f"{label} is refused"
            raise ValueError(msg)
        name = f"{self.prefix}/{slug(label)}"
        self.made.append({
            "id": name, "comment": comment, "requirements": sorted(requirements), "flags": [], "given": given,
            "result": "valid", "expect": expect,
        })  # fmt: skip
        return name

    def invalid(
        self,
        twin: str,
        label: str,
        given: dict[str, Any],
        change: str,
        requirements: Iterable[str],
        refusal: Sequence[str],
        *,
        confirmed: bool = False,
    ) -> None:
        """An invalid vector."""
        if answer(self.kind, given) is not None:
            msg = f"{label} is accepted"
            raise ValueError(msg)
        said = {"confirmed": [AIOQUIC]} if confirmed else {"comment": OURS}
        self.made.append({
            "id": f"{twin}/{slug(label)}", **({"comment": OURS} if not confirmed else {}),
            "requirements": sorted(requirements), "flags": [], "given": given, "result": "invalid", "twin": twin,
            "change": change, "refusal": list(refusal), **({"confirmed": said["confirmed"]} if confirmed else {}),
        })  # fmt: skip

    def file(self, document: str, section: str, source: str, seed: int) -> dict[str, Any]:
        """The whole file."""
        return {
            "schema": "conformance-vectors/1", "protocol": "masque", "kind": self.kind, "document": document,
            "section": section, "source": source, "origin": "derived", "generator": GENERATOR, "seed": seed,
            "vectors": self.made,
        }  # fmt: skip
