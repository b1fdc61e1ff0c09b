"""No transcript makes an outcome function, a judge or a watch raise: not one with gaps, nor one in another order.

Whatever an adapter may say stands in its replies, whatever a peer may send in what was received and decoded; what the
suite itself notes of them (the values of other events) is taken as it was noted.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conformance.engine.judge import judge, weigher
from conformance.fuzz.grammar import octets_of
from conformance.model import AdapterError, Finding, Outcome, Part, Transcript, Verdict
from tests.fuzz.recorded import ROLES, Seen, seen_of

REPLIES = (
    {"ok": {}}, {"ok": {"message": 1}}, {"ok": {"request": "zz", "response": 7, "keys": None, "entries": [{}]}},
    {"ok": {"status": "many", "fields": 1, "content": [], "payloads": [None], "value": {}, "proof": 3}},
    {"refused": {"class": "odd"}}, {"unsupported": {"reason": "none"}}, {"error": {"detail": "broken"}},
)  # fmt: skip
"""Replies that an adapter may give: in the shape of the vocabulary (whoever carries them sees to that), whatever it is
that they say."""
FROM_PEERS = {"received", "decoded"}
WEIGH = weigher({})
EXAMPLES = 80

BENDS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "repeat", "swap", "octets", "reply", "cut"]),
        st.integers(0, 1 << 16),
        st.integers(0, 1 << 16),
    ),
    min_size=1,
    max_size=4,
)


def bent(part: Part, bends: Sequence[tuple[str, int, int]]) -> Part:
    """A part whose events are fewer, more, or others."""
    events = list(part.events)
    for op, at, value in bends:
        if not events:
            break
        place = at % len(events)
        event = events[place]
        if op == "drop":
            del events[place]
        elif op == "repeat":
            events.insert(value % (len(events) + 1), event)
        elif op == "swap":
            other = value % len(events)
            events[place], events[other] = events[other], events[place]
        elif op == "cut":
            del events[place:]
        elif op == "octets" and event.what in FROM_PEERS:
            events[place] = replace(event, octets=octets_of(value, value % 80), spans=())
        elif op == "reply" and event.what == "reply":
            events[place] = replace(event, value=copy.deepcopy(REPLIES[value % len(REPLIES)]))
    return replace(part, events=events)


def look(one: Seen, transcript: Transcript) -> None:
    """Everything that looks at a transcript."""
    for part in transcript.parts:
        assert isinstance(one.case.exchange.ended(part), Outcome), part.name
        for watch in one.watches:
            assert all(isinstance(found, Finding) for found in watch.look(part)), watch.id
    if one.case.own_judge is not None:
        try:
            assert all(isinstance(found, Finding) for found in one.case.own_judge(transcript))
        except AdapterError:  # the driver says so of a reply in another shape, before any judge is asked
            return
    verdict: Verdict = judge(one.case, transcript, WEIGH)
    assert not verdict.reason.startswith("the suite failed in judging"), verdict.reason


@pytest.mark.parametrize("role", ROLES)
def test_whatever_was_recorded_is_judged(role):
    recorded = seen_of(role)
    assert recorded, "a role with cases shows something"
    for one in recorded:
        look(one, one.transcript)

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.integers(0, len(recorded) - 1), st.lists(BENDS, min_size=1, max_size=3), st.integers(0, 1 << 16))
    def judged(chosen, bends, first):
        one = recorded[chosen]
        parts = list(one.transcript.parts)
        for number, bend in enumerate(bends, first):
            place = number % len(parts)
            parts[place] = bent(parts[place], bend)
        look(one, replace(one.transcript, parts=tuple(parts)))

    judged()
