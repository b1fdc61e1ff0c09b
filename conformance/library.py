"""What exchanges with subjects that are asked by operations have in common, whatever the protocol."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from conformance.model import (
    ACCEPTED,
    ANYWAY,
    CONTROLS,
    CRASH,
    UNSUPPORTED,
    WRONG,
    AdapterError,
    Exchange,
    Finding,
    Judge,
    Outcome,
    Part,
    Transcript,
)

REFUSED = Outcome("refused")
"""It was asked, and rejected what it was given."""


def answered(part: Part, op: str) -> Mapping[str, Any] | None:
    """The reply to an operation that was done or refused, or None where the part ended otherwise."""
    reply = part.last("reply", op)
    if reply is None or part.last("adapter-error") or not {"ok", "refused"} & reply.value.keys():
        return None
    return reply.value


def octets_of(reply: Mapping[str, Any], name: str, op: str) -> bytes:
    """Octets out of a reply that is `ok`; AdapterError where there are none."""
    try:
        return bytes.fromhex(reply["ok"][name])
    except (KeyError, TypeError, ValueError) as why:
        raise AdapterError(f"{op}: {name} is no hex: {why!r}", step=op, hint="See docs/adapter.md.") from None


def by_itself(exchange: Exchange, *also: Outcome) -> Exchange:
    """The same exchange for what all other cases of its role take for granted: its controls only want an answer.

    A library that gets every exchange wrong would otherwise be judged in nothing, as no twin is ever accepted. `also`
    are further endings that the controls take.
    """
    enough = {REFUSED.name, WRONG.name, ANYWAY.name, *(outcome.name for outcome in also)}

    def ended(part: Part) -> Outcome:
        outcome = exchange.outcome(part)
        return ACCEPTED if outcome.name in enough and part.name in CONTROLS else outcome

    return replace(exchange, name=f"{exchange.name}_by_itself", outcome=ended)


def judged_by(exchange: Exchange, requirement_of: Callable[[Part], str], also: Sequence[Outcome] = ()) -> Judge:
    """A judge of parts that should be accepted (or end in another way that is as good).

    `requirement_of` names the requirement that a part breaks; empty: all of the case's.
    """

    def judge(transcript: Transcript) -> Iterator[Finding]:
        for part in transcript.tested:
            outcome = exchange.ended(part)
            if any(right.allows(outcome) for right in (ACCEPTED, *also)):
                yield Finding("as-expected", f"{part.name}: {outcome}", part=part.name)
            elif outcome != UNSUPPORTED:
                seen = "crash" if outcome.name == CRASH.name else "violation"
                yield Finding(seen, f"{part.name}: {outcome}", requirement_of(part), part.name)

    return judge


def none_taken(exchange: Exchange) -> Judge:
    """A judge of steps all of which must be refused, however many there are."""

    def judge(transcript: Transcript) -> Iterator[Finding]:
        for part in transcript.tested:
            outcome = exchange.ended(part)
            if outcome != UNSUPPORTED:
                seen = {REFUSED.name: "as-expected", CRASH.name: "crash"}.get(outcome.name, "violation")
                yield Finding(seen, f"{part.name}: {outcome}", part=part.name)

    return judge
