import asyncio

import pytest

from conformance.bench import Hello, RoleOffer, Served
from conformance.model import AdapterError, Ended
from conformance.subjects import AnsweredError, ObjectSubject


class Codec:
    """Operations of several natures."""

    roles = ("bhttp.decoder",)

    def __init__(self):
        self.closed = False

    def bhttp_decode(self, message):
        return {"ok": {"message": message}}

    async def keyconfig_decode(self, keys, **more):
        return {"refused": {"class": "x", "detail": f"{keys} {sorted(more)}"}}

    def crash(self):
        raise ZeroDivisionError("by zero")

    def nonsense(self, kind):
        return {"list": [], "two": {"ok": {}, "error": {"detail": ""}}, "object": {"ok": {"x": object()}}}[kind]

    def broke(self):
        return {"error": {"detail": "lost the library"}}

    async def never(self):
        await asyncio.Event().wait()

    def serve(self, role, options):
        return {"url": "http://127.0.0.1:1/", "role": role, **options}

    async def close(self):
        self.closed = True


@pytest.fixture
async def subject():
    one = ObjectSubject(Codec)
    await one.start()
    yield one
    await one.stop()


async def test_operations_are_methods_that_take_what_they_name(subject):
    assert subject.hello.roles == {"bhttp.decoder": RoleOffer()}
    assert await subject.do("bhttp.decode", {"message": "00", "unknown": 1}) == {"ok": {"message": "00"}}
    reply = await subject.do("keyconfig.decode", {"keys": "00", "unknown": 1})
    assert reply == {"refused": {"class": "x", "detail": "00 ['unknown']"}}
    assert await subject.do("ping", {}) == {"ok": {}}
    for op in ("no.such", "serve", "close", "hello"):
        assert "unsupported" in await subject.do(op, {})


async def test_an_exception_that_escapes_is_a_death_until_the_next_life(subject):
    reply = await subject.do("crash", {})
    assert "ZeroDivisionError: by zero" in reply["died"]["stderr"]
    assert subject.died() == "ZeroDivisionError: by zero"
    assert "died" in await subject.do("bhttp.decode", {"message": "00"})
    await subject.restart()
    assert (subject.died(), subject.generation) == ("", 2)
    assert "ok" in await subject.do("bhttp.decode", {"message": "00"})


@pytest.mark.parametrize("kind", ["list", "two", "object"])
async def test_what_is_no_reply_is_the_adapters_fault(subject, kind):
    with pytest.raises(AdapterError):
        await subject.do("nonsense", {"kind": kind})


async def test_error_and_silence_are_told_apart(subject):
    with pytest.raises(AnsweredError, match="lost the library"):
        await subject.do("broke", {})
    with pytest.raises(Ended, match="timeout"):
        await subject.do("never", {}, patience=0.01)
    assert subject.died() == ""


async def test_it_serves_once_and_is_closed(subject):
    served = await subject.serve("ohttp.gateway", {"keys": "k"})
    assert served == Served("http://127.0.0.1:1/", {"role": "ohttp.gateway", "keys": "k"})
    assert await subject.serve("ohttp.gateway", {"keys": "k"}) is served
    thing = subject._object
    await subject.stop()
    assert thing.closed
    with pytest.raises(AdapterError, match="not running"):
        await subject.do("ping", {})


async def test_what_cannot_serve_or_be_made_is_the_adapters_fault():
    with pytest.raises(AdapterError, match="cannot be made: ZeroDivisionError"):
        await ObjectSubject(lambda: 1 / 0).start()
    bare = ObjectSubject(type("Bare", (), {"hello": Hello("bare")}))
    await bare.start()
    assert bare.hello == Hello("bare")
    with pytest.raises(AdapterError, match="serves nothing"):
        await bare.serve("ohttp.gateway", {})
