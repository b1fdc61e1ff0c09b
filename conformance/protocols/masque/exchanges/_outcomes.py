"""How a tunnel through a proxy ended. What left is read strictly, and what the target and we got is held against it.

A sentinel that came back says that all before it has been dealt with: what did not come by then was dropped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from conformance.model import ACCEPTED, ANYWAY, CLOSED, RESET, STREAM_ERROR, WRONG, Event, Outcome, Part
from conformance.protocols.masque.messages import LINK_MAX, CapsuleStream, decode_payload_untrusted
from conformance.wire import DecodeError, Reader
from conformance.wire.http import decode_datagram_untrusted, decode_settings

DROPPED = Outcome("dropped", survives="stream")
"""What we sent did not arrive, or did not come back; the tunnel lives on."""
REFUSED_4XX = Outcome("refused-4xx", survives="session")
REFUSED_5XX = Outcome("refused-5xx", survives="session")
REFUSED_OTHER = Outcome("refused-other", survives="session")
MALFORMED = Outcome("malformed-message", survives="session")
"""The stream is ended as over a malformed message: H3_MESSAGE_ERROR, PROTOCOL_ERROR, in HTTP/1.1 the connection."""
CONNECTION_ERROR = Outcome("connection-error")
"""The connection is closed with a code."""
ANSWERED = Outcome("answered", survives="session")
"""An ordinary request got an answer."""
CLEAN_END = Outcome("clean-end", survives="session")
"""The stream is ended as if all were well."""
ABORTED = Outcome(STREAM_ERROR.name, survives="session")

SENTINEL = b"\xf5sentinel"
"""How the payload of a sentinel begins."""
MESSAGE_ERRORS = {2: "PROTOCOL_ERROR", 3: "H3_MESSAGE_ERROR"}
_CODE = re.compile(r"[A-Z0-9_]+|0x[0-9a-f]+")


@dataclass(slots=True)
class Left:
    """What left on a tunnel, read strictly: UDP payloads in context 0, and what is wrong with the rest."""

    payloads: list[bytes] = field(default_factory=list)
    wrong: str = ""

    def add(self, octets: bytes) -> None:
        """Read an HTTP datagram."""
        try:
            payload = decode_payload_untrusted(octets)
        except DecodeError as why:
            self.wrong = self.wrong or str(why)
        else:
            if payload.context == 0:
                self.payloads.append(payload.octets)


def left(part: Part) -> Left:
    """What left on the tunnel of a part, sentinels apart."""
    found = Left()
    opened = part.last("opened", "tunnel")
    if opened is None:
        return found
    stream = CapsuleStream()
    for event in _sent(part):
        try:
            if event.name != "capsules" and opened.value["by"] == "datagrams":
                quarter, payload = decode_datagram_untrusted(event.octets)
                if quarter == opened.value["quarter"]:
                    found.add(payload)
            else:
                for payload in stream.feed(event.octets):
                    found.add(payload)
        except DecodeError as why:
            found.wrong = found.wrong or str(why)
            break
    if not stream.between and not found.wrong:
        found.wrong = "the last capsule is not whole"
    found.payloads = [p for p in found.payloads if not p.startswith(SENTINEL)]
    return found


def _sent(part: Part) -> Iterator[Event]:
    return (e for e in part.events if e.what == "sent" and e.name in {"capsules", "datagram", "sentinel"})


def arrived(part: Part) -> list[bytes]:
    """What our target got, sentinels apart."""
    return [e.octets for e in part.all("udp", where="target") if not e.octets.startswith(SENTINEL)]


def returned(part: Part) -> list[bytes]:
    """What came back in context 0, sentinels apart."""
    return [
        e.octets for e in part.all("decoded", "udp") if e.value["context"] == 0 and not e.octets.startswith(SENTINEL)
    ]


def proxy_ended(part: Part) -> Outcome:
    """How a tunnel ended."""
    answer = part.last("decoded", "answer")
    if any(part.last(what) for what in ("suite-error", "adapter-error", "absent", "crash", "undecodable")):
        return part.ending()
    if answer is not None and not answer.value["success"]:
        return refused(int(answer.value["status"]))
    if part.last("decoded", "sentinel") is not None:
        return delivered(part)
    if answer is None and part.last("received", "plain") is not None:
        return ANSWERED
    return ended(part)


def refused(status: int) -> Outcome:
    """How a refusal by status is called."""
    return {4: REFUSED_4XX, 5: REFUSED_5XX}.get(status // 100, REFUSED_OTHER).at(str(status))


def ended(part: Part) -> Outcome:
    """How the stream or the connection ended."""
    ending = part.ending()
    version = int(part.variant.get("http", part.variant.get("asked", 0)))
    if ending.name == STREAM_ERROR.name:
        return MALFORMED if ending.code == MESSAGE_ERRORS.get(version) else ABORTED.at(ending.code)
    if ending.name in {CLOSED.name, RESET.name} and version == 1:
        return MALFORMED
    if ending.name == CLOSED.name and _CODE.fullmatch(ending.code):
        return CONNECTION_ERROR.at(ending.code)
    stop = part.last("stop")
    if part.last("end") is not None or (stop is not None and ending.name == "timeout"):
        code = "" if stop is None else str(stop.value.get("code", ""))
        if code and code != "H3_NO_ERROR":
            return MALFORMED if code == MESSAGE_ERRORS.get(version) else ABORTED.at(code)
        return CLEAN_END
    return ending


def unwanted_frames(part: Part) -> bool:
    """Whether QUIC datagrams came although we did not announce them (RFC 9297, Section 2.1.1)."""
    said = part.sent("settings")
    if said is None:
        return False
    announced = False
    with suppress(DecodeError):
        reader = Reader(said.event.octets)
        if reader.left:
            reader.varint("stream")
            reader.varint("type")
            reader.varint("length")
            announced = dict(decode_settings(reader.rest())).get(0x33) == 1
    return not announced and any(e.value["by"] == "datagram" for e in part.all("decoded", "udp"))


def delivered(part: Part) -> Outcome:
    """The sentinel came back: what became of all that was sent before it."""
    sent, got, back = left(part), Counter(arrived(part)), Counter(returned(part))
    wanted = Counter(sent.payloads)
    needed = Counter(p for p in sent.payloads if len(p) <= LINK_MAX)
    if got - wanted:
        return ANYWAY if sent.wrong else WRONG.at("another payload at the target")
    if unwanted_frames(part):
        return WRONG.at("a QUIC datagram that we did not say we take")
    replies = part.all("replied")
    foreign = Counter(e.octets for e in replies if e.value["foreign"])
    own = Counter(e.octets for e in replies if not e.value["foreign"])
    if back & foreign:
        return WRONG.at("a payload from another port than the target's")
    expected = got + own
    if back - expected:
        return WRONG.at("another payload came back")
    if sent.wrong:
        return DROPPED
    if needed - got:
        return DROPPED.at(f"{sum((needed - got).values())} of {sum(needed.values())} on the way there")
    if expected - back:
        return DROPPED.at("on the way back")
    return ACCEPTED
