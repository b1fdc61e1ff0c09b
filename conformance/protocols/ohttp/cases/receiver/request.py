"""Requests as a library opens them (RFC 9458, Section 4.3)."""

from conformance.cases import case, cut, drop, extend, flip, given, octets, put
from conformance.crypto import Suite, generate
from conformance.model import ACCEPTED
from conformance.protocols.ohttp.cases._appendix_a import APPENDIX_A, RECIPIENT, SUITE
from conformance.protocols.ohttp.cases._points import FORMS, P_SUITES, ZERO_448, ZERO_25519, no_points, other_forms
from conformance.protocols.ohttp.exchanges import REFUSED, by_itself, decapsulate

HEADER = {"key id": "key_id", "KEM": "kem", "KDF": "kdf", "AEAD": "aead"}


@case(
    by_itself(decapsulate),
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.3/request-aad-empty-first-sequence",
    "rfc9458/4.3/hpke-base-mode-only",
    "rfc9180/4.1/labelled-key-schedule-exact",
    expect=[ACCEPTED],
)
def sealed_request():
    """A request that is sealed as the document says opens, and gives all of what was sealed."""
    return ()


@case(
    by_itself(decapsulate),
    "rfc9458/4.3/app-a-request-decapsulated",
    expect=[ACCEPTED],
    needs=["private-key"],
    where={"suite": SUITE},
)
def request_of_appendix_a():
    """With the private key of RFC 9458, Appendix A, the request of there opens and gives its 25 octets."""
    return given(private=RECIPIENT.private, octets=APPENDIX_A.expected("encapsulated_request"))


@case(decapsulate, "rfc9458/3.1/any-key-id-accepted", expect=[ACCEPTED], each=range(256), where={"suite": "first"})
def every_key_id(key_id):
    """A key of each of the 256 ids opens a request for it."""
    return given(key_id=key_id)


@case(
    decapsulate,
    "rfc9458/4.3/request-aad-empty-first-sequence",
    expect=[ACCEPTED],
    each=(1, 15, 16, 17, 255, 16_384, 65_536, 1_048_576),
    where={"suite": "first"},
)
def content_of_boundary_size(size):
    """Requests of many sizes come out whole; the library does not look into them."""
    return given(content=octets(size))


@case(
    decapsulate,
    "rfc9458/4.3/undecryptable-request-refused",
    expect=[REFUSED],
    each={
        "a bit of enc": flip("request.enc", wire=True),
        "the last bit of enc": flip("request.enc", -1, wire=True),
        "a bit of the ciphertext": flip("request.ciphertext"),
        "a bit of the tag": flip("request.ciphertext", -1),
        "another bit of the tag": flip("request.ciphertext", -16, 0x80),
        "one octet short": cut("request", 1),
        "one octet long": extend("request", b"\0"),
        "enc one octet short": cut("request.enc", 1, wire=True),
        "enc one octet long": extend("request.enc", b"\0", wire=True),
        "without enc": drop("request.enc", wire=True),
    },
)
def spoiled(change):
    """One bit or octet behind the header is another than what was sealed."""
    return change


@case(decapsulate, "rfc9458/4.3/short-request-refused", expect=[REFUSED], each=range(1, 40))
def cut_short(n):
    """So many octets are missing at the end."""
    return cut("request", n)


@case(decapsulate, "rfc9458/4.3/short-request-refused", expect=[REFUSED], each=range(60))
def short(length):
    """A request of each length up to one that has room for header, enc and tag; the honest header stands in front."""
    return put("request.enc", b"", wire=True), put("request.ciphertext", octets(length), wire=True)


@case(decapsulate, "rfc9458/4.3/short-request-refused", expect=[REFUSED], each=range(7))
def header_cut_short(length):
    """So many octets of a header, and nothing else."""
    return put("request", b"\x01\x00\x20\x00\x01\x00\x01"[:length])


@case(
    decapsulate,
    "rfc9458/4.3/request-hpke-info-exact",
    "rfc9458/4.3/undecryptable-request-refused",
    expect=[REFUSED],
    each={
        "the label of responses": put("request.label", b"message/bhttp response"),
        "the label of chunked requests": put("request.label", b"message/bhttp chunked request"),
        "the media type as label": put("request.label", b"message/ohttp-req"),
        "no label": put("request.label", b""),
        "no zero octet": drop("request.info.zero"),
        "two zero octets": extend("request.info.zero", b"\0"),
        "no header": drop("request.info.header"),
        "the header without its key id": put("request.info.header", b"\x00\x20\x00\x01\x00\x01"),
        "nothing": put("request.info", b""),
    },
)
def another_info(change):
    """The request is sealed with another info; all else is as it should be."""
    return change


@case(decapsulate, "rfc9458/4.3/hpke-base-mode-only", "rfc9458/4.3/undecryptable-request-refused", expect=[REFUSED])
def psk_mode():
    """The request is sealed in PSK mode."""
    return put("request.mode", 1)


@case(
    decapsulate,
    "rfc9458/4.3/request-aad-empty-first-sequence",
    "rfc9458/4.3/undecryptable-request-refused",
    expect=[REFUSED],
    each=[b"final", b"\0", octets(7)],
)
def associated_data(aad):
    """The request is sealed with associated data."""
    return put("request.aad", aad)


@case(
    decapsulate,
    "rfc9458/4.3/request-aad-empty-first-sequence",
    "rfc9458/4.3/undecryptable-request-refused",
    expect=[REFUSED],
    each=(1, 2, 255),
)
def later_sequence_number(number):
    """The request is sealed as a later message of its context."""
    return put("request.sequence", number)


@case(
    decapsulate,
    "rfc9458/4.3/unknown-key-or-kem-refused",
    expect=[REFUSED],
    each={"next": 1, "with its top bit turned": 0x80, "with all bits turned": 0xFF},
)
def unknown_key_id(mask):
    """No key has the id in the header; the request is sealed with that header for the key."""
    return flip("request.key_id", 0, mask)


@case(
    decapsulate,
    "rfc9458/4.3/unknown-key-or-kem-refused",
    expect=[REFUSED],
    each={
        "unknown": put("request.kem", 0xFFFE),
        "reserved": put("request.kem", 0),
        "secp256k1": put("request.kem", 0x0016),
        "X25519Kyber768": put("request.kem", 0x0030),
        "ML-KEM-768": put("request.kem", 0x0041),
        "a bit off": flip("request.kem", -1),
        "the curve's neighbour": flip("request.kem", -1, 0x31),
    },
)
def another_kem(change):
    """The header names the key's id with another KEM; the request is sealed with that header for the key."""
    return change


@case(
    decapsulate,
    "rfc9458/4.3/unoffered-kdf-aead-refused",
    expect=[REFUSED],
    each={
        "an unknown KDF": put("request.kdf", 0x7777),
        "an unknown AEAD": put("request.aead", 0x7777),
        "KDF 0": put("request.kdf", 0),
        "AEAD 0": put("request.aead", 0),
    },
)
def unknown_algorithms(change):
    """The header names algorithms that nobody knows; the request is sealed with that header and the key's own."""
    return change


@case(decapsulate, "rfc9180/5.3/export-only-aead-refused", expect=[REFUSED])
def export_only_aead():
    """The header names the AEAD that opens nothing."""
    return put("request.aead", 0xFFFF)


@case(decapsulate, "rfc9180/7.2/one-stage-kdf-skipped", expect=[REFUSED], each=(0x0010, 0x0011, 0x0012, 0x0013))
def one_stage_kdf(kdf):
    """The header names a KDF with which no response could be sealed."""
    return put("request.kdf", kdf)


@case(
    decapsulate,
    "rfc9458/4.3/unlisted-kdf-aead-refused",
    expect=[REFUSED],
    where={"suite": SUITE},
    each=("0020/0001/0002", "0020/0001/0003", "0020/0003/0001"),
)
def algorithms_that_are_not_listed(suite):
    """The request is sealed, and rightly, with algorithms that the key's configuration does not list."""
    aead, kdf = int(suite[-4:], 16), int(suite[5:9], 16)
    return given(sealed_as=suite), put("request.kdf", kdf), put("request.aead", aead)


@case(
    decapsulate,
    "rfc9458/4.3/header-bound-to-encryption",
    "rfc9458/4.3/undecryptable-request-refused",
    expect=[REFUSED],
    each={
        f"{name}, {told}": change
        for name, part in HEADER.items()
        for told, change in {
            "lowest bit": flip(f"request.{part}", -1, 0x01, wire=True),
            "second bit": flip(f"request.{part}", -1, 0x02, wire=True),
            "top bit": flip(f"request.{part}", 0, 0x80, wire=True),
        }.items()
    },
    settings={"all_suites": True},
)
def header_relabelled(change):
    """A bit of the header is turned behind the sealing; the key is offered with all algorithms of the library."""
    return change


@case(
    decapsulate,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    "rfc9458/4.3/invalid-enc-refused",
    expect=[REFUSED],
    each={name: (put("request.enc", key), put("request.dh", bytes(32))) for name, key in ZERO_25519.items()},
    where={"suite": SUITE},
)
def x25519_enc_that_shares_zero(change):
    """An encapsulated key with which the shared secret is zero, and a request that is sealed with just that."""
    return change


@case(
    decapsulate,
    "rfc9180/7.1.4/zero-shared-secret-refused",
    "rfc9458/4.3/invalid-enc-refused",
    expect=[REFUSED],
    each={name: (put("request.enc", key), put("request.dh", bytes(56))) for name, key in ZERO_448.items()},
    where={"suite": ["0021/0003/0003"]},
)
def x448_enc_that_shares_zero(change):
    """An encapsulated key with which the shared secret is zero, and a request that is sealed with just that."""
    return change


@case(
    decapsulate,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    "rfc9458/4.3/invalid-enc-refused",
    expect=[REFUSED],
    each=no_points("request.enc", "P-256"),
    where={"suite": ["0010/0001/0001"]},
)
def p256_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-256."""
    return change


@case(
    decapsulate,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    "rfc9458/4.3/invalid-enc-refused",
    expect=[REFUSED],
    each=no_points("request.enc", "P-384"),
    where={"suite": ["0011/0002/0002"]},
)
def p384_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-384."""
    return change


@case(
    decapsulate,
    "rfc9180/7.1.4/public-keys-and-enc-validated",
    "rfc9458/4.3/invalid-enc-refused",
    expect=[REFUSED],
    each=no_points("request.enc", "P-521"),
    where={"suite": ["0012/0003/0002"]},
)
def p521_enc_that_is_no_point(change):
    """An encapsulated key that is no point of P-521."""
    return change


@case(
    decapsulate,
    "rfc9180/7.1.1/uncompressed-points-only",
    expect={form: [REFUSED] for form in FORMS},
    where={"suite": P_SUITES},
)
async def enc_in_another_form(bench):
    """The encapsulated key is a point of its curve, in another form than the uncompressed one."""
    pair = generate(Suite.parse(bench.variant["suite"]).kem, bench.rng)
    for form, point in other_forms(pair.public).items():
        await decapsulate(bench.part(form, put("request.enc", point)), ephemeral=pair)
