"""Protocols as they register, and their catalogues of requirements."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata, resources
from typing import Any

import msgspec

from conformance.bench import Protocol, Role
from conformance.cases import REGISTRY
from conformance.model import Case, Document, Requirement, UsageError, Watch

GROUP = "conformance.protocols"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the documents of some protocols ask."""

    documents: Mapping[str, Document]
    requirements: Mapping[str, Requirement]

    def binding(self, role: Role) -> tuple[Requirement, ...]:
        """The requirements that bind a role and can be seen the way it is run."""
        return tuple(r for r in self.requirements.values() if binds(role, r))


def binds(role: Role, requirement: Requirement) -> bool:
    """Whether a requirement binds a role of a run: by the document's terms, and by the way it can be seen."""
    terms = role.binds.get(requirement.document, ())
    return role.via in requirement.via and any(term in terms for term in (*requirement.roles, "*"))


@dataclass(frozen=True, slots=True)
class _File:
    document: Document
    requirement: list[dict[str, Any]] = field(default_factory=list)


@cache
def protocols() -> Mapping[str, Protocol]:
    """Every protocol that is installed, by name. UsageError names an entry point that cannot be loaded."""
    found = {}
    for point in metadata.entry_points(group=GROUP):
        try:
            protocol = point.load()
        except Exception as why:
            raise UsageError(
                f"the protocol {point.name} ({point.value}) cannot be loaded: {why}",
                hint="update or uninstall the package that registers it",
            ) from why
        found[protocol.name] = protocol
    return found


def load_catalogue(chosen: Iterable[Protocol]) -> Catalogue:
    """Read the requirement files of these protocols. UsageError when one is malformed or an id stands twice."""
    documents: dict[str, Document] = {}
    requirements: dict[str, Requirement] = {}
    for protocol in chosen:
        folder = resources.files(protocol.package) / "requirements"
        unseen = _unseen(folder)
        for entry in sorted(folder.iterdir(), key=lambda e: e.name):
            if not entry.name.endswith(".toml") or entry.name == "unseen.toml":
                continue
            try:
                file = msgspec.toml.decode(entry.read_bytes(), type=_File)
                rows = [
                    msgspec.convert(
                        row | {"document": file.document.id, "unseen": unseen.get(row["id"], "")}, Requirement
                    )
                    for row in file.requirement
                ]
            except (msgspec.MsgspecError, KeyError) as why:
                raise UsageError(f"{protocol.name}: requirements/{entry.name}: {why}") from why
            documents[file.document.id] = file.document
            for row in rows:
                if row.id in requirements:
                    raise UsageError(f"{protocol.name}: the requirement {row.id} stands twice")
                requirements[row.id] = row
    return Catalogue(documents, requirements)


def _unseen(folder: Any) -> dict[str, str]:
    file = folder / "unseen.toml"
    return msgspec.toml.decode(file.read_bytes(), type=dict[str, str]) if file.is_file() else {}


def load_cases(protocol: Protocol) -> Sequence[Case | Watch]:
    """Import every case module of a protocol; its cases and watches in the order of their ids' modules."""
    package = importlib.import_module(f"{protocol.package}.cases")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)
    return [item for item in REGISTRY.values() if item.id.startswith(f"{protocol.name}/")]
