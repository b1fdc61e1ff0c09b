"""Faults of clients: in HTTP, in what they ask for and in what they take for an answer (RFC 9458, Sections 5 and 6).

What they get wrong in keys, encapsulation and Binary HTTP is what libraries get wrong: those faults are taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urljoin

from conformance.bench import Fault, Reply, fault, faults_of
from conformance.model import Ended
from conformance.net import Answer
from conformance.protocols.ohttp.faults import (
    _library_bhttp,
    _library_bhttp_fields,
    _library_hpke,
    _library_keys,
)
from conformance.protocols.ohttp.messages import (
    RESPONSE_TYPE,
    BinaryRequest,
    BinaryResponse,
    Decoder,
    Line,
    Refused,
)
from conformance.protocols.ohttp.peers import BinaryHTTP, Client
from conformance.wire.http import media_type

ROLE = "ohttp.client"
WHOLE, DELIVERED = "rfc9458/5/whole-request-encapsulated", "rfc9458/5/whole-response-delivered"
PLAIN = "rfc9458/5.2/plain-reply-not-target-answer"
INFO, LAYOUT = "rfc9458/4.3/request-hpke-info-exact", "rfc9458/4.1/request-layout-exact"
ONLY = "rfc9458/5/content-only-encapsulated-request"
RETRY = "rfc9458/6.5/client-no-automatic-retry"
FRESH = "rfc9458/6.1/fresh-hpke-context-per-request"
UNDECRYPTABLE = "rfc9458/4.4/undecryptable-response-refused"
INVALID = "rfc9292/4/invalid-message-not-processed"
MALFORMED = "rfc9458/3.2/malformed-collection-discarded-whole"


client_fault = partial(fault, ROLE, shows=("violation",))
"""Declare a fault of a client."""


# What libraries get wrong, in a client that stands on them

_BREAKS_MORE = {
    "public-key-of-any-length": (MALFORMED,),
    "response-tag-not-checked": (INVALID,),
    "requests-cut": (WHOLE, INVALID),
    "long-answers-cut": (DELIVERED, WHOLE),
    "key-id-is-the-place": (WHOLE,),
    "negative-key-ids": ("rfc9458/4.3/header-matches-selected-config",),
    **dict.fromkeys(
        (
            "nonce-of16-octets",
            "nonce-of-the-aead",
            "secret-of-zero",
            "nonce-then-enc",
            "labelled-kdf",
            "always-sha256",
            "final-as-associated-data",
            "last-line-read",
            "lines-joined-by-space",
            "statuses-without-content",
        ),
        (DELIVERED,),
    ),
    "one-informational-only": ("rfc9458/5.1/inner-1xx-tolerated",),
}
_LIBRARY = {
    # keys
    "one-unknown-algorithm-spoils-the-collection", "one-unknown-algorithm-drops-the-entry", "only-the-first-pair",
    "one-unknown-kem-spoils-the-collection", "many-keys-overflow", "panics-without-usable-key",
    "panics-on-an-empty-collection", "recovers-what-it-can", "trailing-octets-ignored",
    "octets-left-in-an-entry-ignored", "entry-without-algorithms-accepted", "octets-that-are-no-pair-ignored",
    "public-key-of-any-length", "negative-key-ids", "unprefixed-form-accepted", "panics-without-algorithms",
    "shared-secret-of-zero-allowed", "key-that-is-no-point-allowed",
    # requests
    "no-zero-octet", "header-not-in-info", "chunked-label", "same-ephemeral-key", "cross-product",
    "seals-for-the-last-key", "key-id-is-the-place", "requests-cut",
    # responses
    "nonce-of16-octets", "nonce-of-the-aead", "secret-of-zero", "nonce-then-enc", "labelled-kdf", "always-sha256",
    "final-as-associated-data", "panics-on-a-short-response", "response-tag-not-checked",
    "informational-responses-refused", "long-answers-cut",
}  # fmt: skip
"""Faults of libraries that show in a client as well."""
_DECODERS = {
    "indicator-by-parity", "indicator-cut-to-two-bits", "section-length-as-hint",
    "minimal-integers-only", "truncated-messages-refused", "header-section-required", "short-content-taken",
    "end-of-input-ends-all", "padding-unread", "crashes-on-odd-padding", "names-unchecked", "values-unchecked",
    "last-line-read", "lines-joined-by-space", "status-unchecked",
    "one-informational-only", "statuses-without-content",
}  # fmt: skip
"""Faults of decoders of Binary HTTP that show in a client as well."""


def _take_over() -> None:
    for known in (*_library_keys.FAULTS, *_library_hpke.FAULTS):
        name = known.name.removesuffix("-in-sender")
        if known.role == "ohttp.sender" and name in _LIBRARY:
            _declare(known, f"{known.make.__name__.removesuffix('InSender')}InClient", (known.make, Client), {}, name)
    for known in (*_library_bhttp.FAULTS, *_library_bhttp_fields.FAULTS):
        made: Any = known.make
        if known.role == "bhttp.decoder" and known.name in _DECODERS and issubclass(made, BinaryHTTP):
            said = {"decoder": made.decoder}
            assert made.decoder is not Decoder, "a fault of the library, not of its decoder"
            _declare(known, f"{made.__name__}InClient", (Client,), said, known.name)


def _declare(known: Fault, name: str, bases: tuple[Any, ...], said: Mapping[str, Any], plain: str) -> None:
    made: Any = type(name, bases, {"__doc__": known.doc, "__module__": __name__, **said})
    where = {axis: values for axis, values in known.where.items() if axis != "framing"}
    breaks = (*known.breaks, *_BREAKS_MORE.get(plain, ()))
    fault(ROLE, *breaks, shows=known.shows, where=where, origin=known.origin)(made)


_take_over()


# What is asked for


class _Asking(Client):
    """A client that encapsulates another request. No fault by itself."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        raise NotImplementedError

    def prepared(self, wanted: BinaryRequest) -> BinaryRequest:
        return self.other(super().prepared(wanted))


@client_fault(WHOLE, origin="chris-wood/ohttp-go: BinaryRequest.Marshal writes URL.Path; ohttpy")
class QueryForgotten(_Asking):
    """Writes the path of the URL, and not the query behind it."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, path=wanted.path.partition(b"?")[0])


@client_fault(WHOLE)
class PathUnescapedByClient(_Asking):
    """Decodes what is percent-encoded in the path."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        path, question, query = wanted.path.partition(b"?")
        return replace(wanted, path=path.replace(b"%2F", b"/") + question + query)


@client_fault(WHOLE, origin="chris-wood/ohttp-go: the last line of a name wins")
class LastLineOfAName(_Asking):
    """Keeps fields in a map: of several lines with one name, the last is left."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, fields=tuple(dict(wanted.fields).items()))


@client_fault(WHOLE)
class FieldsForgotten(_Asking):
    """Writes no fields but those of its own."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, fields=tuple((n, v) for n, v in wanted.fields if n == b"date"))


@client_fault(WHOLE)
class AlwaysPost(_Asking):
    """Writes the method of its own request for that of the request inside."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, method=b"POST")


@client_fault(WHOLE)
class ContentOf16Kilobytes(_Asking):
    """Sends no more of a content than its buffer holds."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, content=wanted.content[:16_384])


@client_fault("rfc9458/5.1/100-continue-never-sent")
class ExpectationSent(Client):
    """Encapsulates an expectation that nobody can meet."""

    def prepared(self, wanted: BinaryRequest) -> BinaryRequest:
        expected = tuple((n, v) for n, v in wanted.fields if n.lower() == b"expect")
        made = super().prepared(wanted)
        return replace(made, fields=(*made.fields, *expected))


@client_fault("rfc9458/6.5.1/inner-date-sent")
class NotDated(Client):
    """Does not say when a request was made."""

    def dates(self) -> Sequence[Line]:
        return ()


@client_fault("rfc9292/6/http1-details-not-carried", "rfc9292/3.6/connection-fields-removed", origin="ohttpy 0.1a13")
class KeepAliveInside(_Asking):
    """Encapsulates the fields that its HTTP library made for a connection."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, fields=(*wanted.fields, (b"connection", b"keep-alive")))


@client_fault(INVALID, WHOLE)
class PseudoFieldsInside(_Asking):
    """Writes the pseudo-fields of HTTP/2 into the header section as well."""

    def other(self, wanted: BinaryRequest) -> BinaryRequest:
        return replace(wanted, fields=((b":method", wanted.method), *wanted.fields))


# What stands around it


@client_fault(
    "rfc9458/4.5/request-media-type-exact", "rfc9458/9/registered-media-types-used", DELIVERED,
    "ietf-ohai-chunked-ohttp/3/request-incremental-sent", origin="ohttpy 0.1a13",
)  # fmt: skip
class CalledChunked(Client):
    """Calls its plain requests chunked ones."""

    def request_type(self) -> str:
        return "message/ohttp-chunked-req"


@client_fault("rfc9458/5/client-posts-to-relay")
class PutsItThere(Client):
    """Sends its requests with PUT."""

    async def posted(self, url: str, octets: bytes, wanted: BinaryRequest) -> Answer:
        return await self.exchange(url, b"PUT", self.outer_fields(wanted), octets)


@client_fault("rfc9458/5/client-posts-to-relay")
class PathOfTheRelayForgotten(Client):
    """Keeps the host of the relay, and posts to the path that gateways have."""

    async def posted(self, url: str, octets: bytes, wanted: BinaryRequest) -> Answer:
        return await super().posted(urljoin(url, "/.well-known/ohttp-gateway"), octets, wanted)


@client_fault("rfc9458/6.1/no-identifying-outer-data", "rfc9458/5/extra-fields-independent-of-inner")
class FieldsOutsideToo(Client):
    """Gives its HTTP library the fields of the request inside, too."""

    def outer_fields(self, wanted: BinaryRequest) -> Sequence[Line]:
        own = {b"content-type", b"content-length", b"host", b"date"}
        return (*super().outer_fields(wanted), *((n, v) for n, v in wanted.fields if n.lower() not in own and v))


@client_fault("rfc9458/6.1/no-identifying-outer-data")
class CookieOfTheRelay(Client):
    """Sends the relay a cookie that tells it who comes back."""

    def outer_fields(self, wanted: BinaryRequest) -> Sequence[Line]:
        return (*super().outer_fields(wanted), (b"cookie", b"session=1"))


@client_fault(ONLY, LAYOUT, INFO, origin="inclavare-containers/TNG: metadata in front of the request")
class MetadataInFront(Client):
    """Writes metadata of its own in front of the encapsulated request."""

    async def posted(self, url: str, octets: bytes, wanted: BinaryRequest) -> Answer:
        return await super().posted(url, b"\0\0\0\2\x08\1" + octets, wanted)


@client_fault(RETRY, origin="AdguardTeam/ohttp_dart: on by default")
class TriesAgain(Client):
    """Sends a request again, sealed anew, when no answer comes or a failure."""

    async def fetched(self, url: str, wanted: BinaryRequest, usable: Sequence[Any], *, chunked: bool) -> BinaryResponse:
        try:
            return await super().fetched(url, wanted, usable, chunked=chunked)
        except (Ended, Refused):
            return await super().fetched(url, wanted, usable, chunked=chunked)


@client_fault(RETRY, FRESH)
class TriesAgainWithTheSameOctets(Client):
    """Lets its HTTP library send a request again when the connection ends."""

    async def posted(self, url: str, octets: bytes, wanted: BinaryRequest) -> Answer:
        try:
            return await super().posted(url, octets, wanted)
        except Ended:
            return await super().posted(url, octets, wanted)


# What is taken for an answer


@client_fault(PLAIN)
class RepliesInTheOpenTaken(Client):
    """Gives whatever is no encapsulated response to the application, as if the target had sent it."""

    async def ohttp_client_fetch(
        self, url: str, request: dict[str, Any], keys: str = "", keys_url: str = "", *, chunked: bool = False
    ) -> Reply:
        self._open: list[Answer] = []
        reply = await super().ohttp_client_fetch(url, request, keys, keys_url, chunked=chunked)
        if "refused" in reply and self._open:
            return {"ok": {"response": {"status": self._open[-1].status, "content": self._open[-1].content.hex()}}}
        return reply

    def check_answer(self, answer: Answer) -> None:
        if answer.status != 200 or media_type(answer.fields) != RESPONSE_TYPE:
            self._open.append(answer)
        super().check_answer(answer)


@client_fault(PLAIN, origin="cloudflare/privacy-gateway-relay: compares a part of the name")
class AnyMediaType(Client):
    """Opens what comes with 200, whatever it is called."""

    def check_type(self, answer: Answer, wanted: str) -> None:
        """Takes all."""


@client_fault("rfc9458/5.2/non-200-ohttp-res-handled", RETRY, PLAIN, shows=("crash",))
class PanicsOnAnEncapsulatedFailure(Client):
    """Takes for granted that encapsulated responses come with 200."""

    def check_status(self, answer: Answer) -> None:
        assert answer.status == 200 or media_type(answer.fields) != RESPONSE_TYPE, "unexpected status"
        super().check_status(answer)


@client_fault("rfc9458/4.5/media-type-case-insensitive", origin="openpcc/ohttp 0.0.37: compared literally")
class MediaTypeComparedLiterally(Client):
    """Compares the media type octet for octet."""

    def check_type(self, answer: Answer, wanted: str) -> None:
        said = next((v for n, v in answer.fields if n.lower() == b"content-type"), b"")
        if said != wanted.encode():
            raise Refused("type", "another media type")


@client_fault(DELIVERED)
class ErrorsOfTheTargetRaised(Client):
    """Takes a status of the target from 400 on for a failure of the fetch."""

    def read(self, plaintext: bytes) -> BinaryResponse:
        inner = super().read(plaintext)
        if inner.status >= 400:
            raise Refused("status", str(inner.status))
        return inner


@client_fault(DELIVERED)
class StatusOutsideTold(Client):
    """Tells the application the status outside, which is 200 whatever the target said."""

    def read(self, plaintext: bytes) -> BinaryResponse:
        return replace(super().read(plaintext), status=200)


@client_fault("rfc9292/3.3/wrong-direction-framing-refused", INVALID)
class RequestTakenForAResponse(Client):
    """Does not look which of the two messages was sealed."""

    def read(self, plaintext: bytes) -> BinaryResponse:
        message = self.decoder(plaintext).message()
        if isinstance(message, BinaryResponse):
            return message
        return BinaryResponse(200, message.fields, message.content)


@client_fault("rfc9292/3.8/other-truncation-refused", INVALID)
class NothingIsAnEmptyResponse(Client):
    """Takes nothing inside for a response that says nothing: 200."""

    def read(self, plaintext: bytes) -> BinaryResponse:
        return super().read(plaintext) if plaintext[1:] else BinaryResponse(200)


class _Opening(Client):
    """A client that opens a response in other ways, too. No fault by itself."""

    def others(self) -> Sequence[Client]:
        raise NotImplementedError

    def response_opened(self, octets: bytes, exchange: Any) -> bytes:
        try:
            return super().response_opened(octets, exchange)
        except Exception:
            for other in self.others():
                try:
                    return other.response_opened(octets, exchange)
                except Exception:  # noqa: BLE001, S112 - the next way
                    continue
            raise


@client_fault(UNDECRYPTABLE)
class NonceOfAnyLengthInClient(_Opening):
    """Finds out by trying how long the nonce of a response is."""

    def others(self) -> Sequence[Client]:
        made = []
        for length in (0, 12, 15, 17, 20, 28, 31, 33):
            other: Any = Client()
            other.parsed = lambda octets, _, n=length: (octets[:n], octets[n:])
            made.append(other)
        return made


@client_fault(UNDECRYPTABLE)
class OtherLabelsInClient(_Opening):
    """Opens what gateways with other labels sealed."""

    def others(self) -> Sequence[Client]:
        made = []
        for label in (b"message/bhttp request", b"message/bhttp chunked response"):
            other: Any = Client()
            other.response_label = label
            made.append(other)
        return made


@client_fault("rfc9458/4.4/response-aad-empty")
class AssociatedDataInClient(_Opening):
    """Opens responses with the associated data of a last chunk, too."""

    def others(self) -> Sequence[Client]:
        other: Any = Client()
        other.response_aad = lambda _: b"final"
        return (other,)


@client_fault("rfc9458/4.4/swapped-response-refused")
class AnyRequestItSent(Client):
    """Opens a response with whichever request of the past it fits."""

    def response_opened(self, octets: bytes, exchange: Any) -> bytes:
        self.sent.keep(exchange)
        for kept in self.sent.all():
            try:
                return super().response_opened(octets, kept)
            except Exception:  # noqa: BLE001, S112 - the next request
                continue
        raise Refused("response", "no request fits")


@client_fault(MALFORMED, origin="google/quiche: whatever is fetched is parsed")
class KeysOfAnyType(Client):
    """Takes for a collection whatever is fetched, with any status and media type."""

    async def fetched_keys(self, url: str) -> bytes:
        answer = await self.exchange(url, b"GET", (), None)
        return answer.content


FAULTS: tuple[Fault, ...] = faults_of(__name__)
