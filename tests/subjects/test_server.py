import asyncio
import socket
import sys
from urllib.parse import urlsplit

import pytest

from conformance.bench import Hello, RoleOffer
from conformance.model import AdapterError
from conformance.subjects import Ready, ServerSubject
from conformance.subjects import _server as module

# Serves the number of its starts, and its configuration as its path; needs two looks to be healthy.
PROGRAM = r"""
import pathlib, socket, sys
config, *how = sys.argv[1:]
port = int(pathlib.Path(config).read_text().split("=")[1])
state = pathlib.Path("starts")
starts = int(state.read_text()) + 1 if state.exists() else 1
state.write_text(str(starts))
if "dies" in how: sys.exit("cannot read the database")
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
if "mute" not in how: server.bind(("127.0.0.1", port)); server.listen()
else: server.bind(("127.0.0.1", 0)); server.listen()
print("x" * 300000)
print(f"listening on {port}", flush=True)
looks = 0
while True:
    peer, _ = server.accept()
    request = peer.recv(65536)
    looks += 1
    if b"/crash" in request: sys.exit(9)
    status = "200 OK" if looks > 1 else "503 Wait"
    peer.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 1\r\n\r\n{starts}".encode())
    peer.close()
"""
URL = "http://127.0.0.1:{port}/"


@pytest.fixture
async def server():
    made = []

    def make(ready, *how, **settings):
        one = ServerSubject(
            [sys.executable, "-c", PROGRAM, "{dir}/server.conf", *how],
            ready=ready,
            serve={"url": URL, "keys": URL + "keys"},
            hello=Hello("it", roles={"ohttp.gateway": RoleOffer()}),
            config=("server.conf", "port={port}"),
            **settings,
        )
        made.append(one)
        return one

    yield make
    for one in made:
        await one.stop()


async def fetch(url):
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(f"GET {parts.path} HTTP/1.1\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize("ready", [Ready(url=URL + "health"), Ready(line=r"^listening on \d+$"), Ready(port=True)])
async def test_it_is_ready_when_it_says_so(server, ready):
    subject = server(ready)
    await subject.start()
    served = await subject.serve("ohttp.gateway", {})
    assert served.more == {"keys": served.url + "keys"}
    assert (await fetch(served.url)).endswith(b"1")
    assert await subject.do("ping", {}) == {"ok": {}}
    assert "unsupported" in await subject.do("bhttp.decode", {})
    with pytest.raises(AdapterError, match="does not serve"):
        await subject.serve("ohttp.relay", {})
    assert "listening on" in subject.evidence()
    assert len(subject.evidence()) <= 1 << 17


async def test_some_settle_only_at_their_second_start_and_a_new_life_begins_anew(server):
    subject = server(Ready(port=True), starts=2)
    for generation in (1, 2):
        await subject.restart()
        assert subject.generation == generation
        assert (await fetch((await subject.serve("ohttp.gateway", {})).url)).endswith(b"2")


async def test_a_death_is_seen(server):
    subject = server(Ready(port=True))
    await subject.start()
    await fetch((await subject.serve("ohttp.gateway", {})).url + "crash")
    await subject._child.wait(10)
    assert subject.died() == "exit status 9"
    assert (await subject.do("ping", {}))["died"]["status"] == 9
    await subject.stop()
    with pytest.raises(AdapterError, match="not running"):
        await subject.do("ping", {})
    with pytest.raises(AdapterError, match="not running"):
        await subject.serve("ohttp.gateway", {})


@pytest.mark.parametrize(
    ("how", "says"), [("dies", r"ended before it was ready \(exit status 1\)"), ("mute", "was not ready within 0.5 s")]
)
async def test_what_does_not_become_ready_is_the_adapters_fault(server, how, says):
    subject = server(Ready(url=URL), how, starting=20 if how == "dies" else 0.5)
    with pytest.raises(AdapterError, match=says) as caught:
        await subject.start()
    assert caught.value.step == "start"
    assert subject.died() == ""
    assert how == "mute" or "database" in caught.value.hint


async def test_a_port_that_another_took_is_replaced(server, monkeypatch):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = iter([taken, module.free_port()])
        monkeypatch.setattr(module, "free_port", lambda: next(ports))
        subject = server(Ready(line="^listening"))
        await subject.start()
        assert subject._port != taken
        await subject.stop()
        monkeypatch.setattr(module, "free_port", lambda: taken)
        with pytest.raises(AdapterError, match="every port taken"):
            await subject.start()


async def test_a_program_that_is_not_there_is_the_adapters_fault():
    subject = ServerSubject(
        ["{out}/gone"], ready=Ready(port=True), serve={"url": URL}, hello=Hello("x"), values={"out": "o"}
    )
    with pytest.raises(AdapterError, match=r"o/gone: cannot be started"):
        await subject.start()
