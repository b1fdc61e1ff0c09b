"""Requests as a library seals them (RFC 9458, Sections 4.1, 4.3 and 6.1)."""

from conformance.cases import case, given, octets
from conformance.crypto import Suite, generate
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases._appendix_a import APPENDIX_A, EPHEMERAL, RECIPIENT
from conformance.protocols.ohttp.exchanges import by_itself, encapsulate, judged_by


@case(
    by_itself(encapsulate),
    "rfc9458/4.1/request-layout-exact",
    "rfc9458/4.3/header-matches-selected-config",
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.3/hpke-base-mode-only",
    "rfc9458/4.3/request-aad-empty-first-sequence",
    "rfc9180/4.1/labelled-key-schedule-exact",
)
def sealed_request():
    """A request opens with the header's own algorithms, in base mode, with the info of its header, without associated
    data, as the first message; and nothing stands before, between or behind header, enc and ciphertext.
    """
    return ()


def _requirement(part):
    event = part.last("decoded", "request")
    return event.value["requirement"] if event is not None else ""


sealed_request.judge(judged_by(encapsulate, _requirement))


@case(
    encapsulate,
    "rfc9458/4.1/request-layout-exact",
    expect=[ACCEPTED],
    each=(1, 15, 16, 17, 63, 64, 255, 256, 16_383, 16_384, 65_535, 65_536, 1_048_576),
    where={"suite": "first"},
)
def content_of_boundary_size(size):
    """Requests of many sizes are sealed whole; the library does not look into them."""
    return given(content=octets(size))


@case(encapsulate, "rfc9458/6.1/fresh-hpke-context-per-request")
async def hundred_requests(bench):
    """A hundred times the same request for the same key: each has an encapsulated key and a ciphertext of its own."""
    pairs = [generate(Suite.parse(bench.variant["suite"]).kem, bench.rng)]
    for n in range(100):
        await encapsulate(bench.part(f"request {n}"), pairs=pairs)


@hundred_requests.judge
def _(t):
    sealed = [part.last("decoded", "request") for part in t.starting("request")]
    encs = {event.value["enc"] for event in sealed if event is not None}
    whole = {event.octets for event in sealed if event is not None}
    if not all(sealed):
        yield Finding("violation", "not every request was sealed")
    else:
        told = f"{len(encs)} encapsulated keys and {len(whole)} messages for {len(sealed)} requests"
        fresh = len(encs) == len(whole) == len(sealed)
        yield Finding("as-expected" if fresh else "violation", told)


@case(
    by_itself(encapsulate),
    "rfc9458/4.3/app-a-request-reproduced",
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.1/request-layout-exact",
    needs=["ephemeral"],
    where={"suite": ["0020/0001/0001"]},
)
def request_of_appendix_a():
    """The key, the ephemeral key and the request of RFC 9458, Appendix A give the 80 octets of there."""
    return given(content=APPENDIX_A.octets("request"), pairs=[RECIPIENT], ephemeral=EPHEMERAL)


@request_of_appendix_a.judge
def _(t):
    wanted = APPENDIX_A.expected("encapsulated_request")
    for part in t.tested:
        sealed = part.last("decoded", "request")
        if sealed is None:
            yield Finding("violation", "no request was sealed")
        else:
            right = sealed.octets == wanted
            yield Finding("as-expected" if right else "violation", f"{len(sealed.octets)} octets, {right=}")
