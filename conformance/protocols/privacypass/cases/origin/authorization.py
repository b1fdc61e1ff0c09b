"""The field Authorization in the forms that it may have, and in others (RFC 9577, 2.2.2; RFC 9110, 11.4 and 5.6)."""

from conformance.cases import case, given, insert, put
from conformance.model import ACCEPTED, ANYWAY
from conformance.protocols.privacypass.cases.issuer._kit import by_text
from conformance.protocols.privacypass.exchanges import PLAIN_4XX, PLAIN_401, redeem
from conformance.protocols.privacypass.messages import auth, base64url, credentials, param
from conformance.wire import Many, Message
from conformance.wire.http import field

VALUE, PARAM = "outer.fields.authorization.value", "outer.fields.authorization.value.param"
SCHEME, NAMES = "rfc9577/2/scheme-name-case-insensitive", "rfc9577/general/parameter-names-case-insensitive"
FORMS = "rfc9577/2.2.2/token-quoted-or-bare-accepted"
UNKNOWN = "rfc9577/2.2.2/unknown-credential-parameters-ignored"
GRAMMAR = "rfc9577/general/full-header-grammar-handled"
AGAIN = "rfc9577/general/bad-credentials-get-401"
FORGED = "rfc9576/3.5/forged-token-refused"


@case(redeem, SCHEME, expect=[ACCEPTED], each=by_text(b"privatetoken", b"PRIVATETOKEN", b"pRIVATEtOKEN"))
def scheme_in_other_letters(scheme):
    """The scheme is written in other letters."""
    return put(f"{VALUE}.scheme", scheme)


@case(redeem, NAMES, expect=[ACCEPTED], each=by_text(b"Token", b"TOKEN"))
def parameter_in_other_letters(name):
    """The name of the parameter is written in other letters."""
    return put(f"{PARAM}.token.name", name)


@case(redeem, FORMS, expect=[ACCEPTED], where={"type": [2]})
def token_without_quotes():
    """A token that needs no padding stands without quotes."""
    return given(value=lambda octets: auth([(b"token", base64url(octets))], quoted=False))


@case(redeem, FORMS, expect=[ACCEPTED])
def token_in_quotes():
    """A token stands in quotes, as it must where it has padding, and may where it has none."""
    return given(value=lambda octets: auth([(b"token", base64url(octets))]))


@case(redeem, UNKNOWN, expect=[ACCEPTED], each={
    "behind it": insert(PARAM, 1, param(b"x-more", b"1", quoted=False)),
    "behind it, in quotes": insert(PARAM, 1, param(b"x-more", b'a, b=c; \\"d\\"')),
    "several": insert(PARAM, 1, param(b"extensions", b"AAAA", sep=b', greased="", x=y,')),
})  # fmt: skip
def unknown_parameter_behind(change):
    """A parameter that nobody has defined stands behind the token."""
    return change


@case(redeem, UNKNOWN, expect=[ACCEPTED], each={
    "a word": [(b"x-more", b"1", False)],
    "with a comma": [(b"realm", b"a, token=b", True)],
    "two": [(b"a", b"1", False), (b"b", b"2", False)],
})  # fmt: skip
def unknown_parameter_in_front(more):
    """Parameters that nobody has defined stand in front of the token."""

    def value(octets: bytes) -> Message:
        made = credentials(octets)
        front = [param(n, v, quoted=q, sep=b", " if at else b"") for at, (n, v, q) in enumerate(more)]
        text = base64url(octets)
        made.parts["param"] = Many([*front, param(b"token", text, quoted=b"=" in text)], key="name")
        return made

    return given(value=value)


@case(redeem, GRAMMAR, expect=[ACCEPTED], each={
    "two spaces behind the scheme": put(f"{VALUE}.space", b"  "),
    "spaces around the equals sign": put(f"{PARAM}.token.equals", b" = "),
    "a comma behind": insert(PARAM, 1, b" ,"),
    "quoted octets": given(value=lambda octets: auth([(b"token", b"\\" + base64url(octets))])),
})  # fmt: skip
def white_space_and_quoting(change):
    """The credentials are written as the grammar of fields allows, and hardly anybody does."""
    return change


REFUSED, UNAUTHORIZED = [PLAIN_4XX], {AGAIN: [PLAIN_401]}


@case(redeem, AGAIN, FORGED, expect=REFUSED, also=UNAUTHORIZED, each={
    "Basic": put(VALUE, b"Basic dXNlcjpwYXNz"),
    "Bearer": put(f"{VALUE}.scheme", b"Bearer"),
    "its name and more": put(f"{VALUE}.scheme", b"PrivateTokens"),
    "Negotiate": put(VALUE, b"Negotiate AAAA=="),
})  # fmt: skip
def another_scheme(change):
    """Credentials of another scheme, with the token in them where they have parameters: the origin asks for a token."""
    return change


@case(redeem, AGAIN, FORGED, expect=REFUSED, also=UNAUTHORIZED, each={
    "no parameter": put(VALUE, b"PrivateToken"),
    "another parameter": put(f"{PARAM}.token.name", b"tokens"),
    "nothing in quotes": put(f"{PARAM}.token.value", b""),
    "a token68": put(VALUE, b"PrivateToken AAIB=="),
    "nothing": put(VALUE, b""),
    "letters that there are not": put(f"{PARAM}.token.value", b"!!!!" * 20),
    "quotes that do not end": put(f"{PARAM}.token.equals", b'="'),
})  # fmt: skip
def credentials_without_a_token(change):
    """There is no token in the credentials, or none that can be read."""
    return change


@case(redeem, NAMES, expect=[PLAIN_4XX, ANYWAY.per(NAMES)], each={
    "a wrong one first": [(b"token", b"AAIB")], "another case": [(b"TOKEN", b"AAIB")],
})  # fmt: skip
def token_twice(more):
    """The parameter stands twice, once with a token and once without: refused, or what a reader makes of it."""
    return given(value=lambda octets: auth([*more, (b"token", base64url(octets))]))


@case(redeem, AGAIN, FORGED, expect=[PLAIN_4XX, ANYWAY.per(AGAIN)], where={"http": [1]})
def authorization_twice():
    """The field stands twice, with Basic in front; it is no list, so that this is refused or read somehow."""
    return insert("outer.fields", 1, field(b"Authorization", b"Basic dXNlcjpwYXNz"))
