"""A run on disk: an append-only NDJSON stream (design, section 7).

One record a line: `header`, `plan`, then `part`s, `verdict`s and `note`s as they come, and a `footer`. Octets stand
once, as hex; fields are spans into them; what an earlier event of the same part holds is a reference to it. A verdict
names its parts by number, so that a shared twin is stored once; where a baseline knows it, it says what is known. A
stream without a footer was cut short, and readers say so. A note that voids the run is one of the last lines: reading
turns the verdicts that rested on the adapter's word into errors. Everything shown to a person is a fold over this.

How parts become records and records parts stands in `records`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from conformance.engine.records import decode_part, encode_part
from conformance.model import (
    Case,
    EnvironmentProblem,
    Finding,
    Part,
    Requirement,
    Transcript,
    UsageError,
    Verdict,
    Watch,
)

FORMAT = "conformance-stream/1"
_PART = b'{"type":"part","n":'
_ON_ITS_WORD = ("pass", "tolerated")
"""What a lying adapter may have made up."""


@dataclass(frozen=True, slots=True)
class PlannedCase:
    """What a report must know of a case: it is stored with the run, so that reports need no code of the case."""

    id: str
    doc: str
    role: str
    requirements: tuple[str, ...]
    also: tuple[str, ...] = ()
    exchange: str = ""
    expect: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the baseline says of a failure: reason, link, owner, expiry date (ISO, or empty), and the file's name."""

    reason: str
    link: str = ""
    owner: str = ""
    expires: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class VerdictRecord:
    """A verdict as it counts, with the numbers of its parts, how long it took, and what the baseline knows of it.

    `written` is the verdict in the stream, where something that came later took its worth.
    """

    verdict: Verdict
    parts: tuple[int, ...]
    seconds: float = 0.0
    known: Known | None = None
    written: Verdict | None = None


@dataclass(slots=True)
class Header:
    """What was run against what: suite, documents, subject, scope, seed, environment."""

    suite: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, str] = field(default_factory=dict)
    subject: dict[str, Any] = field(default_factory=dict)
    scope: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    started: str = ""
    environment: dict[str, Any] = field(default_factory=dict)
    format: str = FORMAT


@dataclass(slots=True)
class Footer:
    """The end of a run that was finished or interrupted in order."""

    counts: dict[str, int] = field(default_factory=dict)
    exit: int = 0
    interrupted: bool = False
    ended: str = ""
    sha256: str = ""


@dataclass(slots=True)
class Run:
    """A stored run, its parts left on disk until they are asked for."""

    path: Path
    header: Header
    cases: dict[str, PlannedCase]
    requirements: dict[str, Requirement]
    verdicts: list[VerdictRecord]
    notes: list[dict[str, Any]]
    footer: Footer | None
    places: dict[int, tuple[int, int]]
    intact: bool = True

    def part(self, number: int) -> Part:
        """One part, read from disk."""
        start, length = self.places[number]
        with self.path.open("rb") as stream:
            stream.seek(start)
            return decode_part(msgspec.json.decode(stream.read(length)))

    def transcript(self, record: VerdictRecord) -> Transcript:
        """The transcript on which a verdict rests."""
        return Transcript(
            record.verdict.case, record.verdict.variant, tuple(self.part(number) for number in record.parts)
        )


def planned(case: Case | Watch) -> PlannedCase:
    """What is stored of a case."""
    if isinstance(case, Watch):
        return PlannedCase(case.id, case.doc, case.role, case.requirements)
    if isinstance(case.expect, Mapping):
        expect = "; ".join(f"{name}: {' or '.join(map(str, allowed))}" for name, allowed in case.expect.items())
    else:
        expect = " or ".join(map(str, case.expect))
    return PlannedCase(case.id, case.doc, case.role, case.requirements, tuple(case.also), case.exchange.name, expect)


class StreamWriter:
    """Appends records; each line is written through, so that a crash loses at most the line under way.

    `known` is what a baseline says of a verdict. EnvironmentProblem when the disk is full or the file is not writable.
    """

    def __init__(self, path: Path, known: Callable[[Verdict], Known | None] = lambda _: None) -> None:
        self.path = path
        self.known = known
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("wb", buffering=0)
        except OSError as why:
            raise EnvironmentProblem(
                f"the event stream {path} cannot be written: {why.strerror or why}",
                hint="choose another folder with --out, or another file with --events",
            ) from why
        self._digest = hashlib.sha256()
        self._encode = msgspec.json.Encoder().encode
        self._parts = 0

    def record(self, record: Mapping[str, Any]) -> None:
        """Append one record."""
        line = self._encode(record) + b"\n"
        try:
            written = 0
            while written < len(line):
                written += self._file.write(line[written:])
        except OSError as why:
            raise EnvironmentProblem(
                f"the event stream {self.path} cannot be written any further: {why.strerror or why}",
                hint="free some space; what was written before can be shown with `conformance report`",
            ) from why
        self._digest.update(line)

    def header(self, header: Header) -> None:
        """The first line."""
        header.started = header.started or datetime.now(UTC).isoformat(timespec="seconds")
        self.record({"type": "header"} | asdict(header))

    def plan(self, cases: Sequence[Case | Watch], requirements: Sequence[Requirement]) -> None:
        """The second line: the cases and the requirements that they decide."""
        self.record(
            {
                "type": "plan",
                "cases": [asdict(planned(c)) for c in cases],
                "requirements": [asdict(r) for r in requirements],
            }
        )

    def part(self, part: Part) -> int:
        """Append a part; its number."""
        self._parts += 1
        part.number = self._parts
        self.record(encode_part(part))
        return part.number

    def verdict(self, record: VerdictRecord) -> None:
        """Append a verdict, with what is known of it."""
        known = self.known(record.verdict)
        self.record(
            {"type": "verdict", "parts": list(record.parts), "seconds": round(record.seconds, 6)}
            | ({"known": asdict(known)} if known else {})
            | msgspec.to_builtins(record.verdict)
        )

    def note(self, text: str, **more: Any) -> None:
        """Append something that a reader of the run should know."""
        self.record({"type": "note", "text": text} | more)

    def footer(self, footer: Footer) -> None:
        """The last line, with the digest of all before it."""
        footer.sha256 = self._digest.hexdigest()
        footer.ended = footer.ended or datetime.now(UTC).isoformat(timespec="seconds")
        self.record({"type": "footer"} | asdict(footer))
        self.close()

    def rename(self, path: Path) -> None:
        """Give the stream another name, in the place of what has it; it can still be appended to."""
        try:
            self.path = self.path.replace(path)
        except OSError as why:
            raise EnvironmentProblem(f"{path} cannot be replaced: {why.strerror or why}") from why

    def close(self) -> None:
        """Close the file; a stream that was not given its footer stays recognisable as cut short."""
        self._file.close()


def read_run(path: Path) -> Run:
    """Read a stored run; its parts stay on disk. UsageError when the file is none."""
    header: Header | None = None
    run_cases: dict[str, PlannedCase] = {}
    requirements: dict[str, Requirement] = {}
    verdicts: list[VerdictRecord] = []
    notes: list[dict[str, Any]] = []
    places: dict[int, tuple[int, int]] = {}
    footer: Footer | None = None
    digest, intact = hashlib.sha256(), True
    for start, line in _lines(path):
        if not line.endswith(b"\n") or footer is not None:
            intact = False  # cut short within a line, or written to after its end
            break
        try:
            if line.startswith(_PART):
                places[int(line[len(_PART) : line.index(b",", len(_PART))])] = (start, len(line))
                digest.update(line)
                continue
            record = msgspec.json.decode(line)
            kind = record.pop("type")
            match kind:
                case "header":
                    header = msgspec.convert(record, Header)
                case "plan":
                    run_cases = {c["id"]: msgspec.convert(c, PlannedCase) for c in record["cases"]}
                    requirements = {r["id"]: msgspec.convert(r, Requirement) for r in record["requirements"]}
                case "verdict":
                    parts, seconds = tuple(record.pop("parts")), record.pop("seconds")
                    known = msgspec.convert(record.pop("known", None), Known | None)
                    verdicts.append(VerdictRecord(msgspec.convert(record, Verdict), parts, seconds, known))
                case "footer":
                    footer = msgspec.convert(record, Footer)
                    intact = footer.sha256 == digest.hexdigest()
                case _:
                    notes.append(record)
        except (msgspec.DecodeError, KeyError, AttributeError, TypeError, ValueError):
            intact = False
            break
        if header is None:
            break
        digest.update(line)
    if header is None:
        raise UsageError(f"{path} is not a stored run", hint="a run is the file events.ndjson in its folder")
    if header.format != FORMAT:
        raise UsageError(f"{path} is written as {header.format!r}, and this suite reads {FORMAT!r}")
    if void := next((str(note.get("text", "")) for note in notes if note.get("void")), ""):
        verdicts = [_voided(record, void) for record in verdicts]
    return Run(path, header, run_cases, requirements, verdicts, notes, footer, places, intact)


def voided(verdict: Verdict, why: str) -> Verdict:
    """A verdict on a subject whose adapter lies: what it passed does not count."""
    if verdict.shown not in _ON_ITS_WORD:
        return verdict
    reason = f"not counted: {why} (it was {verdict.shown}: {verdict.reason})"
    decided = {id_: "error" if shown in _ON_ITS_WORD else shown for id_, shown in verdict.requirements.items()}
    return replace(verdict, shown="error", reason=reason, requirements=decided)


def _voided(record: VerdictRecord, why: str) -> VerdictRecord:
    now = voided(record.verdict, why)
    return record if now is record.verdict else replace(record, verdict=now, written=record.verdict)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    at = 0
    try:
        with path.open("rb") as stream:
            for line in stream:
                yield at, line
                at += len(line)
    except OSError as why:
        raise UsageError(f"{path} cannot be read: {why.strerror or why}") from why


__all__ = [
    "FORMAT", "Finding", "Footer", "Header", "Known", "PlannedCase", "Run", "StreamWriter", "VerdictRecord",
    "decode_part", "encode_part", "planned", "read_run", "voided",
]  # fmt: skip
