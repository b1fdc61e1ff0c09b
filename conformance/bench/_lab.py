"""The lab: an HTTP target that answers as it is told and records, at the right part, what reached it."""

from __future__ import annotations

import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.model import EnvironmentProblem, UsageError
from conformance.net import Recorder, Request, Server, ServerExchange, serve, shown, texts
from conformance.wire.http import FieldLines, response

__all__ = ["STRAY", "Lab", "TargetAnswer"]

STRAY = b"no part of this run expects this request\n"
"""The content of our target's answer to what nobody announced, and to what is no request: it tells where both went."""

BEHAVIOURS = ("answer", "close", "reset", "hang")


@dataclass(frozen=True, slots=True)
class TargetAnswer:
    """What the target does with a request.

    `content` None gives back the content of the request; `raw` are octets in place of an HTTP answer, after which the
    connection closes. `behaviour` is one of answer, close, reset and hang. With `chunked` the length is not announced.
    """

    status: int = 200
    fields: FieldLines = ()
    content: bytes | None = None
    informational: tuple[tuple[int, FieldLines], ...] = ()
    trailers: FieldLines = ()
    chunked: bool = False
    raw: bytes | None = None
    behaviour: str = "answer"
    reason: bytes | None = None

    def __post_init__(self) -> None:
        if self.behaviour not in BEHAVIOURS:
            msg = f"behaviour is one of {', '.join(BEHAVIOURS)}, not {self.behaviour}"
            raise ValueError(msg)


Answering = Callable[[ServerExchange], Awaitable[None]]
"""Whoever answers, and records what it wants to, in place of the target: a gateway behind a relay, for one."""

ECHO = TargetAnswer()
_TOKEN = re.compile(rb"[0-9a-f]{16}")
"""What `Bench.target` makes; whoever else announces a token may choose another form."""


@dataclass(frozen=True, slots=True)
class _Expected:
    recorder: Recorder
    answer: TargetAnswer | Answering


class Lab:
    """HTTP on loopback, or where `listen` says; one for a run.

    `url` is its origin as a subject reaches it. Requests that carry a token that was announced belong to the part that
    announced it; `strays` counts the others, which get 404 and the content `STRAY`.
    """

    def __init__(self) -> None:
        self.strays = 0
        self.url = ""
        self._expected: dict[bytes, _Expected] = {}
        self._server: Server | None = None
        self._closed: socket.socket | None = None

    @classmethod
    async def start(cls, listen: str = "127.0.0.1", reachable_as: str | None = None) -> Lab:
        """Open the lab at an address, or at ADDRESS:PORT; `reachable_as` is the host that a subject elsewhere must use.

        UsageError for what is no address of this machine, EnvironmentProblem where its port is taken.
        """
        lab = cls()
        listen, port = _address(listen)
        try:
            lab._server = server = await serve(lab._serve, host=listen, port=port)
        except socket.gaierror as why:
            raise UsageError(
                f"{listen!r} is no address to listen at", hint="--listen takes ADDRESS or ADDRESS:PORT"
            ) from why
        except OSError as why:
            raise EnvironmentProblem(f"our target cannot listen at {listen}, port {port}: {why.strerror}") from why
        server.refusal = STRAY
        host = reachable_as or server.host
        lab.url = f"http://[{host}]:{server.port}" if ":" in host else f"http://{host}:{server.port}"
        # Bound but not listening: no one else can take the port, and connections to it are refused.
        lab._closed = socket.socket(socket.AF_INET6 if ":" in listen else socket.AF_INET, socket.SOCK_STREAM)
        lab._closed.bind((listen, 0))
        return lab

    @property
    def gateway(self) -> str:
        """Where a gateway of ours is reached by a relay, which is told it once: exchanges stand there by `expect`."""
        return self.url + "/.well-known/ohttp-gateway"

    @property
    def authority(self) -> str:
        """Host and port of `url`."""
        return self.url.partition("://")[2]

    @property
    def closed_port(self) -> int:
        """A port of the same host that refuses connections."""
        assert self._closed is not None
        return int(self._closed.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many connections were accepted."""
        return 0 if self._server is None else self._server.connections

    @property
    def failures(self) -> Sequence[BaseException]:
        """Exceptions of our own while answering."""
        return [] if self._server is None else self._server.failures

    def expect(self, token: str | bytes, recorder: Recorder, answer: TargetAnswer | Answering | None = None) -> None:
        """Record requests whose head or content holds the token at that recorder, and answer them so.

        A coroutine function in place of an answer gets the exchange, with nothing recorded yet.
        """
        if not token:
            msg = "an empty token is in every request"
            raise ValueError(msg)
        self._expected[_octets(token)] = _Expected(recorder, answer or ECHO)

    def forget(self, token: str | bytes) -> None:
        """Expect it no more."""
        self._expected.pop(_octets(token), None)

    async def close(self) -> None:
        """Close the lab."""
        if self._server is not None:
            await self._server.close()
        if self._closed is not None:
            self._closed.close()
            self._closed = None

    def _whose(self, octets: bytes, content: bytes) -> _Expected | None:
        # Mostly it is our own token, in the head: a look-up, however many requests are expected.
        for token in _TOKEN.findall(octets, 0, len(octets) - len(content)):
            if (expected := self._expected.get(token)) is not None:
                return expected
        # Content under the chunked coding may have a token cut in two: it is looked at by itself too.
        for token, expected in self._expected.items():
            if token in octets or token in content:
                return expected
        return None

    async def _serve(self, exchange: ServerExchange) -> None:
        asked = exchange.request
        expected = self._whose(asked.octets, asked.content)
        if expected is None:
            self.strays += 1
            await exchange.answer(response(404, (), STRAY, version=asked.version).build())
            return
        if not isinstance(expected.answer, TargetAnswer):
            await expected.answer(exchange)
            return
        record_request(expected.recorder, asked, "target", where="target")
        await _answer(exchange, expected.answer)


def _octets(token: str | bytes) -> bytes:
    return token.encode() if isinstance(token, str) else token


def record_request(recorder: Recorder, asked: Request, name: str, *, where: str) -> None:
    """Record a request that reached one of our servers as `received`."""
    octets, spans, more = shown(asked.octets, asked.spans, asked.content_at, len(asked.content))
    if asked.trailers:
        more["trailers"] = texts(asked.trailers)
    text = {n: getattr(asked, n).decode("latin-1") for n in ("method", "scheme", "authority", "target")}
    recorder.saw(
        "received", name, where=where, octets=octets, spans=tuple(spans), version=asked.version, **text,
        fields=texts(asked.fields), peer=list(asked.peer), **more,
    )  # fmt: skip


async def _answer(exchange: ServerExchange, answer: TargetAnswer) -> None:
    asked = exchange.request
    if answer.raw is not None:
        await exchange.raw(answer.raw)
        await exchange.close()
        return
    match answer.behaviour:
        case "close":
            await exchange.close()
        case "reset":
            await exchange.reset()
        case "answer":
            for status, fields in answer.informational:
                await exchange.inform(response(status, fields, version=asked.version).build())
            content = asked.content if answer.content is None else answer.content
            told: dict[str, Any] = {"version": asked.version, "reason": answer.reason}
            if asked.method == b"HEAD":
                length = (b"Content-Length", b"%d" % len(content))
                message = response(answer.status, (*answer.fields, length), **told)
            elif answer.status in {204, 304}:
                message = response(answer.status, answer.fields, **told)
            elif answer.chunked or (answer.trailers and asked.version == 1):
                chunks = [content] if content else []  # an empty chunk would be the last
                message = response(answer.status, answer.fields, chunks=chunks, trailers=answer.trailers, **told)
            else:
                message = response(answer.status, answer.fields, content, trailers=answer.trailers, **told)
            await exchange.answer(message.build())


def _address(listen: str) -> tuple[str, int]:
    """Host and port of `--listen`; port 0, where there is none, is any."""
    host, colon, port = listen.rpartition(":")
    if colon and port.isdigit() and (host.startswith("[") or ":" not in host):
        return host.strip("[]"), int(port)
    return listen.strip("[]"), 0
