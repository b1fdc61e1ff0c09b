"""Vectors of RFC 9578: directories, keys, token requests and token responses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from conformance.crypto import blindrsa, spki
from conformance.protocols.privacypass.cases.issuer._kit import NOT_POINTS, OTHER_FORMS
from conformance.protocols.privacypass.messages import (
    P384,
    RESERVED_TYPES,
    Directory,
    ListedKey,
    Pending,
    PublicKey,
    base64url,
    directory,
    rsa_response,
    token_request,
    voprf_response,
)
from conformance.protocols.privacypass.peers import rsa_key, voprf_key
from conformance.protocols.privacypass.vectors._check import SAID
from conformance.protocols.privacypass.vectors._file import EACH, Row, Twin, file_of, to, under, vectors_of
from conformance.wire import Message

JSON, MEMBERS = "rfc9578/4/directory-valid-json", "rfc9578/4/directory-lists-url-and-keys"
URI, ENTRIES = "rfc9578/4/request-uri-absolute-or-relative", "rfc9578/4/token-keys-array-of-objects"
NUMBER, KEY = "rfc9578/4/token-type-json-number", "rfc9578/4/token-key-base64url-padded"
SINCE = "rfc9578/4/not-before-in-unix-seconds"
POINT, IDENTITY = "rfc9497/4.4/invalid-p384-point-refused", "rfc9497/3.3/identity-element-refused"
OID, PARAMS = "rfc9578/6.5/spki-rsassa-pss-oid-required", "rfc9578/6.5/pss-params-required"
COMPLETE, EXACT = "rfc9578/6.5/pss-params-complete", "rfc9578/6.5/pss-params-values-exact"
BITS, DER = "rfc9578/8.2.2/modulus-exactly-2048-bits", "rfc9578/6.5/rsa-key-id-hashes-spki"
FORM = "rfc9578/5.5/voprf-key-id-hashes-compressed"
PROOF, MALFORMED = "rfc9578/5.3/dleq-proof-verified-first", "rfc9578/5.3/malformed-response-refused"
SIGNATURE, LENGTH = "rfc9578/6.3/unblinded-signature-verified-first", "rfc9578/6.3/rsa-response-length-exact"


def directories() -> dict[str, Any]:
    """Directories, and what is none."""
    made = Directory(
        "/token-request",
        (ListedKey(1, voprf_key(0).public.octets), ListedKey(2, rsa_key(0).public.octets, 1_700_000_000)),
    )
    two = Twin("two-keys", directory(made), "a key of each type, one with a time", [JSON, MEMBERS])
    more = Twin(
        "unknown-members",
        directory(
            replace(made, request_uri="https://issuer.example/token-request?x=1"), [("x-more", b'{"a":[1,2.5,null]}')]
        ),
        "a whole URL, and a member that nobody knows",
        [JSON, MEMBERS, "rfc9578/4/unknown-directory-entries-tolerated"],
    )
    uri, keys = "member.issuer-request-uri", "member.token-keys.value"
    first, second = f"{keys}.entry[0].member", f"{keys}.entry[1].member"
    rows = [
        Row(two, "a comma behind the last key", to("text", "insert", -3, b","), [JSON], ["json"]),
        Row(two, "the last brace is missing", to("text", "cut", 1), [JSON], ["json"]),
        Row(two, "something stands behind", to("text", "extend", b"x"), [JSON], ["json"]),
        Row(two, "single quotes", to(f"{uri}.value", "put", b"'/token-request'"), [JSON], ["json"]),
        Row(two, "a comment", to("text", "insert", 1, b"/* keys */"), [JSON], ["json"]),
        Row(two, "it is no UTF-8", to(f"{uri}.value", "put", b'"/\xff"'), [JSON], ["json"]),
        Row(two, "it is a list", [*to("text", "insert", 0, b"["), *to("text", "extend", b"]")], [JSON], ["structure"]),
        Row(two, "it is empty", to("text", "put", b""), [JSON], ["json"]),
        Row(two, "it is an empty object", to("text", "put", b"{}"), [MEMBERS], ["missing"]),
        Row(two, "there is no URL of requests", to(uri, "drop"), [MEMBERS, URI], ["missing"]),
        Row(two, "there are no keys", to("member.token-keys", "drop"), [MEMBERS], ["missing"]),
        Row(two, "the list of keys is empty", to(f"{keys}.text", "put", b"[]"), [MEMBERS], ["missing"]),
        Row(two, "the URL is a number", to(f"{uri}.value", "put", b"1"), [URI], ["type"]),
        Row(two, "the URL is null", to(f"{uri}.value", "put", b"null"), [URI], ["type"]),
        Row(two, "the URL is empty", to(f"{uri}.value", "put", b'""'), [URI], ["missing"]),
        Row(two, "the keys are an object", to(f"{keys}.text", "put", b'{"1":"AAAA"}'), [ENTRIES], ["type"]),
        Row(two, "the keys are texts", to(f"{keys}.text", "put", b'["AAAA"]'), [ENTRIES], ["type"]),
        Row(two, "a key is null", to(f"{keys}.entry[0]", "put", b"null\n"), [ENTRIES], ["type"]),
        *(
            Row(
                two,
                f"the first type is {value}",
                to(f"{first}.token-type.value", "put", value.encode()),
                [NUMBER],
                ["type"],
            )
            for value in ('"1"', '"0x0001"', "1.0", "1.5", "-1", "65536", "null", "true")
        ),
        Row(two, "the first type is missing", to(f"{first}.token-type", "drop"), [NUMBER], ["missing"]),
        Row(two, "the first key is missing", to(f"{first}.token-key", "drop"), [KEY], ["missing"]),
        Row(two, "the first key is an object", to(f"{first}.token-key.value", "put", b'{"kty":"EC"}'), [KEY], ["type"]),
        Row(two, "the first key has no padding", to(f"{first}.token-key.value", "put", _unpadded()), [KEY], ["base64"]),
        Row(two, "the first key has a plus", to(f"{first}.token-key.value", "insert", 1, b"++++"), [KEY], ["base64"]),
        Row(
            two, "the first key has a line feed", to(f"{first}.token-key.value", "insert", 1, b"\\n"), [KEY], ["base64"]
        ),
        Row(
            two,
            "the first key is hexadecimal",
            to(f"{first}.token-key.value", "put", b'"' + voprf_key(0).public.octets.hex().encode()[:-1] + b'"'),
            [KEY],
            ["base64"],
        ),
        *(
            Row(
                two,
                f"the time is {value}",
                to(f"{second}.not-before.value", "put", value.encode()),
                [SINCE],
                ["type", "range"],
            )
            for value in ('"1700000000"', "1700000000.5", "1700000000000", "-1", "null", "true")
        ),
        Row(more, "the URL is a list", to(f"{uri}.value", "put", b'["/token-request"]'), [URI], ["type"]),
    ]
    found = vectors_of(
        "privacypass/rfc9578-directory-derived", under("directory"), SAID["privacypass.directory"], [two, more], rows
    )
    return file_of(
        "privacypass.directory",
        "rfc9578",
        "4",
        f"Directories{EACH}",
        found,
    )


def _unpadded() -> bytes:
    return b'"' + base64url(voprf_key(0).public.octets).rstrip(b"=") + b'"'


def keys() -> dict[str, Any]:
    """Keys of both types, and what is none."""
    point, other = (Message(key=voprf_key(n).public.octets) for n in (0, 1))
    one = Twin("point", point, "a point of P-384", [POINT, FORM], {"token_type": 1})
    odd = Twin("another-point", other, "another point of P-384", [POINT, FORM], {"token_type": 1})
    rsa = Twin(
        "rsa",
        Message(key=rsa_key(0).public.octets),
        "a key of 2048 bits for RSASSA-PSS",
        [OID, PARAMS, EXACT, DER],
        {"token_type": 2},
    )
    null = Twin(
        "rsa-with-null",
        Message(
            key=spki.encode(
                rsa_key(0).private.public,
                _with(hash=spki.Hash(spki.SHA384, True), mgf_hash=spki.Hash(spki.SHA384, True)),
            )
        ),
        "the same, with NULL behind the names of hashes (RFC 4055, Section 2.1)",
        [OID, PARAMS, EXACT],
        {"token_type": 2},
    )
    rows = [
        *(
            Row(one, f"it is {label}", to("key", "put", octets), [POINT], ["point"])
            for label, octets in NOT_POINTS.items()
        ),
        *(
            Row(odd, f"it is {label}", to("key", "put", octets), [POINT, FORM], ["length"])
            for label, octets in OTHER_FORMS.items()
        ),
        Row(one, "it is 49 zeros", to("key", "put", bytes(49)), [IDENTITY], ["identity", "point"]),
        Row(one, "it is one zero", to("key", "put", bytes(1)), [IDENTITY], ["identity", "length"]),
        Row(one, "it is empty", to("key", "put", b""), [POINT], ["length"]),
        Row(one, "the last octet is missing", to("key", "cut", 1), [POINT], ["length"]),
        Row(one, "an octet behind", to("key", "extend", b"\0"), [POINT], ["length"]),
        *(
            Row(rsa, change, to("key", "put", octets), [requirement], refusal)
            for change, octets, requirement, refusal in _spki()
        ),
    ]
    found = vectors_of(
        "privacypass/rfc9578-key-derived",
        under("token_key"),
        SAID["privacypass.token-key"],
        [one, odd, rsa, null],
        rows,
    )
    return file_of(
        "privacypass.token-key",
        "rfc9578",
        "5.5 and 6.5",
        f"Keys of both types{EACH}",
        found,
    )


def _with(**fields: Any) -> spki.Algorithm:
    return replace(spki.PSS_SHA384, parameters=replace(spki.PSS(), **fields))


def _spki() -> Iterator[tuple[str, bytes, str, list[str]]]:
    public = rsa_key(0).private.public
    octets = spki.encode(public)

    def made(algorithm: spki.Algorithm) -> bytes:
        return spki.encode(public, algorithm)

    yield "it is for rsaEncryption", made(spki.RSA), OID, ["algorithm"]
    yield "it is for rsaEncryption without NULL", made(spki.Algorithm(spki.RSA_ENCRYPTION, None)), OID, ["algorithm"]
    yield "it has no parameters", made(spki.PSS_ANY), PARAMS, ["parameters"]
    yield "its parameters are NULL", made(spki.Algorithm(spki.RSASSA_PSS, None, True)), PARAMS, ["parameters"]
    yield "it has no hash", made(_with(hash=None)), COMPLETE, ["parameters"]
    yield "it has no mask generation", made(_with(mgf=None, mgf_hash=None)), COMPLETE, ["parameters"]
    yield "its mask generation has no hash", made(_with(mgf_hash=None)), COMPLETE, ["parameters"]
    yield "it has no length of the salt", made(_with(salt_length=None)), COMPLETE, ["parameters"]
    for n in (0, 20, 30, 32, 47, 49, 64):
        yield f"its salt has {n} octets", made(_with(salt_length=n)), EXACT, ["parameters"]
    yield "its hash is SHA-256", made(_with(hash=spki.Hash(spki.SHA256))), EXACT, ["parameters"]
    yield "its mask generation is of SHA-256", made(_with(mgf_hash=spki.Hash(spki.SHA256))), EXACT, ["parameters"]
    yield "its mask generation is of SHA-1", made(_with(mgf_hash=spki.Hash(spki.SHA1))), EXACT, ["parameters"]
    yield "the mask generation is another", made(_with(mgf=spki.SHA384)), EXACT, ["parameters"]
    yield "its trailer is 2", made(_with(trailer=2)), EXACT, ["parameters"]
    yield "an octet behind", octets + b"\0", DER, ["der"]
    yield "the last octet is missing", octets[:-1], DER, ["der"]
    yield "its length is written longer", b"\x30\x83\x00" + octets[2:], DER, ["der"]
    yield "it is empty", b"", DER, ["der"]
    yield "it is a key of PKCS #1", octets[-270:], DER, ["der"]
    yield "its modulus is even", spki.encode(blindrsa.PublicKey(public.n - 1, public.e)), BITS, ["number"]
    yield "its modulus has 2040 bits", spki.encode(blindrsa.PublicKey(public.n >> 8 | 1, public.e)), BITS, ["length"]
    yield "its modulus has 4096 bits", spki.encode(blindrsa.PublicKey(public.n * public.n, public.e)), BITS, ["length"]
    yield "its exponent is 1", spki.encode(blindrsa.PublicKey(public.n, 1)), BITS, ["number"]


def _begun(key: PublicKey) -> Pending:
    return key.begin(b"\0" + bytes([key.token_type]) + bytes(range(96)), random.Random(9578))


def requests() -> dict[str, Any]:
    """Token requests, and what is none."""
    first, second = voprf_key(0).public, rsa_key(0).public
    one = Twin(
        "type-1",
        token_request(first, _begun(first).blinded),
        "a request of type 1",
        ["rfc9578/5.1/voprf-request-layout-exact"],
        {"token_key": first.octets.hex()},
    )
    two = Twin(
        "type-2",
        token_request(second, _begun(second).blinded),
        "a request of type 2",
        ["rfc9578/6.1/rsa-request-layout-exact"],
        {"token_key": second.octets.hex()},
    )
    size, blinded = "rfc9578/5.2/voprf-blinded-msg-size-422", "rfc9578/5.2/invalid-blinded-msg-422"
    size_2, range_2 = "rfc9578/6.2/rsa-blinded-msg-size-422", "rfc9578/6.2/out-of-range-representative-refused"
    n = second.key.n
    rows = [
        *(
            Row(one, f"only {k} octets", to("", "put", one.recipe.encode()[:k]), [size], ["truncated"])
            for k in (0, 1, 2, 3, 35, 51)
        ),
        *(Row(one, f"{k} octets behind", to("", "extend", bytes(k)), [size], ["trailing"]) for k in (1, 3, 48, 207)),
        *(
            Row(two, f"only {k} octets", to("", "put", two.recipe.encode()[:k]), [size_2], ["truncated"])
            for k in (0, 2, 3, 52, 258)
        ),
        *(Row(two, f"{k} octets behind", to("", "extend", bytes(k)), [size_2], ["trailing"]) for k in (1, 3, 256)),
        *(
            Row(
                one,
                f"the type is {kind:#06x}",
                to("token_type", "put", kind),
                ["rfc9578/5.2/voprf-unsupported-type-422"],
                ["type"],
            )
            for kind in (*RESERVED_TYPES[:4], 0x0100, 0x7777)
        ),
        Row(one, "the type is that of signatures", to("token_type", "put", 2), [size_2], ["truncated"]),
        Row(two, "the type is that of VOPRF", to("token_type", "put", 1), [size], ["trailing"]),
        Row(
            one,
            "another key is named",
            to("truncated_token_key_id", "put", first.truncated ^ 1),
            ["rfc9578/5.2/voprf-unknown-key-id-422"],
            ["key"],
        ),
        Row(
            one,
            "the key is named by its first octet",
            to("truncated_token_key_id", "put", first.key_id[0]),
            ["rfc9578/5.2/voprf-unknown-key-id-422"],
            ["key"],
        ),
        Row(
            two,
            "another key is named",
            to("truncated_token_key_id", "put", second.truncated ^ 1),
            ["rfc9578/6.2/rsa-unknown-key-id-422"],
            ["key"],
        ),
        *(
            Row(one, f"the element is {label}", to("blinded_msg", "put", octets), [blinded, POINT], ["point"])
            for label, octets in NOT_POINTS.items()
        ),
        *(
            Row(one, f"the element is {label}", to("blinded_msg", "put", octets), [size, POINT], ["length"])
            for label, octets in OTHER_FORMS.items()
        ),
        Row(one, "the element is 49 zeros", to("blinded_msg", "put", bytes(49)), [IDENTITY], ["identity", "point"]),
        *(
            Row(
                two,
                f"the number is {label}",
                to("blinded_msg", "put", number.to_bytes(256, "big")),
                [range_2],
                ["range"],
            )
            for label, number in (("n", n), ("n + 1", n + 1), ("the largest", (1 << 2048) - 1))
        ),
    ]
    found = vectors_of(
        "privacypass/rfc9578-request-derived",
        under("token_request"),
        SAID["privacypass.token-request"],
        [one, two],
        rows,
    )
    return file_of(
        "privacypass.token-request",
        "rfc9578",
        "5.2 and 6.2",
        f"Token requests{EACH}",
        found,
    )


def responses() -> dict[str, Any]:
    """Token responses, and what is none."""
    first, second = voprf_key(0), rsa_key(0)
    asked, wanted = _begun(first.public), _begun(second.public)
    element = P384.decode(asked.blinded)
    evaluated, proof = first.evaluate(element, 0x9578)
    other_evaluated, other_proof = voprf_key(2).evaluate(element, 0x9578)
    _, elsewhere = first.evaluate(2 * element, 0x9578)
    one = Twin(
        "type-1",
        voprf_response(evaluated, proof),
        "a response of type 1",
        [PROOF, MALFORMED],
        {"token_type": 1, "token_key": first.public.octets.hex(), "blinded_msg": asked.blinded.hex()},
    )
    signature = blindrsa.blind_sign(second.private, wanted.blinded)
    two = Twin(
        "type-2",
        rsa_response(signature),
        "a response of type 2",
        [SIGNATURE, LENGTH],
        {"token_type": 2, "token_key": second.public.octets.hex(), "blinded_msg": wanted.blinded.hex()},
    )
    order, zero = P384.order.to_bytes(48, "big"), bytes(48)
    swapped = P384.encode_scalar(proof.response) + P384.encode_scalar(proof.challenge)
    rows = [
        *(
            Row(one, f"only {k} octets", to("", "put", one.recipe.encode()[:k]), [MALFORMED], ["truncated"])
            for k in (0, 1, 48, 49, 97, 144)
        ),
        *(Row(one, f"{k} octets behind", to("", "extend", bytes(k)), [MALFORMED], ["trailing"]) for k in (1, 48, 111)),
        Row(
            one,
            "all of it is for another key",
            to("", "put", voprf_response(other_evaluated, other_proof).encode()),
            [PROOF],
            ["proof"],
        ),
        Row(
            one,
            "the evaluation is by another key",
            to("evaluate_msg", "put", other_evaluated.encode()),
            [PROOF],
            ["proof"],
        ),
        Row(
            one,
            "the proof is that of another key",
            to("evaluate_proof", "put", voprf_response(evaluated, other_proof).build().fields["evaluate_proof"]),
            [PROOF],
            ["proof"],
        ),
        Row(
            one,
            "the proof is that of another request",
            to("evaluate_proof", "put", voprf_response(evaluated, elsewhere).build().fields["evaluate_proof"]),
            [PROOF],
            ["proof"],
        ),
        Row(one, "c and s have changed places", to("evaluate_proof", "put", swapped), [PROOF], ["proof"]),
        Row(one, "a bit of c is turned", to("evaluate_proof.c", "flip", -1, 1), [PROOF], ["proof"]),
        Row(one, "a bit of s is turned", to("evaluate_proof.s", "flip", -1, 1), [PROOF], ["proof"]),
        Row(one, "the proof is zeros", to("evaluate_proof", "put", zero * 2), [PROOF], ["proof"]),
        Row(
            one,
            "s is the order",
            to("evaluate_proof.s", "put", order),
            ["rfc9497/4.1/out-of-range-scalar-refused"],
            ["scalar"],
        ),
        Row(
            one,
            "c is the order",
            to("evaluate_proof.c", "put", order),
            ["rfc9497/4.1/out-of-range-scalar-refused"],
            ["scalar"],
        ),
        Row(
            one,
            "c is all ones",
            to("evaluate_proof.c", "put", b"\xff" * 48),
            ["rfc9497/4.1/out-of-range-scalar-refused"],
            ["scalar"],
        ),
        Row(one, "the element is its negative", to("evaluate_msg", "flip", 0, 1), [PROOF], ["proof"]),
        Row(one, "the element is 49 zeros", to("evaluate_msg", "put", bytes(49)), [IDENTITY], ["identity", "point"]),
        *(
            Row(
                one,
                f"the element is {label}",
                to("evaluate_msg", "put", NOT_POINTS[label]),
                [POINT, MALFORMED],
                ["point"],
            )
            for label in ("off the curve", "x = p", "tag 04", "tag 05", "all ones")
        ),
        Row(
            one,
            "the element is uncompressed",
            to("evaluate_msg", "put", OTHER_FORMS["uncompressed"]),
            [POINT, MALFORMED],
            ["point", "trailing"],
        ),
        *(
            Row(two, f"only {k} octets", to("", "put", signature[:k]), [LENGTH], ["truncated"])
            for k in (0, 1, 145, 255)
        ),
        *(Row(two, f"{k} octets behind", to("", "extend", bytes(k)), [LENGTH], ["trailing"]) for k in (1, 256)),
        Row(two, "a zero in front", to("blind_sig", "insert", 0, b"\0"), [LENGTH], ["trailing"]),
        Row(two, "the last bit is turned", to("blind_sig", "flip", -1, 1), [SIGNATURE], ["signature"]),
        Row(two, "a bit in front is turned", to("blind_sig", "flip", 0, 0x10), [SIGNATURE], ["signature"]),
        Row(
            two,
            "it is by another key",
            to("blind_sig", "put", b"\0" + blindrsa.blind_sign(rsa_key(2).private, b"\0" + wanted.blinded[1:])[1:]),
            [SIGNATURE],
            ["signature"],
        ),
        Row(
            two,
            "it is of another message",
            to("blind_sig", "put", blindrsa.blind_sign(second.private, bytes(255) + b"\2")),
            [SIGNATURE],
            ["signature"],
        ),
        Row(two, "it is zeros", to("blind_sig", "put", bytes(256)), [SIGNATURE], ["signature"]),
        Row(two, "it is what was sent", to("blind_sig", "put", wanted.blinded), [SIGNATURE], ["signature"]),
    ]
    found = vectors_of(
        "privacypass/rfc9578-response-derived",
        under("token_response"),
        SAID["privacypass.token-response"],
        [one, two],
        rows,
    )
    return file_of(
        "privacypass.token-response",
        "rfc9578",
        "5.3 and 6.3",
        f"Token responses{EACH}",
        found,
    )
