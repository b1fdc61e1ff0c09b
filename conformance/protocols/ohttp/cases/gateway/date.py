"""Dates of requests, and what a gateway says of those that it does not like (RFC 9458, Sections 6.5.1 and 6.5.2)."""

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from conformance.cases import case, given, watch
from conformance.model import ACCEPTED, Change, Finding, Part
from conformance.protocols.ohttp.exchanges import ENCAPSULATED_4XX, Inner, convey
from conformance.protocols.ohttp.messages import (
    DATE_PROBLEM,
    PROBLEM_TYPE,
    BinaryResponse,
    lawful_request,
    lawful_response,
)
from conformance.wire.http import combined, media_type

ALLOWED = "rfc9458/6.5.1/skewed-date-refusal-allowed"
SERVED_OR_REFUSED = [ACCEPTED, ENCAPSULATED_4XX.per(ALLOWED)]
PROBLEM, CARRIED, GUARDED = (
    "rfc9458/6.5.2/date-rejection-problem-type",
    "rfc9458/6.5.2/date-rejection-carries-date",
    "rfc9458/6.5.2/date-rejection-cache-guarded",
)


def _dated(*values: bytes) -> Change:
    return given(inner=Inner(fields=tuple((b"date", value) for value in values)))


def _is_date(value: bytes) -> bool:
    """Whether a value is a date as it is to be written (RFC 9110, Section 5.6.7)."""
    with contextlib.suppress(ValueError):
        moment = datetime.strptime(value.decode("latin-1"), "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        return _imf(moment) == value
    return False


def _imf(moment: datetime) -> bytes:
    return format_datetime(moment, usegmt=True).encode()


@case(
    convey,
    ALLOWED,
    "rfc9458/5.2/later-errors-encapsulated",
    expect=SERVED_OR_REFUSED,
    where={"http": "first"},
    each={
        "now": timedelta(),
        "an hour ago": -timedelta(hours=1),
        "in an hour": timedelta(hours=1),
        "a day ago": -timedelta(days=1),
        "in a day": timedelta(days=1),
        "ten years ago": -timedelta(days=3650),
        "in ten years": timedelta(days=3650),
    },
)
def date_off_by(skew):
    """The request inside was made at another time, says its Date: it is served, or refused inside the encapsulation."""
    return _dated(_imf(datetime.now(UTC) + skew))


@case(
    convey,
    ALLOWED,
    "rfc9458/5.2/later-errors-encapsulated",
    expect=SERVED_OR_REFUSED,
    where={"http": "first"},
    each={
        "empty": (b"",),
        "no date": (b"yesterday",),
        "a number": (b"1700000000",),
        "no such day": (b"Thu, 32 Feb 2023 25:61:61 GMT",),
        "year 0": (b"Sat, 01 Jan 0000 00:00:00 GMT",),
        "year 10000": (b"Sat, 01 Jan 10000 00:00:00 GMT",),
        "no zone": (b"Mon, 07 Feb 2022 00:28:05",),
        "RFC 850": (b"Monday, 07-Feb-22 00:28:05 GMT",),
        "asctime": (b"Mon Feb  7 00:28:05 2022",),
        "no text": (b"\xff\xfe\xfd",),
        "long": (b"Mon, 07 Feb 2022 00:28:05 GMT" * 100,),
        "two": (b"Mon, 07 Feb 2022 00:28:05 GMT", b"Mon, 07 Feb 2022 00:28:06 GMT"),
    },
)
def date_that_is_none(values):
    """The Date inside is malformed, obsolete or stands twice: the request is served or refused, and nothing breaks."""
    return _dated(*values)


def _refusals(part: Part) -> Iterator[BinaryResponse]:
    """The responses inside that refuse a request for its date, which is one and well-formed."""
    # Few parts have such a response: the request, which may be large, is read only for them.
    refusals = [e for e in part.all("decoded", "response") if 400 <= e.value.get("inner_status", 0) < 500]
    if not refusals or part.last("received", "target"):
        return
    sent = part.sent("request")
    asked = lawful_request(sent.fields["content"]) if sent and "content" in sent.fields else None
    dates = [value for name, value in asked.fields if name == b"date"] if asked else []
    if len(dates) != 1 or not _is_date(dates[0]):
        return
    for event in refusals:
        inner = lawful_response(event.octets)
        if inner is not None:
            yield inner


@watch("ohttp.gateway", PROBLEM, CARRIED, GUARDED, absent="the gateway refused no date")
def refusal_of_a_date_helps_the_client(part):
    """Who refuses a date says so by the problem type, sends a Date to correct by, and lets nobody keep the answer."""
    for inner in _refusals(part):
        if media_type(inner.fields) == PROBLEM_TYPE:
            kind = _problem_type(inner.content)
            right = kind == DATE_PROBLEM
            yield Finding("as-expected" if right else "violation", f"the problem type is {kind}", PROBLEM)
        else:
            yield Finding("violation", "a date is refused without a problem document", PROBLEM)
        if combined(inner.fields, b"date") is None:
            yield Finding("violation", "the refusal of a date carries no Date", CARRIED)
        control = (combined(inner.fields, b"cache-control") or b"").lower()
        vary = [token.strip() for token in (combined(inner.fields, b"vary") or b"").lower().split(b",")]
        if b"no-store" not in control and b"date" not in vary:
            yield Finding("violation", "the refusal of a date has neither no-store nor Vary: date", GUARDED)


def _problem_type(content: bytes) -> str:
    try:
        return str(json.loads(content)["type"])
    except (ValueError, KeyError, TypeError):
        return "none that can be read"
