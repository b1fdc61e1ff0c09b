"""How a file of derived vectors is put together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from conformance.deriving import File, file_of, slug
from conformance.protocols.masque.vectors._check import answer

OURS = "refused by the suite's strict decoder; no other reader of this form was asked"
AIOQUIC = "pkg:pypi/aioquic@1.7.2"


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
        self.made.append({
            "id": f"{twin}/{slug(label)}", **({} if confirmed else {"comment": OURS}),
            "requirements": sorted(requirements), "flags": [], "given": given, "result": "invalid", "twin": twin,
            "change": change, "refusal": list(refusal), **({"confirmed": [AIOQUIC]} if confirmed else {}),
        })  # fmt: skip

    def file(self, document: str, section: str, source: str, seed: int) -> File:
        """The whole file."""
        return file_of(self.kind, document, section, source, self.made, protocol="masque", seed=seed, notes="")
