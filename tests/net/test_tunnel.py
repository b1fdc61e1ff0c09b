"""Tunnels: one interface, three versions, both sides ours."""

import asyncio

import pytest

from conformance.model import Change, Ended
from conformance.net import Certificate, HTTP3Settings, QUICSettings, Route, connect, serve
from conformance.wire import DecodeError, Message
from conformance.wire.http import (
    CapsuleReader,
    capsule,
    datagram,
    decode_capsules_untrusted,
    lines_of,
    request,
    response,
    switched,
    upgrade,
)

VERSIONS = (1, 2, 3)
PROTOCOL = b"connect-udp"


@pytest.fixture(scope="module")
def certificate():
    return Certificate.self_signed()


@pytest.fixture
def ca_file(certificate, tmp_path):
    return str(certificate.files(tmp_path)[0])


async def echo(tunnel):
    """Give back octets and datagrams as they are, until the client ends."""
    await tunnel.answer(switched(PROTOCOL, [(b"capsule-protocol", b"?1")], version=tunnel.version).build())
    while True:
        seen = await tunnel.next(20)
        if seen.what == "data":
            await tunnel.send(Message(octets=seen.octets).build())
        elif seen.what == "datagram":
            await tunnel.datagram(datagram(tunnel.quarter, seen.octets).build())
        elif seen.what == "end":
            await tunnel.finish()
            return


@pytest.fixture
def tunnels(closing, certificate, ca_file, notes):
    """Start a server with that handler of tunnels; gives a connected client."""

    async def start(version, handler=echo, patience=2.0, **more):
        async def plain(exchange):
            asked = exchange.request
            await exchange.answer(response(200, (), asked.content, version=asked.version).build())

        server = await serve(plain, tls=certificate, versions=VERSIONS, tunnels=handler, patience=patience, **more)
        closing.push_async_callback(server.close)
        route = Route.of(f"https://127.0.0.1:{server.port}/", ca_file=ca_file)
        connection = await connect(route, notes, version, patience)
        closing.push_async_callback(connection.close)
        return server, connection

    return start


def asked(version, *changes, fields=()):
    return upgrade(PROTOCOL, b"/x", b"127.0.0.1", fields, version=version, scheme=b"https").build(changes)


def octets(data, *changes):
    return Message(data=data).build([Change("octets", "", *c) for c in changes])


async def gathered(tunnel, length):
    found = b""
    while len(found) < length:
        seen = await tunnel.next()
        assert seen.what == "data"
        found += seen.octets
    return found


@pytest.mark.parametrize("version", VERSIONS)
async def test_octets_go_there_and_back_and_both_directions_end(tunnels, notes, version):
    server, connection = await tunnels(version)
    tunnel = await connection.tunnel(notes, asked(version))
    head = await tunnel.head()
    assert head.status == (101 if version == 1 else 200)
    assert (b"capsule-protocol", b"?1") in [(n.lower(), v) for n, v in head.fields]
    sent = capsule(0, b"\0hello").encode()
    await tunnel.send(octets(sent, ("split", (1, 3))))
    assert await gathered(tunnel, len(sent)) == sent
    if version > 1:  # TLS over TCP has no half-closed state here
        await tunnel.finish()
        assert (await tunnel.next()).what == "end"
        assert not tunnel.open
    assert notes.named("received")[0]["version"] == version
    assert not server.failures


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_large_payload_passes_flow_control(tunnels, notes, version):
    _, connection = await tunnels(version)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.head()
    sent = bytes(range(256)) * 2000
    await tunnel.send(octets(sent))
    assert await gathered(tunnel, len(sent)) == sent


@pytest.mark.parametrize("version", [2, 3])
async def test_tunnels_share_a_connection_with_requests(tunnels, notes, other_notes, version):
    _, connection = await tunnels(version)
    one = await connection.tunnel(notes, asked(version), "one")
    two = await connection.tunnel(other_notes, asked(version), "two")
    for tunnel in (one, two):
        await tunnel.head()
        await tunnel.send(octets(tunnel.name.encode()))
    post = request(b"POST", b"/", b"h", (), b"content", version=version, scheme=b"https").build()
    assert (await (await connection.request(notes, post)).answer()).content == b"content"
    assert (await one.next()).octets == b"one"
    assert (await two.next()).octets == b"two"
    assert other_notes.named("data") == [{"where": "", "octets": b"two"}]
    await one.reset()
    await two.send(octets(b"alive"))
    assert (await two.next()).octets == b"alive"


async def test_datagrams_go_there_and_back(tunnels, notes):
    _, connection = await tunnels(3)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    assert await connection.announced() == {0x8: 1, 0x33: 1}
    assert tunnel.has_datagrams
    for payload in (b"\0hello", b"\0", b"", b"\0" + bytes(1200)):
        assert await tunnel.datagram(datagram(tunnel.quarter, payload).build())
        seen = await tunnel.next()
        assert (seen.what, seen.octets) == ("datagram", payload)


async def test_a_datagram_that_fits_no_packet_does_not_block_the_next(tunnels, notes):
    _, connection = await tunnels(3)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    assert not await tunnel.datagram(datagram(tunnel.quarter, bytes(2000)).build())
    assert notes.named("too-large")[0]["size"] == 2001
    assert await tunnel.datagram(datagram(tunnel.quarter, b"small").build())
    assert (await tunnel.next()).octets == b"small"


@pytest.mark.parametrize(
    ("sent", "code"),
    [(b"\xd0" + bytes(7), "H3_DATAGRAM_ERROR"), (b"\x40", "H3_DATAGRAM_ERROR"), (b"", "H3_DATAGRAM_ERROR")],
)
async def test_a_datagram_that_is_none_ends_the_connection(tunnels, notes, sent, code):
    _, connection = await tunnels(3)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    await tunnel.datagram(octets(sent))
    with pytest.raises(Ended, match=code):
        await tunnel.next()
    assert notes.named("closed")[0]["code"] == code


@pytest.mark.parametrize("version", [2, 3])
async def test_the_code_of_a_reset_is_told(tunnels, notes, version):
    async def handler(tunnel):
        await tunnel.answer(switched(PROTOCOL, version=version).build())
        await tunnel.next()
        await tunnel.reset(0x10E if version == 3 else 0x1)

    _, connection = await tunnels(version, handler)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.head()
    await tunnel.send(octets(b"x"))
    if version == 3:
        assert (await tunnel.next()).code == "H3_MESSAGE_ERROR"
    with pytest.raises(Ended):
        await tunnel.next()
    assert notes.named("stream-error")[0]["code"] == ("H3_MESSAGE_ERROR" if version == 3 else "PROTOCOL_ERROR")


async def test_a_reset_of_ours_reaches_the_other_side(tunnels, notes, other_notes):
    over = asyncio.Event()

    async def handler(tunnel):
        tunnel.recorder = other_notes
        await tunnel.answer(switched(PROTOCOL, version=3).build())
        try:
            while True:
                await tunnel.next()
        finally:
            over.set()

    _, connection = await tunnels(3, handler)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    await tunnel.reset(0x10E)
    await asyncio.wait_for(over.wait(), 2)
    assert other_notes.named("stream-error")[0]["code"] == "H3_MESSAGE_ERROR"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refusal_is_a_head_with_content_and_an_end(tunnels, notes, version):
    async def handler(tunnel):
        await tunnel.inform(response(103, version=version).build())
        await tunnel.answer(response(403, (), b"no", version=version).build())

    _, connection = await tunnels(version, handler)
    tunnel = await connection.tunnel(notes, asked(version))
    assert (await tunnel.head()).status == 403
    assert [seen.status for seen in tunnel.informational] == [103]
    assert (await tunnel.next()).octets == b"no"
    assert (await tunnel.next()).what == "end"
    post = request(b"POST", b"/", b"h", (), b"again", version=version, scheme=b"https").build()
    assert (await (await connection.request(notes, post)).answer()).content == b"again"


@pytest.mark.parametrize("version", VERSIONS)
async def test_octets_sent_with_the_request_are_kept_until_it_is_answered(tunnels, notes, version):
    answer = asyncio.Event()

    async def handler(tunnel):
        await answer.wait()
        await echo(tunnel)

    _, connection = await tunnels(version, handler)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.send(octets(b"early"))
    assert await tunnel.quiet(0.05) is None
    answer.set()
    await tunnel.head()
    assert await gathered(tunnel, 5) == b"early"


async def test_early_octets_behind_a_refused_upgrade_are_the_next_request(tunnels, notes):
    async def handler(tunnel):
        await tunnel.answer(response(404, (), b"", version=1).build())

    _, connection = await tunnels(1, handler)
    tunnel = await connection.tunnel(notes, asked(1))
    await tunnel.send(octets(request(b"POST", b"/", b"h", (), b"smuggled").encode()))
    assert (await tunnel.head()).status == 404
    assert (await tunnel.next()).what == "end"
    assert (await connection.expect(notes).answer()).content == b"smuggled"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_silent_server_is_a_timeout_and_one_may_go_on_waiting(tunnels, notes, version):
    release = asyncio.Event()

    async def handler(tunnel):
        await release.wait()
        await echo(tunnel)

    _, connection = await tunnels(version, handler)
    tunnel = await connection.tunnel(notes, asked(version))
    with pytest.raises(Ended, match="timeout"):
        await tunnel.head(0.05)
    assert notes.whats == ["timeout"]
    release.set()
    await tunnel.head()


async def test_raw_frames_stand_on_any_stream(tunnels, notes):
    _, connection = await tunnels(3)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    await tunnel.send_frames(octets(bytes.fromhex("21 02 aabb 00 02 6869")))  # an unknown frame, then DATA
    assert await gathered(tunnel, 2) == b"hi"
    grease = connection.open_stream(bytes.fromhex("21 00"), unidirectional=True)
    await connection.raw_on(grease, b"whatever")
    await tunnel.send(octets(b"alive"))
    assert await gathered(tunnel, 5) == b"alive"
    await connection.raw_on(connection.control_id, bytes.fromhex("04 00"))  # SETTINGS again
    with pytest.raises(Ended, match="H3_FRAME_UNEXPECTED"):
        await tunnel.next()


async def test_other_known_frames_on_a_tunnel_end_the_connection(tunnels, notes):
    _, connection = await tunnels(3)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    await tunnel.send_frames(octets(bytes.fromhex("01 00")))
    with pytest.raises(Ended, match="H3_FRAME_UNEXPECTED"):
        await tunnel.next()


def test_an_upgrade_is_one_recipe_in_three_versions():
    assert b"Upgrade: connect-udp\r\n" in asked(1).octets
    fields = dict(lines_of(asked(3)).fields)
    assert fields[b":protocol"] == PROTOCOL
    assert fields[b":method"] == b"CONNECT"


def test_capsules_are_read_in_any_pieces():
    whole = capsule(0, b"\0a").encode() + capsule(0x17, b"").encode() + capsule(1 << 40, bytes(70)).encode()
    found = decode_capsules_untrusted(whole)
    assert [(c.type, c.length) for c in found] == [(0, 2), (0x17, 0), (1 << 40, 70)]
    reader = CapsuleReader()
    one_by_one = [c for at in range(len(whole)) for c in reader.feed(whole[at : at + 1])]
    assert tuple(one_by_one) == found
    for cut in range(1, 4):
        with pytest.raises(DecodeError):
            decode_capsules_untrusted(whole[:cut])


async def test_a_datagram_frame_may_have_no_length(tunnels, notes):
    _, connection = await tunnels(3)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    for payload in (b"\0", b"\0hello", b"\0" + bytes(1300)):
        assert await tunnel.datagram(datagram(tunnel.quarter, payload).build(), sized=False)
        assert (await tunnel.next()).octets == payload


async def test_a_datagram_for_no_stream_is_dropped(tunnels, notes):
    _, connection = await tunnels(3)
    await connection.datagram(notes, datagram(0, b"early").build())
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    await connection.datagram(notes, datagram(500, b"nowhere").build())
    await connection.datagram(notes, datagram(tunnel.quarter, b"here").build())
    assert (await tunnel.next()).octets == b"here"
    assert not await connection.datagram(notes, datagram(0, bytes(3000)).build())
    assert notes.named("too-large")


@pytest.mark.parametrize("version", [2, 3])
async def test_after_both_ends_nothing_else_is_an_ending(tunnels, notes, version):
    server, connection = await tunnels(version)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.head()
    await tunnel.finish()
    assert (await tunnel.next()).what == "end"
    await server.close()
    with pytest.raises(Ended, match="both directions"):
        await tunnel.next()
    assert "closed" not in notes.whats
    assert "reset" not in notes.whats


async def test_octets_of_http1_end_in_each_direction_alone(closing, notes, echo_server):
    server = await echo_server(tunnels=echo, versions=(1,))
    connection = await connect(Route.of(server.url), notes, 1, 2)
    closing.push_async_callback(connection.close)
    tunnel = await connection.tunnel(notes, asked(1))
    await tunnel.head()
    await tunnel.send(octets(b"last", ("close", ("half",))))
    assert await gathered(tunnel, 4) == b"last"
    assert (await tunnel.next()).what == "end"


async def test_a_reset_of_tcp_is_a_reset(closing, notes, echo_server):
    async def handler(tunnel):
        await tunnel.answer(switched(PROTOCOL).build())
        await tunnel.next()
        await tunnel.reset()

    server = await echo_server(tunnels=handler, versions=(1,))
    connection = await connect(Route.of(server.url), notes, 1, 2)
    closing.push_async_callback(connection.close)
    tunnel = await connection.tunnel(notes, asked(1))
    await tunnel.head()
    await tunnel.send(octets(b"x"))
    with pytest.raises(Ended, match="reset"):
        await tunnel.next()


@pytest.mark.parametrize(
    ("said", "whole"),
    [(b"HTTP/1.1 200 OK\r\n\r\nrest", True), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nrest", False)],
)
async def test_an_answer_that_is_no_switch_ends_with_the_stream(closing, notes, raw_server, said, whole):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    connection = await connect(await raw_server(handler), notes, 1, 2)
    closing.push_async_callback(connection.close)
    tunnel = await connection.tunnel(notes, asked(1))
    assert (await tunnel.head()).status == 200
    assert await gathered(tunnel, 4) == b"rest"
    if whole:
        assert (await tunnel.next()).what == "end"
    else:
        with pytest.raises(Ended, match="in the middle"):
            await tunnel.next()


async def test_an_answer_that_is_none_is_undecodable(closing, notes, raw_server):
    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"nonsense\r\n\r\n")
        await reader.read()

    connection = await connect(await raw_server(handler), notes, 1, 2)
    closing.push_async_callback(connection.close)
    tunnel = await connection.tunnel(notes, asked(1))
    with pytest.raises(DecodeError):
        await tunnel.head()
    assert notes.whats == ["undecodable"]


async def test_a_refused_connect_of_http1_closes(closing, notes, echo_server):
    async def handler(tunnel):
        await tunnel.answer(response(403, (), b"").build())

    server = await echo_server(tunnels=handler, versions=(1,))
    connection = await connect(Route.of(server.url), notes, 1, 2)
    closing.push_async_callback(connection.close)
    tunnel = await connection.tunnel(notes, request(b"CONNECT", b"h:1", b"h:1").build())
    assert (await tunnel.head()).status == 403
    pending = await connection.request(notes, request(b"GET", b"/", b"h").build())
    with pytest.raises(Ended, match="closed"):
        await pending.answer()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_server_that_goes_is_an_ending(tunnels, notes, version):
    server, connection = await tunnels(version)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.head()
    await server.close()
    if version == 1:  # the end of TCP is the end of the stream
        assert (await tunnel.next()).what == "end"
        return
    with pytest.raises(Ended):
        await tunnel.next()
    assert "closed" in notes.whats or "reset" in notes.whats
    later = await connection.tunnel(notes, asked(version), "later")
    with pytest.raises(Ended):
        await later.head()


@pytest.mark.parametrize("version", VERSIONS)
async def test_closing_a_connection_drops_its_tunnels(tunnels, notes, version):
    _, connection = await tunnels(version)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.head()
    await connection.close()
    with pytest.raises(Ended, match="by the suite"):
        await tunnel.next()
    assert set(notes.whats) == {"received"}


NO_DATAGRAMS = HTTP3Settings(pairs=((8, 1),), quic=QUICSettings(max_datagram_frame_size=None))


async def test_a_datagram_that_was_not_allowed_breaks_quic(tunnels, notes):
    _, connection = await tunnels(3, settings=NO_DATAGRAMS)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    assert not tunnel.has_datagrams
    await tunnel.datagram(datagram(tunnel.quarter, b"x").build())
    with pytest.raises(Ended, match="PROTOCOL_VIOLATION"):
        await tunnel.next()
    assert notes.named("closed")[0]["code"] == "PROTOCOL_VIOLATION"


async def test_a_server_that_breaks_quic_is_undecodable(tunnels, notes, closing, ca_file):
    async def handler(tunnel):
        await tunnel.answer(switched(PROTOCOL, version=3).build())
        await tunnel.datagram(datagram(tunnel.quarter, b"x").build())

    server, _ = await tunnels(3, handler)
    route = Route.of(f"https://127.0.0.1:{server.port}/", ca_file=ca_file)
    connection = await connect(route, notes, 3, 2, settings=NO_DATAGRAMS)
    closing.push_async_callback(connection.close)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    with pytest.raises(DecodeError, match="PROTOCOL_VIOLATION"):
        await tunnel.next()


@pytest.mark.parametrize("version", [2, 3])
async def test_a_malformed_head_is_undecodable_and_leaves_the_others_alone(tunnels, notes, other_notes, version):
    async def handler(tunnel):
        fields = [(b"connection", b"upgrade")] if tunnel.request.target == b"/wrong" else []
        await tunnel.answer(switched(PROTOCOL, fields, version=version).build())
        await echo_on(tunnel)

    _, connection = await tunnels(version, handler)
    good = await connection.tunnel(notes, asked(version))
    await good.head()
    wrong = upgrade(PROTOCOL, b"/wrong", b"h", version=version, scheme=b"https").build()
    bad = await connection.tunnel(other_notes, wrong)
    with pytest.raises(DecodeError):
        await bad.head()
    assert other_notes.whats == ["undecodable"]
    await good.send(octets(b"alive"))
    assert await gathered(good, 5) == b"alive"


async def echo_on(tunnel):
    while True:
        seen = await tunnel.next(20)
        await tunnel.send(Message(octets=seen.octets).build())


async def test_fields_behind_the_head_of_a_tunnel_are_malformed(tunnels, notes):
    async def handler(tunnel):
        await tunnel.answer(switched(PROTOCOL, version=2).build())
        tunnel.session.machine.send_headers(tunnel.stream_id, [(b"a", b"b")], end_stream=True)
        tunnel.session.flush()

    _, connection = await tunnels(2, handler)
    tunnel = await connection.tunnel(notes, asked(2))
    await tunnel.head()
    with pytest.raises(DecodeError, match="behind the head"):
        await tunnel.next()


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("protocol", [b"", b"x"])
async def test_a_request_that_is_no_tunnel_goes_to_the_other_handler(tunnels, notes, version, protocol):
    _, connection = await tunnels(version)
    made = request(b"POST", b"/", b"h", (), b"plain", version=version, scheme=b"https", protocol=protocol).build()
    pending = await connection.request(notes, made)
    if protocol:  # RFC 8441, Section 4: a protocol belongs to CONNECT
        with pytest.raises(Ended, match="stream-error"):
            await pending.answer()
    else:
        assert (await pending.answer()).content == b"plain"


@pytest.mark.parametrize("version", [2, 3])
async def test_held_octets_leave_with_the_barrier(tunnels, notes, version):
    _, connection = await tunnels(version)
    tunnel = await connection.tunnel(notes, asked(version))
    await tunnel.head()
    at = []

    async def barrier():
        at.append(await tunnel.next())

    await tunnel.send(octets(b"before|after", ("hold", (5,))), barrier=barrier)
    assert at[0].octets == b"before|"
    assert await gathered(tunnel, 5) == b"after"


async def test_frames_that_are_not_known_are_noted(tunnels, notes):
    async def handler(tunnel):
        await tunnel.answer(switched(PROTOCOL, version=3).build())
        await tunnel.send_frames(octets(bytes.fromhex("21 02 aabb")))
        await tunnel.finish()

    _, connection = await tunnels(3, handler)
    tunnel = await connection.tunnel(notes, asked(3))
    await tunnel.head()
    assert (await tunnel.next()).what == "end"
    assert notes.named("frame") == [{"where": "", "octets": b"\xaa\xbb", "type": 0x21}]
