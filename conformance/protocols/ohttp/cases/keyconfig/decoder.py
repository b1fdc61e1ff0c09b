"""Collections of key configurations as a library reads them (RFC 9458, Sections 3.1 and 3.2)."""

from conformance.cases import case, given, insert, put, repeat
from conformance.model import ACCEPTED
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
from conformance.protocols.ohttp.exchanges import REFUSED, by_itself, judged_by, read_keys
from conformance.wire import Many

ALGORITHMS = "keys.entry[0].entry.algorithms"


@case(
    by_itself(read_keys),
    "rfc9458/3.1/algorithms-length-in-bytes",
    "rfc9458/3/supported-key-config-picked",
    expect=[ACCEPTED],
    each=(1, 2, 3, 20),
)
def well_formed_collection(entries):
    """Every key of a collection is reported, with its id, KEM, public key and algorithms."""
    return given(entries=entries)


@case(read_keys, "rfc9458/3.2/unknown-kem-entry-skipped", expect=[ACCEPTED], each=UNKNOWN_KEMS)
def unknown_kem(change):
    """An entry whose KEM nobody knows is passed over by its length; the key beside it is reported."""
    return change


@case(read_keys, "rfc9458/3.1/unknown-algorithm-pairs-skipped", expect=[ACCEPTED], each=UNKNOWN_PAIRS)
def unknown_algorithms(change):
    """A pair of algorithms that nobody knows is passed over; the pair beside it is reported."""
    return change


@case(read_keys, "rfc9180/5.3/export-only-aead-refused", expect=[ACCEPTED], each=EXPORT_ONLY_PAIRS)
def export_only_aead(change):
    """A pair with the AEAD that seals nothing does not keep the pair beside it from being reported."""
    return change


@case(read_keys, "rfc9180/7.2/one-stage-kdf-skipped", expect=[ACCEPTED], each=ONE_STAGE_PAIRS)
def one_stage_kdf(change):
    """A pair with a one-stage KDF does not keep the pair beside it from being reported."""
    return change


@case(
    read_keys,
    "rfc9458/3.1/unknown-algorithm-pairs-skipped",
    expect=[ACCEPTED],
    where={"suite": "first"},
)
def usable_pair_behind_a_thousand_unknown():
    """A thousand pairs that nobody knows, and then the one that can be used."""
    strange = Many(pair(0x7000 + n, 0x7000 + n) for n in range(1000))
    return insert(ALGORITHMS, 0, strange)


@case(
    read_keys,
    "rfc9458/3.1/long-algorithm-list-accepted",
    expect=[ACCEPTED],
    each=(1000, 16_000),
    where={"suite": "first"},
)
def many_pairs(n):
    """A long list of pairs, each of which can be used (it is always the same one)."""
    return repeat(f"{ALGORITHMS}[0]", n)


@case(read_keys, "rfc9458/3.1/any-key-id-accepted", expect=[ACCEPTED], each=range(256), where={"suite": "first"})
def every_key_id(key_id):
    """Each of the 256 key ids."""
    return put("keys.entry[0].entry.key_id", key_id)


@case(read_keys, "rfc9458/3.2/malformed-collection-discarded-whole", expect=[REFUSED], each=MALFORMED)
def malformed(change):
    """An encoding error anywhere: no key of the collection may be recovered, in whatever place it stands."""
    return change


@case(read_keys, "rfc9458/3.1/empty-algorithms-refused", expect=[REFUSED], each=NO_ALGORITHMS)
def no_algorithms(change):
    """An entry without algorithms is an encoding error; the key beside it is not recovered."""
    return change


@case(read_keys, "rfc9458/3.1/algorithms-length-multiple-of-4", expect=[REFUSED], each=ODD_LENGTHS)
def algorithms_no_multiple_of_4(change):
    """The algorithms of an entry are no whole pairs; the key beside it is not recovered."""
    return change


@case(read_keys, "rfc9458/3.1/algorithms-length-in-bytes", expect=[REFUSED])
def algorithms_counted_in_pairs():
    """The length of the algorithms says 1 for one pair."""
    return put("keys.entry[0].entry.algorithms_length", 1)


@case(read_keys, "rfc9458/3.1/public-key-length-exact", expect=[REFUSED], each=PUBLIC_LENGTHS)
def public_key_of_other_length(change):
    """The public key has another length than its KEM says; the length of the entry follows."""
    return change


@case(read_keys, "rfc9458/3.2/empty-collection-refused", expect=[REFUSED])
def empty_collection():
    """No octets are no collection."""
    return EMPTY


@case(read_keys, "rfc9458/3.2/unprefixed-collection-refused", expect=[REFUSED])
def unprefixed_entry():
    """An entry without its length in front, as collections were before the RFC and as its Appendix A shows an entry."""
    return UNPREFIXED


@case(read_keys, "rfc9458/3.1/no-usable-config-clean-error", expect=[REFUSED], each=NOTHING_USABLE)
def nothing_usable(change):
    """A well-formed collection of which nobody can use anything: an error or an empty list, and no crash."""
    return change


@case(
    read_keys,
    "rfc9458/3.1/no-usable-config-clean-error",
    each={f"{k:04x}/{a:04x}": put(f"{ALGORITHMS}[0]", pair(k, a)) for k in (1, 2, 3) for a in (1, 2, 3)},
)
def one_known_pair(change):
    """Each pair of the known algorithms stands alone in the list: it is reported, or not, and nothing crashes."""
    return change


one_known_pair.judge(judged_by(read_keys, lambda _: "", also=[REFUSED]))
