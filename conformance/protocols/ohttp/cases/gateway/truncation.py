"""Messages that end early, lawfully and not, and padding behind them (RFC 9292, Section 3.8)."""

from __future__ import annotations

from conformance.cases import case, drop, extend, given
from conformance.model import ACCEPTED, ANYWAY
from conformance.protocols.ohttp.cases.gateway._inside import (
    BOTH,
    FIELDS,
    REFUSED,
    TRAILERS,
    ends_inside,
    full,
    inside,
)
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, Inner, convey

NOTHING_BEHIND_CONTROL = tuple(drop(inside(part)) for part in ("headers", "content", "trailers"))
LINES = sum(len(n) + len(v) + 2 for n, v in FIELDS)
LAST = sum(len(n) + len(v) + 2 for n, v in TRAILERS)


@case(convey, "rfc9292/3.8/missing-trailers-read-empty", expect=[ACCEPTED])
def trailers_cut_away():
    """The message ends behind its content: the trailer section is missing, which says that it is empty."""
    return full(), drop(inside("trailers"))


@case(convey, "rfc9292/3.8/missing-content-read-empty", expect=[ACCEPTED])
def content_and_trailers_cut_away():
    """The message ends behind its header section: content and trailers are missing, which says that they are empty."""
    return full(content=b""), drop(inside("content")), drop(inside("trailers"))


@case(convey, "rfc9292/3.1/rfc9458-example-accepted", expect=[ACCEPTED], each=(b"GET", b"POST"))
def nothing_behind_the_control_data(method):
    """The message ends behind its path, as the example in RFC 9458, Appendix A does."""
    return given(inner=Inner(method=method, content=b"")), *NOTHING_BEHIND_CONTROL


@case(
    convey,
    "rfc9292/3.2/indeterminate-truncation-accepted",
    expect=[ACCEPTED],
    each={
        "behind the content": ("hello", ("trailers",)),
        "behind the header section": ("", ("content", "trailers")),
    },
)
def indeterminate_message_truncated(attempt):
    """A message of indeterminate length ends where nothing is left to say."""
    content, missing = attempt
    return full(content=content.encode(), known=False), *(drop(inside(part)) for part in missing)


@case(convey, "rfc9292/3.2/indeterminate-truncation-accepted", expect=[ACCEPTED])
def indeterminate_message_of_control_data():
    """A message of indeterminate length ends behind its path."""
    return given(inner=Inner(method=b"GET", content=b"", known=False)), *NOTHING_BEHIND_CONTROL


@case(
    convey,
    "rfc9292/3.8/cut-control-data-refused",
    each={
        f"{part} {missing} octets short": (part, missing)
        for part, length in (("method", 5), ("scheme", 5), ("authority", 9), ("path", 30))
        for missing in range(1 if part == "path" else 0, length)
    },
    **REFUSED,
)
def message_ends_in_control_data(attempt):
    """The message ends inside its control data, or behind a part of it that is not the last."""
    part, missing = attempt
    return given(inner=Inner(query=b"?q=123")), *ends_inside(f"control.{part}", missing)


@case(
    convey,
    "rfc9292/3.8/other-truncation-refused",
    each={
        f"{part} {missing} octets short": (part, missing)
        for part, length in (("headers", 1 + LINES), ("content", 1 + 5), ("trailers", 1 + LAST))
        for missing in range(1, length)
    },
    **REFUSED,
)
def message_ends_inside_a_part(attempt):
    """A message of known length with all parts ends at each octet inside one of them."""
    return full(trailers=TRAILERS), *ends_inside(*attempt)


@case(
    convey,
    "rfc9292/3.8/other-truncation-refused",
    each={
        f"{part} {missing} octets short": (part, missing)
        for part, length in (("headers", LINES + 1), ("trailers", LAST + 1))
        for missing in range(1, length)
    },
    **REFUSED,
)
def indeterminate_message_ends_inside_a_section(attempt):
    """A message of indeterminate length with all parts ends at each octet inside a field section."""
    return full(trailers=TRAILERS, known=False), *ends_inside(*attempt)


@case(convey, "rfc9292/3.2/missing-content-terminator-refused", each=range(1, 7), **REFUSED)
def indeterminate_content_does_not_end(missing):
    """Content of indeterminate length ends inside its chunk, or without the zero behind it."""
    return full(known=False), *ends_inside("content", missing)


@case(
    convey,
    "rfc9292/3.8/zero-padding-accepted",
    expect=[ACCEPTED],
    also={"rfc9458/6.2.3/padding-accepted-both-ends": [ACCEPTED]},
    each={f"{n} zeros, {name}": (n, known) for n in (1, 64, 65_536) for name, known in BOTH.items()},
)
def padding_behind_the_message(attempt):
    """Zeros follow a whole message."""
    zeros, known = attempt
    return full(known=known, padding=zeros)


@case(
    convey,
    "rfc9292/3.8/truncation-with-padding-accepted",
    expect=[ACCEPTED],
    each={f"{n} zeros, {name}": (n, known) for n in range(1, 21) for name, known in BOTH.items()},
)
def padding_behind_control_data(attempt):
    """Zeros follow the path: they read as parts that are empty, and as padding."""
    zeros, known = attempt
    inner = Inner(method=b"GET", content=b"", known=known, padding=zeros)
    return given(inner=inner), *NOTHING_BEHIND_CONTROL


@case(
    convey,
    "rfc9292/3.8/nonzero-padding-refusal-optional",
    expect=[ENCAPSULATED_4XX, ANYWAY.per("rfc9292/3.8/nonzero-padding-refusal-optional")],
    each={"at once": b"\x01", "behind zeros": b"\0\0\0\x01", "a field line": b"\x01a\x01b", "a request": b"\0\x03GET"},
)
def padding_that_is_not_zero(octets):
    """What follows a whole message is not only zeros: it is refused, or not looked at."""
    return full(), extend(inside("padding"), octets)


@case(
    convey,
    "rfc9292/4/late-error-aborts-processing",
    each={"name": b"a b", "value": b"\r\n", "pseudo-field": b":x"},
    **REFUSED,
)
def error_in_the_last_part(bad):
    """Only the trailers of a message of indeterminate length are invalid: what was begun for it is not completed."""
    trailers = ((b"x", bad),) if bad == b"\r\n" else ((bad, b"x"),)
    return full(trailers=trailers, known=False)
