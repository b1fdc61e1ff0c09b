"""Faults of issuers in their directory, and in the HTTP around requests (RFC 9578, Section 4)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conformance.bench import Fault, fault, faults_of
from conformance.crypto import blindrsa, spki
from conformance.model import Change
from conformance.net import ServerExchange
from conformance.protocols.privacypass.messages import (
    BLIND_RSA,
    DIRECTORY_TYPE,
    REQUEST_TYPE,
    RESPONSE_TYPE,
    VOPRF,
    Directory,
    ListedKey,
    directory,
)
from conformance.protocols.privacypass.peers import Issuer, rsa_key
from conformance.protocols.privacypass.peers._issuer import Line
from conformance.wire import Message
from conformance.wire.http import FieldLines, combined

ISSUER = "privacypass.issuer"
RULES = "rfc9578/general/wrong-method-or-type-4xx"
SUCCESS = ("rfc9578/5.2/voprf-success-200-and-type", "rfc9578/6.2/rsa-success-response-exact")
NAMES = "rfc9578/8.1/registered-names-used"
AT = "rfc9578/4/directory-at-well-known-path"
CONSISTENT = "rfc9578/7/issuer-keys-consistent"
OIDS = (
    "rfc9578/6.5/spki-rsassa-pss-oid-required",
    "rfc9474/6.2/rsassa-pss-oid-required",
    "rfc9474/6.2/rsaencryption-oid-never-used",
)


def _said(fields: FieldLines) -> bytes:
    return combined(fields, b"content-type") or b""


# The POST


@fault(ISSUER, RULES)
class MediaTypeNotChecked(Issuer):
    """Takes whatever is posted for a token request."""

    def takes_type(self, fields: FieldLines) -> bool:
        del fields
        return True


@fault(ISSUER, RULES)
class MediaTypeBySubstring(Issuer):
    """Looks for the media type anywhere in the field."""

    def takes_type(self, fields: FieldLines) -> bool:
        return REQUEST_TYPE.encode() in _said(fields)


@fault(ISSUER, RULES)
class MediaTypeAsText(Issuer):
    """Compares the field as text, so that letters and parameters matter."""

    def takes_type(self, fields: FieldLines) -> bool:
        return _said(fields) == REQUEST_TYPE.encode()


@fault(ISSUER, RULES)
class AnyMethodIssues(Issuer):
    """Does not look at the method, nor at the path beyond the directory's."""

    async def handle(self, exchange: ServerExchange) -> None:
        if exchange.request.target == self.directory_path():
            await self.serve_directory(exchange)
        elif self.takes_type(exchange.request.fields):
            await self.issue(exchange)
        else:
            await super().handle(exchange)


@fault(ISSUER, RULES, "rfc9578/5.2/policy-refusal-uses-4xx")
class OtherMethodsFail(Issuer):
    """Has a route for what is right, and an assertion for the rest."""

    async def refuse(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        await super().refuse(exchange, 500 if status in {404, 405, 415} else status, why, more)


@fault(ISSUER, *SUCCESS)
class AcceptIsDemanded(Issuer):
    """Issues only to who says literally that a token response is wanted."""

    async def issue(self, exchange: ServerExchange) -> None:
        if combined(exchange.request.fields, b"accept") != RESPONSE_TYPE.encode():
            await self.refuse(exchange, 406, "accept a token response")
        else:
            await super().issue(exchange)


@fault(ISSUER, *SUCCESS)
class UnknownFieldsRefused(Issuer):
    """Has a list of fields that it knows, and refuses others."""

    async def issue(self, exchange: ServerExchange) -> None:
        known = {b"host", b"user-agent", b"content-type", b"content-length", b"accept"}
        if {name.lower() for name, _ in exchange.request.fields} - known:
            await self.refuse(exchange, 400, "a field that is not known")
        else:
            await super().issue(exchange)


@fault(ISSUER, *SUCCESS, NAMES, origin="cloudflare/pat-app: message/token-response")
class ResponseOfAnOlderType(Issuer):
    """Calls its responses by a name that a draft had."""

    def response_fields(self) -> Sequence[Line]:
        return ((b"Content-Type", b"message/token-response"),)


@fault(ISSUER, RULES)
class RefusalsAreCalledTokens(Issuer):
    """Labels everything that it answers as a token response."""

    async def refuse(self, exchange: ServerExchange, status: int, why: str, more: Sequence[Line] = ()) -> None:
        fields = [(n, v) for n, v in more if n.lower() != b"content-type"]
        await self._leave(exchange, "refusal", status, [*self.response_fields(), *fields], why.encode())


# The directory


@fault(ISSUER, "rfc9578/4/directory-media-type-exact", NAMES, origin="torlnapp/privacypass-issuer, src/main.ts")
class DirectoryIsPlainJSON(Issuer):
    """Calls its directory JSON."""

    def directory_fields(self) -> Sequence[Line]:
        return ((b"Content-Type", b"application/json"), (b"Cache-Control", b"max-age=60"))


@fault(ISSUER, "rfc9578/4/directory-marked-cacheable", origin="cloudflare/privacypass-issuer before 2025-12-29")
class DirectoryWithoutCacheControl(Issuer):
    """Does not say for how long its directory may be kept."""

    def directory_fields(self) -> Sequence[Line]:
        return ((b"Content-Type", DIRECTORY_TYPE.encode()),)


@fault(ISSUER, "rfc9578/4/directory-marked-cacheable")
class DirectoryMustNotBeStored(Issuer):
    """Forbids to keep its directory."""

    def directory_fields(self) -> Sequence[Line]:
        return ((b"Content-Type", DIRECTORY_TYPE.encode()), (b"Cache-Control", b"no-store, max-age=60"))


@fault(ISSUER, "rfc9578/4/directory-valid-json", origin="the example in RFC 9578, Section 4, has commas too many")
class DirectoryWithACommaTooMany(Issuer):
    """Writes a comma behind the last key."""

    changes = (Change("directory", "text", "insert", (-3, b",")),)


@fault(ISSUER, "rfc9578/4/directory-valid-json", "rfc9578/4/*")
class DirectoryIsAList(Issuer):
    """Puts its directory into a list."""

    def directory(self) -> Message:
        return Message(text=b"[" + super().directory().encode() + b"]")


@fault(ISSUER, "rfc9578/4/directory-lists-url-and-keys", "rfc9578/4/request-uri-absolute-or-relative")
class DirectoryWithoutURL(Issuer):
    """Leaves out where requests go."""

    changes = (Change("directory", "member.issuer-request-uri", "drop"),)


@fault(ISSUER, "rfc9578/4/request-uri-absolute-or-relative", "rfc9578/4/request-resource-same-origin")
class RequestURLWithASpace(Issuer):
    """Writes where requests go as no URL can be written."""

    changes = (Change("directory", "member.issuer-request-uri.value", "put", (b'"/token request"',)),)


@fault(ISSUER, "rfc9578/4/request-resource-same-origin")
class RequestsGoElsewhere(Issuer):
    """Has its requests sent to another name of its host."""

    def request_uri(self) -> str:
        assert self._server is not None
        return f"http://localhost:{self._server.port}/token-request"


class Rewritten(Issuer):
    """Lists its keys in a form of its own."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key

    def directory(self) -> Message:
        said = json.loads(super().directory().encode())
        said["token-keys"] = [self.entry(key) for key in said["token-keys"]]
        return Message(text=json.dumps(said).encode())


@fault(ISSUER, "rfc9578/4/token-keys-array-of-objects", "rfc9578/4/directory-lists-url-and-keys")
class KeysAreTexts(Rewritten):
    """Lists the keys themselves, without their types."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key["token-key"]


@fault(ISSUER, "rfc9578/4/token-type-json-number")
class TypesAreTexts(Rewritten):
    """Writes types as hexadecimal text, all but the first."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key if "not-before" not in key else key | {"token-type": f"0x{key['token-type']:04x}"}


@fault(ISSUER, "rfc9578/4/token-type-json-number", origin="torlnapp/privacypass-issuer: entries without a type")
class KeysWithoutTypes(Rewritten):
    """Does not say of which type a key is."""

    def entry(self, key: dict[str, Any]) -> Any:
        return {name: value for name, value in key.items() if name != "token-type"}


@fault(ISSUER, "rfc9577/6.2.1/grease-types-reserved")
class ReservedTypeListed(Rewritten):
    """Lists a key under a type that is reserved."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key if "not-before" not in key else key | {"token-type": 0x2E96}


@fault(ISSUER, "rfc9578/4/token-key-base64url-padded", origin="torlnapp/privacypass-issuer: without padding")
class KeysWithoutPadding(Rewritten):
    """Writes keys without the padding of Base 64."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key | {"token-key": key["token-key"].rstrip("=")}


@fault(ISSUER, "rfc9578/4/token-key-base64url-padded", "rfc9578/4/*", origin="torlnapp/privacypass-issuer: keys as JWK")
class KeysAreJWK(Rewritten):
    """Writes keys as objects."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key | {"token-key": {"kty": "RSA", "n": key["token-key"]}} if "not-before" in key else key


@fault(ISSUER, "rfc9578/4/token-key-base64url-padded", origin="raphaelrobert/privacypass before 2023-10")
class KeysInTheOtherAlphabet(Rewritten):
    """Writes keys in the letters of Base 64 that are not safe in URLs."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key | {"token-key": key["token-key"].replace("-", "+").replace("_", "/")}


@fault(ISSUER, "rfc9578/4/not-before-in-unix-seconds", origin="cloudflare/privacypass-issuer before 2024-09")
class TimesInMilliseconds(Rewritten):
    """Counts milliseconds."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key | {"not-before": key["not-before"] * 1000} if "not-before" in key else key


@fault(ISSUER, "rfc9578/4/not-before-in-unix-seconds", origin="cloudflare/privacypass-issuer in 2024-09")
class TimesInFractions(Rewritten):
    """Counts seconds, and fractions of them."""

    def entry(self, key: dict[str, Any]) -> Any:
        return key | {"not-before": key["not-before"] + 0.25} if "not-before" in key else key


@fault(
    ISSUER,
    "rfc9578/5.5/voprf-truncated-ids-distinct",
    "rfc9578/6.5/rsa-truncated-ids-distinct",
    "rfc9578/6.5/rsa-key-not-reused",
    "rfc9474/6.2/key-only-for-rsabssa",
)
class KeysListedTwice(Issuer):
    """Lists each key a second time."""

    def listed(self) -> tuple[ListedKey, ...]:
        return super().listed() * 2


class OtherSPKI(Issuer):
    """Publishes one key of type 2 in another form; the key itself is the first that it has."""

    algorithm = spki.PSS_SHA384

    def listed(self) -> tuple[ListedKey, ...]:
        octets = spki.encode(rsa_key(2).private.public, self.algorithm)
        return (*super().listed(), ListedKey(BLIND_RSA, octets))


@fault(ISSUER, *OIDS, origin="issuers that publish what their library exports: rsaEncryption")
class KeyForRSAEncryption(OtherSPKI):
    """Publishes a key as that of rsaEncryption."""

    algorithm = spki.RSA


@fault(ISSUER, "rfc9578/6.5/pss-params-required")
class KeyWithoutParameters(OtherSPKI):
    """Publishes a key for RSASSA-PSS, without parameters."""

    algorithm = spki.PSS_ANY


@fault(ISSUER, "rfc9578/6.5/pss-params-complete")
class KeyWithoutSaltLength(OtherSPKI):
    """Leaves the length of the salt to its default."""

    algorithm = replace(spki.PSS_SHA384, parameters=spki.PSS(salt_length=None))


@fault(ISSUER, "rfc9578/6.5/pss-params-values-exact")
class KeyWithAnotherSalt(OtherSPKI):
    """Publishes a key for a salt of 32 octets."""

    algorithm = replace(spki.PSS_SHA384, parameters=spki.PSS(salt_length=32))


@fault(ISSUER, "rfc9578/8.2.2/modulus-exactly-2048-bits", origin="cloudflare/blindrsa-ts before 2026-07-27")
class KeyOf2047Bits(Issuer):
    """Publishes a key of which one bit is missing."""

    def listed(self) -> tuple[ListedKey, ...]:
        short = blindrsa.PublicKey(rsa_key(2).private.n >> 1 | 1, 65537)
        return (*super().listed(), ListedKey(BLIND_RSA, spki.encode(short)))


@fault(ISSUER, "rfc9578/5.5/voprf-key-id-hashes-compressed", origin="clients of privacypass-ts 0.9.0 take such keys")
class UncompressedKeyListed(Issuer):
    """Publishes a key of type 1 that is not compressed."""

    def listed(self) -> tuple[ListedKey, ...]:
        return (*super().listed(), ListedKey(VOPRF, b"\4" + bytes(96)))


@fault(
    ISSUER, "rfc9497/4.4/invalid-p384-point-refused", "rfc9578/5.5/voprf-key-id-hashes-compressed",
    origin="CIRCL before 1.6.4: the identity as a key",
)  # fmt: skip
class IdentityListed(Issuer):
    """Publishes zeros as a key of type 1."""

    def listed(self) -> tuple[ListedKey, ...]:
        return (*super().listed(), ListedKey(VOPRF, bytes(49)))


@fault(ISSUER, AT)
class AcceptOfDirectoryIsDemanded(Issuer):
    """Serves the directory only to who says literally that it is wanted."""

    async def serve_directory(self, exchange: ServerExchange) -> None:
        if combined(exchange.request.fields, b"accept") != DIRECTORY_TYPE.encode():
            await self.refuse(exchange, 406, "accept a directory")
        else:
            await super().serve_directory(exchange)


@fault(ISSUER, AT, "rfc9578/general/wrong-method-or-type-4xx")
class HeadIsNotImplemented(Issuer):
    """Fails where only the head of the directory is asked for, or where another method is used."""

    async def serve_directory(self, exchange: ServerExchange) -> None:
        if exchange.request.method == b"HEAD":
            await self.refuse(exchange, 500, "")
        else:
            await super().serve_directory(exchange)


@fault(ISSUER, CONSISTENT)
class DirectoryChangesEveryTime(Issuer):
    """Puts its keys into another order at each third fetch."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.fetches = itertools.count()

    def directory(self) -> Message:
        keys = self.listed()
        turned = keys[2:] + keys[:2] if next(self.fetches) % 3 == 2 else keys
        return directory(Directory(self.request_uri(), turned))


@fault(ISSUER, CONSISTENT)
class DirectoryByClient(Issuer):
    """Shows a client that brings a cookie keys of its own."""

    async def serve_directory(self, exchange: ServerExchange) -> None:
        keys = self.keys
        if any(name.lower() == b"cookie" for name, _ in exchange.request.fields):
            self.keys = keys[:2]
        await super().serve_directory(exchange)
        self.keys = keys


FAULTS: tuple[Fault, ...] = faults_of(__name__)
