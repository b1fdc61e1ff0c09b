"""Documents and what they ask."""

from __future__ import annotations

from dataclasses import dataclass

FAILING = ("MUST", "MUST NOT", "WIRE", "VERIFY")
WARNING = ("SHOULD", "SHOULD NOT", "DERIVED")
RECORDED = ("MAY", "INFO")
LEVELS = (*FAILING, *WARNING, *RECORDED)


@dataclass(frozen=True, slots=True)
class Document:
    """A specification at one revision; `gate` says whether its requirements decide the exit code by default."""

    id: str
    title: str
    revision: str
    status: str
    gate: bool
    source: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a document asks of a role, in our words: a row of the catalogue."""

    id: str
    key: str
    section: str
    level: str
    roles: tuple[str, ...]
    via: tuple[str, ...]
    text: str
    sketch: str = ""
    http: tuple[str, ...] = ()
    needs: str = ""
    ambiguous: bool = False
    document: str = ""
    unseen: str = ""
    """Why no case can decide it, where that is so."""

    @property
    def weight(self) -> str:
        """What a violation shows as: fail, warn or (only recorded) tolerated."""
        if self.ambiguous or self.level in RECORDED:
            return "tolerated"
        return "warn" if self.level in WARNING else "fail"
