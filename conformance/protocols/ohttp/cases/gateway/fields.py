"""Field lines of the request inside (RFC 9292, Section 3.6)."""

from __future__ import annotations

from conformance.cases import case, given, insert
from conformance.model import ACCEPTED, Change, Finding
from conformance.protocols.ohttp.cases.gateway._inside import LATER, REFUSED, TRAILERS, holding, inside, named, refusals
from conformance.protocols.ohttp.exchanges import Inner, convey
from conformance.protocols.ohttp.messages import CONTROL_PSEUDO_FIELDS, line

NOT_IN_NAMES = {
    "space": b" ", "tab": b"\t", "NUL": b"\0", "CR": b"\r", "LF": b"\n", "colon": b":", "DEL": b"\x7f",
    "8 bits": b"\x80", "a line": b": 1\r\nx-smuggled",
}  # fmt: skip
BAD_VALUES = {
    "NUL": b"a\0b", "CR": b"a\rb", "LF": b"a\nb", "CR LF": b"a\r\nb", "space in front": b" a", "space behind": b"a ",
    "tab in front": b"\ta", "tab behind": b"a\t", "a line": b"a\r\nx-smuggled: 1",
    "a request": b"a\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n",
}  # fmt: skip


def in_front(name: bytes, value: bytes, section: str = "headers") -> Change:
    """A line in front of all others of a section."""
    return insert(inside(f"{section}.fields"), 0, line(name, value))


@case(
    convey,
    "rfc9292/3.6/empty-field-name-refused",
    settings=holding(),
    each={"in front": 0, "between": 1, "at the end": -1},
    **REFUSED,
)
def empty_field_name(at):
    """A field line in a section of known length has a name of no octets."""
    return insert(inside("headers.fields"), at, line(b"", b"value"))


@case(convey, "rfc9292/3.6/invalid-field-name-refused", settings=holding(), each=NOT_IN_NAMES, **REFUSED)
def field_name_with_an_octet_that_no_name_has(octets):
    """A field name has, in its middle, octets that no field name has."""
    return in_front(b"x-a" + octets + b"b", b"1")


@case(
    convey,
    "rfc9292/3.6/invalid-field-name-refused",
    settings=holding(trailers=TRAILERS),
    each=NOT_IN_NAMES,
    **REFUSED,
)
def trailer_name_with_an_octet_that_no_name_has(octets):
    """The same in a trailer section."""
    return in_front(b"x-a" + octets + b"b", b"1", "trailers")


@case(convey, "rfc9292/3.6/invalid-field-value-refused", settings=holding(), each=BAD_VALUES, **REFUSED)
def field_value_that_is_malformed_in_http2(value):
    """A field value has NUL, CR or LF, or white space around it: the way to split requests at an HTTP/1.1 target."""
    return in_front(b"x-a", value)


@case(
    convey,
    "rfc9292/3.6/invalid-field-value-refused",
    settings=holding(trailers=TRAILERS),
    each=BAD_VALUES,
    **REFUSED,
)
def trailer_value_that_is_malformed_in_http2(value):
    """The same in a trailer section."""
    return in_front(b"x-a", value, "trailers")


@case(convey, "rfc9292/3.6/upper-case-name-accepted", expect=[ACCEPTED], each=named(b"X-Test", b"X-TEST", b"x-Test"))
def field_name_in_upper_case(name):
    """A name has capitals: names are those of HTTP, in which case means nothing."""
    return given(inner=Inner(fields=((name, b"1"),)))


UNUSUAL = {"empty": b"", "8 bits": b"\x80\xff", "UTF-8": "\u00e4\u20ac".encode(), "tab inside": b"a\tb"}


@case(convey, "rfc9292/3.6/empty-or-8bit-value-accepted", settings=holding(), expect=[ACCEPTED], each=UNUSUAL)
def unusual_field_value(value):
    """The last value of a header section of known length is empty, or has octets beyond ASCII."""
    return insert(inside("headers.fields"), -1, line(b"x-last", value))


@case(
    convey,
    "rfc9292/3.6/empty-or-8bit-value-accepted",
    settings=holding(known=False),
    expect=[ACCEPTED],
    each=UNUSUAL,
)
def unusual_field_value_in_front_of_a_terminator(value):
    """The last value of a header section of indeterminate length is empty, or has octets beyond ASCII."""
    return insert(inside("headers.fields"), -1, line(b"x-last", value))


@case(
    convey,
    "rfc9292/3.6/repeated-names-order-kept",
    "rfc9458/5/inner-request-conveyed-intact",
    expect=[ACCEPTED],
    each={
        "side by side": ((b"x-m", b"1"), (b"x-m", b"2"), (b"x-m", b"3")),
        "apart": ((b"x-m", b"b"), (b"x-one", b"1"), (b"x-m", b"a")),
        "the same value": ((b"x-m", b"1"), (b"x-m", b"1")),
    },
)
def repeated_field_names(fields):
    """The target gets all values of a repeated name in their order, in lines of their own or joined by commas."""
    return given(inner=Inner(fields=fields))


@case(
    convey,
    "rfc9292/3.6/control-pseudo-field-refused",
    settings=holding(),
    each=named(*sorted(CONTROL_PSEUDO_FIELDS)),
    **REFUSED,
)
def control_data_as_a_field(name):
    """The first field has the name of a pseudo-field that control data carries."""
    return in_front(name, b"200" if name == b":status" else b"/")


@case(
    convey,
    "rfc9292/3.6/control-pseudo-field-refused",
    "rfc9292/3.6/trailer-pseudo-field-refused",
    settings=holding(trailers=TRAILERS),
    each=named(*sorted(CONTROL_PSEUDO_FIELDS)),
    **REFUSED,
)
def control_data_as_a_trailer(name):
    """The first trailer has the name of a pseudo-field that control data carries."""
    return in_front(name, b"200" if name == b":status" else b"/", "trailers")


@case(convey, "rfc9292/3.6/late-pseudo-field-refused", settings=holding(), each=named(b":x", b":protocol"), **REFUSED)
def pseudo_field_behind_a_field(name):
    """A pseudo-field of some extension stands behind an ordinary field."""
    return insert(inside("headers.fields"), 1, line(name, b"1"))


@case(
    convey,
    "rfc9292/3.6/trailer-pseudo-field-refused",
    settings=holding(trailers=TRAILERS),
    each=named(b":x", b":protocol"),
    **REFUSED,
)
def pseudo_field_in_trailers(name):
    """A pseudo-field of some extension stands in front of the trailers."""
    return in_front(name, b"1", "trailers")


CONNECTION_FIELDS = (
    (b"connection", b"x-nominated, keep-alive"), (b"x-nominated", b"1"), (b"keep-alive", b"timeout=77"),
    (b"proxy-connection", b"keep-alive"), (b"te", b"trailers, x-marked"), (b"upgrade", b"x-marked"),
)  # fmt: skip


@case(
    convey,
    "rfc9292/3.6/connection-fields-tolerated",
    expect=[ACCEPTED],
    each={name.decode(): tuple(f for f in CONNECTION_FIELDS if f[0] in {name, b"x-nominated"} or f[0] == name)
          for name in (b"connection", b"keep-alive", b"proxy-connection", b"te", b"upgrade")}
    | {"connection: close": ((b"connection", b"close"),), "all": CONNECTION_FIELDS},
)  # fmt: skip
def connection_fields_inside(fields):
    """Fields that concern a connection do not make the message invalid; there is no connection that they concern."""
    return given(inner=Inner(fields=fields))


@case(convey, "rfc9458/5/gateway-applies-forwarding-rules", expect=[ACCEPTED])
def connection_fields_stop_at_the_gateway():
    """Fields that concern a connection, and those that Connection names, do not reach the target as they were sent."""
    return given(inner=Inner(fields=CONNECTION_FIELDS))


@connection_fields_stop_at_the_gateway.judge
def _(t):
    for part in t.tested:
        arrived = part.last("received", "target", where="target")
        if arrived is None:
            continue
        found = {n.lower(): v for n, v in arrived.value["fields"]}
        through = [name for name, value in CONNECTION_FIELDS if found.get(name.decode()) == value.decode()]
        told = f"{', '.join(n.decode() for n in through)} reached the target" if through else "none reached the target"
        yield Finding("violation" if through else "as-expected", told, part=part.name)


@case(
    convey,
    "rfc9292/3.6/cookies-joined-by-semicolon",
    expect=[ACCEPTED],
    each={
        "two": ((b"cookie", b"a=1"), (b"cookie", b"b=2")),
        "apart": ((b"cookie", b"a=1"), (b"x-one", b"1"), (b"cookie", b"b=2"), (b"cookie", b"c=3")),
    },
)
def several_cookie_lines(fields):
    """Several lines of Cookie reach a target of HTTP/1.1 as one, joined by semicolons."""
    return given(inner=Inner(fields=fields))


@several_cookie_lines.judge
def _(t):
    for part in t.tested:
        arrived = part.last("received", "target", where="target")
        if arrived is not None:
            lines = [v for n, v in arrived.value["fields"] if n.lower() == "cookie"]
            joined = len(lines) == 1 or arrived.value["version"] != 1
            told = f"{part.name}: the target got the cookies {lines}"
            yield Finding("as-expected" if joined else "violation", told, part=part.name)


@case(
    convey,
    "rfc9292/3.6/wrong-content-length-not-forwarded",
    expect=refusals("rfc9292/3.6/wrong-content-length-not-forwarded", ACCEPTED),
    also=LATER,
    each={
        "less": (b"3",),
        "more": (b"10",),
        "right and wrong": (b"5", b"3"),
        "wrong and right": (b"3", b"5"),
        "a list": (b"5, 3",),
        "no number": (b"five",),
        "sign": (b"+5",),
        "empty": (b"",),
    },
)
def content_length_that_is_not_right(values):
    """Content-Length says something else than the content: refused or put right, never passed on as it is."""
    return given(inner=Inner(fields=tuple((b"content-length", v) for v in values)))


@case(convey, "rfc9458/5/inner-request-conveyed-intact", expect=[ACCEPTED], each={"once": 1, "twice": 2})
def content_length_that_is_right(times):
    """Content-Length says what is so, once or twice, and the target gets its content."""
    times_told = ((b"content-length", b"5"),) * times
    return given(inner=Inner(fields=times_told))


@case(
    convey,
    "rfc9292/6/transfer-encoding-field-ignored",
    expect=[ACCEPTED],
    each={
        "chunked": (b"chunked", b"5\r\nhello\r\n0\r\n\r\n"),
        "chunked, plain content": (b"chunked", b"hello"),
        "a list": (b"gzip, chunked", b"hello"),
        "identity": (b"identity", b"hello"),
    },
)
def transfer_encoding_inside(attempt):
    """Transfer-Encoding has no meaning here: the target gets the content as it is, however it looks."""
    coding, content = attempt
    return given(inner=Inner(fields=((b"transfer-encoding", coding),), content=content))
