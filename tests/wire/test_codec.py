"""Readers refuse with path and offset, and nothing but DecodeError leaves a decoder."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire import VARINT_MAX, DecodeError, Reader, encode_varint, varint_width

WIDTHS = (1, 2, 4, 8)
LARGEST = {width: (1 << (8 * width - 2)) - 1 for width in WIDTHS}


@pytest.mark.parametrize(
    ("octets", "value"),
    [  # RFC 9000, Appendix A.1
        ("c2197c5eff14e88c", 151_288_809_941_952_652),
        ("9d7f3e7d", 494_878_333),
        ("7bbd", 15_293),
        ("25", 37),
    ],
)
def test_published_varints(octets, value):
    octets = bytes.fromhex(octets)
    assert encode_varint(value) == octets
    assert Reader(octets).varint("n") == value


def test_a_varint_may_be_longer_than_it_must():  # RFC 9000, Appendix A.1
    assert Reader(bytes.fromhex("4025")).varint("n") == 37
    assert encode_varint(37, 2) == bytes.fromhex("4025")


@pytest.mark.parametrize("width", WIDTHS)
def test_both_sides_of_a_width(width):
    largest = LARGEST[width]
    assert varint_width(largest) == width
    assert varint_width(largest + 1) == min(2 * width, 8)
    assert encode_varint(largest, width).count(b"\xff") >= width - 1
    with pytest.raises(ValueError, match=f"{largest + 1} does not fit .* {width} octets"):
        encode_varint(largest + 1, width)


@pytest.mark.parametrize(("value", "width"), [(-1, 0), (-1, 8), (VARINT_MAX + 1, 0), (0, 3), (0, 16), (0, -1)])
def test_what_is_no_varint(value, width):
    with pytest.raises(ValueError, match="does not fit"):
        encode_varint(value, width)


@given(st.sampled_from(WIDTHS), st.data(), st.binary(max_size=3))
def test_varints_are_read_back_in_every_width(width, data, more):
    value = data.draw(st.integers(0, LARGEST[width]))
    octets = encode_varint(value, width)
    assert len(octets) == width
    reader = Reader(octets + more)
    assert (reader.varint("n"), reader.left, reader.offset) == (value, len(more), width)
    assert len(encode_varint(value)) == varint_width(value) <= width


@dataclass(frozen=True)
class Sample:
    number: int
    words: tuple[bytes, ...]
    tail: bytes


def encode(sample):
    words = b"".join(encode_varint(len(w)) + w for w in sample.words)
    return (
        sample.number.to_bytes(3, "big") + encode_varint(len(words)) + words + bytes([len(sample.tail)]) + sample.tail
    )


def decode(octets):
    reader = Reader(octets, "sample")
    number = reader.uint(3, "number")
    section = reader.sub(reader.varint("words.length"), "words")
    words = []
    while section.left:
        words.append(section.take(section.varint(f"[{len(words)}].length"), f"[{len(words)}]"))
    tail = reader.sub(reader.uint(1, "tail.length"), "tail").rest()
    reader.end()
    return Sample(number, tuple(words), tail)


samples = st.builds(
    Sample, st.integers(0, (1 << 24) - 1), st.lists(st.binary(max_size=80)).map(tuple), st.binary(max_size=255)
)


@given(samples)
def test_what_was_encoded_is_read_back(sample):
    assert decode(encode(sample)) == sample


@given(samples, st.data())
def test_every_prefix_is_refused_at_its_place(sample, data):
    octets = encode(sample)
    cut = data.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(DecodeError) as refused:
        decode(octets[:cut])
    assert refused.value.path.startswith("sample.")
    assert 0 <= refused.value.offset <= cut
    assert "left" in refused.value.reason
    assert str(refused.value) == f"{refused.value.path} at octet {refused.value.offset}: {refused.value.reason}"


@given(samples, st.binary(min_size=1))
def test_octets_too_many_are_refused_where_they_begin(sample, more):
    octets = encode(sample)
    with pytest.raises(DecodeError, match=f"^sample at octet {len(octets)}: {len(more)} octets too many$"):
        decode(octets + more)


@given(st.binary())
def test_any_octets_give_a_value_or_a_decode_error(octets):
    try:
        sample = decode(octets)
    except DecodeError as refused:
        assert 0 <= refused.offset <= len(octets)  # noqa: PT017 - it need not be raised
    else:
        assert decode(encode(sample)) == sample


@pytest.mark.parametrize(
    ("read", "path", "offset", "reason"),
    [
        (lambda r: r.take(3, "name"), "whole.name", 10, "3 octets wanted, 2 left"),
        (lambda r: r.uint(4, "number"), "whole.number", 10, "4 octets wanted, 2 left"),
        (lambda r: r.varint("n"), "whole.n", 10, "an integer of 4 octets wanted, 2 left"),
        (lambda r: (r.rest(), r.varint("n")), "whole.n", 12, "an integer wanted, nothing left"),
        (lambda r: r.sub(3, "part"), "whole.part", 10, "3 octets wanted, 2 left"),
        (lambda r: r.sub(2, "part").take(3, ""), "whole.part", 10, "3 octets wanted, 2 left"),
        (lambda r: (r.take(1, "a"), r.sub(1, "part").uint(2, "b")), "whole.part.b", 11, "2 octets wanted, 1 left"),
        (lambda r: r.end("tail"), "whole.tail", 10, "2 octets too many"),
        (lambda r: r.end(), "whole", 10, "2 octets too many"),
    ],
)
def test_refusals_name_the_place(read, path, offset, reason):
    with pytest.raises(DecodeError) as refused:
        read(Reader(b"\x80\x01", "whole", 10))
    assert (refused.value.path, refused.value.offset, refused.value.reason) == (path, offset, reason)


@pytest.mark.parametrize(
    ("path", "name", "at", "told"),
    [
        ("", "", None, "message at octet 1: why"),
        ("", "name", None, "name at octet 1: why"),
        ("whole", "", 0, "whole at octet 0: why"),
        ("whole", "name", 2, "whole.name at octet 2: why"),
    ],
)
def test_a_failure_of_the_callers_own(path, name, at, told):
    reader = Reader(b"ab", path)
    reader.take(1, "a")
    assert str(reader.fail(name, "why", at)) == told


def test_a_reader_that_refused_has_read_nothing():
    reader = Reader(b"\xc0\x01")
    for read in (lambda: reader.take(3, "a"), lambda: reader.varint("b"), lambda: reader.sub(3, "c")):
        with pytest.raises(DecodeError):
            read()
    assert (reader.at, reader.left) == (0, 2)


def test_a_reader_without_a_path_names_parts_alone():
    inner = Reader(b"abc").sub(2, "part")
    assert (inner.path, inner.base, inner.left) == ("part", 0, 2)
    assert inner.rest() == b"ab"
    inner.end()
