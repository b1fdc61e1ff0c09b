"""Payloads, capsules, templates and targets: any octets give a value or the one error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocols.masque.messages import (
    PAYLOAD_MAX,
    CapsuleStream,
    TargetRefused,
    capsule_datagram,
    decode_payload_untrusted,
    decode_target_untrusted,
    grease,
    quic_datagram,
    target_of,
    template_of,
    udp_payload,
    unknown_capsule,
    variables_of,
)
from conformance.wire import DecodeError
from conformance.wire.http import decode_datagram_untrusted

WELL_KNOWN = "https://proxy.example/.well-known/masque/udp/{target_host}/{target_port}/"
contexts = st.integers(0, (1 << 62) - 1)
payloads = st.binary(max_size=200)


@given(contexts, payloads)
def test_a_payload_is_read_as_it_was_written(context, octets):
    read = decode_payload_untrusted(udp_payload(octets, context).encode())
    assert (read.context, read.octets) == (context, octets)


@given(st.integers(0, (1 << 60) - 1), contexts, payloads)
def test_a_datagram_is_read_as_it_was_written(quarter, context, octets):
    read, payload = decode_datagram_untrusted(quic_datagram(quarter, udp_payload(octets, context)).encode())
    assert read == quarter
    assert payload == udp_payload(octets, context).encode()


@given(st.binary(max_size=40))
def test_any_octets_are_a_payload_or_an_error(octets):
    try:
        read = decode_payload_untrusted(octets)
    except DecodeError:
        return
    assert octets.endswith(read.octets)


@given(st.lists(st.tuples(st.booleans(), payloads), max_size=6), st.data())
def test_a_stream_gives_its_datagrams_however_it_is_cut(capsules, data):
    made = [
        capsule_datagram(udp_payload(o)) if is_datagram else unknown_capsule(grease(1), o)
        for is_datagram, o in capsules
    ]
    octets = b"".join(m.encode() for m in made)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=5)))
    stream, found = CapsuleStream(), []
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        found += stream.feed(octets[start:end])
    assert found == [b"\0" + o for is_datagram, o in capsules if is_datagram]
    stream.end()
    assert stream.between


@pytest.mark.parametrize("left", range(1, 8))
def test_a_stream_that_ends_within_a_capsule_is_an_error(left):
    stream = CapsuleStream()
    stream.feed(capsule_datagram(udp_payload(b"hello")).encode()[:left])
    with pytest.raises(DecodeError, match="cut short"):
        stream.end()


@pytest.mark.parametrize(("size", "taken"), [(PAYLOAD_MAX, True), (PAYLOAD_MAX + 1, False)])
def test_the_largest_udp_payload_is_the_last_that_is_taken(size, taken):
    octets = capsule_datagram(udp_payload(bytes(size))).encode()
    if taken:
        assert CapsuleStream().feed(octets) == [bytes(size + 1)]
    else:
        with pytest.raises(DecodeError, match="more than a UDP payload"):
            CapsuleStream().feed(octets[:20])  # long before it is whole


def test_a_large_datagram_in_another_context_is_skipped():
    stream = CapsuleStream()
    whole = capsule_datagram(udp_payload(bytes(1 << 18), 2)).encode() + capsule_datagram(udp_payload(b"x")).encode()
    assert stream.feed(whole) == [b"\0x"]


@pytest.mark.parametrize(
    ("template", "target"),
    [
        (WELL_KNOWN, b"/.well-known/masque/udp/2001%3Adb8%3A%3A42/443/"),
        ("https://proxy.example/m?h={target_host}&p={target_port}", b"/m?h=2001%3Adb8%3A%3A42&p=443"),
        ("https://proxy.example/m{?target_host,target_port}", b"/m?target_host=2001%3Adb8%3A%3A42&target_port=443"),
        (
            "https://proxy.example/m?x=1{&target_host,target_port}",
            b"/m?x=1&target_host=2001%3Adb8%3A%3A42&target_port=443",
        ),
    ],
)
def test_a_target_is_expanded_and_read_back(template, target):
    made = template_of(template)
    assert target_of(made, "2001:db8::42", "443").encode() == target
    assert variables_of(made, target) == (b"2001%3Adb8%3A%3A42", b"443")


def test_the_parts_of_a_target_have_the_names_of_its_variables():
    built = target_of(template_of(WELL_KNOWN), "192.0.2.6", "443").build()
    assert built.fields["target_host"] == b"192.0.2.6"
    assert built.fields["target_port"] == b"443"


def test_another_path_is_no_expansion():
    with pytest.raises(TargetRefused) as refused:
        variables_of(template_of(WELL_KNOWN), b"/elsewhere/192.0.2.6/443/")
    assert refused.value.status == 404


@given(st.binary(max_size=30), st.binary(max_size=8))
def test_any_variables_are_a_target_or_refused(host, port):
    try:
        name, number = decode_target_untrusted(host, port)
    except TargetRefused:
        return
    assert name
    assert 1 <= number <= 65535


@given(st.text(max_size=40))
def test_any_text_is_a_template_or_an_error(text):
    try:
        made = template_of(text)
    except DecodeError:
        return
    assert {"target_host", "target_port"} <= set(made.variables)
