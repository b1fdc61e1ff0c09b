"""Vectors of RFC 9577: challenges, tokens, and the fields that they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model import Change
from conformance.protocols.privacypass.messages import (
    RESERVED_TYPES,
    TokenChallenge,
    auth,
    challenge_params,
    credentials,
    token,
    token_challenge,
)
from conformance.protocols.privacypass.peers import rsa_key, voprf_key
from conformance.protocols.privacypass.vectors._check import SAID
from conformance.protocols.privacypass.vectors._file import EACH, Row, Twin, file_of, to, under, vectors_of
from conformance.wire import Message

NONCE, CONTEXT = bytes(range(32)), bytes(range(100, 132))
ISSUER, ORIGIN = b"issuer.example", b"origin.example"
STRUCTURE = "rfc9577/2.1.1/challenge-length-exact"
NAME, LENGTH = "rfc9577/2.1.1/issuer-name-non-empty-ascii", "rfc9577/2.1.1/redemption-context-0-or-32"
INFO, USER = "rfc9577/2.1.1/origin-info-bare-comma-list", "rfc9577/2.1.1.1/userinfo-in-names-refused"
PORT = "rfc9577/2.1.1.1/names-host-with-optional-port"
SIZE = "rfc9577/2.2.1/wrong-length-token-refused"
GRAMMAR = "rfc9577/general/full-header-grammar-handled"
PADDED, ONCE = "rfc9577/2.2.2/token-base64url-padded", "rfc9577/general/parameter-names-case-insensitive"
FIELD, QUOTED = "rfc9577/2.1.2/challenge-base64url-padded", "rfc9577/2.1.2/padded-value-quoted"
AGE, KEY = "rfc9577/2.1.2/max-age-in-seconds", "rfc9577/2.1.2/token-key-base64url-padded"
REQUIRED = "rfc9577/2.1.2/challenge-parameter-required"


def challenges() -> dict[str, Any]:
    """Challenges, and what is none."""
    one = Twin(
        "one-origin",
        token_challenge(TokenChallenge(2, ISSUER, CONTEXT, (ORIGIN,))),
        "a challenge for one origin",
        [STRUCTURE],
    )
    plain = Twin(
        "no-context",
        token_challenge(TokenChallenge(1, ISSUER)),
        "a challenge for any origin, without a context",
        [STRUCTURE],
    )
    several = Twin(
        "two-origins",
        token_challenge(TokenChallenge(2, b"issuer.example:8443", CONTEXT, (ORIGIN, b"[2001:db8::1]:443"))),
        "names with ports",
        [STRUCTURE, PORT],
    )
    rows = [
        *_cuts(one, (0, 1, 2, 3, 4, 10, 18, 19, 40, 51, 52, 53, 60), STRUCTURE),
        *_cuts(plain, (1, 2, 5, 18), STRUCTURE),
        *_behind(one, STRUCTURE),
        *_behind(plain, STRUCTURE),
        Row(one, "the issuer's name is empty", to("issuer_name", "put", b""), [NAME], ["empty"]),
        *(
            Row(
                one,
                f"the context has {n} octets",
                to("redemption_context", "put", (CONTEXT * 8)[:n]),
                [LENGTH],
                ["length"],
            )
            for n in (1, 16, 31, 33, 64, 255)
        ),
        *(
            Row(
                one,
                f"the length of the context is {n}",
                to("redemption_context_length", "put", n),
                [LENGTH, STRUCTURE],
                ["length", "truncated"],
            )
            for n in (0, 31, 33, 255)
        ),
        *(
            Row(
                one,
                f"the length of the issuer's name is {n}",
                to("issuer_name_length", "put", n),
                [STRUCTURE],
                ["length", "truncated"],
            )
            for n in (0, 13, 15, 0xFFFF)
        ),
        *(
            Row(
                one,
                f"the length of the origins is {n}",
                to("origin_info_length", "put", n),
                [STRUCTURE],
                ["length", "truncated", "trailing"],
            )
            for n in (0, 13, 15, 0xFFFF)
        ),
        *(
            Row(
                one,
                f"the origins are {name.decode('latin-1')!r}",
                to("origin_info", "put", name),
                [requirement],
                ["name"],
            )
            for name, requirement in (
                (b"origin.example, other.example", INFO),
                (b",origin.example", INFO),
                (b"origin.example,", INFO),
                (b"origin.example,,other.example", INFO),
                (b" origin.example", INFO),
                (b"user@origin.example", USER),
                (b"origin.example/path", PORT),
                (b"origin.example:port", PORT),
                (b":443", PORT),
                (b"[2001:db8::1", PORT),
                (b"https://origin.example", PORT),
                (b"caf\xe9.example", INFO),
            )
        ),
        *(
            Row(
                several,
                f"the issuer is {name.decode('latin-1')!r}",
                to("issuer_name", "put", name),
                [requirement],
                ["name"],
            )
            for name, requirement in (
                (b"user@issuer.example", USER),
                (b"issuer.example:", PORT),
                (b"issuer example", NAME),
                (b"issuer.example/", PORT),
                (b"\xc3\xa9.example", NAME),
            )
        ),
    ]
    made = vectors_of(
        "privacypass/rfc9577-challenge-derived",
        under("challenge"),
        SAID["privacypass.token-challenge"],
        [one, plain, several],
        rows,
    )
    return file_of(
        "privacypass.token-challenge",
        "rfc9577",
        "2.1.1",
        f"Challenges{EACH}",
        made,
    )


def _cuts(twin: Twin, lengths: tuple[int, ...], requirement: str) -> Iterator[Row]:
    octets = twin.recipe.encode()
    for n in lengths:
        yield Row(twin, f"only {n} octets", to("", "put", octets[:n]), [requirement], ["truncated"])
    yield Row(twin, "the last octet is missing", to("", "cut", 1), [requirement], ["truncated"])


def _behind(twin: Twin, requirement: str) -> Iterator[Row]:
    for n in (1, 2, 3, 32):
        yield Row(twin, f"{n} octets behind", to("", "extend", bytes(n)), [requirement], ["trailing"])


def _tokens() -> tuple[Message, Message]:
    challenge = token_challenge(TokenChallenge(1, ISSUER, CONTEXT, (ORIGIN,))).encode()
    other = token_challenge(TokenChallenge(2, ISSUER, CONTEXT, (ORIGIN,))).encode()
    one, two = voprf_key(0), rsa_key(0)
    return (
        token(1, NONCE, challenge, one.public.key_id, one.authenticator),
        token(2, NONCE, other, two.public.key_id, lambda octets: two.authenticator(octets, bytes(48))),
    )


def tokens() -> dict[str, Any]:
    """Tokens by their structure, and what is none."""
    first, second = _tokens()
    one = Twin("type-1", first, "a token of type 1", [SIZE])
    two = Twin("type-2", second, "a token of type 2", [SIZE])
    rows = [
        *_cuts(one, (0, 1, 2, 33, 34, 66, 97, 98, 130), SIZE),
        *_cuts(two, (0, 1, 2, 33, 66, 98, 146, 352), SIZE),
        *_behind(one, SIZE),
        *_behind(two, SIZE),
        Row(one, "it says that it is of type 2", to("token_type", "put", 2), [SIZE], ["truncated"]),
        Row(two, "it says that it is of type 1", to("token_type", "put", 1), [SIZE], ["trailing"]),
        Row(one, "it has no nonce", to("nonce", "put", b""), [SIZE], ["truncated"]),
        Row(two, "its nonce has 33 octets", to("nonce", "extend", b"\0"), [SIZE], ["trailing"]),
        *(
            Row(
                two,
                f"it is of the reserved type {kind:#06x}",
                to("token_type", "put", kind),
                ["rfc9577/6.2.1/grease-types-reserved"],
                ["type"],
            )
            for kind in (*RESERVED_TYPES, 0x7777, 0xFFFF)
        ),
    ]
    made = vectors_of("privacypass/rfc9577-token-derived", under("token"), SAID["privacypass.token"], [one, two], rows)
    return file_of(
        "privacypass.token",
        "rfc9577",
        "2.2.1",
        f"Tokens by their structure{EACH}",
        made,
    )


def _text(octets: bytes) -> dict[str, str]:
    return {"field_value": octets.decode("latin-1")}


def authorizations() -> dict[str, Any]:
    """Values of Authorization, and what is none."""
    first, second = (made.encode() for made in _tokens())
    quoted = Twin("in-quotes", credentials(first), "a token in quotes, since it has padding", [GRAMMAR, PADDED])
    bare = Twin("bare", credentials(second), "a token without quotes", [GRAMMAR])
    more = Twin(
        "other-parameters",
        Message(
            front=b'privatetoken  x-more=1 ,\t, y="a, \\"token\\"=b", Token = ',
            value=credentials(first).encode().removeprefix(b"PrivateToken token="),
        ),
        "other letters, white space, empty elements and parameters that nobody knows",
        [GRAMMAR, "rfc9577/2.2.2/unknown-credential-parameters-ignored", ONCE],
    )
    rows = [
        Row(quoted, "another scheme", to("scheme", "put", b"Bearer"), [GRAMMAR], ["scheme"]),
        Row(quoted, "no scheme", to("scheme", "put", b""), [GRAMMAR], ["syntax"]),
        Row(quoted, "no space behind the scheme", to("space", "put", b""), [GRAMMAR], ["syntax"]),
        Row(quoted, "only the scheme", to("", "put", b"PrivateToken"), [GRAMMAR], ["missing"]),
        Row(quoted, "nothing", to("", "put", b""), [GRAMMAR], ["missing"]),
        Row(quoted, "quotes that do not end", to("param[0].close", "put", b""), [GRAMMAR], ["syntax"]),
        Row(quoted, "quotes that do not begin", to("param[0].open", "put", b""), [GRAMMAR], ["syntax"]),
        Row(
            quoted,
            "padding without quotes",
            [*to("param[0].open", "put", b""), *to("param[0].close", "put", b"")],
            [GRAMMAR, QUOTED],
            ["syntax"],
        ),
        Row(
            quoted,
            "single quotes",
            [*to("param[0].open", "put", b"'"), *to("param[0].close", "put", b"'")],
            [GRAMMAR],
            ["syntax", "base64"],
        ),
        Row(quoted, "another parameter", to("param[0].name", "put", b"tokens"), [GRAMMAR], ["missing"]),
        Row(quoted, "a colon for the equals sign", to("param[0].equals", "put", b":"), [GRAMMAR], ["syntax"]),
        Row(quoted, "a token68", to("", "put", b"PrivateToken AAIB=="), [GRAMMAR], ["missing"]),
        Row(quoted, "the parameter twice", to("param[0]", "repeat", 2), [GRAMMAR, ONCE], ["syntax", "twice"]),
        Row(quoted, "text behind the quotes", to("param[0].close", "put", b'"x'), [GRAMMAR], ["syntax"]),
        Row(quoted, "the padding is missing", to("param[0].value", "cut", 1), [PADDED], ["base64"]),
        Row(quoted, "too much padding", to("param[0].value", "extend", b"="), [PADDED], ["base64"]),
        Row(quoted, "padding in the middle", to("param[0].value", "insert", 10, b"="), [PADDED], ["base64"]),
        Row(quoted, "a space within", to("param[0].value", "insert", 10, b" "), [PADDED], ["base64"]),
        Row(quoted, "a letter of another alphabet", to("param[0].value", "insert", 4, b"+//+"), [PADDED], ["base64"]),
        Row(quoted, "bits left over", _last_letter(quoted), [PADDED], ["base64"]),
        Row(bare, "two sets of credentials", to("", "extend", b", Basic abc="), [GRAMMAR], ["several"]),
        Row(bare, "one letter too few", to("param[0].value", "cut", 1), [PADDED], ["base64"]),
        Row(bare, "an equals sign in front", to("param[0].value", "insert", 0, b"="), [GRAMMAR], ["syntax"]),
        Row(bare, "a comma within", to("param[0].value", "insert", 10, b","), [GRAMMAR], ["syntax", "base64"]),
        Row(bare, "no value", to("param[0].value", "put", b""), [GRAMMAR], ["syntax", "missing"]),
    ]
    made = vectors_of(
        "privacypass/rfc9577-authorization-derived",
        _text,
        SAID["privacypass.authorization"],
        [quoted, bare, more],
        rows,
    )
    return file_of(
        "privacypass.authorization",
        "rfc9577",
        "2.2.2",
        f"Values of Authorization{EACH}",
        made,
    )


def _last_letter(twin: Twin) -> list[Change]:
    """The last letter before the padding has bits that mean nothing set."""
    value = twin.recipe.build().fields["param[0].value"]
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    body = value.rstrip(b"=")
    other = letters[letters.index(body[-1]) ^ 1]
    return to("param[0].value", "put", body[:-1] + bytes([other]) + value[len(body) :])


def fields() -> dict[str, Any]:
    """Values of WWW-Authenticate, and what is none."""
    challenge = token_challenge(TokenChallenge(1, ISSUER, CONTEXT, (ORIGIN,))).encode()
    key = rsa_key(0).public.octets
    made = auth(challenge_params(challenge, key, 60))
    one = Twin("one-challenge", made, "a challenge with a key and an age", [GRAMMAR, FIELD])
    short = Twin(
        "only-a-challenge", auth(challenge_params(challenge, None, None)), "a challenge alone", [GRAMMAR, REQUIRED]
    )
    among = Twin(
        "among-others",
        Message(
            first=b'Basic realm="a, \\"b", , Negotiate AAAA==,',
            challenge=auth(challenge_params(challenge, key, 1), b"PRIVATETOKEN"),
            last=b", Digest",
        ),
        "a challenge among others of other schemes",
        [GRAMMAR, "rfc9577/2.1.2.1/challenge-fields-form-one-list"],
    )
    rows = [
        Row(
            one, "the challenge is called otherwise", to("param[0].name", "put", b"challenges"), [REQUIRED], ["missing"]
        ),
        Row(one, "quotes that do not end", to("param[0].close", "put", b""), [GRAMMAR], ["syntax"]),
        Row(one, "the first comma is missing", to("param[1].sep", "put", b" "), [GRAMMAR], ["syntax"]),
        Row(one, "a semicolon for the first comma", to("param[1].sep", "put", b"; "), [GRAMMAR], ["syntax"]),
        Row(one, "the challenge twice", to("param[0]", "repeat", 2), [ONCE, GRAMMAR], ["twice", "syntax"]),
        Row(one, "the key twice", to("param[1]", "repeat", 2), [ONCE], ["twice"]),
        Row(
            one,
            "the age has a unit",
            to("param[2].value", "put", b"60s"),
            [AGE],
            ["number"],
        ),
        Row(
            one,
            "the age is negative",
            to("param[2].value", "put", b"-1"),
            [AGE],
            ["number"],
        ),
        Row(one, "the age is empty", to("param[2].value", "put", b""), [AGE], ["number"]),
        Row(
            one,
            "a letter that there is not",
            to("param[1].value", "insert", 8, b"*"),
            [KEY],
            ["base64"],
        ),
        Row(
            one,
            "a letter of the key too few",
            to("param[1].value", "cut", 1),
            [KEY],
            ["base64"],
        ),
        Row(one, "a plus in the challenge", to("param[0].value", "insert", 4, b"++++"), [FIELD], ["base64"]),
        Row(short, "another scheme", to("scheme", "put", b"PublicToken"), [GRAMMAR], ["scheme"]),
        Row(short, "only the scheme", to("", "put", b"PrivateToken"), [REQUIRED], ["missing"]),
        Row(short, "a token68", to("", "put", b"PrivateToken AAIB=="), [REQUIRED], ["missing"]),
        Row(short, "one letter too few", to("param[0].value", "cut", 1), [FIELD], ["base64"]),
        Row(among, "a quote too many in front", to("first", "insert", 0, b'"'), [GRAMMAR], ["syntax"]),
        Row(among, "an octet of control within", to("last", "put", b", Dig\x00est"), [GRAMMAR], ["syntax"]),
        Row(among, "a slash in the name of a scheme", to("last", "put", b", Dig/est"), [GRAMMAR], ["syntax"]),
        Row(
            among,
            "the key without its closing quote",
            to("challenge.param[1].close", "put", b""),
            [GRAMMAR],
            ["syntax"],
        ),
    ]
    found = vectors_of(
        "privacypass/rfc9577-field-derived", _text, SAID["privacypass.challenge-field"], [one, short, among], rows
    )
    return file_of(
        "privacypass.challenge-field",
        "rfc9577",
        "2.1.2",
        f"Values of WWW-Authenticate{EACH}",
        found,
    )
