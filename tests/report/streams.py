"""Stored runs of a made-up protocol, written by hand: all verdicts, hostile strings, very long octets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.engine.stream import Footer, Header, Known, Run, StreamWriter, VerdictRecord, read_run
from conformance.model import (
    ACCEPTED,
    BAD,
    VERDICTS,
    Case,
    Change,
    Event,
    Exchange,
    Finding,
    Outcome,
    Part,
    Requirement,
    Span,
    Verdict,
)

HOSTILE = "</script><img src=x onerror=boom()> \x1b[31m\x00\x07 \u202eevil ${x} {{ 7*7 }} | `a` <b>&amp;"


KNOWN = Known("never looked at", "https://example.net/issues/7", "somebody", "2030-01-01", "expected.toml")


def _requirement(number: int, section: str, level: str, text: str, **more: Any) -> Requirement:
    document = more.pop("document", "rfc0001")
    return Requirement(
        id=f"{document}/{section}/{number}",
        key=f"EX-{number:03}",
        section=section,
        level=level,
        roles=("server",),
        via=("server",),
        text=text,
        document=document,
        **more,
    )


REQUIREMENTS = (
    _requirement(1, "4.10", "MUST", "A request whose tag is wrong is refused before its content is used"),
    _requirement(2, "4.2", "MUST NOT", "A sealed message that was cut short is never answered with content"),
    _requirement(3, "4.2", "SHOULD", "A refusal says in its media type what it is"),
    _requirement(4, "5", "WIRE", "The answer's nonce is as long as the longer of key and nonce"),
    _requirement(5, "5", "MUST", "Padding of zeros is read in one way", ambiguous=True),
    _requirement(6, "6.1", "MAY", "An answer may be sent in pieces"),
    _requirement(7, "6.1", "MUST", "Keys are forgotten after use", unseen="happens inside the implementation"),
    _requirement(8, "A", "MUST", "Nobody has written a case for this yet"),
    _requirement(9, "A", "VERIFY", HOSTILE),
    _requirement(10, "2", "MUST", "Of a draft that does not gate", document="draft-example"),
)
R = [r.id for r in REQUIREMENTS]


async def _drive(bench: Any, live: Any = None, **settings: Any) -> None: ...


EXCHANGE = Exchange("ask", "example.server", _drive, lambda part: part.ending())
DECODE = replace(EXCHANGE, name="decode", role="example.decoder")


def case(name: str, *requirements: str, exchange: Exchange = EXCHANGE, doc: str = "") -> Case:
    """A case of the made-up protocol."""
    return Case(
        id=f"example/server/{name}",
        doc=doc or f"The {name.replace('-', ' ')} of the message is not what it should be; it must be refused.",
        exchange=exchange,
        requirements=requirements,
        body=lambda: None,
        expect=(Outcome("plain-4xx"), ACCEPTED),
    )


def request(body: bytes, *, changed: bool = False) -> tuple[bytes, tuple[Span, ...]]:
    """A message of four fields; its content is what was changed."""
    octets = b"\x01\x00\x20\x00\x01" + len(body).to_bytes(4) + body + bytes(16)
    end = 9 + len(body)
    spans = (
        Span("header", 0, 5), Span("header.key_id", 0, 1), Span("header.kem_id", 1, 3), Span("header.kdf_id", 3, 5),
        Span("length", 5, 9), Span("content", 9, end, changed), Span("tag", end, end + 16),
    )  # fmt: skip
    return octets, spans


def ask(name: str, body: bytes, status: int, *, changed: bool = False, at: float = 0.0, ending: str = "") -> Part:
    """A part in which one request was sent, with sealed content, and answered or not."""
    octets, spans = request(body, changed=changed)
    sealed = b"GET /hello" + body[:8]
    inner = (Span("method", 0, 3), Span("path", 4, len(sealed), changed))
    seen = [
        Event(at, "", "sent", "request", {"applied": [0]} if changed else {}, octets, spans, changed),
        Event(at, "", "sealed", "request.content", {}, sealed, inner, changed),
    ]  # fmt: skip
    if ending:
        seen.append(Event(at + 0.2, "", ending, "", {"detail": f"the subject ended: {HOSTILE}"}))
    else:
        answer = f"HTTP/1.1 {status} Example\r\ncontent-length: 2\r\n\r\nhi".encode()
        seen.append(Event(at + 0.1, "", "received", "answer", {}, answer))
        seen.append(Event(at + 0.1, "", "decoded", "answer", {"status": status, "text": HOSTILE if changed else "hi"}))
    changes = (Change("request", "content", "put", (body,)),) if changed else ()
    return Part(name, {"http": 1}, 1, "subject", changes, seen, 1, "ask")


CASES: Sequence[tuple[str, str, tuple[str, ...], str]] = (
    ("tag-flipped", "fail", (R[0],), "the request was accepted although its tag was wrong"),
    ("cut-short", "crash", (R[1],), "the subject died on the changed request and answered before and after"),
    ("media-type", "warn", (R[2],), "the refusal carries no media type"),
    ("nonce", "pass", (R[3],), "plain-4xx"),
    ("padding", "tolerated", (R[4],), "padding that is not zero was accepted"),
    ("pieces", "pass", (R[5], R[3]), "accepted"),
    ("silence", "hang", (R[0],), "nothing came back for 5 s and health failed"),
    ("telling", "leak", (R[1],), "the client's address went to the target"),
    ("needs-more", "unsupported", (R[5],), "the subject declares it missing"),
    ("elsewhere", "not-applicable", (R[5],), "the target is out of reach"),
    ("shaky", "inconclusive", (R[3],), "its twin was not accepted, twice"),
    ("ours", "error", (R[8],), f"ValueError in the exchange: {HOSTILE}"),
    ("draft", "pass", (R[9],), "accepted"),
)


def write(
    path: Path,
    *,
    name: str = "example",
    title: str = "Example Server",
    verdicts: Mapping[str, str] | None = None,
    scope: Mapping[str, Any] | None = None,
    requirements: Sequence[Requirement] = REQUIREMENTS,
    footer: bool = True,
    strip: Sequence[str] = (),
    long: int = 0,
    known: Sequence[str] = (),
    void: str = "",
    variants: int = 1,
) -> Path:
    """Write a run with every kind of verdict; `verdicts` changes some, `strip` leaves cases without any.

    A baseline knows the cases in `known`, `void` is the adapter's lie, each case has so many `variants`.
    """
    writer = StreamWriter(path, lambda v: KNOWN if v.case.rpartition("/")[2] in known else None)
    writer.header(
        Header(
            suite={"name": "conformance", "version": "0.1.0"},
            documents={"rfc0001": "RFC, January 2026", "draft-example": "03"},
            subject={
                "name": name,
                "title": title,
                "version": "1.2.3",
                "language": "c",
                "roles": {"example.server": {}},
            },
            scope={
                "profile": "full",
                "in_scope": len(CASES),
                "out_of_scope": {"need a second vantage": 4, "HTTP/3": 3},
                "command": f"--implementation {name}",
                "gating": ["rfc0001"],
                **(scope or {}),
            },
            seed=7,
            started="2026-01-02T03:04:05+00:00",
            environment={"python": "3.11"},
        )
    )
    cases = [case(n, *rows, exchange=DECODE if n == "pieces" else EXCHANGE) for n, _, rows, _ in CASES]
    writer.plan(cases, requirements)
    twin = writer.part(ask("twin", b"hello", 200))
    shown_of = {n: (verdicts or {}).get(n, shown) for n, shown, _, _ in CASES}
    for at, (short, _, rows, reason) in enumerate(CASES):
        if short in strip:
            continue
        shown = shown_of[short]
        body = b"bad!" + bytes(range(256)) * (long if shown in BAD else 0)
        ending = {"crash": "crash", "hang": "timeout"}.get(shown, "")
        parts: tuple[int, ...] = ()
        if shown not in {"unsupported", "not-applicable"}:
            changed = writer.part(ask("changed", body, 200, changed=True, at=at + 0.5, ending=ending))
            health = writer.part(ask("health", b"hello", 200, at=at + 0.9))
            parts = (twin, changed, health)
            twin = health
        observation = "violation" if shown == "fail" else "as-expected" if shown == "pass" else "tolerated"
        finding = Finding(observation, f"{reason} (seen)", rows[0], "changed", {"status": 200})
        for http in range(1, variants + 1):
            verdict = Verdict(
                f"example/server/{short}", {"http": http}, shown, reason, (finding,), dict.fromkeys(rows, shown)
            )
            writer.verdict(VerdictRecord(verdict, parts, 0.25))
    writer.note("the subject was started twice")
    if void:
        writer.note(void, void=True)
    if footer:
        counts = {word: list(shown_of.values()).count(word) for word in VERDICTS}
        writer.footer(Footer(counts, 4 if "error" in shown_of.values() else 0))
    writer.close()
    return path


def good(path: Path, **more: Any) -> Run:
    """A run in which everything passed."""
    passing = dict.fromkeys((n for n, *_ in CASES), "pass")
    return read_run(write(path, name="fine", title="Fine Server", verdicts=passing, **more))


def mixed(path: Path, **more: Any) -> Run:
    """A run with every kind of verdict."""
    return read_run(write(path, **more))
