"""HTTP/3: ordinary requests, endings, what is wrong on either side."""

import asyncio
import contextlib
from dataclasses import replace

import aioquic.asyncio
import pytest
from aioquic.quic.configuration import QuicConfiguration

from conformance.model import Change, Ended, UsageError
from conformance.net import Certificate, HTTP3Settings, QUICSettings, Route, connect, serve
from conformance.net._server3 import ServerHTTP3
from conformance.wire import DecodeError
from conformance.wire.http import control_stream, frame, request, response, settings


@pytest.fixture(scope="module")
def certificate():
    return Certificate.self_signed()


@pytest.fixture
def ca_file(certificate, tmp_path):
    return str(certificate.files(tmp_path)[0])


async def echo(exchange):
    asked = exchange.request
    await exchange.answer(response(200, [(b"X-Target", asked.target)], asked.content, version=3).build())


@pytest.fixture
def server3(closing, certificate):
    async def start(handler=echo, **more):
        server = await serve(handler, tls=certificate, versions=(3,), patience=2.0, **more)
        closing.push_async_callback(server.close)
        return server

    return start


@pytest.fixture
def dial(notes, closing, ca_file):
    async def to(port, patience=2.0, **more):
        route = Route.of(f"https://127.0.0.1:{port}/x", ca_file=ca_file)
        connection = await connect(route, notes, 3, patience, **more)
        closing.push_async_callback(connection.close)
        return connection

    return to


def post(content=b"hello", *changes, method=b"POST", fields=(), **more):
    made = [Change("outer", *c) for c in changes]
    return request(method, b"/x", b"h", fields, content, version=3, scheme=b"https", **more).build(made)


async def test_an_answer_is_read_and_recorded(server3, dial, notes):
    connection = await dial((await server3()).port)
    answer = await (await connection.request(notes, post())).answer()
    assert (answer.version, answer.status, answer.content) == (3, 200, b"hello")
    assert (b"x-target", b"/x") in answer.fields
    (seen,) = notes.named("received")
    assert seen["version"] == 3
    assert seen["octets"].startswith(b":status: 200\r\n")


async def test_requests_side_by_side_are_recorded_at_their_parts(server3, dial, notes, other_notes):
    release = asyncio.Event()

    async def handler(exchange):
        if exchange.request.content == b"one":
            await release.wait()
        await echo(exchange)

    connection = await dial((await server3(handler)).port)
    one = await connection.request(notes, post(b"one"))
    two = await connection.request(other_notes, post(b"two"))
    assert (await two.answer()).content == b"two"
    assert notes.whats == []
    release.set()
    assert (await one.answer()).content == b"one"


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [("", "split", (3, 20, -2))],
        [("", "delay", (0.001,))],
        [("", "close", ("half",))],
    ],
)
@pytest.mark.parametrize("size", [0, 5, 300_000])
async def test_requests_leave_as_their_changes_say(server3, dial, notes, changes, size):
    connection = await dial((await server3()).port)
    answer = await (await connection.request(notes, post(bytes(size), *changes))).answer()
    assert len(answer.content) == size


async def test_what_is_held_leaves_with_the_barrier(server3, dial, notes):
    opened = []
    connection = await dial((await server3()).port)

    async def barrier():
        opened.append(True)

    pending = await connection.request(notes, post(b"hello", ("", "hold", (3,))), barrier=barrier)
    assert (await pending.answer()).content == b"hello"
    assert opened == [True]


async def test_chunks_trailers_and_interim_responses(server3, dial, notes):
    async def handler(exchange):
        await exchange.inform(response(103, [(b"Link", b"x")], version=3).build())
        asked = exchange.request
        trailers = [(b"t", b"%d" % len(asked.trailers))]
        await exchange.answer(response(200, (), chunks=[b"a", b"b"], version=3, trailers=trailers).build())

    connection = await dial((await server3(handler)).port)
    asked = post(chunks=[b"x", b"y"], trailers=[(b"u", b"v")])
    answer = await (await connection.request(notes, asked)).answer()
    assert answer.content == b"ab"
    assert answer.trailers == ((b"t", b"1"),)
    assert answer.informational == ((103, ((b"link", b"x"),)),)


async def test_a_head_request_has_no_content(server3, dial, notes):
    async def handler(exchange):
        await exchange.answer(response(200, [(b"content-length", b"5")], b"", version=3).build())

    connection = await dial((await server3(handler)).port)
    answer = await (await connection.request(notes, post(None, method=b"HEAD"))).answer()
    assert answer.content == b""


@pytest.mark.parametrize(
    "made",
    [
        response(200, [(b"content-length", b"7")], b"short", version=3),
        response(200, [(b"connection", b"close")], b"", version=3),
        response(99, (), b"", version=3),
    ],
)
async def test_a_malformed_answer_is_undecodable(server3, dial, notes, made):
    async def handler(exchange):
        await exchange.answer(made.build())

    connection = await dial((await server3(handler)).port)
    if b"99" in made.encode()[:14]:
        made.parts["status"] = b"9x"
    with pytest.raises(DecodeError):
        await (await connection.request(notes, post())).answer()
    assert notes.whats == ["undecodable"]
    assert connection.open


async def test_a_malformed_request_is_an_error_of_its_stream(server3, dial, notes):
    connection = await dial((await server3()).port)
    with pytest.raises(Ended):
        await (await connection.request(notes, post(fields=[(b"upgrade", b"x")]))).answer()
    assert notes.named("stream-error")[0]["code"] == "H3_MESSAGE_ERROR"
    assert (await (await connection.request(notes, post())).answer()).status == 200


async def test_a_reset_stream_leaves_the_others_alone(server3, dial, notes):
    async def handler(exchange):
        if exchange.request.content == b"reset":
            await exchange.reset(0x10B)
        else:
            await echo(exchange)

    connection = await dial((await server3(handler)).port)
    with pytest.raises(Ended):
        await (await connection.request(notes, post(b"reset"))).answer()
    assert notes.named("stream-error")[0]["code"] == "H3_REQUEST_REJECTED"
    assert (await (await connection.request(notes, post())).answer()).status == 200


async def test_our_own_reset_is_told(server3, dial, notes):
    connection = await dial((await server3()).port)
    with pytest.raises(Ended, match="our own reset"):
        await (await connection.request(notes, post(b"hello", ("", "reset", ())))).answer()
    assert (await (await connection.request(notes, post())).answer()).status == 200


async def test_silence_is_a_timeout_and_cancels_the_stream(server3, dial, notes):
    forever = asyncio.Event()

    async def handler(exchange):
        if exchange.request.content == b"hang":
            await forever.wait()
        await echo(exchange)

    connection = await dial((await server3(handler)).port)
    connection.link.patience = 0.05
    with pytest.raises(Ended, match="timeout"):
        await (await connection.request(notes, post(b"hang"))).answer()
    connection.link.patience = 5.0
    assert (await (await connection.request(notes, post())).answer()).status == 200


async def test_a_server_that_closes_is_told_with_its_code(server3, dial, notes):
    async def handler(exchange):
        exchange.connection.link.close(0x107, "enough")

    connection = await dial((await server3(handler)).port)
    pending = await connection.request(notes, post())
    with pytest.raises(Ended, match="enough"):
        await pending.answer()
    assert notes.named("closed")[0]["code"] == "H3_EXCESSIVE_LOAD"
    assert not connection.open
    with pytest.raises(Ended):
        await (await connection.request(notes, post())).answer()


async def test_a_goaway_ends_what_will_not_be_answered(server3, dial, notes):
    async def handler(exchange):
        session = exchange.connection
        session.link.write(session.control_id, frame(7, b"\x04").encode())
        await echo(exchange)

    connection = await dial((await server3(handler)).port)
    first = await connection.request(notes, post())
    assert (await first.answer()).status == 200
    while connection.goaway is None:
        await connection.link.moved(connection.link.loop.time() + 2)
    with pytest.raises(Ended, match="GOAWAY"):
        await (await connection.request(notes, post())).answer()


async def test_a_handler_that_fails_does_not_leave_the_client_waiting(server3, dial, notes):
    async def handler(exchange):
        raise RuntimeError

    server = await server3(handler)
    connection = await dial(server.port)
    with pytest.raises(Ended):
        await (await connection.request(notes, post())).answer()
    assert len(server.failures) == 1


async def test_nobody_listens(dial, notes):
    with pytest.raises(Ended, match="closed"):
        await dial(9)
    assert notes.named("closed")[0]["code"] == "refused"


async def test_nobody_answers(dial, notes):
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
    with contextlib.closing(transport), pytest.raises(Ended, match="timeout"):
        await dial(transport.get_extra_info("sockname")[1], 0.1)


async def test_a_certificate_that_nobody_vouches_for(server3, notes, closing):
    server = await server3()
    with pytest.raises(Ended, match="tls-error"):
        await connect(Route.of(server.url), notes, 3, 2)
    assert notes.named("tls-error")[0]["code"] == "certificate"
    connection = await connect(Route.of(server.url, insecure=True), notes, 3, 2)
    closing.push_async_callback(connection.close)
    assert (await (await connection.request(notes, post())).answer()).status == 200


async def test_http_urls_have_no_version_3(notes):
    with pytest.raises(UsageError):
        await connect(Route.of("http://127.0.0.1:1/"), notes, 3)
    with pytest.raises(UsageError):
        await serve(echo, versions=(3,))


@pytest.mark.parametrize(
    ("control", "code"),
    [
        (control_stream([(0x33, 2)]), "H3_SETTINGS_ERROR"),
        (control_stream([(0x8, 2)]), "H3_SETTINGS_ERROR"),
        (control_stream([(0x33, 1), (0x33, 1)]), "H3_SETTINGS_ERROR"),
        (control_stream([(0x2, 0)]), "H3_SETTINGS_ERROR"),
        (frame(0, frame(0x21, b"")), "H3_MISSING_SETTINGS"),
    ],
)
async def test_settings_that_must_not_be_end_the_connection(server3, dial, notes, control, code):
    octets = control.encode() if code == "H3_SETTINGS_ERROR" else b"\0" + frame(0x21, b"").encode()
    connection = await dial((await server3()).port, settings=HTTP3Settings(control=octets))
    with pytest.raises(Ended, match=code):
        await connection.expect(notes).answer()
    assert notes.named("closed")[0]["code"] == code


async def test_the_setting_needs_the_transport_parameter(server3, dial, notes):
    quic = QUICSettings(max_datagram_frame_size=None)
    connection = await dial((await server3()).port, settings=HTTP3Settings(quic=quic))
    with pytest.raises(Ended, match="H3_SETTINGS_ERROR"):
        await connection.expect(notes).answer()


async def test_the_peer_s_settings_are_told(server3, dial):
    server = await server3(settings=HTTP3Settings(pairs=((0x33, 0), (0x21, 7))))
    connection = await dial(server.port)
    assert await connection.announced() == {0x33: 0, 0x21: 7}


async def test_a_server_that_breaks_http3_is_undecodable(server3, dial, notes):
    class Wrong(ServerHTTP3):
        async def answer(self, exchange, built, barrier):
            await self.raw(exchange, settings([]).encode(), ())

    connection = await dial((await server3(http3=Wrong)).port)
    with pytest.raises(DecodeError, match="H3_FRAME_UNEXPECTED"):
        await (await connection.request(notes, post())).answer()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("00 00", "H3_FRAME_UNEXPECTED"),  # DATA before HEADERS
        ("04 00", "H3_FRAME_UNEXPECTED"),
        ("06 00", "H3_FRAME_UNEXPECTED"),  # reserved
        ("01 02 ffff", "QPACK_DECOMPRESSION_FAILED"),
    ],
)
async def test_raw_frames_on_a_request_stream(server3, dial, notes, octets, code):
    connection = await dial((await server3()).port)
    await connection.raw(bytes.fromhex(octets))
    with pytest.raises(Ended, match=code):
        await connection.expect(notes).answer()


async def test_a_frame_that_is_cut_short(server3, dial, notes):
    connection = await dial((await server3()).port)
    await connection.raw(bytes.fromhex("01 05 00"), [Change("", "", "close", ("half",))])
    with pytest.raises(Ended, match="H3_FRAME_ERROR"):
        await connection.expect(notes).answer()


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        ("00", "H3_STREAM_CREATION_ERROR"),
        ("01", "H3_STREAM_CREATION_ERROR"),
        ("02 00 ff", "QPACK_ENCODER_STREAM_ERROR"),
    ],
)
async def test_unidirectional_streams_that_must_not_be(server3, dial, notes, octets, code):
    connection = await dial((await server3()).port)
    connection.open_stream(bytes.fromhex(octets), unidirectional=True)
    with pytest.raises(Ended, match=code):
        await connection.expect(notes).answer()


async def test_the_end_of_the_control_stream_ends_the_connection(server3, dial, notes):
    connection = await dial((await server3()).port)
    await connection.raw_on(connection.control_id, b"", [Change("", "", "close", ("half",))])
    with pytest.raises(Ended, match="H3_CLOSED_CRITICAL_STREAM"):
        await connection.expect(notes).answer()


async def test_many_requests_wait_for_room(server3, dial, notes):
    connection = await dial((await server3()).port, 5)
    pending = [await connection.request(notes, post(b"%d" % n)) for n in range(200)]
    assert [(await p.answer()).content for p in pending] == [b"%d" % n for n in range(200)]


async def test_secret_fields_are_sent_and_not_recorded(server3, notes, closing, ca_file):
    async def handler(exchange):
        await exchange.answer(response(200, (), dict(exchange.request.fields)[b"x-key"], version=3).build())

    server = await server3(handler)
    route = Route.of(server.url, ca_file=ca_file, headers=[("X-Key", "secret")])
    connection = await connect(route, notes, 3, 2)
    closing.push_async_callback(connection.close)
    assert (await (await connection.request(notes, post())).answer()).content == b"secret"


async def test_closing_tells_those_who_wait_nothing(server3, dial, notes):
    async def handler(exchange):
        await asyncio.Event().wait()

    connection = await dial((await server3(handler)).port)
    pending = await connection.request(notes, post())
    await connection.close()
    with pytest.raises(Ended, match="by the suite"):
        await pending.answer()
    assert notes.whats == []


async def test_certificates_may_be_given_as_text(server3, notes, closing, certificate):
    server = await server3()
    route = replace(Route.of(server.url), ca_data=certificate.chain.decode())
    connection = await connect(route, notes, 3, 2)
    closing.push_async_callback(connection.close)
    assert (await (await connection.request(notes, post())).answer()).status == 200


async def test_a_server_of_another_protocol_is_a_tls_error(closing, dial, notes, certificate):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["other"])
    certificate.configure(configuration)
    server = await aioquic.asyncio.serve("127.0.0.1", 0, configuration=configuration)
    closing.callback(server.close)
    with pytest.raises(Ended, match="tls-error"):
        await dial(server._transport.get_extra_info("sockname")[1])
    assert notes.named("tls-error")[0]["code"] == "alpn"


async def test_a_connection_that_idles_is_over(server3, dial, notes):
    quic = QUICSettings(idle=0.5)
    connection = await dial((await server3()).port, settings=HTTP3Settings(quic=quic))
    connection.link.patience = 5.0
    with pytest.raises(Ended, match="idle"):
        await connection.expect(notes).answer()
    assert notes.whats == ["timeout"]


async def test_unidirectional_pushes_and_streams_of_the_server_are_broken(server3, dial, notes):
    class Pushing(ServerHTTP3):
        async def answer(self, exchange, built, barrier):
            self.open_stream(b"\x01\x00", unidirectional=True)
            self.link.transmit()

    connection = await dial((await server3(http3=Pushing)).port)
    with pytest.raises(DecodeError, match="H3_ID_ERROR"):
        await (await connection.request(notes, post())).answer()
