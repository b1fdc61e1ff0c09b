"""Messages as a library of HPKE seals them (RFC 9180, Sections 5.1, 5.2 and 7.1.4)."""

from conformance.cases import case, cut, extend, from_vectors, given, octets, put
from conformance.crypto import Suite, generate
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases._hpke_vectors import FILE, accepted, in_its_suite, sealed_messages, seals
from conformance.protocols.ohttp.cases._points import FORMS, P_SUITES, ZERO_448, ZERO_25519, no_points, other_forms
from conformance.protocols.ohttp.exchanges import REFUSED, SCHEDULE, SEQUENCE, by_itself, judged_by, seal

PUBLIC = "setup.public_key"
LONG = tuple((b"%d" % n, b"message %d" % n) for n in range(300))


@case(
    by_itself(seal),
    SCHEDULE,
    SEQUENCE,
    each={
        "two": {},
        "none": {"messages": ()},
        "with the same associated data and plaintext": {"messages": ((b"aad", b"same"),) * 4},
        "without info and associated data": {"info": b"", "messages": ((b"", b"plaintext"),)},
        "with long info": {"info": octets(1000)},
        "of no octets": {"messages": ((b"aad", b""),)},
    },
)
def messages(settings):
    """Messages that are sealed in one context open in that of the recipient, each at its place in the sequence."""
    return given(**settings)


def _requirement(part):
    event = part.last("decoded", "messages")
    return event.value["requirement"] if event is not None else ""


messages.judge(judged_by(seal, _requirement))


@case(by_itself(seal), SEQUENCE, expect=[ACCEPTED])
def more_than_256_messages():
    """Three hundred messages in one context: the sequence number carries into its second octet."""
    return given(messages=LONG)


@case(seal, SCHEDULE, expect=[ACCEPTED], each=(1, 15, 16, 17, 16_384, 65_536), where={"suite": "first"})
def plaintext_of_boundary_size(size):
    """Messages of many sizes are sealed whole."""
    return given(messages=((b"aad", octets(size)),))


@case(seal, "rfc9458/6.1/fresh-hpke-context-per-request")
async def hundred_contexts(bench):
    """The same message for the same key a hundred times: each context has an encapsulated key of its own."""
    for n in range(100):
        await seal(bench.part(f"context {n}"))


@hundred_contexts.judge
def _(t):
    sealed = [part.last("decoded", "messages") for part in t.starting("context")]
    encs = {event.octets for event in sealed if event is not None}
    if not all(sealed):
        yield Finding("violation", "not every message was sealed")
    else:
        told = f"{len(encs)} encapsulated keys in {len(sealed)} contexts"
        yield Finding("as-expected" if len(encs) == len(sealed) else "violation", told)


@case(
    seal,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each={"one octet short": cut(PUBLIC, 1), "one octet long": extend(PUBLIC, b"\0"), "missing": put(PUBLIC, b"")},
)
def public_key_of_other_length(change):
    """The public key has another length than its KEM says."""
    return change


@case(
    seal,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    expect=[REFUSED],
    each={name: put(PUBLIC, key) for name, key in ZERO_25519.items()},
    where={"suite": ["0020/0001/0001"]},
)
def x25519_key_that_shares_zero(change):
    """A public key with which every shared secret is zero."""
    return change


@case(
    seal,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    expect=[REFUSED],
    each={name: put(PUBLIC, key) for name, key in ZERO_448.items()},
    where={"suite": ["0021/0003/0003", "0021/0003/0002"]},
)
def x448_key_that_shares_zero(change):
    """A public key with which every shared secret is zero."""
    return change


@case(
    seal,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(PUBLIC, "P-256"),
    where={"suite": ["0010/0001/0001"]},
)
def p256_key_that_is_no_point(change):
    """A public key that is no point of P-256."""
    return change


@case(
    seal,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(PUBLIC, "P-384"),
    where={"suite": ["0011/0002/0002"]},
)
def p384_key_that_is_no_point(change):
    """A public key that is no point of P-384."""
    return change


@case(
    seal,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(PUBLIC, "P-521"),
    where={"suite": ["0012/0003/0002"]},
)
def p521_key_that_is_no_point(change):
    """A public key that is no point of P-521."""
    return change


@case(
    seal,
    "rfc9180/7.1.1/uncompressed-points-only",
    expect={form: [REFUSED] for form in FORMS},
    where={"suite": P_SUITES},
)
async def key_in_another_form(bench):
    """The public key is a point of its curve, in another form than the uncompressed one."""
    pair = generate(Suite.parse(bench.variant["suite"]).kem, bench.rng)
    for form, point in other_forms(pair.public).items():
        await seal(bench.part(form, put(PUBLIC, point)), key=pair)


from_vectors(
    by_itself(seal),
    FILE,
    expect=accepted,
    settings=sealed_messages,
    where=in_its_suite,
    only=seals,
    needs=["ephemeral"],
)
