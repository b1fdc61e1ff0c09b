"""Encapsulated requests that a gateway cannot open (RFC 9458, Sections 4.3 and 5.2)."""

from collections.abc import Iterable

from conformance.bench import Bench
from conformance.cases import case, cut, drop, extend, flip, octets, put
from conformance.crypto import AEADS, EXPORT_ONLY, KDFS, KEMS, Suite
from conformance.net import Connection
from conformance.protocols.ohttp.cases.gateway._early import REFUSED, UNDECRYPTABLE
from conformance.protocols.ohttp.exchanges import PLAIN_4XX, PLAIN_422, fetch
from conformance.protocols.ohttp.messages import KeyEntry


def _key(bench: Bench) -> tuple[KeyEntry, Suite]:
    """The key and suite of this variant, from the keys that the twin has fetched."""
    wanted = bench.variant["suite"]
    return next((e, s) for e in bench.memory["keys"] for s in e.suites if s.name == wanted)


@case(fetch, "rfc9458/4.3/undecryptable-request-refused", **UNDECRYPTABLE)
def enc_cut_short():
    """The encapsulated key is one octet short."""
    return cut("request.enc", 1)


@case(
    fetch,
    "rfc9458/4.3/undecryptable-request-refused",
    **UNDECRYPTABLE,
    each={
        "first of enc": flip("request.enc", 0, wire=True),
        "middle of enc": flip("request.enc", 20, 0x80, wire=True),
        "last of enc": flip("request.enc", -1, wire=True),
        "first of the ciphertext": flip("request.ciphertext", 0, wire=True),
        "last of the ciphertext": flip("request.ciphertext", -17, wire=True),
        "first of the tag": flip("request.ciphertext", -16, wire=True),
        "last of the tag": flip("request.ciphertext", -1, 0x80, wire=True),
    },
)
def one_bit_wrong(change):
    """One bit of the encapsulated key, the ciphertext or the tag changed on the way."""
    return change


@case(
    fetch,
    "rfc9458/4.3/undecryptable-request-refused",
    **UNDECRYPTABLE,
    each={
        "an octet behind": extend("request", b"\0"),
        "a tag's length behind": extend("request", bytes(16)),
        "an octet short": cut("request", 1),
        "without a tag": cut("request", 16),
        "an octet between enc and ciphertext": extend("request.enc", b"\0", wire=True),
        "twice": extend("request.ciphertext", bytes(64)),
    },
)
def other_length(change):
    """Octets are missing at the end of the request, or stand where none belong."""
    return change


# The header (4.3, steps 1a and 1b)


@case(
    fetch,
    "rfc9458/4.3/unknown-key-or-kem-refused",
    expect=[PLAIN_4XX],
    also={
        "rfc9458/5.2/invalid-message-gets-4xx": [PLAIN_4XX],
        "rfc9458/6.4/unknown-key-id-gets-422": [PLAIN_422],
    },
)
async def unknown_key_id(bench):
    """The header names a key that the gateway has not published; everything else is made for one that it has."""
    known = {entry.key_id for entry in bench.memory["keys"]}
    strangers = [n for n in (0, 1, 127, 128, 255, *range(256)) if n not in known][:3]
    if not strangers:
        bench.absent("the gateway has a key for every identifier")
    for number in strangers:
        await fetch(bench.part(f"key {number}", put("request.key_id", number)))


@case(
    fetch,
    "rfc9458/4.3/unknown-key-or-kem-refused",
    **REFUSED,
    each={
        "a neighbour": flip("request.kem", 1, 0x01),
        "one of another kind": flip("request.kem", 1, 0x30),
        "post-quantum": put("request.kem", 0x0041),
        "unassigned": put("request.kem", 0xFFFF),
        "reserved": put("request.kem", 0x0000),
    },
)
def kem_of_another_key(change):
    """The KEM in the header is not that of the key it names, and the request is otherwise sealed for that key."""
    return change


@case(
    fetch,
    "rfc9458/4.3/unknown-key-or-kem-refused",
    **REFUSED,
    each={KEMS[kem].name: kem for kem in (0x0010, 0x0011, 0x0012, 0x0020, 0x0021, 0x0041)},
    where={"suite": "first"},
)
def enc_of_another_kem(kem):
    """The header names another KEM than that of the key, and an encapsulated key of that KEM's length follows."""
    return (
        flip("request.kem", 1, 0x01),
        put("request.enc", bytes(range(256)) * 5),
        cut("request.enc", 1280 - KEMS[kem].enc_length),
    )


@case(
    fetch,
    "rfc9458/4.3/unoffered-kdf-aead-refused",
    **REFUSED,
    each={
        "unassigned KDF": put("request.kdf", 0x7777),
        "reserved KDF": put("request.kdf", 0x0000),
        "one-stage KDF": put("request.kdf", 0x0011),
        "unassigned AEAD": put("request.aead", 0x7777),
        "reserved AEAD": put("request.aead", 0x0000),
    },
)
def unknown_algorithm(change):
    """The header, and with it what the request is sealed for, names a KDF or AEAD that nobody can use here."""
    return change


@case(
    fetch,
    "rfc9458/4.3/unlisted-kdf-aead-refused",
    expect=[PLAIN_4XX],
    where={"http": "first", "suite": "first"},
)
async def algorithms_not_offered(bench):
    """The request is rightly made, with algorithms that exist but that the key is not offered with."""
    entry, wanted = _key(bench)
    pairs = [(kdf.id, aead) for kdf in KDFS.values() for aead in AEADS if kdf.implemented and aead != EXPORT_ONLY]
    others = [Suite(wanted.kem, *pair) for pair in pairs if pair not in entry.algorithms]
    if not others:
        bench.absent("the key is offered with all algorithms that we have")
    for suite in others:
        await fetch(bench.part(suite.name), suite=suite)


@case(
    fetch,
    "rfc9180/5.3/export-only-aead-refused",
    **REFUSED,
    each={
        "sealed with another": (put("request.aead", EXPORT_ONLY),),
        "nothing sealed": (put("request.aead", EXPORT_ONLY), drop("request.ciphertext")),
        "not sealed at all": (
            put("request.aead", EXPORT_ONLY),
            put("request.ciphertext", b"\x00\x03GET\x05https\x0bexample.com\x01/"),
        ),
    },
)
def export_only_aead(changes):
    """The header names the AEAD that can seal nothing."""
    return changes


@case(fetch, "rfc9458/4.3/header-bound-to-encryption", **REFUSED)
async def relabelled_on_the_way(bench):
    """Somebody on the way puts another offered algorithm into the header; what is sealed stays as it was."""
    entry, suite = _key(bench)
    others = [(kdf, aead) for kdf, aead in entry.algorithms if (kdf, aead) != (suite.kdf, suite.aead)]
    if not others:
        bench.absent("the key is offered with one pair of algorithms")
    for kdf, aead in others:
        numbers = kdf.to_bytes(2, "big"), aead.to_bytes(2, "big")
        changes = put("request.kdf", numbers[0], wire=True), put("request.aead", numbers[1], wire=True)
        await fetch(bench.part(f"{kdf:04x}/{aead:04x}", *changes))


# What the request is sealed with (4.3, steps 2 to 4)


@case(
    fetch,
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.6/label-matches-media-type",
    **REFUSED,
    each={
        "that of chunked requests": b"message/bhttp chunked request",
        "that of responses": b"message/bhttp response",
        "another format": b"application/dns-message request",
        "upper case": b"message/BHTTP request",
        "the media type": b"message/ohttp-req",
        "none": b"",
    },
)
def sealed_under_another_label(label):
    """The HPKE info begins with another label than that of the media type; the request is sealed to match."""
    return put("request.label", label)


@case(
    fetch,
    "rfc9458/4.3/request-hpke-info-exact",
    **REFUSED,
    each={
        "without the zero octet": drop("request.info.zero"),
        "one where the zero is": put("request.info.zero", b"\x01"),
        "without the header": drop("request.info.header"),
        "key id only": cut("request.info.header", 6),
        "an octet more": extend("request.info", b"\0"),
        "empty": put("request.info", b""),
    },
)
def sealed_with_other_info(change):
    """The HPKE info lacks something, or has more than label, zero octet and header; the request is sealed to match."""
    return change


@case(fetch, "rfc9458/4.3/hpke-base-mode-only", **REFUSED)
def sealed_in_psk_mode():
    """The request is sealed in HPKE's PSK mode, with a key of zeros."""
    return put("request.mode", 1)


@case(
    fetch,
    "rfc9458/4.3/request-aad-empty-first-sequence",
    **REFUSED,
    each={
        "aad of the last chunk": put("request.aad", b"final"),
        "aad of a zero octet": put("request.aad", b"\0"),
        "sequence number 1": put("request.sequence", 1),
        "sequence number 255": put("request.sequence", 255),
    },
)
def sealed_as_another_message(change):
    """The request is sealed with associated data, or not as the first message of its HPKE context."""
    return change


# How much there is of it


async def _of_lengths(bench: Bench, lengths: Iterable[int]) -> None:
    """Send so many octets of a request each time, on one connection as long as it lasts."""
    connection: Connection | None = None
    whole = next(len(sent.event.octets) for p in bench.run.parts if (sent := p.sent("request")))
    for length in lengths:
        live = connection if connection and connection.open else None
        connection = await fetch(bench.part(f"{length} octets", cut("request", whole - length)), live)


@case(fetch, "rfc9458/4.3/short-request-refused", **REFUSED, where={"suite": "first", "http": "first"})
async def every_short_length(bench):
    """Of a right request only the first octets come: none, one, and so on until all that lacks is a part of the tag."""
    await _of_lengths(bench, range(7 + _key(bench)[1].kem_info.enc_length + 16))


@case(fetch, "rfc9458/4.3/short-request-refused", **REFUSED)
async def short_by_a_part(bench):
    """Of a right request only the first octets come, on both sides of the end of each of its parts."""
    enc = 7 + _key(bench)[1].kem_info.enc_length
    await _of_lengths(bench, (0, 1, 2, 3, 6, 7, 8, enc - 1, enc, enc + 1, enc + 15, enc + 16))


@case(
    fetch,
    "rfc9458/4.3/short-request-refused",
    **REFUSED,
    where={"suite": "first"},
    each={
        "zeros": bytes(100),
        "ones": b"\xff" * 100,
        "octets at random": octets(100),
        "text": b"GET / HTTP/1.1\r\n\r\n" * 5,
        "many zeros": bytes(100_000),
    },
)
def no_encapsulated_request_at_all(content):
    """The content is of the right type and has nothing to do with an encapsulated request."""
    return put("request", content)
