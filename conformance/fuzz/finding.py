"""What a campaign found: data that says by itself what was sent, what came of it, and how to see it again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from conformance.model import Change, EnvironmentProblem, UsageError

FORMAT = "conformance-finding/1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: the exchange and variant, the changes of each step, what was seen, and what it is about.

    `case` is one whose settings the exchange had. `observation` is crash, hang, forbidden, unanswered or
    accepted-anyway, `rate` how often it showed, of how many times. `octets` are those that left at each changed point,
    `twin` those of the unchanged exchange, both in hex.
    """

    protocol: str
    role: str
    exchange: str
    case: str
    variant: Mapping[str, Any]
    steps: tuple[tuple[Mapping[str, Any], ...], ...]
    observation: str
    because: str
    fields: tuple[str, ...]
    requirements: tuple[str, ...]
    seed: int
    rate: tuple[int, int]
    subject: Mapping[str, str] = field(default_factory=dict)
    octets: Mapping[str, str] = field(default_factory=dict)
    twin: Mapping[str, str] = field(default_factory=dict)
    reproduce: str = ""
    format: str = FORMAT

    @property
    def name(self) -> str:
        """A name for its file: role, field, operation, what was seen."""
        ops = "-".join(dict.fromkeys(str(change["op"]) for step in self.steps for change in step))
        text = f"{self.role}-{'-'.join(self.fields) or 'sequence'}-{ops}-{self.observation}"
        return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:120]

    @property
    def changes(self) -> tuple[tuple[Change, ...], ...]:
        """The changes of each step."""
        return tuple(tuple(_change(change) for change in step) for step in self.steps)


def told(change: Change) -> dict[str, Any]:
    """A change as JSON data."""
    args = [{"hex": a.hex()} if isinstance(a, bytes) else a for a in change.args]
    return {"point": change.point, "path": change.path, "op": change.op, "args": args, "wire": change.wire}


def _change(said: Mapping[str, Any]) -> Change:
    args = tuple(bytes.fromhex(a["hex"]) if isinstance(a, Mapping) else a for a in said["args"])
    return Change(said["point"], said["path"], said["op"], args, said["wire"])


def write_finding(found: Finding, folder: Path) -> Path:
    """Store a finding; the place is part of its command. EnvironmentProblem when it cannot be written."""
    place = folder / f"{found.name}.json"
    made = asdict(found) | {"reproduce": f"{found.reproduce} --again {place}"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n")
    except OSError as why:
        raise EnvironmentProblem(f"the finding {place} cannot be written: {why.strerror or why}") from why
    return place


def read_finding(place: Path) -> Finding:
    """Read a stored finding; UsageError when the file is none."""
    try:
        found = msgspec.json.decode(place.read_bytes(), type=Finding)
        _ = found.changes
    except OSError as why:
        raise UsageError(f"the finding {place} cannot be read: {why.strerror or why}") from why
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as why:
        raise UsageError(f"{place} is no finding: {why}", hint="conformance fuzz writes findings") from why
    if found.format != FORMAT:
        raise UsageError(f"{place} is written as {found.format!r}, and this suite reads {FORMAT!r}")
    return found


def vector_of(found: Finding) -> dict[str, Any]:
    """A file of vectors with the finding and its twin; UsageError where what was sent is right, or was no message."""
    changed = [point for point in found.octets if found.octets[point] != found.twin.get(point)]
    if not changed:
        raise UsageError("the finding changes no message, only how or in which order messages leave: no vector fits")
    if not found.requirements:
        raise UsageError("the finding is near no case: what is it about?", hint="--requirement ID says it")
    base = f"{found.protocol}/found-{found.role}/{found.name.removeprefix(found.role.replace('.', '-') + '-')}"
    vectors: list[dict[str, Any]] = []
    for point in changed:
        twin = f"{base}/{point}/twin"
        given = {"role": found.role, "exchange": found.exchange, "point": point}
        vectors.append(
            {
                "id": twin, "requirements": list(found.requirements), "result": "valid", "flags": [],
                "given": given | {"octets": found.twin.get(point, "")}, "expect": {},
            }
        )  # fmt: skip
        vectors.append(
            {
                "id": f"{base}/{point}", "requirements": list(found.requirements), "result": "invalid",
                "flags": [], "twin": twin,
                "change": "; ".join(str(c) for step in found.changes for c in step if c.point.startswith(point)),
                "given": given | {"octets": found.octets[point]}, "refusal": ["malformed"],
            }
        )  # fmt: skip
    document, section = _about(found.requirements)
    return {
        "schema": "conformance-vectors/1", "protocol": found.protocol, "kind": "found.message", "document": document,
        "section": section, "source": f"conformance fuzz, seed {found.seed}", "origin": "found", "vectors": vectors,
    }  # fmt: skip


def _about(requirements: Sequence[str]) -> tuple[str, str]:
    """Document and section of the first requirement that a finding is about."""
    document, _, rest = (requirements[0] if requirements else "unknown/general/").partition("/")
    return document, rest.partition("/")[0]
