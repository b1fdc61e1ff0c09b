"""The lab: the target answers as told and records at the part whose token a request carries."""

import contextlib

import pytest

from conformance.bench import STRAY, Lab, TargetAnswer
from conformance.bench._lab import _address
from conformance.model import Ended, EnvironmentProblem, UsageError
from conformance.net import Route, connect
from conformance.wire import DecodeError
from conformance.wire.http import request, response


class Notes:
    def __init__(self):
        self.events = []

    def saw(self, what, name="", **value):
        self.events.append((what, name, value))


@pytest.fixture
def notes():
    return Notes()


@pytest.fixture
async def lab():
    lab = await Lab.start()
    yield lab
    await lab.close()
    assert lab.failures == []


@pytest.fixture
async def ask(lab):
    """Send a request to the lab and give its answer."""
    async with contextlib.AsyncExitStack() as stack:

        async def send(target=b"/", content=b"", method=b"POST", version=1, patience=2.0, **more):
            connection = await connect(Route.of(lab.url), Notes(), version, patience)
            stack.push_async_callback(connection.close)
            built = request(method, target, lab.authority.encode(), (), content, version=version, **more).build()
            return await (await connection.request(Notes(), built)).answer()

        yield send


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("target", "content"), [(b"/token-1?q", b"hello"), (b"/", b"has token-1 inside")])
async def test_a_request_with_a_token_is_recorded_and_echoed(lab, notes, ask, version, target, content):
    lab.expect("token-0", Notes())
    lab.expect("token-1", notes)
    answer = await ask(target, content, version=version)
    assert (answer.status, answer.content) == (200, content)
    ((what, name, value),) = notes.events
    assert (what, name, value["where"]) == ("received", "target", "target")
    assert (value["method"], value["target"], value["authority"]) == ("POST", target.decode(), lab.authority)
    assert content in value["octets"]
    assert lab.strays == 0


async def test_what_looks_like_a_token_in_the_head_hides_none(lab, notes, ask):
    unknown, known = "0123456789abcdef", "fedcba9876543210"
    lab.expect(known, notes)
    for target, content in [(f"/{unknown}?{known}", b""), (f"/{unknown}", known.encode()), (f"/{known}", b"")]:
        assert (await ask(target.encode(), content)).status == 200
    assert (await ask(f"/{unknown}".encode())).status == 404
    assert len(notes.events) == 3


async def test_a_token_cut_by_chunks_is_found(lab, notes, ask):
    lab.expect("token-1", notes)
    assert (await ask(chunks=[b"tok", b"en-1"])).content == b"token-1"
    assert len(notes.events) == 1


async def test_strays_are_counted(lab, notes, ask):
    lab.expect("token-1", notes)
    lab.forget("token-1")
    lab.forget("never")
    answer = await ask(b"/token-1")
    assert (answer.status, answer.content) == (404, STRAY)
    assert (lab.strays, notes.events) == (1, [])
    assert lab.connections == 1


async def test_what_is_no_request_is_told_so_in_our_words(lab, ask):
    answer = await ask(b"/a b c")
    assert (answer.status, answer.content) == (400, STRAY)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (TargetAnswer(404, ((b"a", b"b"),), b"no"), {"status": 404, "content": b"no"}),
        (TargetAnswer(content=b""), {"content": b""}),
        (TargetAnswer(204), {"status": 204, "content": b""}),
        (TargetAnswer(chunked=True), {"content": b"/t"}),
        (TargetAnswer(chunked=True, content=b""), {"content": b""}),
        (TargetAnswer(trailers=((b"t", b"v"),)), {"content": b"/t", "trailers": ((b"t", b"v"),)}),
        (TargetAnswer(informational=((103, ((b"l", b"x"),)),)), {"informational": ((103, ((b"l", b"x"),)),)}),
    ],
)
async def test_the_target_answers_as_told(lab, notes, ask, version, told, wanted):
    lab.expect("/t", notes, told)
    answer = await ask(b"/t", b"/t", version=version)
    assert {key: getattr(answer, key) for key in wanted} == wanted


async def test_the_reason_is_said(lab, notes, ask):
    lab.expect("/t", notes, TargetAnswer(599, reason=b"Odd"))
    assert (await ask(b"/t")).reason == b"Odd"


async def test_head_gets_no_content(lab, notes, ask):
    lab.expect("/t", notes, TargetAnswer(content=b"four"))
    answer = await ask(b"/t", None, b"HEAD")
    assert (answer.content, dict(answer.fields)[b"Content-Length"]) == (b"", b"4")


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (TargetAnswer(behaviour="close"), {"closed"}),
        (TargetAnswer(behaviour="reset"), {"reset", "stream-error"}),
        (TargetAnswer(behaviour="hang"), {"timeout"}),
    ],
)
async def test_the_target_misbehaves_as_told(lab, notes, ask, version, told, wanted):
    lab.expect("/t", notes, told)
    with pytest.raises(Ended) as ended:
        await ask(b"/t", version=version, patience=0.1)
    assert ended.value.what in wanted
    assert len(notes.events) == 1


@pytest.mark.parametrize("version", [1, 2])
async def test_octets_in_place_of_an_answer(lab, notes, ask, version):
    lab.expect("/t", notes, TargetAnswer(raw=b"this is no HTTP at all, whatever the version"))
    with pytest.raises(DecodeError):
        await ask(b"/t", version=version)


async def test_the_closed_port_refuses(lab, notes):
    with pytest.raises(Ended, match="closed"):
        await connect(Route.of(f"http://127.0.0.1:{lab.closed_port}/"), notes, 1, 2)
    assert notes.events[0][2]["code"] == "refused"


async def test_reachable_as_is_what_subjects_are_told():
    lab = await Lab.start(reachable_as="host.test")
    assert lab.url.startswith("http://host.test:")
    await lab.close()


def test_what_makes_no_sense_is_refused(notes):
    with pytest.raises(ValueError, match="behaviour"):
        TargetAnswer(behaviour="dance")
    with pytest.raises(ValueError, match="token"):
        Lab().expect("", notes)


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [
        ("127.0.0.1", "127.0.0.1", 0),
        ("127.0.0.1:40123", "127.0.0.1", 40123),
        ("localhost:1", "localhost", 1),
        ("::1", "::1", 0),
        ("[::1]", "::1", 0),
        ("[::1]:40123", "::1", 40123),
    ],
)
def test_listen_is_an_address_with_or_without_a_port(listen, host, port):
    assert _address(listen) == (host, port)


async def test_what_cannot_be_listened_at_is_said():
    with pytest.raises(UsageError, match="no address"):
        await Lab.start("no such host")
    lab = await Lab.start()
    try:
        with pytest.raises(EnvironmentProblem, match="cannot listen"):
            await Lab.start(lab.authority)
    finally:
        await lab.close()


async def test_octets_may_tell_whose_a_request_is_and_a_coroutine_may_answer(lab, ask, notes):
    mark = bytes(range(200, 232))

    async def answering(exchange):
        notes.saw("answering", octets=exchange.request.content)
        await exchange.answer(response(202, (), b"mine").build())

    lab.expect(mark, notes, answering)
    answer = await ask(b"/gateway", b"in front " + mark)
    assert (answer.status, answer.content) == (202, b"mine")
    assert [what for what, *_ in notes.events] == ["answering"]
    lab.forget(mark)
    assert (await ask(b"/gateway", mark)).status == 404
