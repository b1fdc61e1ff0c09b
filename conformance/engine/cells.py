"""The cells of the matrix: which subjects meet each other, in the place of our peers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from conformance.bench import Protocol
from conformance.engine.catalogue import load_cases
from conformance.model import Case


@dataclass(frozen=True, slots=True)
class Cell:
    """Who meets whom: the subject under test in its role, and by role those that stand in the place of our peers."""

    role: str
    subject: str
    others: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """A name for its folder."""
        return "+".join((f"{self.role}={self.subject}", *(f"{role}={name}" for role, name in self.others)))


def form_cells(protocols: Iterable[Protocol], playing: Mapping[str, Collection[str]]) -> list[Cell]:
    """Every combination of those that are there: `playing` maps their names to the roles that they play.

    Who can meet whom is what the exchanges say: those in which peers of ours are met, and which have an honest case.
    """
    found = []
    for protocol in protocols:
        cases = [c for c in load_cases(protocol) if isinstance(c, Case) and c.exchange.meets]
        for role in protocol.roles:
            meetings = dict.fromkeys(c.exchange.meets for c in cases if c.role == role.name and c.honest)
            for met in meetings:
                sides = [[name for name, roles in playing.items() if one in roles] for one in (role.name, *met)]
                for subject, *others in product(*sides):
                    found.append(Cell(role.name, subject, tuple(zip(met, others, strict=True))))
    return found
