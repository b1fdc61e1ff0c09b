"""The POST around a token request, and what every answer to one is like (RFC 9578, Sections 5.1, 5.2, 6.1, 6.2)."""

from collections.abc import Iterator

from conformance.cases import case, drop, insert, put, watch
from conformance.model import ACCEPTED, Event, Finding, Part
from conformance.protocols.privacypass.cases.issuer._kit import FIRST, by_text
from conformance.protocols.privacypass.exchanges import PLAIN_4XX, PLAIN_415, PLAIN_OTHER, issue, plain
from conformance.protocols.privacypass.messages import RESPONSE_TYPE
from conformance.wire.http import field

RULES = "rfc9578/general/wrong-method-or-type-4xx"
SUCCESS = {1: "rfc9578/5.2/voprf-success-200-and-type", 2: "rfc9578/6.2/rsa-success-response-exact"}
REFUSED = [PLAIN_415, PLAIN_4XX.per(RULES)]
NO_5XX = "rfc9578/5.2/policy-refusal-uses-4xx"
NONE_ISSUED = "the issuer issued nothing"


@case(issue, RULES, expect=REFUSED, where=FIRST)
def media_type_missing():
    """The request does not say what its content is."""
    return drop("outer.fields.content-type")


@case(
    issue,
    RULES,
    expect=REFUSED,
    where=FIRST,
    each=by_text(
        b"text/plain",
        b"application/octet-stream",
        b"application/json",
        b"application/private-token-response",
        b"application/private-token-issuer-directory",
        b"message/token-request",
        b"application/private-token-requests",
        b"x-application/private-token-request",
        b"text/plain; note=application/private-token-request",
    ),
)
def media_type_of_something_else(kind):
    """The request says that its content is something else; it is a right token request all the same."""
    return put("outer.fields.content-type.value", kind)


@case(
    issue,
    RULES,
    expect=[ACCEPTED],
    where=FIRST,
    each=by_text(
        b"Application/Private-Token-Request",
        b"application/private-token-request; x=y",
        b"application/private-token-request;charset=utf-8",
    ),
)
def media_type_in_another_form(kind):
    """The right media type in other letters, or with parameters that nobody has defined (RFC 9110, Section 8.3.1)."""
    return put("outer.fields.content-type.value", kind)


@case(
    issue,
    RULES,
    expect=[PLAIN_4XX, plain(501).per(RULES)],
    where=FIRST,
    each=by_text(b"PUT", b"PATCH", b"DELETE", b"QUERY", b"BREW"),
)
def method_other_than_post(method):
    """A right request comes under another method: it is refused, or the method is not known at all."""
    return put("outer.method", method)


@case(
    issue,
    *SUCCESS.values(),
    expect=[ACCEPTED],
    where=FIRST,
    each={
        "not there": drop("outer.fields.accept"),
        "anything": put("outer.fields.accept.value", b"*/*"),
        "in other letters": put("outer.fields.accept.value", b"Application/Private-Token-Response;q=0.9"),
    },
)
def accept_in_another_form(change):
    """The client says otherwise that it takes a token response, or says nothing."""
    return change


@case(
    issue,
    *SUCCESS.values(),
    expect=[ACCEPTED],
    where=FIRST,
    each={
        "cookie": field(b"cookie", b"a=b"),
        "origin": field(b"origin", b"https://other.example"),
        "language": field(b"accept-language", b"fi"),
        "nobody's": field(b"x-nobody-knows", b"1"),
    },
)
def fields_that_mean_nothing(line):
    """Further fields that a browser or a proxy adds do not keep the issuer from issuing."""
    return insert("outer.fields", -1, line)


@case(issue, RULES, expect=[PLAIN_4XX, PLAIN_OTHER.per(RULES)], where=FIRST)
def another_resource():
    """A right request to a resource that there is not."""
    return put("outer.target", b"/nothing/at/all")


def _issued(part: Part, token_type: int = 0) -> Iterator[Event]:
    """What was answered to lawful requests."""
    for event in part.all("decoded", "response"):
        right = event.value["status"] // 100 == 2 and not event.value["unlawful"]
        if right and token_type in {0, event.value["token_type"]}:
            yield event


# What every answer is like


@watch("privacypass.issuer", NO_5XX, absent="no token request was answered")
def errors_are_not_the_issuers(part):
    """Whatever a request is like, the answer does not say that the issuer failed (5xx), 501 for a method aside."""
    for event in part.all("decoded", "response"):
        status = event.value["status"]
        right = status < 500 or (status == 501 and any(c.path == "method" for c in part.changes))
        yield Finding("as-expected" if right else "violation", f"status {status}")


@watch("privacypass.issuer", *SUCCESS.values(), "rfc9578/8.1/registered-names-used", absent=NONE_ISSUED)
def issued_with_status_and_type(part):
    """A token response comes with status 200 and is called by its media type."""
    for event in _issued(part):
        status, kind = event.value["status"], event.value["type"]
        requirement = SUCCESS[event.value["token_type"]]
        right = status == 200 and kind == RESPONSE_TYPE
        told = f"status {status}, called {kind or 'nothing'}"
        yield Finding("as-expected" if right else "violation", told, requirement)
        if kind != RESPONSE_TYPE:
            yield Finding("violation", told, "rfc9578/8.1/registered-names-used")
        else:
            yield Finding("as-expected", told, "rfc9578/8.1/registered-names-used")


@watch(
    "privacypass.issuer",
    "rfc9578/5.2/voprf-response-layout-exact",
    "rfc9578/5.2/evaluation-under-selected-key",
    absent="no lawful request of type 1 was answered",
)
def evaluation_holds(part):
    """Each response of type 1 is a point and two scalars, and the proof holds under the key that the request names."""
    for event in _issued(part, 1):
        step = event.value["step"]
        layout, proof = "rfc9578/5.2/voprf-response-layout-exact", "rfc9578/5.2/evaluation-under-selected-key"
        told = event.value["wrong"] or "it holds"
        yield Finding("violation" if step == "undecodable" else "as-expected", told, layout)
        if step != "undecodable":
            yield Finding("violation" if step else "as-expected", told, proof)


@watch("privacypass.issuer", SUCCESS[2], absent="no lawful request of type 2 was answered")
def signature_holds(part):
    """Each response of type 2 is 256 octets, the signature of what was sent under the key that the request names."""
    for event in _issued(part, 2):
        wrong = event.value["wrong"]
        yield Finding("violation" if wrong else "as-expected", wrong or "it holds")


@watch("privacypass.issuer", RULES, absent="the issuer refused nothing")
def refusal_does_not_claim_to_be_a_token(part):
    """A refusal is not labelled as a token response."""
    for event in part.all("decoded", "response"):
        if event.value["status"] >= 400:
            kind = event.value["type"]
            told = f"status {event.value['status']} is called {kind or 'nothing'}"
            yield Finding("violation" if kind == RESPONSE_TYPE else "as-expected", told)
