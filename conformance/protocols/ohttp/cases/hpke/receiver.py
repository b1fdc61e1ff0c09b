"""Messages as a library of HPKE opens them (RFC 9180, Sections 5.1, 5.2 and 7.1.4)."""

from conformance.cases import case, cut, drop, extend, flip, from_vectors, given, insert, octets, put, repeat, swap
from conformance.crypto import Suite, generate
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._hpke_vectors import FILE, accepted, in_its_suite, sealed_messages, seals
from conformance.protocols.ohttp.cases._points import FORMS, P_SUITES, ZERO_448, ZERO_25519, no_points, other_forms
from conformance.protocols.ohttp.exchanges import REFUSED, SCHEDULE, SEQUENCE, by_itself, open_messages
from conformance.wire import Message

ENC, FIRST, SECOND = "setup.enc", "messages.message[0]", "messages.message[1]"
LONG = tuple((b"%d" % n, b"message %d" % n) for n in range(300))


@case(
    by_itself(open_messages),
    SCHEDULE,
    expect=[ACCEPTED],
    each={
        "one": {"messages": ((b"aad", b"plaintext"),)},
        "none": {"messages": ()},
        "without info and associated data": {"info": b"", "messages": ((b"", b"plaintext"),)},
        "with long info": {"info": octets(1000), "messages": ((b"aad", b"plaintext"),)},
        "of no octets": {"messages": ((b"aad", b""),)},
    },
)
def first_message(settings):
    """The first message of a context opens."""
    return given(**settings)


@case(
    by_itself(open_messages),
    SEQUENCE,
    expect=[ACCEPTED],
    each={"two": {}, "of the same text": {"messages": ((b"aad", b"same"),) * 4}, "three hundred": {"messages": LONG}},
)
def messages_in_order(settings):
    """Messages of one context open in their order; beyond 256 the number carries into its second octet."""
    return given(**settings)


@case(
    open_messages,
    SEQUENCE,
    expect=[REFUSED],
    each={
        "swapped": swap(FIRST, 1),
        "the first is missing": drop(FIRST),
        "the first twice": repeat(FIRST, 2),
        "the second twice": repeat(SECOND, 2),
    },
)
def messages_out_of_order(change):
    """Messages stand in another order than they were sealed in: what is not at its place does not open."""
    return change


@case(
    open_messages,
    "rfc9180/5.2/unauthentic-message-refused",
    expect=[REFUSED],
    each={
        "another info": put("setup.info", b"another"),
        "no info": put("setup.info", b""),
        "info with an octet more": extend("setup.info", b"\0"),
        "other associated data": put(f"{FIRST}.aad", b"another"),
        "no associated data": put(f"{FIRST}.aad", b""),
        "another encapsulated key": flip(ENC, 0, 0x10),
        "a bit of the ciphertext": flip(f"{FIRST}.ciphertext"),
        "a bit of the tag": flip(f"{FIRST}.ciphertext", -1),
        "another bit of the tag": flip(f"{FIRST}.ciphertext", -16, 0x80),
        "an octet short": cut(f"{FIRST}.ciphertext", 1),
        "an octet long": extend(f"{FIRST}.ciphertext", b"\0"),
        "a bit of the second tag": flip(f"{SECOND}.ciphertext", -1),
    },
)
def spoiled(change):
    """Info, associated data, encapsulated key or ciphertext are another than in the sealing."""
    return change


@case(open_messages, "rfc9180/5.2/unauthentic-message-refused", expect=[REFUSED], each=range(17))
def short_ciphertext(length):
    """A ciphertext of so many octets, most with no room for a tag: an error, and no crash."""
    return put(f"{FIRST}.ciphertext", octets(length))


@case(
    open_messages,
    "rfc9180/5.2/unauthentic-message-refused",
    expect=[REFUSED],
    each={"alone": 0, "behind the two": -1},
)
def not_ours(at):
    """A message that was never sealed in the context stands among the others."""
    return insert("messages.message", at, Message(aad=b"", ciphertext=octets(40)))


@case(
    open_messages,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each={"one octet short": cut(ENC, 1), "one octet long": extend(ENC, b"\0"), "missing": put(ENC, b"")},
)
def enc_of_other_length(change):
    """The encapsulated key has another length than its KEM says."""
    return change


@case(
    open_messages,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    expect=[REFUSED],
    each=ZERO_25519,
    where={"suite": ["0020/0001/0001"]},
)
def x25519_enc_that_shares_zero(enc):
    """An encapsulated key with which the shared secret is zero, and messages that are sealed with just that."""
    return given(zero=enc)


@case(
    open_messages,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    expect=[REFUSED],
    each=ZERO_448,
    where={"suite": ["0021/0003/0003", "0021/0003/0002"]},
)
def x448_enc_that_shares_zero(enc):
    """An encapsulated key with which the shared secret is zero, and messages that are sealed with just that."""
    return given(zero=enc)


@case(
    open_messages,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(ENC, "P-256"),
    where={"suite": ["0010/0001/0001"]},
)
def p256_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-256."""
    return change


@case(
    open_messages,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(ENC, "P-384"),
    where={"suite": ["0011/0002/0002"]},
)
def p384_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-384."""
    return change


@case(
    open_messages,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    expect=[REFUSED],
    each=no_points(ENC, "P-521"),
    where={"suite": ["0012/0003/0002"]},
)
def p521_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-521."""
    return change


@case(
    open_messages,
    "rfc9180/7.1.1/uncompressed-points-only",
    expect={form: [REFUSED] for form in FORMS},
    where={"suite": P_SUITES},
)
async def enc_in_another_form(bench):
    """The encapsulated key is a point of its curve, in another form than the uncompressed one."""
    pair = generate(Suite.parse(bench.variant["suite"]).kem, bench.rng)
    for form, point in other_forms(pair.public).items():
        await open_messages(bench.part(form, put(ENC, point)), ephemeral=pair)


from_vectors(by_itself(open_messages), FILE, expect=accepted, settings=sealed_messages, where=in_its_suite, only=seals)
