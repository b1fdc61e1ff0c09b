"""Messages that end early, lawfully and not, and padding behind them (RFC 9292, Section 3.8)."""

from __future__ import annotations

from conformance.cases import case, extend, given, put
from conformance.model import ACCEPTED, ANYWAY
from conformance.protocols.ohttp.cases.gateway._inside import (
    FIELDS,
    LATER,
    REFUSED,
    TRAILERS,
    ends_inside,
    holding,
    inside,
    named,
    without_behind,
)
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, PLAIN_4XX, Inner, convey

LINES = sum(len(name) + len(value) + 2 for name, value in FIELDS)
LAST = sum(len(name) + len(value) + 2 for name, value in TRAILERS)
ZEROS = (1, 2, 3, 4, 20)


def short(**parts: int) -> dict[str, tuple[str, int]]:
    """Each part, ending each number of octets from 1 to this one before its end."""
    return {f"{part} {n} octets short": (part, n) for part, most in parts.items() for n in range(1, most + 1)}


@case(convey, "rfc9292/3.8/missing-trailers-read-empty", settings=holding(), expect=[ACCEPTED])
def trailers_cut_away():
    """The message ends behind its content: the trailer section is missing, which says that it is empty."""
    return without_behind("content")


@case(convey, "rfc9292/3.8/missing-content-read-empty", settings=holding(content=b""), expect=[ACCEPTED])
def content_and_trailers_cut_away():
    """The message ends behind its header section: content and trailers are missing, which says that they are empty."""
    return without_behind("headers")


@case(convey, "rfc9292/3.1/rfc9458-example-accepted", expect=[ACCEPTED], each=named(b"GET", b"POST"))
def nothing_behind_the_control_data(method):
    """The message ends behind its path, as the example in RFC 9458, Appendix A does."""
    return given(inner=Inner(method=method, content=b"")), *without_behind("control.path")


@case(
    convey,
    "rfc9292/3.2/indeterminate-truncation-accepted",
    settings=holding(known=False, content=b""),
    expect=[ACCEPTED],
    each={"behind the content": "content", "behind the header section": "headers"},
)
def indeterminate_message_truncated(part):
    """A message of indeterminate length ends where nothing is left to say."""
    return without_behind(part)


@case(
    convey,
    "rfc9292/3.2/indeterminate-truncation-accepted",
    settings=holding(fields=(), known=False, content=b""),
    expect=[ACCEPTED, *(o.per("rfc9292/3.2/indeterminate-truncation-accepted") for o in (ENCAPSULATED_4XX, PLAIN_4XX))],
)
def indeterminate_message_of_control_data():
    """A message of indeterminate length ends behind its path, which Section 3.8 does not say that it may."""
    return without_behind("control.path")


@case(
    convey,
    "rfc9292/3.8/cut-control-data-refused",
    settings=holding(fields=(), query=b"?q=123"),
    each=short(**{"control.method": 5, "control.scheme": 5, "control.authority": 9, "control.path": 29}),
    **REFUSED,
)
def message_ends_in_control_data(attempt):
    """The message ends inside its control data, at each octet and between its parts."""
    return ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.8/other-truncation-refused",
    settings=holding(),
    each=short(headers=LINES, content=5),
    **REFUSED,
)
def message_ends_inside_a_part(attempt):
    """A message of known length ends at each octet inside its header section and its content."""
    return ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.8/other-truncation-refused",
    settings=holding(trailers=TRAILERS),
    each=short(trailers=LAST),
    **REFUSED,
)
def message_ends_inside_its_trailers(attempt):
    """A message of known length ends at each octet inside its trailer section."""
    return ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.8/other-truncation-refused",
    settings=holding(known=False),
    each=short(headers=LINES),
    **REFUSED,
)
def indeterminate_message_ends_inside_its_headers(attempt):
    """A message of indeterminate length ends at each octet inside its header section, its terminator included."""
    return ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.8/other-truncation-refused",
    settings=holding(trailers=TRAILERS, known=False),
    each=short(trailers=LAST),
    **REFUSED,
)
def indeterminate_message_ends_inside_its_trailers(attempt):
    """A message of indeterminate length ends at each octet inside its trailer section, its terminator included."""
    return ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.2/missing-content-terminator-refused",
    settings=holding(known=False),
    each=short(content=6),
    **REFUSED,
)
def indeterminate_content_does_not_end(attempt):
    """Content of indeterminate length ends inside its chunk, or without the zero behind it."""
    return ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.8/zero-padding-accepted",
    settings=holding(),
    expect=[ACCEPTED],
    also={"rfc9458/6.2.3/padding-accepted-both-ends": [ACCEPTED]},
    each=(1, 64, 65_536),
)
def padding_behind_the_message(zeros):
    """Zeros follow a whole message of known length."""
    return put(inside("padding"), bytes(zeros))


@case(
    convey,
    "rfc9292/3.8/zero-padding-accepted",
    settings=holding(known=False),
    expect=[ACCEPTED],
    also={"rfc9458/6.2.3/padding-accepted-both-ends": [ACCEPTED]},
    each=(1, 64, 65_536),
)
def padding_behind_an_indeterminate_message(zeros):
    """Zeros follow a whole message of indeterminate length."""
    return put(inside("padding"), bytes(zeros))


@case(
    convey,
    "rfc9292/3.8/truncation-with-padding-accepted",
    settings=holding(fields=(), content=b""),
    expect=[ACCEPTED],
    each=ZEROS,
)
def padding_behind_control_data(zeros):
    """Zeros follow the path of a message of known length: they read as parts that are empty, and as padding."""
    return put(inside("padding"), bytes(zeros)), *without_behind("control.path")


@case(
    convey,
    "rfc9292/3.8/truncation-with-padding-accepted",
    settings=holding(fields=(), content=b"", known=False),
    expect=[ACCEPTED],
    each=ZEROS,
)
def padding_behind_control_data_of_indeterminate_length(zeros):
    """Zeros follow the path of a message of indeterminate length: they read as terminators, and as padding."""
    return put(inside("padding"), bytes(zeros)), *without_behind("control.path")


@case(
    convey,
    "rfc9292/3.8/nonzero-padding-refusal-optional",
    settings=holding(),
    expect=[ENCAPSULATED_4XX, *(o.per("rfc9292/3.8/nonzero-padding-refusal-optional") for o in (ANYWAY, PLAIN_4XX))],
    also=LATER,
    each={"at once": b"\x01", "behind zeros": b"\0\0\0\x01", "a field line": b"\x01a\x01b", "a request": b"\0\x03GET"},
)
def padding_that_is_not_zero(octets):
    """What follows a whole message is not only zeros: it is refused, or not looked at."""
    return extend(inside("padding"), octets)


@case(
    convey,
    "rfc9292/4/late-error-aborts-processing",
    settings=holding(trailers=TRAILERS, known=False),
    each={"name": (b"a b", b"x"), "value": (b"x", b"\r\n"), "pseudo-field": (b":x", b"x")},
    **REFUSED,
)
def error_in_the_last_part(trailer):
    """Only the trailers of a message of indeterminate length are invalid: what was begun for it is not completed."""
    name, value = trailer
    return put(inside("trailers.fields[0].name.octets"), name), put(inside("trailers.fields[0].value.octets"), value)
