"""What goes to the target and what comes back (RFC 9458, Sections 5 and 5.1)."""

from __future__ import annotations

from typing import Any

from conformance.cases import case, given, octets, watch
from conformance.model import ACCEPTED, Change, Finding
from conformance.protocols.ohttp.cases.gateway._inside import FIELDS, LATER, holding, named, refusals
from conformance.protocols.ohttp.exchanges import Inner, TargetAnswer, convey
from conformance.protocols.ohttp.messages import lawful_response

MARK = b"marked-by-the-target"
MARKED = (
    (b"Set-Cookie", b"id=" + MARK), (b"Server", MARK), (b"ETag", b'"' + MARK + b'"'), (b"X-Target", MARK),
    (b"Location", b"/" + MARK), (b"Cache-Control", b"max-age=77, ext=" + MARK), (b"Content-Type", b"text/" + MARK),
)  # fmt: skip


def target(**answer: Any) -> Change:
    """The target answers so."""
    return given(inner=Inner(answer=TargetAnswer(**answer)))


@case(
    convey,
    "rfc9458/5/inner-request-conveyed-intact",
    expect=[ACCEPTED],
    each=named(
        b"GET", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"QUERY", b"PROPFIND", b"X-CUSTOM", b"get", b"~"
    ),
)
def method_reaches_the_target(method):
    """The target sees the method that stands inside: known or not, capitals or not."""
    return given(inner=Inner(method=method, content=b"" if method in {b"GET", b"OPTIONS"} else b"hello"))


@case(
    convey,
    "rfc9458/5/inner-request-conveyed-intact",
    expect=[ACCEPTED],
    each=named(b"?a=b&c=%2F", b"?", b"?a=b?c=d", b"?q=%00%0d%0a%C3%A4", b"?a=/../b", b"/%2F/%41;p=1", b"?a+b=c%20d&e"),
)
def path_and_query_reach_the_target(more):
    """The target sees path and query as they stand inside, percent-encodings untouched."""
    return given(inner=Inner(query=more))


@case(
    convey,
    "rfc9458/5/inner-request-conveyed-intact",
    expect=[ACCEPTED],
    each={
        "many": tuple((b"x-%d" % n, b"value %d" % n) for n in range(50)),
        "of 63, 64 and 100 octets": tuple((b"x" * n, b"v" * n) for n in (63, 64, 100)),
        "of 4000 octets": ((b"x-long", b"v" * 4000),),
        "of content": ((b"content-type", b"text/plain;charset=utf-8"), (b"accept", b"*/*"), (b"range", b"bytes=0-9")),
        "of a user": ((b"user-agent", b"x/1"), (b"referer", b"https://x.example/"), (b"authorization", b"Basic eDp5")),
    },
)  # fmt: skip
def fields_reach_the_target(fields):
    """The target sees the fields that stand inside."""
    return given(inner=Inner(fields=fields))


@case(convey, "rfc9458/5/inner-request-conveyed-intact", expect=[ACCEPTED], each=(1, 63, 64, 200))
def field_name_of_boundary_length(size):
    """A field name in a section of known length is as long as the widths of its length make interesting."""
    return given(inner=Inner(fields=((b"n" * size, b"1"), *FIELDS)))


@case(
    convey,
    "rfc9458/5/inner-request-conveyed-intact",
    settings=holding(known=False),
    expect=[ACCEPTED],
    each=(1, 63, 64, 200),
)
def field_name_of_boundary_length_in_indeterminate_length(size):
    """A field name in a section of indeterminate length is as long as the widths of its length make interesting."""
    return given(inner=Inner(fields=((b"n" * size, b"1"), *FIELDS), known=False))


@case(
    convey,
    "rfc9458/5/target-response-outer-200",
    "rfc9458/5/target-response-conveyed-intact",
    expect=[ACCEPTED],
    each=(200, 201, 206, 300, 304, 400, 401, 404, 418, 422, 429, 451, 500, 502, 503, 599),
)
def status_of_the_target(status):
    """Whatever the target's status, it stands inside, and outside stands 200."""
    return target(status=status)


@case(convey, "rfc9292/6/head-204-304-framed-normally", expect=[ACCEPTED], each={
    "HEAD": Inner(method=b"HEAD", content=b"", answer=TargetAnswer(content=b"0123456789")),
    "204": Inner(answer=TargetAnswer(204)),
    "304": Inner(answer=TargetAnswer(304, ((b"ETag", b'"x"'),))),
    "GET of nothing": Inner(method=b"GET", content=b"", answer=TargetAnswer(content=b"")),
})  # fmt: skip
def response_without_content(inner):
    """Answers that have no content in HTTP/1.1 stand inside in ordinary framing, without content."""
    return given(inner=inner)


@case(
    convey,
    "rfc9458/5/target-redirects-not-followed",
    expect=[ACCEPTED],
    each=(301, 302, 303, 307, 308),
)
def redirect_of_the_target(status):
    """A redirect to another place at the target is an answer like others: it goes back as it is."""
    return target(status=status, fields=((b"Location", b"/elsewhere"),), content=b"moved")


@case(convey, "rfc9458/5/target-response-conveyed-intact", expect=[ACCEPTED], each={
    "repeated": ((b"X-M", b"1"), (b"X-M", b"2"), (b"X-One", b"1"), (b"X-M", b"3")),
    "repeated Set-Cookie": ((b"Set-Cookie", b"a=1; Expires=Tue, 01 Jan 2030 00:00:00 GMT"), (b"Set-Cookie", b"b=2")),
    "empty": ((b"X-Empty", b""), (b"X-Last", b"1")),
    "8 bits": ((b"X-Octets", b"\x80\xff"),),
    "many": tuple((b"X-%d" % n, b"value %d" % n) for n in range(50)),
    "of content": ((b"Content-Type", b"text/html"), (b"Content-Language", b"en"), (b"Vary", b"accept, origin")),
})  # fmt: skip
def fields_of_the_target(fields):
    """The fields of the target's answer stand inside, every line of them."""
    return target(fields=fields)


@case(
    convey,
    "rfc9458/5/target-response-conveyed-intact",
    expect=[ACCEPTED],
    each=(0, 1, 63, 64, 16_383, 16_384, 1_048_576),
)
def content_of_the_target(size):
    """Content of the target at both sides of every practicable width of its length comes back whole."""
    return target(content=octets(size))


@case(convey, "rfc9292/6/http1-details-not-carried", expect=[ACCEPTED], each={
    "chunks": TargetAnswer(chunked=True, content=b"hello"),
    "chunk extensions": TargetAnswer(content=b"hello", raw=(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b'2;ext=1\r\nhe\r\n3;other="x"\r\nllo\r\n0;last\r\n\r\n')),
    "odd reason": TargetAnswer(content=b"hello", reason=b"Whatever, really?"),
    "no reason": TargetAnswer(content=b"hello", reason=b""),
    "end of the connection": TargetAnswer(content=b"hello", raw=b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"),
    "HTTP/1.0": TargetAnswer(content=b"hello", raw=b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
})  # fmt: skip
def how_the_target_frames_its_answer(answer):
    """Chunks with extensions, odd reason phrases, an end of the connection: none of it changes the content inside."""
    return given(inner=Inner(answer=answer))


@how_the_target_frames_its_answer.judge
def _(t):
    for part in t.tested:
        answer = part.last("decoded", "response")
        inner = lawful_response(answer.octets) if answer is not None and answer.value["opened"] else None
        if inner is not None:
            coding = any(n.lower() == b"transfer-encoding" for n, _ in inner.fields)
            told = f"{part.name}: the message inside {'has' if coding else 'has no'} Transfer-Encoding"
            yield Finding("violation" if coding else "as-expected", told, part=part.name)


@case(
    convey,
    "rfc9458/5/target-response-conveyed-intact",
    expect=[ACCEPTED],
    each={
        "one": ((103, ((b"Link", b"</a>; rel=preload"),)),),
        "three": ((103, ()), (102, ()), (103, ((b"X-One", b"1"),))),
    },
)
def informational_answers_of_the_target(informational):
    """The target sends informational responses first: the final one comes back, with them or without."""
    return target(informational=informational, content=b"final")


@case(convey, "rfc9458/5/target-response-conveyed-intact", expect=[ACCEPTED])
def trailers_of_the_target():
    """The target's answer has trailers: it comes back, with them or without."""
    return target(trailers=((b"X-Sum", b"abc"),), content=b"hello")


@case(
    convey,
    "rfc9292/3.6/connection-fields-removed",
    "rfc9458/5/gateway-applies-forwarding-rules",
    expect=[ACCEPTED],
)
def connection_fields_of_the_target():
    """Fields of the target's answer that concern its connection, and those that it names, stop at the gateway."""
    fields = (
        (b"Connection", b"x-nominated"), (b"X-Nominated", b"1"), (b"Keep-Alive", b"timeout=77"),
        (b"Proxy-Connection", b"keep-alive"), (b"Upgrade", b"x-marked"),
    )  # fmt: skip
    return target(fields=fields)


@connection_fields_of_the_target.judge
def _(t):
    names = {"connection", "x-nominated", "keep-alive", "proxy-connection", "upgrade", "transfer-encoding"}
    for part in t.tested:
        answer = part.last("decoded", "response")
        if answer is not None and "inner_fields" in answer.value:
            found = sorted(names & {n.lower() for n, _ in answer.value["inner_fields"]})
            told = f"{', '.join(found) or 'none of them'} stands inside"
            yield Finding("violation" if found else "as-expected", told, part=part.name)


@case(convey, "rfc9458/5/target-data-stays-encapsulated", expect=[ACCEPTED], each=(200, 302, 404, 418, 503))
def marks_of_the_target_stay_inside(status):
    """The target marks its answer in its fields and its reason: no mark stands in the answer outside."""
    return target(status=status, fields=MARKED, reason=MARK, content=b"hello")


@marks_of_the_target_stay_inside.judge
def _(t):
    for part in t.tested:
        outer = part.last("received", "outer")
        if outer is not None:
            found = MARK in outer.octets
            told = f"{part.name}: the mark {'stands' if found else 'does not stand'} outside"
            yield Finding("leak" if found else "as-expected", told, part=part.name)


ANSWERS = {
    "plain": TargetAnswer(content=b"hello"),
    "not found": TargetAnswer(404, content=b"hello"),
    "failing": TargetAnswer(503, ((b"Retry-After", b"7"),), b"hello"),
    "moved": TargetAnswer(301, ((b"Location", b"/another"),), b"hello"),
    "with fields": TargetAnswer(200, MARKED, b"hello"),
    "cached": TargetAnswer(200, ((b"Age", b"7"), (b"Expires", b"Thu, 01 Jan 1970 00:00:00 GMT")), b"hello"),
}
OF_EACH_RESPONSE = {"date", "content-length"}


@case(
    convey,
    "rfc9458/5/outer-response-fields-minimal",
    expect={label: [ACCEPTED] for label in ANSWERS},
    also={"rfc9458/5/extra-response-fields-reveal-nothing": [ACCEPTED]},
)
async def outer_fields_whatever_stands_inside(bench):
    """Answers that differ inside have the same fields outside, but for Date and Content-Length."""
    connection = None
    for label, answer in ANSWERS.items():
        step = bench.part(label)
        live = connection if getattr(connection, "open", False) else None
        connection = await convey(step, live, inner=Inner(answer=answer))


@outer_fields_whatever_stands_inside.judge
def _(t):
    seen = {}
    for part in t.tested:
        outer = part.last("received", "outer")
        if outer is not None:
            seen[part.name] = sorted(
                (n.lower(), v) for n, v in outer.value["fields"] if n.lower() not in OF_EACH_RESPONSE
            )
    if not seen:
        return
    first = next(iter(seen))
    others = [
        (label, sorted({n for n, _ in set(lines) ^ set(seen[first])}))
        for label, lines in seen.items()
        if lines != seen[first]
    ]
    names = [label for label, lines in seen.items() if [n for n, _ in lines] != [n for n, _ in seen[first]]]
    told = (
        "; ".join(f"{label}: {', '.join(differ)}" for label, differ in others)
        or "all answers have the same fields outside"
    )
    yield Finding("violation" if names else "as-expected", told, "rfc9458/5/outer-response-fields-minimal")
    values = "violation" if others else "as-expected"
    yield Finding(values, told, "rfc9458/5/extra-response-fields-reveal-nothing")


@watch("ohttp.gateway", "rfc9292/3.5/status-encoded-as-integer")
def status_inside_is_an_integer(part):
    """Whatever opens is a binary response, whose status is an integer and not digits."""
    for answer in part.all("decoded", "response"):
        if not answer.value["opened"]:
            continue
        head = answer.octets[1:4]
        if head.isdigit():
            yield Finding("violation", f"{part.name}: the status inside is written {head.decode()}", part=part.name)


@case(
    convey,
    "rfc9458/6.10/https-target-never-downgraded",
    expect=refusals("rfc9458/6.3/gateway-not-open-proxy"),
    also=LATER,
)
def https_is_not_downgraded():
    """The scheme inside is https and our target speaks no TLS: the request does not reach it in the open."""
    return given(inner=Inner(scheme=b"https"))
