"""Messages that end early, and padding (RFC 9292, Section 3.8): which are lawful, and all the others."""

from dataclasses import replace

from conformance import vectors
from conformance.cases import case, cut, drop, extend, given
from conformance.model import ACCEPTED, ANYWAY
from conformance.protocols.ohttp.cases._bhttp_stimuli import (
    BARE_REQUEST,
    BARE_RESPONSE,
    FULL_REQUEST,
    FULL_RESPONSE,
    GET,
    cuts,
    indeterminate,
    known,
)
from conformance.protocols.ohttp.exchanges import REFUSED, REQUEST, RESPONSE, decode
from conformance.wire import Message

OTHER = "rfc9292/3.8/other-truncation-refused"
KNOWN, INDETERMINATE = {"framing": ["known"]}, {"framing": ["indeterminate"]}
EXAMPLE = next(v for f in vectors.load("ohttp/rfc9458-example.json") for v in f.vectors).octets("request")
TEN_ZEROS = next(
    v.octets("message")
    for f in vectors.load("ohttp/rfc9292-examples.json")
    for v in f.vectors
    if v.id.endswith("request-indeterminate")
)


def unlawful_cuts(recipe: Message) -> list[int]:
    """How many octets to cut off, for every cut with which a message is invalid."""
    return [n for n, lawful in cuts(recipe.encode()) if not lawful]


@case(decode, "rfc9292/3.1/rfc9458-example-accepted", expect=[ACCEPTED], where=KNOWN)
def example_of_rfc9458():
    """The request of RFC 9458, Appendix A: it ends right behind its control data."""
    return given(octets=EXAMPLE)


@case(decode, "rfc9292/3.1/rfc9458-example-accepted", expect=[ACCEPTED], where=KNOWN, settings={"message": RESPONSE})
def example_response_of_rfc9458():
    """The response of RFC 9458, Appendix A: a status, and nothing behind it."""
    return given(octets=bytes.fromhex("0140c8"))


@case(
    decode,
    "rfc9292/3.8/missing-trailers-read-empty",
    expect=[ACCEPTED],
    each={"a request": REQUEST, "a response": RESPONSE},
)
def trailers_missing(message):
    """The message ends behind its content."""
    return given(message=message), drop("message.trailers")


@case(
    decode,
    "rfc9292/3.8/missing-content-read-empty",
    expect=[ACCEPTED],
    each={"a request": GET, "a response": replace(RESPONSE, content=b"")},
)
def content_missing(message):
    """The message ends behind its header section."""
    return given(message=message), drop("message.content"), drop("message.trailers")


@case(
    decode,
    "rfc9292/3.2/indeterminate-truncation-accepted",
    expect=[ACCEPTED],
    where=INDETERMINATE,
    each={"trailers": ("trailers",), "content and trailers": ("trailers", "content")},
)
def empty_parts_missing(parts):
    """A message of indeterminate length ends behind its header section, or before its trailer section."""
    return given(message=GET), *(drop(f"message.{part}") for part in parts)


@case(decode, "rfc9292/3.2/indeterminate-truncation-accepted", expect=[ACCEPTED], where=INDETERMINATE, each=range(13))
def published_example_cut(n):
    """The example of RFC 9292, Section 5.1 without its last octets: up to twelve of them say nothing."""
    return given(octets=TEN_ZEROS[: len(TEN_ZEROS) - n])


@case(decode, "rfc9292/3.2/indeterminate-truncation-accepted", OTHER, expect=[REFUSED], where=INDETERMINATE)
def published_example_cut_too_far():
    """The same without its last thirteen octets: the thirteenth ends the header section."""
    return given(octets=TEN_ZEROS[:-13])


@case(
    decode,
    "rfc9292/3.8/truncation-with-padding-accepted",
    expect=[ACCEPTED, REFUSED.per(OTHER)],
    where=INDETERMINATE,
    each={"a request": BARE_REQUEST, "a response": BARE_RESPONSE},
)
def header_section_missing(message):
    """A message of indeterminate length ends behind its control data, where Sections 3.1 and 3.8 do not agree."""
    return given(message=message), *(drop(f"message.{part}") for part in ("headers", "content", "trailers"))


@case(decode, OTHER, expect=[REFUSED], where=KNOWN, each=unlawful_cuts(known(REQUEST)))
def request_cut(n):
    """A request of known length with header fields and content, cut anywhere but where Section 3.8 allows it."""
    return cut("message", n)


@case(decode, OTHER, expect=[REFUSED], where=INDETERMINATE, each=unlawful_cuts(indeterminate(REQUEST)))
def request_of_indeterminate_length_cut(n):
    """A request of indeterminate length with header fields and content, cut anywhere else."""
    return cut("message", n)


FULL = {"message": FULL_REQUEST}
RESPONSES = {"message": FULL_RESPONSE}


@case(decode, OTHER, expect=[REFUSED], where=KNOWN, settings=FULL, each=unlawful_cuts(known(FULL_REQUEST)))
def request_with_trailers_cut(n):
    """A request of known length with trailer fields, cut anywhere else."""
    return cut("message", n)


@case(
    decode, OTHER, expect=[REFUSED], where=INDETERMINATE, settings=FULL, each=unlawful_cuts(indeterminate(FULL_REQUEST))
)
def request_of_indeterminate_length_with_trailers_cut(n):
    """A request of indeterminate length with trailer fields, cut anywhere else."""
    return cut("message", n)


@case(decode, OTHER, expect=[REFUSED], where=KNOWN, settings=RESPONSES, each=unlawful_cuts(known(FULL_RESPONSE)))
def response_cut(n):
    """A response of known length with informational ones and trailer fields, cut anywhere else."""
    return cut("message", n)


@case(
    decode,
    OTHER,
    expect=[REFUSED],
    where=INDETERMINATE,
    settings=RESPONSES,
    each=unlawful_cuts(indeterminate(FULL_RESPONSE)),
)
def response_of_indeterminate_length_cut(n):
    """A response of indeterminate length with informational ones and trailer fields, cut anywhere else."""
    return cut("message", n)


@case(decode, "rfc9292/3.8/zero-padding-accepted", expect=[ACCEPTED], each=(1, 2, 64, 65_536))
def padding_of_zeros(n):
    """Zeros behind a complete message."""
    return given(padding=n)


@case(decode, "rfc9292/3.8/zero-padding-accepted", expect=[ACCEPTED], each=(1, 64), settings={"message": RESPONSE})
def padding_of_a_response(n):
    """Zeros behind a complete response."""
    return given(padding=n)


@case(decode, "rfc9292/3.8/truncation-with-padding-accepted", expect=[ACCEPTED], each=range(1, 21))
def zeros_for_empty_parts(n):
    """Control data, then zeros: the first ones are empty parts, the others padding."""
    parts = (drop(f"message.{part}") for part in ("headers", "content", "trailers"))
    return given(message=BARE_REQUEST), *parts, extend("message", bytes(n))


@case(
    decode,
    "rfc9292/3.8/nonzero-padding-refusal-optional",
    expect=[REFUSED, ANYWAY.per("rfc9292/3.8/nonzero-padding-refusal-optional")],
    each={"at once": b"\1", "behind zeros": bytes(9) + b"\1", "a second message": known(GET).encode()},
)
def padding_not_of_zeros(octets):
    """What follows the message is not zero."""
    return extend("message", octets)
