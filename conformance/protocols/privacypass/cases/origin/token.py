"""Tokens as an origin takes and refuses them (RFC 9577, Sections 2.2.1 to 2.2.3; RFC 9578, Sections 5.4 and 6.4)."""

from collections.abc import Callable
from typing import Any

from conformance.cases import case, cut, extend, flip, given, octets, put
from conformance.crypto import blindrsa
from conformance.model import ACCEPTED
from conformance.protocols.privacypass.exchanges import PLAIN_4XX, PLAIN_401, redeem
from conformance.protocols.privacypass.messages import RESERVED_TYPES
from conformance.protocols.privacypass.peers import private_key

TYPE_1, TYPE_2 = {"type": [1]}, {"type": [2]}
LENGTH, DIGEST = "rfc9577/2.2.1/wrong-length-token-refused", "rfc9577/2.2.2/unknown-challenge-digest-refused"
FORGED, ANY = "rfc9577/2.2.3/forged-authenticator-refused", "rfc9576/3.5/forged-token-refused"
PSS, CANONICAL = "rfc9578/6.4/other-pss-parameters-refused", "rfc9474/4.5/non-canonical-signature-refused"
GREASE = "rfc9577/6.2.1/greased-token-refused-cleanly"
AGAIN = {"rfc9577/general/bad-credentials-get-401": [PLAIN_401]}


@case(redeem, LENGTH, expect=[PLAIN_4XX], also=AGAIN, each={
    "one octet long": extend("token", b"\0"),
    "one octet short": cut("token", 1),
    "without an authenticator": put("token.authenticator", b""),
    "twice the authenticator": put("token.authenticator", octets(512)),
    "only a type": put("token", b"\0\1"),
    "nothing": put("token", b""),
    "without a key id": put("token.token_key_id", b""),
})  # fmt: skip
def token_of_another_length(change):
    """The token has too few or too many octets for its type."""
    return change


@case(redeem, FORGED, ANY, expect=[PLAIN_4XX], also=AGAIN, each={
    "a bit of the authenticator": flip("token.authenticator", -1),
    "its first bit": flip("token.authenticator", 0, 0x10),
    "zeros": put("token.authenticator", bytes(48), wire=True),
    "another nonce": put("token.nonce", octets(32), wire=True),
})  # fmt: skip
def authenticator_that_does_not_hold(change):
    """The authenticator is another than the one for what stands in front of it."""
    return change


@case(redeem, FORGED, ANY, expect=[PLAIN_4XX], also=AGAIN)
def authenticator_by_another_key():
    """The token is made whole with a key that is not the issuer's, and names the right one."""
    return given(key=lambda kind: private_key(kind, 2))


@case(redeem, DIGEST, expect=[PLAIN_4XX], also=AGAIN, each={
    "of nothing": bytes(32), "at random": octets(32), "of an empty challenge": bytes.fromhex(
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
})  # fmt: skip
def token_for_another_challenge(digest):
    """A token that verifies, for a challenge that the origin never gave out."""
    return put("token.challenge_digest", digest)


@case(redeem, FORGED, ANY, expect=[PLAIN_4XX], also=AGAIN, each={
    "at random": octets(32), "of another key": private_key(2, 2).public.key_id,
})  # fmt: skip
def key_that_is_nobodys(key_id):
    """The token names a key that is none of the issuer's; its authenticator is made with one that is."""
    return put("token.token_key_id", key_id)


@case(redeem, FORGED, ANY, expect=[PLAIN_4XX], also=AGAIN, where=TYPE_1)
def token_called_a_signature():
    """A token of type 1 says that it is of type 2; its authenticator covers that."""
    return put("token.token_type", 2)


@case(redeem, FORGED, ANY, expect=[PLAIN_4XX], also=AGAIN, where=TYPE_2)
def token_called_an_evaluation():
    """A token of type 2 says that it is of type 1; its signature covers that."""
    return put("token.token_type", 1)


@case(redeem, GREASE, "rfc9577/6.2.1/grease-types-reserved", expect=[PLAIN_4XX], also=AGAIN, each={
    f"{kind:#06x} and {n} octets": kind.to_bytes(2, "big") + octets(n, kind)
    for kind, n in zip((*RESERVED_TYPES[:6], 0xF057, 0x7777), (0, 144, 352, 96, 1, 17, 500, 144), strict=True)
})  # fmt: skip
def token_of_a_reserved_type(whole):
    """A token of a type that is reserved, with octets at random: it is refused, and nothing else happens."""
    return put("token", whole)


def _padded(salt: bytes) -> Callable[[Any, bytes], bytes]:
    def signed(key: Any, message: bytes) -> bytes:
        made: bytes = key.signed(blindrsa.pss_encode(message, 2047, salt))
        return made

    return signed


def _unpadded(key: Any, message: bytes) -> bytes:
    made: bytes = key.signed(b"\0\1" + b"\xff" * (256 - 3 - len(message)) + b"\0" + message)
    return made


def _too_large(key: Any, message: bytes) -> bytes:
    for n in range(64):
        number: int = int.from_bytes(key.authenticator(message, bytes([n]) * 48), "big") + key.private.n
        if number < 1 << 2048:
            return number.to_bytes(256, "big")
    return bytes(256)


@case(redeem, PSS, FORGED, expect=[PLAIN_4XX], also=AGAIN, where=TYPE_2, each={
    "a salt of 32 octets": _padded(octets(32)),
    "a salt of 20 octets": _padded(octets(20)),
    "a salt of 64 octets": _padded(octets(64)),
    "no padding of PSS": _unpadded,
})  # fmt: skip
def signature_of_another_kind(by):
    """The signature is made with the right key, and in another way."""
    return given(by=by)


@case(redeem, CANONICAL, FORGED, expect=[PLAIN_4XX], also=AGAIN, where=TYPE_2)
def signature_above_the_modulus():
    """The modulus is added to a signature that is right: the same power, but another token."""
    return given(by=_too_large)


@case(redeem, "rfc9578/6.4/psszero-acceptance-ambiguous", expect=[PLAIN_4XX], where=TYPE_2)
def signature_without_a_salt():
    """The signature has no salt: RFC 9578, Section 8.2.2, lists that variant, and 6.4 verifies another."""
    return given(by=_padded(b""))


@case(
    redeem, "rfc9578/4/any-listed-key-verifies", expect=[ACCEPTED, PLAIN_401.per("rfc9578/4/any-listed-key-verifies")]
)
def token_under_the_second_key():
    """The token is under a key of the issuer's that is not the one in the challenge."""
    return given(listed=1)
