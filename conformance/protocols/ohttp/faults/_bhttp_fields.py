"""Faults of gateways in how they read fields, control data and content inside (RFC 9292, Sections 3.4 to 3.7)."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.bench import Fault, faults_of
from conformance.protocols.ohttp.faults._bhttp import GETS_4XX, Stuck, reading_fault
from conformance.protocols.ohttp.faults._kit import gateway_fault
from conformance.protocols.ohttp.messages import CONTROL_PSEUDO_FIELDS, BinaryRequest, Decoder, Line, Lines
from conformance.protocols.ohttp.peers import Gateway, GatewayError
from conformance.wire import DecodeError, Reader

# field lines


@reading_fault("rfc9292/3.6/empty-field-name-refused", GETS_4XX)
class EmptyNameSkipped(Decoder):
    """Passes over field lines without a name."""

    def section(self, name: str) -> Lines:
        return tuple(pair for pair in super().section(name) if pair[0])

    def bad_name(self, name: bytes) -> str:
        return super().bad_name(name) if name else ""


@reading_fault(
    "rfc9292/3.6/invalid-field-name-refused", "rfc9292/3.6/empty-field-name-refused",
    "rfc9292/3.6/invalid-field-value-refused", "rfc9292/3.6/*-pseudo-field-refused",
    "rfc9292/4/late-error-aborts-processing", GETS_4XX,
    "rfc9292/4/invalid-message-not-processed",
    origin="netty codec-bhttp, CVE-2024-40642",
)  # fmt: skip
class NoFieldIsLookedAt(Decoder):
    """Takes field lines as they are: the way to split requests at the target."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        del before, section
        name = reader.take(length, "name")
        return name, reader.take(self.number(reader, "value.length"), "value")


@reading_fault(
    "rfc9292/3.6/control-pseudo-field-refused", "rfc9292/3.6/invalid-field-value-refused",
    "rfc9292/4/late-error-aborts-processing", GETS_4XX,
    origin="bhttp crate 0.7.2",
)  # fmt: skip
class ValuesAndPseudoFieldsNotLookedAt(Decoder):
    """Takes any value, and pseudo-fields as if they were fields."""

    def bad_value(self, value: bytes) -> str:
        del value
        return ""

    def bad_pseudo_field(self, name: bytes, before: Sequence[Line], section: str) -> str:
        return "" if name.lower() in CONTROL_PSEUDO_FIELDS else super().bad_pseudo_field(name, before, section)


@reading_fault(
    "rfc9292/3.6/late-pseudo-field-refused",
    "rfc9292/3.6/trailer-pseudo-field-refused",
    "rfc9292/4/late-error-aborts-processing",
    GETS_4XX,
)
class PseudoFieldsAnywhere(Decoder):
    """Takes pseudo-fields of extensions wherever they stand."""

    def bad_pseudo_field(self, name: bytes, before: Sequence[Line], section: str) -> str:
        del before
        return super().bad_pseudo_field(name, (), "" if section == "trailers" else section)


@reading_fault("rfc9292/4/late-error-aborts-processing", "rfc9292/3.6/*-refused", GETS_4XX)
class TrailersNotLookedAt(Decoder):
    """Has sent the request on when it comes to the trailers, and does not look at them."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        if section != "trailers":
            return super().line(reader, length, before, section)
        name = reader.take(length, "name")
        return name, reader.take(self.number(reader, "value.length"), "value")


@gateway_fault(GETS_4XX, "rfc9458/5.2/inner-error-400-or-504", origin="chris-wood/ohttp-go of 2026-02")
class InvalidFieldIsAnInternalError(Gateway):
    """Sees a field that is invalid only when the request is written for the target: 500 inside."""

    def read(self, plaintext: bytes) -> tuple[BinaryRequest, bool]:
        try:
            return super().read(plaintext)
        except DecodeError as why:
            if why.path.endswith(("name", "value")):
                raise GatewayError(500, str(why)) from why
            raise


@reading_fault("rfc9292/3.6/upper-case-name-accepted")
class LowerCaseNamesOnly(Decoder):
    """Refuses capitals in names, as HTTP/2 does."""

    def bad_name(self, name: bytes) -> str:
        return "capitals" if name != name.lower() else super().bad_name(name)


@reading_fault("rfc9292/3.6/empty-or-8bit-value-accepted")
class ValuesAreASCII(Decoder):
    """Refuses values beyond ASCII."""

    def bad_value(self, value: bytes) -> str:
        return super().bad_value(value) or ("" if value.isascii() else "beyond ASCII")


@reading_fault("rfc9292/3.6/empty-or-8bit-value-accepted", origin="netty codec-bhttp, before dda9c3e")
class EmptyValueInFrontOfATerminator(Decoder):
    """Waits for more where an empty value is the last of a section of indeterminate length."""

    def section(self, name: str) -> Lines:
        lines = super().section(name)
        if lines and not lines[-1][1] and not self.known:
            raise self.reader.fail(name, "more is wanted")
        return lines


@reading_fault("rfc9458/5/inner-request-conveyed-intact", origin="bhttp-js 0.2.1")
class LongNamesInIndeterminateLength(Decoder):
    """Has one octet for the length of a name in a section of indeterminate length."""

    def line(self, reader: Reader, length: int, before: Sequence[Line], section: str) -> Line:
        if not self.known and length > 63:
            reader.at -= 1
            length &= 63
        return super().line(reader, length, before, section)


@reading_fault(
    "rfc9292/3.6/connection-fields-tolerated",
    "rfc9458/5/gateway-applies-forwarding-rules",
    "rfc9292/6/transfer-encoding-field-ignored",
)
class ConnectionFieldsRefused(Decoder):
    """Refuses fields that concern connections, as HTTP/2 does."""

    def bad_name(self, name: bytes) -> str:
        bad = name.lower() in {
            b"connection",
            b"keep-alive",
            b"proxy-connection",
            b"transfer-encoding",
            b"upgrade",
            b"te",
        }
        return "of a connection" if bad else super().bad_name(name)


# control data and content


@reading_fault("rfc9292/3.4/invalid-control-data-refused", GETS_4XX, "rfc9292/6/inner-connect-refused")
class ControlDataNotLookedAt(Decoder):
    """Takes method, scheme, authority and path as they are."""

    def control(self) -> tuple[bytes, bytes, bytes, bytes]:
        method, scheme, authority, path = (
            self.reader.take(self.number(self.reader, name), name) for name in ("method", "scheme", "authority", "path")
        )
        return method, scheme, authority, path


@reading_fault("rfc9292/3.4/options-asterisk-path-kept")
class PathsBeginWithASlash(Decoder):
    """Knows no path but those that begin with a slash."""

    def control(self) -> tuple[bytes, bytes, bytes, bytes]:
        method, scheme, authority, path = super().control()
        return method, scheme, authority, path if path[:1] == b"/" else b"/" + path


@reading_fault("rfc9292/3.4/absent-authority-zero-length")
class AuthorityWanted(Decoder):
    """Dies where the authority is absent."""

    def control(self) -> tuple[bytes, bytes, bytes, bytes]:
        found = super().control()
        if not found[2]:
            raise IndexError("no authority")
        return found


@reading_fault(
    "rfc9458/5/inner-request-conveyed-intact",
    "rfc9292/3.4/options-asterisk-path-kept",
    "rfc9292/3.1/trailer-section-delivered",
    "rfc9292/6/head-204-304-framed-normally",
    "rfc9292/3.1/zero-length-parts-accepted",
    "rfc9292/3.7/any-content-bytes-accepted",
)
class EmptyContentRefused(Decoder):
    """Refuses content of no octets in a message of known length."""

    def content(self) -> bytes:
        content = super().content()
        if not content and self.known:
            raise self.reader.fail("content", "nothing")
        return content


@reading_fault("rfc9292/3.7/any-content-bytes-accepted", "rfc9458/5/inner-request-conveyed-intact")
class ContentIsText(Decoder):
    """Reads content as text."""

    def content(self) -> bytes:
        return super().content().decode("utf-8", "replace").encode()


@reading_fault(
    "rfc9292/3.2/content-chunks-concatenated",
    "rfc9292/3.2/indeterminate-request-layout-exact",
    "rfc9292/3.2/full-indeterminate-message-accepted",
)
class OneChunkOnly(Decoder):
    """Takes the first chunk for the whole content."""

    def content(self) -> bytes:
        if self.known:
            return super().content()
        pieces = []
        while length := self.number(self.reader, "content.chunk"):
            pieces.append(self.reader.take(length, "content.chunk"))
        return pieces[0] if pieces else b""


@reading_fault("rfc9292/3.2/indeterminate-request-layout-exact", "rfc9292/3.2/full-indeterminate-message-accepted")
class EmptyIndeterminateContentRefused(Decoder):
    """Wants at least one chunk in content of indeterminate length."""

    def content(self) -> bytes:
        content = super().content()
        if not content and not self.known:
            raise self.reader.fail("content", "no chunk")
        return content


@reading_fault(
    "rfc9292/3.6/*",
    "rfc9458/5/inner-request-conveyed-intact",
    "rfc9292/3.1/known-length-request-layout-exact",
    "rfc9292/3.2/indeterminate-request-layout-exact",
)
class FieldsSwapped(Decoder):
    """Gives names and values back in the other order when there are several lines."""

    def rest(self) -> tuple[Lines, bytes, Lines]:
        fields, content, trailers = super().rest()
        if len(fields) == 2:
            fields = ((fields[0][0], fields[1][1]), (fields[1][0], fields[0][1]))
        return fields, content, trailers


@reading_fault("rfc9292/8/resource-use-bounded", origin="netty codec-bhttp, CVE-2026-61827")
class WorkWithoutBounds(Decoder):
    """Does not come to an end with very many fields or chunks."""

    numbers = 0

    def number(self, reader: Reader, name: str) -> int:
        self.numbers += 1
        if self.numbers > 1500:
            raise Stuck
        return super().number(reader, name)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
