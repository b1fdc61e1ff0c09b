"""What stands around an encapsulated response (RFC 9458, Sections 4.5 and 5.2)."""

from conformance.cases import case, close, cut, drop, put, reset
from conformance.model import ACCEPTED, ANYWAY, Finding
from conformance.protocols.ohttp.cases.gateway._early import by_text
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, plain_client_fetch

ONE = {"suite": "first"}
TYPE = "outer.fields.content-type"
_PLAIN = b"<h1>hello</h1>"
_PAGE = (put(f"{TYPE}.value", b"text/plain"), put("outer.content", _PLAIN))


@case(
    plain_client_fetch,
    "rfc9458/5.2/plain-reply-not-target-answer",
    expect=[CLIENT_ERROR],
    each={
        "200 with a page": (put(f"{TYPE}.value", b"text/html"), put("outer.content", _PLAIN)),
        "200 without a type": (drop(TYPE), put("outer.content", _PLAIN)),
        "200 without content": (put(f"{TYPE}.value", b"text/html"), put("outer.content", b"")),
        "204": (
            put("outer.status", b"204"),
            drop(TYPE),
            drop("outer.fields.content-length"),
            put("outer.content", b""),
        ),
        "400": (put("outer.status", b"400"), *_PAGE),
        "401": (put("outer.status", b"401"), *_PAGE),
        "403": (put("outer.status", b"403"), *_PAGE),
        "404": (put("outer.status", b"404"), *_PAGE),
        "422 with a problem": (
            put("outer.status", b"422"),
            put(f"{TYPE}.value", b"application/problem+json"),
            put("outer.content", b'{"type":"https://iana.org/assignments/http-problem-types#ohttp-key"}'),
        ),
        "500": (put("outer.status", b"500"), *_PAGE),
        "502": (put("outer.status", b"502"), *_PAGE),
        "503": (put("outer.status", b"503"), *_PAGE),
    },
    where=ONE,
)  # fmt: skip
def reply_in_the_open(changes):
    """A reply of the relay or the gateway, not encapsulated: the application is not told that the target sent it."""
    return changes


@case(
    plain_client_fetch,
    "rfc9458/5.2/plain-reply-not-target-answer",
    expect=[CLIENT_ERROR],
    each={
        "a page": b"text/html",
        "Binary HTTP": b"message/bhttp",
        "a request": b"message/ohttp-req",
        "a longer name": b"message/ohttp-response",
        "the chunked form": b"message/ohttp-chunked-res",
    },
    where=ONE,
)
def another_media_type(kind):
    """What was sealed as it should be is said to be something else: it is no encapsulated response."""
    return put(f"{TYPE}.value", kind)


@case(
    plain_client_fetch,
    "rfc9458/4.5/media-type-case-insensitive",
    expect=[ACCEPTED],
    each=by_text(b"Message/OHTTP-Res", b"MESSAGE/OHTTP-RES", b"message/ohttp-res; x=y", b"message/ohttp-res;x=y"),
    where=ONE,
)
def media_type_in_another_form(kind):
    """The media type in another case, or with a parameter, is the same type."""
    return put(f"{TYPE}.value", kind)


_NON_200 = "rfc9458/5.2/non-200-ohttp-res-handled"


@case(
    plain_client_fetch,
    _NON_200,
    expect=[CLIENT_ERROR, ANYWAY.per(_NON_200)],
    each=(201, 400, 422, 500, 503),
    where=ONE,
)
def encapsulated_under_another_status(status):
    """An encapsulated response under another status than 200 is refused or opened, and nothing falls over it."""
    return put("outer.status", str(status).encode())


_NOTHING = (put("outer", b""), close("outer"))


@case(
    plain_client_fetch,
    "rfc9458/6.5/client-no-automatic-retry",
    each={
        "closed without an answer": _NOTHING,
        "reset": (put("outer", b""), reset("outer")),
        "half an answer": (cut("outer", 40), close("outer")),
        "500": put("outer.status", b"500"),
        "502": (put("outer.status", b"502"), put(f"{TYPE}.value", b"text/plain")),
        "503": (put("outer.status", b"503"), put(f"{TYPE}.value", b"text/plain")),
        "504": (put("outer.status", b"504"), put(f"{TYPE}.value", b"text/plain")),
    },
    where=ONE,
)
def failed_once(changes):
    """The request was sent and no answer comes: whether it was processed nobody knows, and it is not sent again."""
    return changes


@failed_once.judge
def _(t):
    for part in t.tested:
        sent = len(part.all("received", "outer", "gateway"))
        told = f"{part.name}: the request was sent {sent} times"
        yield Finding("violation" if sent > 1 else "as-expected", told, part=part.name)
