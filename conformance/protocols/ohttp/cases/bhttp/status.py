"""Status codes, informational responses, and statuses without content (RFC 9292, Sections 3.5 and 6)."""

from dataclasses import replace

from conformance.cases import case, cut, given, put
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    BAD_STATUSES,
    BARE_RESPONSE,
    FULL_RESPONSE,
    GET,
    HINTS,
    known,
)
from conformance.protocols.ohttp.exchanges import REFUSED, RESPONSE, decode

RESPONSES = {"message": RESPONSE}
MANY = "rfc9292/3.5.1/any-number-of-1xx-accepted"
CUT_AFTER_1XX = replace(BARE_RESPONSE, informational=((103, HINTS),))


@case(decode, "rfc9292/3.5/final-status-200-to-599", expect=[ACCEPTED], settings=RESPONSES, each=(200, 299, 404, 599))
def status_at_the_edges(status):
    """A final status between 200 and 599, known to anybody or not."""
    return put("message.control.status", status)


@case(decode, "rfc9292/3.5/final-status-200-to-599", expect=[REFUSED], settings=RESPONSES, each=BAD_STATUSES)
def status_out_of_range(status):
    """A status that is neither informational nor final."""
    return put("message.control.status", status)


@case(
    decode,
    MANY,
    settings=RESPONSES,
    expect=[ACCEPTED],
    each={
        "one": ((103, HINTS),),
        "two": ((102, ()), (103, HINTS)),
        "a hundred": ((103, HINTS),) * 100,
        "at the edges": ((100, ()), (199, HINTS)),
    },
)
def informational_responses(informational):
    """Informational responses stand in front of the final one; a decoder that does not tell of them is recorded."""
    return given(message=replace(RESPONSE, informational=informational))


@informational_responses.judge
def _(transcript):
    for part in transcript.tested:
        reply = part.last("reply", "bhttp.decode")
        if reply and not reply.value.get("ok", {}).get("message", {}).get("informational", ["?"]):
            yield Finding("tolerated", f"{part.name}: the informational responses are not told", MANY, part.name)


@case(decode, MANY, settings=RESPONSES, expect=[ACCEPTED], where={"framing": ["indeterminate"]})
def informational_responses_in_indeterminate_length():
    """Informational responses in a message of indeterminate length, whose sections end with terminators."""
    return given(message=replace(RESPONSE, informational=FULL_RESPONSE.informational))


@case(
    decode,
    "rfc9292/3.5.1/missing-final-response-refused",
    expect=[REFUSED],
    settings={"message": CUT_AFTER_1XX},
    each={
        "behind the section": 5,
        "within the section": 6,
        "behind the status": 5 + len(known(CUT_AFTER_1XX).build().fields["informational[0].headers"]),
    },
    where={"framing": ["known"]},
)
def final_response_missing(n):
    """The message ends behind an informational response, or within it."""
    return cut("message", n)


@case(
    decode,
    "rfc9292/3.5.1/status-101-in-range",
    settings=RESPONSES,
    expect=[ACCEPTED, REFUSED.per("rfc9292/3.5.1/status-101-in-range")],
)
def switching_protocols():
    """An informational response of 101, which is in range and means nothing here."""
    return given(message=replace(RESPONSE, informational=((101, ()),)))


@case(
    decode,
    "rfc9292/6/head-204-304-framed-normally",
    expect=[ACCEPTED],
    each={
        "HEAD": replace(GET, method=b"HEAD"),
        "204": replace(RESPONSE, status=204, content=b""),
        "304": replace(BARE_RESPONSE, status=304, fields=((b"content-length", b"10"),)),
        "to HEAD": replace(BARE_RESPONSE, fields=((b"content-length", b"10"),)),
    },
)
def framed_normally(message):
    """HEAD, 204, 304 and a response to HEAD have the framing of all messages, and an empty content."""
    return given(message=message)
