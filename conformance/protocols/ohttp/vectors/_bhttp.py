"""Vectors of Binary HTTP: invalid messages by one change each, and lawful messages of unusual form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from conformance.cases import cut, drop, extend, insert, put
from conformance.deriving import CONFIRMED, File, Vector, file_of, slug
from conformance.model import Change
from conformance.protocols.ohttp.cases import _bhttp_stimuli as stimuli
from conformance.protocols.ohttp.exchanges import REQUEST, RESPONSE, recipe_of
from conformance.protocols.ohttp.messages import BinaryRequest, BinaryResponse, Lines, decode_bhttp, line
from conformance.protocols.ohttp.vectors._file import Row, Twin, vectors_of
from conformance.wire import VARINT_MAX, Message

SEED = 0
"""Nothing is drawn at random."""

PREFIX = "ohttp/rfc9292-derived"
OPTIONAL = "optional-check"
SHORT = BinaryRequest(b"PUT", b"https", b"a.example", b"/b", ((b"c", b"d"),), b"efg", ((b"h", b"i"),))
SHORT_RESPONSE = BinaryResponse(404, ((b"c", b"d"),), b"efg", ((b"h", b"i"),), ((103, ((b"j", b"k"),)),))


def _text(lines: Lines) -> list[list[str]]:
    return [[part.decode("latin-1") for part in one] for one in lines]


def said(octets: bytes) -> dict[str, Any]:
    """What a lawful message says, as the schema of the kind has it."""
    message = decode_bhttp(octets)
    first = octets[(1 << (octets[0] >> 6)) - 1]
    head: dict[str, Any] = {"framing": first & 3, "informational": []}
    if isinstance(message, BinaryRequest):
        control = (message.method, message.scheme, message.authority, message.path)
        head["control"] = [part.decode("latin-1") for part in control]
    else:
        head["status"] = message.status
        head["informational"] = [{"status": s, "fields": _text(lines)} for s, lines in message.informational]
    return head | {
        "fields": _text(message.fields),
        "content": message.content.hex(),
        "trailers": _text(message.trailers),
    }


def _twin(name: str, message: BinaryRequest | BinaryResponse, about: str, *, known: bool) -> Twin:
    recipe = recipe_of(message, known=known)
    form = "known-length" if known else "indeterminate"
    kind = "request" if isinstance(message, BinaryRequest) else "response"
    row = f"rfc9292/3.{1 if known else 2}/{form}-{kind}-layout-exact"
    length = "known" if known else "indeterminate"
    return Twin(f"{name}-{length}", recipe, f"{about}, {length} length", (row,), said(recipe.encode()))


def _twins() -> dict[str, Twin]:
    made = [
        _twin(name, message, about, known=known)
        for name, message, about in (
            ("request", REQUEST, "a request with content"),
            ("response", RESPONSE, "a response with content"),
            ("full-request", stimuli.FULL_REQUEST, "a request with trailer fields"),
            ("full-response", stimuli.FULL_RESPONSE, "a response with informational ones and trailer fields"),
            ("short-request", SHORT, "a request with one of everything"),
            ("short-response", SHORT_RESPONSE, "a response with one of everything"),
        )
        for known in (True, False)
    ]
    return {twin.name: twin for twin in made}


def _rows(twins: dict[str, Twin]) -> Iterator[Row]:
    yield from _framing(twins)
    yield from _integers(twins)
    yield from _fields(twins)
    yield from _control(twins)
    yield from _structure(twins)
    yield from _truncated(twins)


def _framing(twins: dict[str, Twin]) -> Iterator[Row]:
    for name in ("request-known", "request-indeterminate", "response-known", "response-indeterminate"):
        for value in (4, 5, 63, 64, VARINT_MAX):
            yield Row(
                twins[name], f"framing {value}", f"the framing indicator is {value}", [_put("framing", value)],
                ["rfc9292/3.3/unknown-framing-refused"], ["framing"],
            )  # fmt: skip


def _integers(twins: dict[str, Twin]) -> Iterator[Row]:
    for name in ("request-known", "request-indeterminate", "response-known", "full-response-indeterminate"):
        recipe = twins[name].recipe
        for label, changes in stimuli.cut_integers(recipe).items():
            if label.startswith(("1 of 2", "1 of 8")):
                change = f"the message ends behind {label.replace(' of ', ' of the ', 1)}"
                yield Row(twins[name], label, change, changes, ["rfc9292/3/cut-integer-refused"], ["truncated"])
        for path in stimuli.lengths(recipe):
            for value in (1 << 31, VARINT_MAX):
                yield Row(
                    twins[name], f"{path} {value}", f"{path} is {value}", [_put(path, value)],
                    ["rfc9292/3/huge-length-refused-cheaply"], ["length", "truncated"],
                )  # fmt: skip


def _fields(twins: dict[str, Twin]) -> Iterator[Row]:
    places = (
        ("request-known", "headers", 99), ("request-indeterminate", "headers", 4), ("response-known", "headers", 4),
        ("full-request-known", "trailers", 4), ("full-request-indeterminate", "trailers", 4),
        ("full-response-known", "informational[1].headers", 2),
        ("full-response-indeterminate", "informational[1].headers", 2),
    )  # fmt: skip
    for name, section, several in places:
        twin, last = twins[name], f"{section}.fields"
        where = f"the last line of {section}"
        for label, octets in list(stimuli.BAD_NAMES.items())[-several:]:
            yield Row(
                twin, f"{section} name {label}", f"{where} has a name with {label}", [_line(last, octets, b"1")],
                ["rfc9292/3.6/invalid-field-name-refused"], ["field-name"],
            )  # fmt: skip
        for label, octets in list(stimuli.BAD_VALUES.items())[:several]:
            yield Row(
                twin, f"{section} value {label}", f"{where} has a value with {label}",
                [_line(last, b"x-value", octets)], ["rfc9292/3.6/invalid-field-value-refused"], ["field-value"],
            )  # fmt: skip
        for octets in stimuli.CONTROL_PSEUDO.values():
            control = ["rfc9292/3.6/control-pseudo-field-refused"]
            control += ["rfc9292/3.6/trailer-pseudo-field-refused"] if section == "trailers" else []
            yield Row(
                twin, f"{section} {octets[1:].decode()}", f"the first line of {section} is called {octets.decode()}",
                [_line(last, octets, b"GET", 0)], control, ["pseudo-field"],
            )  # fmt: skip
        late = "trailer-pseudo-field-refused" if section == "trailers" else "late-pseudo-field-refused"
        yield Row(
            twin, f"{section} protocol", f"{where} is called :protocol", [_line(last, b":protocol", b"websocket")],
            [f"rfc9292/3.6/{late}"], ["pseudo-field"],
        )  # fmt: skip
    yield Row(
        twins["request-known"], "headers name empty", "the last line of headers has a name of no octets",
        [_line("headers.fields", b"", b"1")], ["rfc9292/3.6/empty-field-name-refused"], ["field-name"],
    )  # fmt: skip


def _control(twins: dict[str, Twin]) -> Iterator[Row]:
    for label, (part, octets) in stimuli.BAD_CONTROL.items():
        yield Row(
            twins["request-known"], label, f"there is {label}", [_put(f"control.{part}.octets", octets)],
            ["rfc9292/3.4/invalid-control-data-refused"], ["control-data"],
        )  # fmt: skip
    for name in ("response-known", "response-indeterminate"):
        for status in stimuli.BAD_STATUSES:
            yield Row(
                twins[name], f"status {status}", f"the status is {status}", [_put("control.status", status)],
                ["rfc9292/3.5/final-status-200-to-599"], ["status"],
            )  # fmt: skip
    for name in ("full-response-known", "full-response-indeterminate"):
        yield Row(
            twins[name], "no final response", "the message ends behind its informational responses",
            [_drop(part) for part in ("control", "headers", "content", "trailers")],
            ["rfc9292/3.5.1/missing-final-response-refused"], ["truncated", "status"],
        )  # fmt: skip


def _structure(twins: dict[str, Twin]) -> Iterator[Row]:
    exact = "rfc9292/3.1/field-section-length-exact"
    for name, path in (("request-known", "headers"), ("full-request-known", "trailers")):
        for label, change in stimuli.section_lengths(twins[name].recipe, path).items():
            said_length = change.args[0]
            if said_length % 7 == 0 or abs(said_length - int(label.rsplit(" ", 1)[1])) < 3:
                yield Row(
                    twins[name], f"{path} length {said_length}", f"the length of {path} is {label}", [change],
                    [exact], ["length", "truncated", "field-name"],
                )  # fmt: skip
    for part in ("name", "value"):
        yield Row(
            twins["request-known"], f"line overruns by its {part}",
            f"the {part} of the last header field is longer than its section, though not than the message",
            [_put(f"headers.fields[-1].{part}.length", 25)], [exact], ["length", "truncated"],
        )  # fmt: skip
    yield Row(
        twins["full-request-indeterminate"], "headers without end", "the message ends behind the last header field",
        [_drop(part) for part in ("headers.terminator", "content", "trailers")],
        ["rfc9292/3.2/field-section-terminator-required"], ["truncated"],
    )  # fmt: skip
    yield Row(
        twins["full-request-indeterminate"], "trailers without end", "nothing ends the trailer section",
        [_drop("trailers.terminator")], ["rfc9292/3.2/field-section-terminator-required"], ["truncated"],
    )  # fmt: skip
    yield Row(
        twins["request-indeterminate"], "content without end", "the message ends behind a chunk of its content",
        [_drop("content.terminator"), _drop("trailers")],
        ["rfc9292/3.2/missing-content-terminator-refused"], ["truncated"],
    )  # fmt: skip
    for name in ("request-known", "request-indeterminate", "response-known", "response-indeterminate"):
        for label, octets in (("one", b"\1"), ("zeros and one", bytes(9) + b"\1")):
            yield Row(
                twins[name], f"padding {label}", f"{label} follows the message", [_at(extend("message", octets))],
                ["rfc9292/3.8/nonzero-padding-refusal-optional"], ["padding", "trailing"], [OPTIONAL],
                comment="a decoder may leave padding unchecked",
            )  # fmt: skip


def _truncated(twins: dict[str, Twin]) -> Iterator[Row]:
    for name in ("short-request-known", "short-request-indeterminate", "short-response-known",
                 "short-response-indeterminate"):  # fmt: skip
        octets = twins[name].recipe.encode()
        for n, lawful in stimuli.cuts(octets):
            if not lawful:
                left = len(octets) - n
                yield Row(
                    twins[name], f"cut to {left}", f"only the first {left} octets are there", [_at(cut("message", n))],
                    ["rfc9292/3.8/other-truncation-refused"], ["truncated"],
                )  # fmt: skip


def _at(change: Change) -> Change:
    return replace(change, point="")


def _put(path: str, value: Any) -> Change:
    return _at(put(f"message.{path}", value))


def _drop(path: str) -> Change:
    return _at(drop(f"message.{path}"))


def _line(path: str, name: bytes, value: bytes, at: int = -1) -> Change:
    return _at(insert(f"message.{path}", at, line(name, value)))


def negative() -> File:
    """Invalid messages and their valid twins."""
    twins = _twins()
    return _file(
        "Invalid messages, each made by one change of a valid one",
        vectors_of(PREFIX, "message", twins.values(), _rows(twins)),
        f"{CONFIRMED} Flag {OPTIONAL}: a decoder need not look.",
    )


def unusual() -> File:
    """Lawful messages that careless decoders refuse or misread."""
    return _file(
        "Valid messages of unusual form: wide integers, missing ends, padding, chunks",
        vectors_of("ohttp/rfc9292-unusual", "message", _unusual(), ()),
        "control is [method, scheme, authority, path]; names, values and paths are text; content is hex.",
    )


def _unusual() -> Iterator[Twin]:
    wide, missing = "rfc9292/3/any-integer-width-accepted", "rfc9292/3.8/missing-trailers-read-empty"
    for name, message, known in (
        ("request-known", REQUEST, True), ("request-indeterminate", REQUEST, False), ("response-known", RESPONSE, True),
    ):  # fmt: skip
        recipe = recipe_of(message, known=known)
        for label, change in stimuli.widths(recipe).items():
            if label.endswith("8 octets"):
                yield _made(f"{name}/{label}", recipe, [change], label, wide)
        yield _made(f"{name}/without-trailers", recipe, [_drop("trailers")], "it ends behind its content", missing)
        padded = recipe_of(message, known=known, padding=64)
        yield _made(f"{name}/padded", padded, [], "64 zeros follow", "rfc9292/3.8/zero-padding-accepted")
    get = stimuli.GET
    for known in (True, False):
        name, recipe = f"get-{'known' if known else 'indeterminate'}", recipe_of(get, known=known)
        content = [_drop("content"), _drop("trailers")]
        empty = "rfc9292/3.8/missing-content-read-empty"
        yield _made(f"{name}/without-content", recipe, content, "it ends behind its header section", empty)
        zeros = recipe_of(replace(get, fields=()), known=known, padding=17)
        combined = "rfc9292/3.8/truncation-with-padding-accepted"
        yield _made(f"{name}/zeros", zeros, [], "zeros follow the control data", combined)
    for label, chunks in (("one-octet-chunks", (1,) * 11), ("chunks-of-all-sizes", (1, 2, 3, 4))):
        recipe = recipe_of(REQUEST, known=False, chunks=chunks)
        about = label.replace("-", " ")
        yield _made(f"request-indeterminate/{label}", recipe, [], about, "rfc9292/3.2/content-chunks-concatenated")
    for label, message in stimuli.FINE_REQUESTS.items():
        yield _made(f"target/{label}", recipe_of(message), [], label, "rfc9292/3.4/request-control-data-in-order")
    for label, value in stimuli.FINE_VALUES.items():
        message = replace(REQUEST, fields=(*REQUEST.fields, (b"x-value", value)))
        about = f"a value of {label}"
        yield _made(f"value/{label}", recipe_of(message), [], about, "rfc9292/3.6/empty-or-8bit-value-accepted")


def _made(name: str, recipe: Message, changes: list[Change], about: str, requirement: str) -> Twin:
    built = recipe.build(changes)
    place = "/".join(slug(part) for part in name.split("/"))
    return Twin(place, Message(octets=built.octets), about, (requirement,), said(built.octets))


def _file(source: str, vectors: Sequence[Vector], notes: str) -> File:
    return file_of("bhttp.message", "rfc9292", "3", source, vectors, protocol="ohttp", seed=SEED, notes=notes)
