"""Key configurations as a client gets them (RFC 9458, Section 3)."""

from collections.abc import Iterator

from conformance.cases import case, drop, given, put
from conformance.model import ACCEPTED, Finding, Transcript
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
)
from conformance.protocols.ohttp.cases._points import ZERO_25519, no_points
from conformance.protocols.ohttp.exchanges import CLIENT_ERROR, client_fetch

ONE = {"suite": "first"}
PUBLIC = "keys.entry[0].entry.public"


@case(client_fetch, "rfc9458/3.2/unknown-kem-entry-skipped", expect=[ACCEPTED], each=UNKNOWN_KEMS, where=ONE)
def unknown_kem(change):
    """An entry has a KEM that nobody knows: the client passes over it and takes the one beside it."""
    return change


@case(client_fetch, "rfc9458/3.1/unknown-algorithm-pairs-skipped", expect=[ACCEPTED], each=UNKNOWN_PAIRS, where=ONE)
def unknown_algorithms(change):
    """A pair of algorithms that nobody knows is passed over; the pair beside it is used."""
    return change


@case(client_fetch, "rfc9180/5.3/export-only-aead-refused", expect=[ACCEPTED], each=EXPORT_ONLY_PAIRS, where=ONE)
def export_only_aead(change):
    """The AEAD that seals nothing is passed over; the pair beside it is used."""
    return change


@case(client_fetch, "rfc9180/7.2/one-stage-kdf-skipped", expect=[ACCEPTED], each=ONE_STAGE_PAIRS, where=ONE)
def one_stage_kdf(change):
    """A KDF without Extract and Expand, which no response could use, is passed over; the pair beside it is used."""
    return change


@case(
    client_fetch,
    "rfc9458/3/supported-key-config-picked",
    "rfc9458/4.3/header-matches-selected-config",
    expect=[ACCEPTED],
    each=(2, 3, 20),
    where=ONE,
)
def several_keys(entries):
    """Several keys that can all be used: the request names one of them, and is sealed for it."""
    return given(entries=entries)


@case(
    client_fetch,
    "rfc9458/3.1/any-key-id-accepted",
    "rfc9458/4.3/header-matches-selected-config",
    expect=[ACCEPTED],
    each=(0, 1, 127, 128, 255),
    where=ONE,
)
def key_id(number):
    """The key has this id, which stands in the header."""
    return given(first_key_id=number)


@case(
    client_fetch,
    "rfc9458/3.1/listed-kdf-aead-pair-used",
    expect=[ACCEPTED],
    each={f"{kdf:04x}/{aead:04x}": (kdf, aead) for kdf, aead in ((1, 2), (1, 3), (2, 1), (2, 3), (3, 2), (3, 3))},
    where=ONE,
)
def two_pairs(listed):
    """Behind the pair of the honest list stands another: one of the two is used, and no mixture of them."""
    return given(also=(listed,))


@case(
    client_fetch, "rfc9458/3.2/malformed-collection-discarded-whole", expect=[CLIENT_ERROR], each=MALFORMED, where=ONE
)
def malformed(change):
    """An encoding error anywhere in the collection: none of its keys is used."""
    return change


@case(
    client_fetch,
    "rfc9458/3.1/empty-algorithms-refused",
    "rfc9458/3.2/malformed-collection-discarded-whole",
    expect=[CLIENT_ERROR],
    each=NO_ALGORITHMS,
    where=ONE,
)
def no_algorithms(change):
    """An entry without algorithms: no key is used, not the one beside it either."""
    return change


@case(
    client_fetch,
    "rfc9458/3.1/algorithms-length-multiple-of-4",
    "rfc9458/3.2/malformed-collection-discarded-whole",
    expect=[CLIENT_ERROR],
    each=ODD_LENGTHS,
    where=ONE,
)
def algorithms_no_multiple_of_4(change):
    """The algorithms of an entry are no whole pairs: no key is used, not the one beside it either."""
    return change


@case(
    client_fetch,
    "rfc9458/3.2/malformed-collection-discarded-whole",
    expect=[CLIENT_ERROR],
    each=PUBLIC_LENGTHS,
    where=ONE,
)
def public_key_of_other_length(change):
    """The public key has another length than its KEM says."""
    return change


@case(client_fetch, "rfc9458/3.2/empty-collection-refused", expect=[CLIENT_ERROR], where=ONE)
def empty_collection():
    """No octets are no collection: an error, and no crash."""
    return EMPTY


@case(client_fetch, "rfc9458/3.2/unprefixed-collection-refused", expect=[CLIENT_ERROR], where=ONE)
def unprefixed_entry():
    """An entry without its length in front, as collections were before the RFC."""
    return UNPREFIXED


@case(
    client_fetch,
    "rfc9458/3.1/no-usable-config-clean-error",
    expect=[CLIENT_ERROR],
    each=NOTHING_USABLE,
    where=ONE,
)
def nothing_usable(change):
    """A well-formed collection of which nobody can use anything: an error, and no crash."""
    return change


@case(
    client_fetch,
    "rfc9458/3.2/malformed-collection-discarded-whole",
    expect=[CLIENT_ERROR],
    needs=["fetches-keys"],
    each={
        "not found": put("keys-answer.status", b"404"),
        "a failure": put("keys-answer.status", b"500"),
        "another type": put("keys-answer.fields.content-type.value", b"text/html"),
        "no type": drop("keys-answer.fields.content-type"),
    },
    where=ONE,
)
def fetched_what_is_no_collection(change):
    """What is fetched is not said to be a collection: no key is taken out of it."""
    return change


@case(
    client_fetch,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    each={name: put(PUBLIC, key) for name, key in ZERO_25519.items()},
    where={"suite": ["0020/0001/0001"]},
)
def x25519_key_that_shares_zero(change):
    """A public key with which every shared secret is zero: nothing is sealed for it, as all could open it."""
    return change


@case(
    client_fetch,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    each=no_points(PUBLIC, "P-256"),
    where={"suite": ["0010/0001/0001"]},
)
def p256_key_that_is_no_point(change):
    """A public key that is no point of P-256: nothing is sealed for it."""
    return change


def _nothing_sent(t: Transcript) -> Iterator[Finding]:
    for part in t.tested:
        sent = part.all("received", "outer", "gateway")
        told = f"{part.name}: {'a request was sealed for it' if sent else 'nothing was sent'}"
        yield Finding("violation" if sent else "as-expected", told, part=part.name)


x25519_key_that_shares_zero.judge(_nothing_sent)
p256_key_that_is_no_point.judge(_nothing_sent)
