"""UDP targets: what comes is kept and recorded, what goes back is what was asked for."""

import asyncio
from types import SimpleNamespace

import pytest

from conformance.bench._udp_lab import UDPAnswer, UDPLab
from conformance.model import Ended, EnvironmentProblem, UsageError
from conformance.net import UDPEndpoint


class Notes:
    def __init__(self):
        self.events = []

    def saw(self, what, name="", **value):
        self.events.append((what, name, value))


@pytest.fixture
async def lab():
    lab = UDPLab()
    yield lab
    lab.close()


@pytest.fixture
async def client():
    client = UDPEndpoint.open()
    yield client
    client.close()


@pytest.mark.parametrize("octets", [b"", b"hello", bytes(65507)])
async def test_an_echo_gives_back_what_came_and_records_it(lab, client, octets):
    notes = Notes()
    target = lab.target(recorder=notes)
    assert client.send(octets, (target.host, target.port))
    answer = await client.next()
    assert (answer.octets, answer.source) == (octets, (target.host, target.port))
    assert [d.octets for d in target.endpoint.received] == [octets]
    assert notes.events == [
        ("udp", "target", {"where": "target", "octets": octets, "source": ["127.0.0.1", client.port]})
    ]


async def test_a_mute_target_says_nothing(lab, client):
    target, echo = lab.target(UDPAnswer("mute")), lab.target()
    client.send(b"x", (target.host, target.port))
    await target.endpoint.next()
    client.send(b"y", (echo.host, echo.port))
    assert (await client.next()).octets == b"y"
    assert client.count == 1


async def test_answers_are_made_as_told(lab, client):
    target = lab.target(UDPAnswer(octets=b"ab", size=4, times=2, delay=0.001))
    client.send(b"x", (target.host, target.port))
    assert [(await client.next()).octets for _ in range(2)] == [b"ab\xa5\xa5"] * 2


async def test_too_large_an_answer_does_not_leave(lab, client):
    target = lab.target(UDPAnswer(size=65508))
    client.send(b"x", (target.host, target.port))
    await target.endpoint.next()
    assert target.unsent == 1


async def test_a_wrong_source_is_not_the_target(lab, client):
    target = lab.target(UDPAnswer("wrong-source"))
    client.send(b"x", (target.host, target.port))
    answer = await client.next()
    assert answer.source[1] != target.port
    client.send(b"back", answer.source)
    target.stray(b"stray", (client.address))
    assert (await client.next()).octets == b"stray"
    assert target.others == 1


async def test_a_closed_port_refuses(lab, client):
    port = lab.closed()
    client.sock.connect(("127.0.0.1", port))
    client.sock.send(b"x")
    client.sock.setblocking(True)  # the error is there when the send returns: loopback has no way between
    with pytest.raises(ConnectionRefusedError):
        client.sock.recv(10)
    client.sock.setblocking(False)


async def test_version_six_has_its_own_targets(lab):
    if not lab.has("::1"):
        pytest.skip("this machine has no ::1")
    target, client = lab.target(host="::1"), UDPEndpoint.open("::1")
    client.send(b"six", ("::1", target.port))
    assert (await client.next()).octets == b"six"
    client.close()


async def test_silence_is_a_timeout(client):
    with pytest.raises(Ended, match="timeout"):
        await client.next(0.01)


async def test_what_cannot_be_bound_is_said(lab):
    with pytest.raises(EnvironmentProblem):
        lab.target(host="192.0.2.1")
    with pytest.raises(UsageError):
        lab.target(host="no address")
    with pytest.raises(ValueError, match="behaviour"):
        UDPAnswer("sing")


async def test_the_lab_of_a_bench_closes_with_the_case():
    closing = []
    run = SimpleNamespace(stack=SimpleNamespace(callback=closing.append))
    assert UDPLab.of(SimpleNamespace(lab=None, run=run)) is None
    lab = UDPLab.of(SimpleNamespace(lab=SimpleNamespace(url="http://192.0.2.1:1"), run=run))
    assert (lab.host, lab.listen) == ("192.0.2.1", "0.0.0.0")
    closing[0]()
    await asyncio.sleep(0)
