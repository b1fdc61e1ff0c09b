"""Responses as a library seals them (RFC 9458, Section 4.4)."""

from collections.abc import Sequence

from conformance.cases import case, given, octets
from conformance.model import ACCEPTED, Event, Finding
from conformance.protocols.ohttp.cases._appendix_a import APPENDIX_A, RECIPIENT, SUITE
from conformance.protocols.ohttp.exchanges import (
    by_itself,
    give_again,
    give_octets,
    give_request,
    judged_by,
    seal_response,
    take_response,
)

STEPS = {
    "nonce-length": "rfc9458/4.2/response-nonce-length-exact",
    "secret": "rfc9458/4.4/response-secret-export-exact",
    "salt": "rfc9458/4.4/response-salt-enc-then-nonce",
    "kdf": "rfc9458/4.4/response-kdf-unlabelled",
    "aad": "rfc9458/4.4/response-aad-empty",
}
"""The requirement of each step that our diagnosis tells apart."""


def _all_differ(sealed: Sequence[Event | None]) -> Finding:
    """Whether no two responses have one nonce."""
    nonces = {event.value["nonce"] for event in sealed if event is not None}
    if not sealed or not all(sealed):
        return Finding("violation", "not every response was sealed")
    told = f"{len(nonces)} nonces for {len(sealed)} responses"
    return Finding("as-expected" if len(nonces) == len(sealed) else "violation", told)


@case(by_itself(seal_response), *STEPS.values(), "rfc9458/4.4/response-key-nonce-expand-exact")
def sealed_response():
    """A response opens with the secret, nonce, salt, key and nonce of the document, without associated data."""
    return ()


def _requirement(part):
    event = part.last("decoded", "response")
    return STEPS.get(event.value["step"], "") if event is not None else ""


sealed_response.judge(judged_by(seal_response, _requirement))


@case(
    by_itself(seal_response),
    *STEPS.values(),
    "rfc9458/4.4/response-key-nonce-expand-exact",
    needs=["private-key", "nonce"],
    where={"suite": SUITE},
)
async def response_of_appendix_a(bench):
    """With the private key and the response nonce of RFC 9458, Appendix A, the response to the request of there has
    the 35 octets of there.
    """
    part = bench.part("response")
    taken = await give_octets(part, APPENDIX_A.expected("encapsulated_request"), RECIPIENT.private)
    if taken is not None:
        await take_response(part, taken, APPENDIX_A.octets("response"), APPENDIX_A.octets("response_nonce"))


@response_of_appendix_a.judge
def _(t):
    sealed = next((e for p in t.starting("response") for e in p.all("decoded", "response")), None)
    if sealed is None:
        yield Finding("violation", "no response was sealed")
    else:
        right = sealed.octets == APPENDIX_A.expected("encapsulated_response")
        yield Finding("as-expected" if right else "violation", f"{len(sealed.octets)} octets, {right=}")


@case(
    seal_response,
    "rfc9458/4.2/response-nonce-length-exact",
    expect=[ACCEPTED],
    each=(1, 15, 16, 17, 255, 16_384, 65_536, 1_048_576),
    where={"suite": "first"},
)
def content_of_boundary_size(size):
    """Responses of many sizes are sealed whole; the library does not look into them."""
    return given(response=octets(size))


@case(seal_response, "rfc9458/4.4/response-nonce-never-reused")
async def hundred_responses(bench):
    """A hundred responses with the same content to a hundred requests for one key: no nonce stands twice."""
    for n in range(100):
        await seal_response(bench.part(f"response {n}"))


@hundred_responses.judge
def _(t):
    sealed = [part.last("decoded", "response") for part in t.starting("response")]
    yield _all_differ(sealed)


@case(seal_response, "rfc9458/6.5/replay-gets-fresh-nonce", "rfc9458/4.4/response-nonce-never-reused")
async def same_request_again(bench):
    """The same octets are opened five times, where the library does that, and answered alike: no nonce stands twice."""
    taken = await give_request(bench.part("response 0"))
    if taken is None:
        return
    await take_response(bench.part("response 0 sealed"), taken)
    for n in range(1, 5):
        again = await give_again(bench.part(f"response {n}"), taken)
        if again is None:
            break
        await take_response(bench.part(f"response {n} sealed"), again)


@same_request_again.judge
def _(t):
    yield _all_differ([p.last("decoded", "response") for p in t.starting("response") if p.name.endswith("sealed")])


@case(
    seal_response,
    "rfc9458/4.3/response-uses-request-context",
    expect={"first": [ACCEPTED], "second": [ACCEPTED], "third": [ACCEPTED]},
)
async def answers_in_another_order(bench):
    """Three requests are opened before the first is answered, and answered backwards: each response is its own's."""
    parts = [bench.part(name) for name in ("first", "second", "third")]
    taken = [await give_request(part) for part in parts]
    for part, one in reversed(list(zip(parts, taken, strict=True))):
        if one is not None:
            await take_response(part, one)
