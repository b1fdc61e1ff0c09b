"""The key and the algorithms that a library seals a request for (RFC 9458, Sections 3 and 4.3)."""

from conformance.cases import case, given, insert, put
from conformance.crypto import Suite, generate
from conformance.model import ACCEPTED, Finding
from conformance.protocols.ohttp.cases._key_lists import (
    EMPTY,
    EXPORT_ONLY_PAIRS,
    MALFORMED,
    NO_ALGORITHMS,
    NOTHING_USABLE,
    ODD_LENGTHS,
    ONE_STAGE_PAIRS,
    PUBLIC_LENGTHS,
    UNKNOWN_KEMS,
    UNKNOWN_PAIRS,
    UNPREFIXED,
    pair,
)
from conformance.protocols.ohttp.cases._points import FORMS, P_SUITES, ZERO_448, ZERO_25519, no_points, other_forms
from conformance.protocols.ohttp.exchanges import REFUSED, encapsulate, judged_by

PUBLIC = "keys.entry[0].entry.public"


@case(encapsulate, "rfc9458/3.2/unknown-kem-entry-skipped", expect=[ACCEPTED], each=UNKNOWN_KEMS)
def unknown_kem(change):
    """An entry whose KEM nobody knows is passed over; the request is sealed for the key beside it, with its id."""
    return change


@case(encapsulate, "rfc9458/3.1/unknown-algorithm-pairs-skipped", expect=[ACCEPTED], each=UNKNOWN_PAIRS)
def unknown_algorithms(change):
    """A pair of algorithms that nobody knows is passed over; the pair beside it is used."""
    return change


@case(encapsulate, "rfc9180/5.3/export-only-aead-refused", expect=[ACCEPTED], each=EXPORT_ONLY_PAIRS)
def export_only_aead(change):
    """The AEAD that seals nothing is passed over; the pair beside it is used."""
    return change


@case(encapsulate, "rfc9180/7.2/one-stage-kdf-skipped", expect=[ACCEPTED], each=ONE_STAGE_PAIRS)
def one_stage_kdf(change):
    """A KDF without Extract and Expand, which no response could use, is passed over; the pair beside it is used."""
    return change


_KNOWN = [(kdf, aead) for kdf in (1, 2, 3) for aead in (1, 2, 3)]


@case(
    encapsulate,
    "rfc9458/3.1/listed-kdf-aead-pair-used",
    expect=[ACCEPTED],
    each={f"{k:04x}/{a:04x} {told}": (at, k, a) for k, a in _KNOWN for at, told in ((0, "first"), (-1, "last"))},
)
def two_pairs(listed):
    """Beside the pair of the honest list stands another: one of the two is used, and no mixture of them."""
    at, kdf, aead = listed
    return insert("keys.entry[0].entry.algorithms", at, pair(kdf, aead))


@case(encapsulate, "rfc9458/3.1/any-key-id-accepted", expect=[ACCEPTED], each=range(256), where={"suite": "first"})
def every_key_id(key_id):
    """Each of the 256 key ids is used, and stands in the header."""
    return put("keys.entry[0].entry.key_id", key_id)


@case(encapsulate, "rfc9458/3.2/malformed-collection-discarded-whole", expect=[REFUSED], each=MALFORMED)
def malformed(change):
    """An encoding error anywhere in the collection: no request is sealed for any of its keys."""
    return change


@case(encapsulate, "rfc9458/3.1/empty-algorithms-refused", expect=[REFUSED], each=NO_ALGORITHMS)
def no_algorithms(change):
    """An entry without algorithms: no request is sealed, not for the key beside it either."""
    return change


@case(encapsulate, "rfc9458/3.1/algorithms-length-multiple-of-4", expect=[REFUSED], each=ODD_LENGTHS)
def algorithms_no_multiple_of_4(change):
    """The algorithms of an entry are no whole pairs: no request is sealed, not for the key beside it either."""
    return change


@case(encapsulate, "rfc9458/3.1/public-key-length-exact", expect=[REFUSED], each=PUBLIC_LENGTHS)
def public_key_of_other_length(change):
    """The public key has another length than its KEM says."""
    return change


@case(encapsulate, "rfc9458/3.2/empty-collection-refused", expect=[REFUSED])
def empty_collection():
    """No octets are no collection: an error, and no crash."""
    return EMPTY


@case(encapsulate, "rfc9458/3.2/unprefixed-collection-refused", expect=[REFUSED])
def unprefixed_entry():
    """An entry without its length in front, as collections were before the RFC."""
    return UNPREFIXED


@case(encapsulate, "rfc9458/3.1/no-usable-config-clean-error", expect=[REFUSED], each=NOTHING_USABLE)
def nothing_usable(change):
    """A well-formed collection of which nobody can use anything: an error, and no crash."""
    return change


@case(
    encapsulate,
    "rfc9458/3.1/no-usable-config-clean-error",
    each={f"{k:04x}/{a:04x}": put("keys.entry[0].entry.algorithms[0]", pair(k, a)) for k, a in _KNOWN},
)
def one_known_pair(change):
    """Each pair of the known algorithms stands alone in the list: a library that does not have it gives an error."""
    return change


one_known_pair.judge(judged_by(encapsulate, lambda _: "", also=[REFUSED]))


@case(encapsulate, "rfc9180/5.3/export-only-aead-refused", expect=[REFUSED])
def only_the_export_only_aead():
    """The one pair of the collection has the AEAD that seals nothing: an error, and no crash."""
    return put("keys.entry[0].entry.algorithms[0].aead", 0xFFFF)


@case(encapsulate, "rfc9180/7.2/one-stage-kdf-skipped", expect=[REFUSED], each=(0x0010, 0x0011, 0x0012, 0x0013))
def only_a_one_stage_kdf(kdf):
    """The one pair of the collection has a KDF with which no response could be sealed: an error, and no crash."""
    return put("keys.entry[0].entry.algorithms[0].kdf", kdf)


@case(
    encapsulate,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    expect=[REFUSED],
    each={name: put(PUBLIC, key) for name, key in ZERO_25519.items()},
    where={"suite": ["0020/0001/0001"]},
)
def x25519_key_that_shares_zero(change):
    """A public key with which every shared secret is zero."""
    return change


@case(
    encapsulate,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    expect=[REFUSED],
    each={name: put(PUBLIC, key) for name, key in ZERO_448.items()},
    where={"suite": ["0021/0003/0003"]},
)
def x448_key_that_shares_zero(change):
    """A public key with which every shared secret is zero."""
    return change


@case(
    encapsulate,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(PUBLIC, "P-256"),
    where={"suite": ["0010/0001/0001"]},
)
def p256_key_that_is_no_point(change):
    """A public key that is no point of P-256."""
    return change


@case(
    encapsulate,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(PUBLIC, "P-384"),
    where={"suite": ["0011/0002/0002"]},
)
def p384_key_that_is_no_point(change):
    """A public key that is no point of P-384."""
    return change


@case(
    encapsulate,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(PUBLIC, "P-521"),
    where={"suite": ["0012/0003/0002"]},
)
def p521_key_that_is_no_point(change):
    """A public key that is no point of P-521."""
    return change


@case(
    encapsulate,
    "rfc9180/7.1.1/uncompressed-points-only",
    expect={form: [REFUSED] for form in FORMS},
    where={"suite": P_SUITES},
)
async def key_in_another_form(bench):
    """The public key is a point of its curve, in another form than the uncompressed one."""
    pair = generate(Suite.parse(bench.variant["suite"]).kem, bench.rng)
    for form, point in other_forms(pair.public).items():
        await encapsulate(bench.part(form, put(PUBLIC, point)), pairs=[pair])


@case(encapsulate, "rfc9458/3/key-config-preference-stable")
async def one_preference(bench):
    """Ten requests for the same list of three keys, all of which can be used, go to the same key."""
    kem = Suite.parse(bench.variant["suite"]).kem
    pairs = [generate(kem, bench.rng) for _ in range(3)]
    for n in range(10):
        await encapsulate(bench.part(f"request {n}"), pairs=pairs)


@one_preference.judge
def _(t):
    sealed = [part.last("decoded", "request") for part in t.starting("request")]
    chosen = {event.octets[0] for event in sealed if event is not None}
    if all(sealed):
        told = f"{len(sealed)} requests went to the keys {sorted(chosen)}"
        yield Finding("as-expected" if len(chosen) == 1 else "violation", told)
    else:
        yield Finding("violation", "not every request was sealed")


@case(encapsulate, "rfc9458/3/supported-key-config-picked", "rfc9458/4.3/header-matches-selected-config",
      expect=[ACCEPTED], each=(2, 3, 20))  # fmt: skip
def several_keys(entries):
    """Several keys that can all be used: the header names that for which the request is sealed."""
    return given(entries=entries)
