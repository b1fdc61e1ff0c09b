"""What the case pages show of a run's transcripts, as JSON: each message once, long fields cut, within a budget."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import msgspec

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import CONTROLS, HEALTH, Event, Part
from conformance.report._parts import direction, ended, field_spans, part_title, title
from conformance.report._words import gravity, line

BUDGET = 32_000_000
"""Octets of JSON for all evidence of a report, before it is packed to about a tenth."""

FIELD, CONTROL_FIELD = 512, 64
"""Of a longer field only so many octets are shown; in twin and health, which hold nothing new, fewer."""

FIELDS = 240
"""Of a message with more fields only the first are shown, and those that were changed."""

EVENTS = 400

_WITHOUT = ("pass", "unsupported", "not-applicable")


class Evidence:
    """Parts and messages of a run.

    `of` gives a record's parts as numbers in `parts`, or None where there are none to show; `left_out` counts the
    records for which the budget did not suffice, `used` the octets of JSON.
    """

    def __init__(self, run: Run, *, full: bool, budget: int) -> None:
        self.parts: list[Any] = []
        self.messages: list[Any] = []
        self.left_out = 0
        self.used = 0
        self._run = run
        self._budget = budget
        self._full = full
        self._known_parts: dict[int, int] = {}
        self._known_messages: dict[tuple[Any, ...], int] = {}
        self._of: dict[int, list[int] | None] = {}
        wanted = [
            (gravity(record.verdict.shown), number, record)
            for number, record in enumerate(run.verdicts)
            if full or record.verdict.shown not in _WITHOUT
        ]
        # One variant of every case comes before any further ones.
        variants: Counter[str] = Counter()
        ranked = []
        for weight, number, record in sorted(wanted, key=lambda w: w[:2]):
            ranked.append((variants[record.verdict.case] > 0, weight, number, record))
            variants[record.verdict.case] += 1
        for _, _, number, record in sorted(ranked, key=lambda r: r[:3]):
            self._of[number] = self._take(record)

    def of(self, record: int) -> list[int] | None:
        """The parts of a record, by its place in the run."""
        return self._of.get(record)

    def packed(self) -> bytes:
        """Parts and messages as JSON."""
        return msgspec.json.encode({"parts": self.parts, "messages": self.messages})

    def _take(self, record: VerdictRecord) -> list[int] | None:
        if self.used >= self._budget:
            self.left_out += 1
            return None
        numbers = []
        for number in record.parts:
            known = self._known_parts.get(number)
            if known is None and number in self._run.places:
                known = self._known_parts[number] = len(self.parts)
                self.parts.append(self._part(self._run.part(number)))
            if known is not None:
                numbers.append(known)
        return numbers

    def _part(self, part: Part) -> dict[str, Any]:
        control = part.name in CONTROLS
        shown = part.events[:EVENTS]
        made = {
            "title": part_title(part),
            "control": control,
            "health": part.name == HEALTH,
            "ended": line(ended(part), 300),
            "changes": [line(str(change), 300) for change in part.changes],
            "events": [
                [round(e.at, 4), direction(e), title(e), self._message(e, CONTROL_FIELD if control else FIELD)]
                for e in shown
            ],
            "more": len(part.events) - len(shown),
        }
        self.used += len(msgspec.json.encode(made))
        return made

    def _message(self, event: Event, limit: int) -> int:
        if not event.octets:
            return -1
        if self._full:
            limit = max(limit, 4096)
        key = (event.octets, event.spans, limit)
        known = self._known_messages.get(key)
        if known is not None:
            return known
        spans = field_spans(event)
        shown = [s for n, s in enumerate(spans) if n < FIELDS or s.changed][: 4 * FIELDS]
        octets = b"".join(event.octets[s.start : min(s.end, s.start + limit)] for s in shown)
        fields = [
            [line(s.path, 120), s.start, min(s.end - s.start, limit), s.end - s.start, int(s.changed)] for s in shown
        ]
        made = [base64.b64encode(octets).decode(), fields, len(spans) - len(shown)]
        self.used += len(msgspec.json.encode(made))
        self._known_messages[key] = len(self.messages)
        self.messages.append(made)
        return len(self.messages) - 1
