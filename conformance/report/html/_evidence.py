"""What the case pages show of transcripts, as compact JSON: each message once, long fields cut, a budget for all."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from conformance.engine.stream import Run, VerdictRecord
from conformance.model import CONTROLS, HEALTH, Event, Part
from conformance.report._parts import direction, ended, field_spans, part_title, title
from conformance.report._words import gravity, line

BUDGET = 9_000_000
"""Octets of JSON for all evidence of a report."""

FIELD, CONTROL_FIELD = 512, 64
"""Of a longer field only so many octets are shown; in twin and health, which hold nothing new, fewer."""

FIELDS = 240
"""Of a message with more fields only the first are shown, and those that were changed."""

EVENTS = 400

_WITHOUT = ("pass", "unsupported", "not-applicable")


class Evidence:
    """Parts and messages of several runs.

    `of` gives a record's parts as numbers in `parts`, or None where there are none to show; `left_out` counts the
    records for which the budget did not suffice.
    """

    def __init__(self, runs: Sequence[Run], *, full: bool, budget: int) -> None:
        self.parts: list[Any] = []
        self.messages: list[Any] = []
        self.left_out = 0
        self._left = [budget // max(1, len(runs))] * len(runs)
        self._place = 0
        self._full = full
        self._known_parts: dict[tuple[int, int], int] = {}
        self._known_messages: dict[tuple[Any, ...], int] = {}
        self._of: dict[tuple[int, int], list[int] | None] = {}
        wanted = [
            (gravity(record.verdict.shown), place, number, run, record)
            for place, run in enumerate(runs)
            for number, record in enumerate(run.verdicts)
            if full or record.verdict.shown not in _WITHOUT
        ]
        # Each run has its share of the budget. Within it, one variant of every case comes before any further ones.
        variants: Counter[tuple[int, str]] = Counter()
        ranked = []
        for weight, place, number, run, record in sorted(wanted, key=lambda w: w[:3]):
            ranked.append((variants[place, record.verdict.case] > 0, weight, place, number, run, record))
            variants[place, record.verdict.case] += 1
        for _, _, place, number, run, record in sorted(ranked, key=lambda r: r[:4]):
            self._place = place
            self._of[place, number] = self._take(place, run, record)

    def of(self, run: int, record: int) -> list[int] | None:
        """The parts of a record, by place of run and record."""
        return self._of.get((run, record))

    def _take(self, place: int, run: Run, record: VerdictRecord) -> list[int] | None:
        if self._left[place] <= 0:
            self.left_out += 1
            return None
        numbers = []
        for number in record.parts:
            known = self._known_parts.get((place, number))
            if known is None and number in run.places:
                known = self._known_parts[place, number] = len(self.parts)
                self.parts.append(self._part(run.part(number)))
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
        self._left[self._place] -= len(msgspec.json.encode(made))
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
        self._left[self._place] -= len(msgspec.json.encode(made))
        self._known_messages[key] = len(self.messages)
        self.messages.append(made)
        return len(self.messages) - 1
