"""Messages of Privacy Pass: the published vectors, round trips, and what strict decoders do with any octets."""

from __future__ import annotations

import contextlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import vectors
from conformance.crypto import blindrsa
from conformance.model import Change
from conformance.protocols.privacypass import messages as m
from conformance.protocols.privacypass.peers import rsa_key, voprf_key
from conformance.wire import DecodeError

ISSUED = [v for n in (1, 2) for f in vectors.load(f"privacypass/rfc9578-type{n}.json") for v in f.vectors]
CHALLENGES = [
    v for f in vectors.load("privacypass/rfc9577-challenge.json") for v in f.vectors if "origin_info" in v.given
]
FIELDS = [v for f in vectors.load("privacypass/rfc9577-header.json") for v in f.vectors]
DECODERS = (m.decode_challenge, m.decode_token, m.decode_request, m.decode_directory, m.decode_voprf_response,
            m.parse_auth, m.parse_credentials, m.token_of, m.json_of)  # fmt: skip


@pytest.mark.parametrize("vector", ISSUED, ids=lambda v: v.id)
def test_published_issuance(vector):
    challenge, request = vector.octets("token_challenge"), m.decode_request(vector.expected("token_request"))
    key = m.public_key(request.token_type, vector.octets("pkS"))
    token = m.decode_token(vector.expected("token"))
    key.check(request.blinded, vector.expected("token_response"))
    assert request.truncated == key.truncated
    assert token.key_id == key.key_id
    assert token.digest == m.challenge_digest(challenge)
    assert m.decode_challenge(challenge).token_type == token.token_type
    assert m.token_request(key, request.blinded).encode() == vector.expected("token_request")
    if isinstance(key, m.RSAKey):
        assert m.VARIANT.verify(key.key, token.signed, token.authenticator)
    else:
        private = m.PrivateVOPRFKey.of(int(vector.given["skS"], 16))
        assert private.public == key
        assert private.authenticator(token.signed) == token.authenticator


@pytest.mark.parametrize("vector", CHALLENGES, ids=lambda v: v.id)
def test_published_challenges(vector):
    given_ = vector.given
    origins = tuple(bytes.fromhex(given_["origin_info"]).split(b",")) if given_["origin_info"] else ()
    made = m.TokenChallenge(int(given_["token_type"], 16), bytes.fromhex(given_["issuer_name"]),
                            bytes.fromhex(given_["redemption_context"]), origins)  # fmt: skip
    assert m.token_challenge(made).encode() == vector.expected("token_challenge")
    assert m.decode_challenge(vector.expected("token_challenge")) == made


@pytest.mark.parametrize("vector", FIELDS, ids=lambda v: v.id)
def test_published_fields(vector):
    offers = [m.offer_of(a) for a in m.parse_auth(vector.given["field_value"].encode()) if a.private]
    wanted = [c["token_key"] for c in vector.expect["challenges"]]
    found = [o.token_key.hex() for o in offers if o.token_key]
    assert [key for key in found if key in wanted] == wanted


@pytest.mark.parametrize("kind", m.TYPES)
def test_an_issuance_from_end_to_end(kind):
    rng = random.Random(kind)
    private = voprf_key() if kind == 1 else rsa_key()
    signed = m.token_input(kind, bytes(32), bytes(32), private.public.key_id)
    pending = private.public.begin(signed, rng)
    request = m.decode_request(m.token_request(private.public, pending.blinded).encode())
    blinded = m.decode_blinded(request, m.choose_key(request, [voprf_key(1), rsa_key(1), private]).public)
    if kind == 1:
        response = m.voprf_response(*private.evaluate(blinded, 5)).encode()
    else:
        response = m.rsa_response(blindrsa.blind_sign(private.private, blinded)).encode()
    authenticator = pending.finish(response)
    assert len(authenticator) == m.AUTHENTICATOR_LENGTHS[kind]
    with pytest.raises((DecodeError, m.Refused)):
        pending.finish(response + b"\0")
    with pytest.raises(m.Refused):
        pending.finish(response[:-1] + bytes([response[-1] ^ 1]))


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(DECODERS))
def test_any_octets_are_a_value_or_a_decode_error(octets, decode):
    with contextlib.suppress(DecodeError):
        decode(octets)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='PrivateToken ,="\\\t;a-Z0/', max_size=60), st.sampled_from(DECODERS[5:8]))
def test_any_credentials_are_a_value_or_a_decode_error(text, decode):
    with contextlib.suppress(DecodeError):
        decode(text.encode())


@pytest.mark.parametrize(("value", "schemes"), [
    (b'Basic realm="x", PrivateToken challenge="AA=="', [b"Basic", b"PrivateToken"]),
    (b"Negotiate AAA=, , Basic", [b"Negotiate", b"Basic"]),
    (b'A x = "1" , y=2,\tB', [b"A", b"B"]),
    (b"", []),
    (b" , ,", []),
])  # fmt: skip
def test_lists_of_challenges(value, schemes):
    assert [a.scheme for a in m.parse_auth(value)] == schemes


@pytest.mark.parametrize("text", [b"AAI", b"AAI==", b"A A=", b"AAJ=", b"AA+=", b"AAI=\n"])
def test_base64_that_is_none(text):
    with pytest.raises(DecodeError):
        m.unbase64(text, "value")


def test_every_member_of_a_directory_can_be_changed():
    made = m.directory(m.Directory("/r", (m.ListedKey(1, b"one"), m.ListedKey(2, b"two", 3))))
    assert m.decode_directory(made.encode()).keys[1] == m.ListedKey(2, b"two", 3)
    key = "member.token-keys.value.entry[0].member"
    for path, op, args, wanted in (
        ("member.issuer-request-uri", "drop", (), b'{"token-keys":['),
        (f"{key}.token-type.value", "put", (b'"1"',), b'[{"token-type":"1",'),
        (f"{key}.token-key", "drop", (), b'[{"token-type":1}'),
        ("member.token-keys.value.entry[0]", "drop", (), b'"token-keys":[{"token-type":2'),
    ):
        built = made.build([Change("", path, op, args)])
        assert wanted in built.octets
        assert built.applied == {0}
