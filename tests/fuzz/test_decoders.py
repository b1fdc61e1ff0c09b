"""Any octets give a value or a refusal, whatever decodes them, and what was read can be written again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors
from conformance.fuzz.grammar import octets_of
from tests.fuzz.decoders import Decoder, decoders, unknown
from tests.fuzz.recorded import seen

ALL = {decoder.name: decoder for decoder in decoders()}
LENGTHS = (0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 33, 48, 64, 65, 97, 133, 255, 256, 1000, 4096, 65_536)
EXAMPLES = 60
SAMPLES, OF_A_KIND, LONGEST = 6, 3, 4096


def test_each_decoder_can_be_called():
    assert unknown() == []
    assert len(ALL) > 50
    assert {name.partition(".")[0] for name in ALL} == {"wire", "crypto", "protocols"}


# Octets


@cache
def corpus() -> tuple[bytes, ...]:
    """Octets of every kind that there is: fields of vectors, and whatever passed in runs against our own peers."""
    kinds: dict[tuple[str, ...], list[bytes]] = {}

    def keep(octets: bytes, *kind: str) -> None:
        known = kinds.setdefault(kind, [])
        if len(octets) <= LONGEST and octets not in known and len(known) < OF_A_KIND:
            known.append(octets)

    def walk(value: Any, *kind: str) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                walk(inner, *kind[:1], name)
        elif isinstance(value, list):
            for inner in value:
                walk(inner, *kind)
        elif isinstance(value, str):
            try:
                keep(bytes.fromhex(value), *kind)
            except ValueError:
                keep(value.encode(), *kind)

    for file in vectors.load():
        for vector in file.vectors:
            walk({**vector.given, **vector.expect}, file.kind)
    for one in seen():
        for part in one.transcript.parts:
            for event in part.events:
                keep(event.octets, event.what, event.name)
                for path, start, end, _ in event.spans:
                    keep(event.octets[start:end], event.name, path.partition("[")[0])
                walk(dict(event.value), event.name)
    found = dict.fromkeys(octets for known in kinds.values() for octets in known)
    return tuple(random.Random(1).sample(list(found), len(found)))


def accepted(decoder: Decoder) -> list[bytes]:
    """Octets of the corpus that a decoder takes, the longest in front: what is drawn begins there."""
    found = []
    for octets in corpus():
        try:
            decoder.read(octets)
        except decoder.refusals:
            continue
        found.append(octets)
        if len(found) >= 4 * SAMPLES:
            break
    return sorted(found, key=len, reverse=True)[:SAMPLES]


def bent(octets: bytes, bends: Sequence[tuple[str, int, int]]) -> bytes:
    """Octets with some of them cut, turned, put in, repeated."""
    for op, at, value in bends:
        place = at % (len(octets) + 1)
        if op == "cut":
            octets = octets[:place]
        elif op == "flip" and octets:
            place %= len(octets)
            octets = octets[:place] + bytes([octets[place] ^ (value % 255 + 1)]) + octets[place + 1 :]
        elif op == "put" and octets:
            place %= len(octets)
            octets = octets[:place] + bytes([value]) + octets[place + 1 :]
        elif op == "insert":
            octets = octets[:place] + octets_of(value, value % 9) + octets[place:]
        elif op == "repeat":
            octets = octets[:place] + octets[place : place + value % 16] * 3 + octets[place:]
        elif op == "drop":
            octets = octets[:place] + octets[place + 1 + value % 4 :]
    return octets


BENDS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "put", "insert", "repeat", "drop"]),
        st.integers(0, 300) | st.integers(0, LONGEST),
        st.sampled_from([0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xBF, 0xC0, 0xFF]) | st.integers(0, 255),
    ),
    max_size=3,
)
DRAWN = st.builds(octets_of, st.integers(0, 1 << 32), st.sampled_from(LENGTHS) | st.integers(0, 300))
"""A length and a seed: byte strings that are drawn themselves stay tiny."""


PLACES = {"wire.http._capsules.decode_capsules_untrusted"}
"""What is read says where it stood, which differs with the widths of integers."""


@pytest.mark.parametrize("name", sorted(ALL))
def test_any_octets_give_a_value_or_a_refusal(name):
    decoder = ALL[name]
    samples = accepted(decoder)
    begin = DRAWN if not samples else st.one_of(DRAWN, *[st.sampled_from(samples)] * 3)

    @settings(max_examples=EXAMPLES, deadline=None, database=None, derandomize=True)
    @given(begin, BENDS)
    def decode(octets, bends):
        octets = bent(octets, bends)
        try:
            value = decoder.read(octets)
        except decoder.refusals:
            return
        if decoder.written is not None:
            written = decoder.written(value)
            read_again = decoder.read(written)
            assert decoder.written(read_again) == written
            assert read_again == value or decoder.name in PLACES

    decode()
