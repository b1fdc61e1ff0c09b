"""Targets that do not answer, or not rightly (RFC 9458, Sections 5 and 5.2)."""

from __future__ import annotations

from conformance.cases import case, given
from conformance.model import TIMEOUT
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, ENCAPSULATED_5XX, Inner, TargetAnswer, convey

FAILED = [ENCAPSULATED_5XX, ENCAPSULATED_4XX.per("rfc9458/5.2/later-errors-encapsulated")]
STATUSES = {
    "rfc9458/5/unreachable-target-inner-504": [ENCAPSULATED_5XX.at("504"), ENCAPSULATED_5XX.at("502")],
    "rfc9458/5.2/inner-error-400-or-504": [ENCAPSULATED_5XX.at("504"), ENCAPSULATED_5XX.at("502")],
}


@case(
    convey,
    "rfc9458/5.2/later-errors-encapsulated",
    expect=FAILED,
    also=STATUSES,
    each={
        "closes": TargetAnswer(behaviour="close"),
        "resets": TargetAnswer(behaviour="reset"),
        "sends garbage": TargetAnswer(raw=b"\x16\x03\x01 this is no HTTP\r\n\r\n"),
        "sends half a head": TargetAnswer(raw=b"HTTP/1.1 200 OK\r\nContent-Le"),
        "sends a malformed field": TargetAnswer(raw=b"HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n"),
    },
)
def target_without_an_answer(answer):
    """The target takes the request and gives no answer that is one: an error comes back, inside the encapsulation."""
    return given(inner=Inner(answer=answer))


@case(
    convey,
    "rfc9458/5.2/later-errors-encapsulated",
    expect=FAILED,
    each={
        "by its length": TargetAnswer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
        "inside a chunk": TargetAnswer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nhello"),
        "without the last chunk": TargetAnswer(
            raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        ),
    },
)
def answer_of_the_target_cut(answer):
    """The target's answer ends before it is whole: it is not passed on as if it were, but an error is."""
    return given(inner=Inner(answer=answer))


@case(
    convey,
    "rfc9458/5.2/later-errors-encapsulated",
    expect=[*FAILED, TIMEOUT.per("rfc9458/5/unreachable-target-inner-504")],
    also={
        "rfc9458/5/unreachable-target-inner-504": [ENCAPSULATED_5XX.at("504"), TIMEOUT],
        "rfc9458/5.2/inner-error-400-or-504": [ENCAPSULATED_5XX.at("504"), TIMEOUT],
    },
    needs=["slow"],
)
def target_is_silent():
    """The target never answers: in the end an error comes back, inside the encapsulation, or we stop waiting first."""
    return given(inner=Inner(answer=TargetAnswer(behaviour="hang"), wait=3))
