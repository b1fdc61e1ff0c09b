"""The POST around an encapsulated request: media types, methods, answers in the open (RFC 9458, Sections 4.5, 5.2)."""

import json

from conformance.cases import case, drop, put, watch
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases.gateway._early import REFUSED, by_text
from conformance.protocols.ohttp.exchanges import PLAIN_4XX, PLAIN_5XX, fetch
from conformance.protocols.ohttp.messages import KEY_PROBLEM, PROBLEM_TYPE, RESPONSE_TYPE
from conformance.wire.http import media_type

FIRST = {"suite": "first"}


@case(fetch, "rfc9458/4.5/wrong-media-type-refused", **REFUSED, where=FIRST)
def media_type_missing():
    """The request does not say what its content is."""
    return drop("outer.fields.content-type")


@case(
    fetch,
    "rfc9458/4.5/wrong-media-type-refused",
    **REFUSED,
    where=FIRST,
    each=by_text(
        b"text/plain",
        b"application/octet-stream",
        b"message/bhttp",
        b"message/ohttp-res",
        b"application/ohttp-keys",
        b"multipart/form-data; boundary=x",
        b"*/*",
        b"message",
        b"",
    ),
)
def media_type_of_something_else(kind):
    """The request says that its content is something else; it is a right encapsulated request all the same."""
    return put("outer.fields.content-type.value", kind)


@case(
    fetch,
    "rfc9458/4.5/media-type-case-insensitive",
    **REFUSED,
    where=FIRST,
    each=by_text(
        b"message/ohttp-reqx",
        b"message/ohttp-req2",
        b"xmessage/ohttp-req",
        b"message/ohttp",
        b"application/message/ohttp-req",
        b"text/plain; note=message/ohttp-req",
        b"message/x-ohttp-req",
    ),
)
def media_type_that_contains_the_right_one(kind):
    """The media type begins with the right one, ends with it or has it within; it is another one."""
    return put("outer.fields.content-type.value", kind)


@case(
    fetch,
    "rfc9458/4.5/media-type-case-insensitive",
    expect=[ACCEPTED],
    where=FIRST,
    each=by_text(
        b"Message/OHTTP-Req",
        b"MESSAGE/OHTTP-REQ",
        b"message/ohttp-req;x=y",
        b"message/ohttp-req; x=y; z=1",
        b'message/ohttp-req; x="a;b"',
        b"message/ohttp-req ; x=y",
    ),
)
def media_type_in_another_form(kind):
    """The right media type in other letters, or with parameters that nobody has defined."""
    return put("outer.fields.content-type.value", kind)


@case(
    fetch,
    "rfc9458/4.5/media-type-case-insensitive",
    expect=[ACCEPTED],
    where=FIRST | {"http": [1]},
    each=by_text(b"CONTENT-TYPE", b"content-type", b"cOnTeNt-TyPe"),
)
def name_of_the_field_in_other_letters(name):
    """The field that says the media type is written in other letters."""
    return put("outer.fields.content-type.name", name)


OTHER_METHOD = "rfc9458/5.2/invalid-message-gets-4xx"


@case(
    fetch,
    OTHER_METHOD,
    expect=[PLAIN_4XX, PLAIN_5XX.at("501").per(OTHER_METHOD), ACCEPTED.per(OTHER_METHOD)],
    where=FIRST,
    each=by_text(b"PUT", b"PATCH", b"DELETE", b"QUERY", b"post", b"BREW"),
)
def method_other_than_post(method):
    """A right request comes under another method: refused, or not known at all, or served as if nothing were."""
    return put("outer.method", method)


# What is answered in the open


@watch("ohttp.gateway", "rfc9458/5.2/early-errors-unprotected", absent="the gateway refused nothing")
def refusal_does_not_claim_to_be_encapsulated(part):
    """An error that does not open in the context of the request is not labelled as an encapsulated response."""
    for event in part.all("decoded", "response"):
        status, kind = event.value["status"], event.value["type"]
        if not event.value["opened"] and status >= 400:
            right = kind != RESPONSE_TYPE
            told = "errors stay in the open" if right else f"status {status} is labelled {kind} and does not open"
            yield Finding("as-expected" if right else "violation", told)


@watch("ohttp.gateway", "rfc9458/5.3/key-problem-type-allowed", absent="no answer was a problem document")
def problem_document_is_right(part):
    """A problem document in the open is one, has a status of errors, and spells the type of key problems as it is."""
    for event in part.all("received", "outer"):
        fields = tuple((n.encode("latin-1"), v.encode("latin-1")) for n, v in event.value.get("fields", ()))
        if media_type(fields) == PROBLEM_TYPE:
            start, end = next(((s.start, s.end) for s in event.spans if s.path == "content"), (0, 0))
            wrong = _wrong_problem(event.octets[start:end], event.value["status"])
            yield Finding("violation" if wrong else "as-expected", wrong or "a problem document as it should be")


def _wrong_problem(content: bytes, status: int) -> str:
    try:
        problem = json.loads(content)
    except ValueError:
        return "the problem document is no JSON"
    if not isinstance(problem, dict) or not isinstance(problem.get("type", ""), str):
        return "the problem document is no object with a type"
    kind = problem.get("type", "")
    if "ohttp-key" in kind and kind != KEY_PROBLEM:
        return f"the type of key problems is written {kind}"
    return "" if 400 <= status < 600 else f"a problem document comes with status {status}"
