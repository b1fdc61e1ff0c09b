"""The response inside: Binary HTTP as a client reads it (RFC 9292), and what of it reaches the application."""

from conformance.cases import case, cut, drop, extend, given, insert, put, widen
from conformance.model import ACCEPTED, ANYWAY
from conformance.protocols.ohttp.cases._bhttp_stimuli import BAD_NAMES, BAD_STATUSES, BAD_VALUES
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, client_fetch
from conformance.protocols.ohttp.messages import BinaryResponse, line

ONE = {"suite": "first"}
INSIDE = "response.content"
WHOLE = "rfc9458/5/whole-response-delivered"
_FIELDS = ((b"content-type", b"text/plain"), (b"x-one", b"1"))


@case(
    client_fetch,
    WHOLE,
    expect=[ACCEPTED],
    each={
        "204": BinaryResponse(204),
        "302": BinaryResponse(302, ((b"location", b"/elsewhere"),)),
        "404": BinaryResponse(404, _FIELDS, b"no such thing"),
        "500": BinaryResponse(500, _FIELDS, b"broken"),
        "599": BinaryResponse(599, _FIELDS, b"strange"),
        "a set-cookie": BinaryResponse(200, ((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")), b"hello"),
        "no content": BinaryResponse(200, _FIELDS),
        "one name twice": BinaryResponse(200, ((b"x-two", b"1"), (b"x-two", b"2")), b"hello"),
        "a hundred fields": BinaryResponse(200, tuple((b"x-%d" % n, b"%d" % n) for n in range(100)), b"hello"),
        "65536 octets": BinaryResponse(200, _FIELDS, bytes(n % 251 for n in range(65_536))),
    },
    where=ONE,
)
def answer_of_the_target(answer):
    """The target's answer, errors and redirections too, is what the application gets: status, fields and content."""
    return given(answer=answer)


@case(
    client_fetch,
    "rfc9292/3.2/full-indeterminate-message-accepted",
    "rfc9292/3.2/indeterminate-response-layout-exact",
    expect=[ACCEPTED],
    where=ONE,
)
def response_of_indeterminate_length():
    """The response inside has indeterminate length, which a client must read as well as the other form."""
    return given(known=False)


@case(client_fetch, "rfc9292/3.1/known-length-response-layout-exact", expect=[ACCEPTED], where=ONE)
def response_of_known_length():
    """The response inside has known length, which a client must read as well as the other form."""
    return given(known=True)


@case(
    client_fetch,
    "rfc9292/3.8/zero-padding-accepted",
    expect=[ACCEPTED],
    each=(1, 16, 1000),
    settings={"known": True},
    where=ONE,
)
def padding(zeros):
    """Zeros follow the response inside."""
    return put(f"{INSIDE}.padding", bytes(zeros))


@case(
    client_fetch,
    "rfc9292/3.8/nonzero-padding-refusal-optional",
    expect=[CLIENT_ERROR, ANYWAY.per("rfc9292/3.8/nonzero-padding-refusal-optional")],
    settings={"known": True},
    where=ONE,
)
def padding_that_is_not_zero():
    """Octets other than zero follow the response inside; a client may refuse that."""
    return put(f"{INSIDE}.padding", b"\0\1\0")


@case(client_fetch, "rfc9292/3.8/missing-trailers-read-empty", expect=[ACCEPTED], settings={"known": True}, where=ONE)
def trailers_missing():
    """The response inside ends behind its content."""
    return drop(f"{INSIDE}.trailers")


@case(
    client_fetch, "rfc9292/3.8/missing-content-read-empty", expect=[ACCEPTED], where=ONE,
    settings={"answer": BinaryResponse(200, _FIELDS), "known": True},
)  # fmt: skip
def content_missing():
    """The response inside ends behind its header section."""
    return drop(f"{INSIDE}.content"), drop(f"{INSIDE}.trailers")


@case(
    client_fetch, "rfc9292/3.1/rfc9458-example-accepted", expect=[ACCEPTED], where=ONE,
    settings={"answer": BinaryResponse(200), "known": True},
)  # fmt: skip
def status_alone():
    """The response inside is that of RFC 9458, Appendix A: a status and nothing behind it."""
    return drop(f"{INSIDE}.headers"), drop(f"{INSIDE}.content"), drop(f"{INSIDE}.trailers")


@case(
    client_fetch,
    "rfc9292/3/any-integer-width-accepted",
    expect=[ACCEPTED],
    each={
        f"{part} in {width}": widen(f"{INSIDE}.{part}", width)
        for part in ("framing", "headers.length", "content.length")
        for width in (2, 4, 8)
    },
    settings={"known": True},
    where=ONE,
)
def integers_of_other_widths(change):
    """An integer is encoded in more octets than it needs."""
    return change


_BEHIND = (drop(f"{INSIDE}.trailers"),)


@case(
    client_fetch,
    "rfc9292/3.1/short-content-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each={f"{n} octets": (*_BEHIND, cut(f"{INSIDE}.content", n, wire=True)) for n in (1, 4, 5)},
    settings={"known": True},
    where=ONE,
)
def content_cut_short(changes):
    """The response inside ends before the end of its content: a shortened answer is not taken for the whole."""
    return changes


@case(
    client_fetch,
    "rfc9292/3.8/other-truncation-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each={
        "in its fields": (drop(f"{INSIDE}.content"), *_BEHIND, cut(f"{INSIDE}.headers", 3, wire=True)),
        "in its status": (
            drop(f"{INSIDE}.headers"), drop(f"{INSIDE}.content"), *_BEHIND, cut(f"{INSIDE}.control.status", 1),
        ),
        "behind the framing indicator": (
            drop(f"{INSIDE}.control"), drop(f"{INSIDE}.headers"), drop(f"{INSIDE}.content"), *_BEHIND,
        ),
        "no octets": put(INSIDE, b""),
    },
    settings={"known": True},
    where=ONE,
)  # fmt: skip
def ends_elsewhere(changes):
    """The response inside ends where none may."""
    return changes


@case(
    client_fetch,
    "rfc9292/3.2/missing-content-terminator-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    where=ONE,
)
def content_never_ends():
    """The content of indeterminate length lacks its end, and so does the message."""
    return given(known=False), drop(f"{INSIDE}.content.terminator"), drop(f"{INSIDE}.trailers")


@case(
    client_fetch,
    "rfc9292/3.3/unknown-framing-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each=(4, 5, 63, 64, 16_384),
    where=ONE,
)
def framing_unknown(number):
    """The framing indicator is none."""
    return put(f"{INSIDE}.framing", number)


@case(
    client_fetch,
    "rfc9292/3.3/wrong-direction-framing-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    where=ONE,
)
def request_in_its_place():
    """What is sealed is a request: the one that the client sent could be sealed back to it."""
    return put(INSIDE, bytes.fromhex("00034745540568747470730b6578616d706c652e636f6d012f"))


@case(
    client_fetch,
    "rfc9292/3.5/final-status-200-to-599",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each=BAD_STATUSES,
    settings={"known": True},
    where=ONE,
)
def status_out_of_range(status):
    """The status is neither informational nor final."""
    return put(f"{INSIDE}.control.status", status)


@case(
    client_fetch,
    "rfc9292/3.6/invalid-field-value-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each=BAD_VALUES,
    settings={"known": True},
    where=ONE,
)
def field_value_invalid(value):
    """A field value has octets that make a message malformed, among them those that split responses."""
    return insert(f"{INSIDE}.headers.fields", 0, line(b"x-value", value))


@case(
    client_fetch,
    "rfc9292/3.6/invalid-field-name-refused",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each=BAD_NAMES,
    settings={"known": True},
    where=ONE,
)
def field_name_invalid(name):
    """A field name has octets that no name may have."""
    return insert(f"{INSIDE}.headers.fields", 0, line(name, b"1"))


@case(
    client_fetch,
    "rfc9292/3.1/field-section-length-exact",
    "rfc9292/4/invalid-message-not-processed",
    expect=[CLIENT_ERROR],
    each={
        "one octet more": extend(f"{INSIDE}.headers.fields", b"\1"),
        "past the end": put(f"{INSIDE}.headers.length", 16_383),
    },
    settings={"known": True},
    where=ONE,
)
def field_section_of_other_length(change):
    """The header section is not as long as its length says, or ends within a line."""
    return change
