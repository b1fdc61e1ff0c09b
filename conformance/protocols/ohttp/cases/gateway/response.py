"""Encapsulated responses: how they are made, and what they are called (RFC 9458, Sections 4.2, 4.4 and 4.5)."""

from collections.abc import Iterator

from conformance.cases import case, watch
from conformance.model import ACCEPTED, Finding, Transcript
from conformance.net import Connection
from conformance.protocols.ohttp.exchanges import fetch
from conformance.protocols.ohttp.messages import RESPONSE_TYPE

STEPS = {
    "nonce-length": ("rfc9458/4.2/response-nonce-length-exact", "its nonce has another length than max(Nn, Nk)"),
    "secret": ("rfc9458/4.4/response-secret-export-exact", "its secret is not the one that the context exports"),
    "salt": ("rfc9458/4.4/response-salt-enc-then-nonce", "its salt is not the encapsulated key and then the nonce"),
    "kdf": ("rfc9458/4.4/response-kdf-unlabelled", "its key and nonce come from labelled Extract and Expand"),
    "aad": ("rfc9458/4.4/response-aad-empty", "it is sealed with associated data"),
}
CONTEXT = "rfc9458/4.3/response-uses-request-context"


@watch(
    "ohttp.gateway",
    CONTEXT,
    *(requirement for requirement, _ in STEPS.values()),
    absent="no answer was labelled as an encapsulated response",
)
def response_opens_with_what_its_request_left(part):
    """Every response to an unchanged request, with every suite, opens by the context of that request, step by step."""
    for event in part.all("decoded", "response"):
        labelled = event.value["status"] == 200 and event.value["type"] == RESPONSE_TYPE
        if labelled and event.value["opened"]:
            yield Finding("as-expected", "responses open")
        elif labelled and not part.changes:
            requirement, because = STEPS.get(event.value["step"], (CONTEXT, f"it does not open ({event.value['why']})"))
            yield Finding("violation", f"a response opens in no way that Section 4.4 allows: {because}", requirement)


@watch(
    "ohttp.gateway",
    "rfc9458/4.5/response-media-type-exact",
    "rfc9458/9/registered-media-types-used",
    absent="no answer opened as an encapsulated response",
)
def response_is_called_what_it_is(part):
    """Whatever opens as an encapsulated response is labelled as one, errors inside included."""
    for event in part.all("decoded", "response"):
        kind = event.value["type"]
        if event.value["opened"]:
            right = kind == RESPONSE_TYPE
            told = f"encapsulated responses are called {kind or 'nothing at all'}"
            yield Finding("as-expected" if right else "violation", told)


@case(
    fetch,
    "rfc9458/4.4/response-nonce-never-reused",
    expect=[ACCEPTED],
    also={CONTEXT: [ACCEPTED]},
    where={"suite": "first"},
)
async def fifty_nonces_of_fifty_responses(bench):
    """Fifty requests one after another, on one connection as long as it lasts: no response nonce is seen twice."""
    connection: Connection | None = None
    for n in range(50):
        live = connection if connection and connection.open else None
        connection = await fetch(bench.part(f"request {n}"), live)


@fifty_nonces_of_fifty_responses.judge
def _(transcript):
    yield from nonces_differ(transcript, "rfc9458/4.4/response-nonce-never-reused")


def nonces_differ(transcript: Transcript, requirement: str) -> Iterator[Finding]:
    """Whether the responses of the tested parts have as many nonces as there are."""
    answers = [e for p in transcript.tested for e in p.all("decoded", "response") if e.value["opened"]]
    nonces = {e.value["nonce"] for e in answers}
    seen = "as-expected" if len(nonces) == len(answers) else "violation"
    measure = {"responses": len(answers), "nonces": len(nonces)}
    yield Finding(seen, f"{len(answers)} responses have {len(nonces)} nonces", requirement, measure=measure)
