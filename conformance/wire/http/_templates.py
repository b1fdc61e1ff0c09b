"""URI Templates (RFC 6570): every template of its grammar is read, nothing else is; what MASQUE needs is expanded.

Values are text: lists and maps, and so the explode modifier, are parsed but not expanded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.wire._codec import DecodeError

_HEX = "[0-9A-Fa-f]{2}"
_LITERAL = re.compile(
    rf"(?:[\x21\x23\x24\x26\x28-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
    rf"\U00010000-\U0010fffd]|%{_HEX})+"
)  # Section 2.1
_CHAR = rf"(?:[A-Za-z0-9_]|%{_HEX})"
_VARIABLE = re.compile(rf"({_CHAR}(?:\.?{_CHAR})*)(\*|:[1-9][0-9]{{0,3}})?")  # Sections 2.3 and 2.4
_UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_RESERVED = b":/?#[]@!$&'()*+,;="
RESERVED_OPERATORS = "=,!@|"
"""Operators that are kept for later: a template with them is an error (Section 2.2)."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How an operator expands (RFC 6570, Appendix A)."""

    level: int
    first: str
    between: str
    named: bool
    if_empty: str
    reserved: bool


_KINDS = {
    "": _Kind(1, "", ",", named=False, if_empty="", reserved=False),
    "+": _Kind(2, "", ",", named=False, if_empty="", reserved=True),
    "#": _Kind(2, "#", ",", named=False, if_empty="", reserved=True),
    ".": _Kind(3, ".", ".", named=False, if_empty="", reserved=False),
    "/": _Kind(3, "/", "/", named=False, if_empty="", reserved=False),
    ";": _Kind(3, ";", ";", named=True, if_empty="", reserved=False),
    "?": _Kind(3, "?", "&", named=True, if_empty="=", reserved=False),
    "&": _Kind(3, "&", "&", named=True, if_empty="=", reserved=False),
}


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of an expression; `prefix` is the number of characters that count (0: all)."""

    name: str
    prefix: int = 0
    explode: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression: its operator (empty: simple) and its variables; `at` is where it stands."""

    operator: str
    variables: tuple[Variable, ...]
    at: int

    @property
    def level(self) -> int:
        """The level of templates that it needs (Section 1.2)."""
        if any(v.prefix or v.explode for v in self.variables):
            return 4
        level = _KINDS[self.operator].level
        return max(level, 3) if len(self.variables) > 1 else level

    def expand(self, values: Mapping[str, str]) -> str:
        """Expand with those values; undefined variables are left out, ValueError for one that explodes."""
        kind = _KINDS[self.operator]
        out = []
        for variable in self.variables:
            value = values.get(variable.name)
            if value is None:
                continue
            if variable.explode:
                msg = f"{variable.name}*: lists and maps are not expanded"
                raise ValueError(msg)
            text = _encoded(value[: variable.prefix] if variable.prefix else value, reserved=kind.reserved)
            if kind.named:
                text = f"{variable.name}={text}" if text else variable.name + kind.if_empty
            out.append(text)
        return kind.first + kind.between.join(out) if out else ""


@dataclass(frozen=True, slots=True)
class Template:
    """A URI template: literals and expressions in order."""

    text: str
    parts: tuple[str | Expression, ...]

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """The expressions in order."""
        return tuple(p for p in self.parts if isinstance(p, Expression))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of all variables in order, repetitions included."""
        return tuple(v.name for e in self.expressions for v in e.variables)

    @property
    def level(self) -> int:
        """The level that it needs, 1 to 4 (Section 1.2)."""
        return max((e.level for e in self.expressions), default=1)

    def expand(self, values: Mapping[str, str]) -> str:
        """The URI with those values; ValueError for a variable that explodes."""
        return "".join(
            p.expand(values) if isinstance(p, Expression) else _encoded(p, reserved=True) for p in self.parts
        )

    def matches(self, text: str) -> dict[str, str] | None:
        """The values as they stand in a URI (still percent-encoded), or None where it is no expansion.

        Every variable of a simple expression must be there; those of `?` and `&` may be missing, but keep their order.
        ValueError for other operators.
        """
        pattern = (re.escape(_literal(p)) if isinstance(p, str) else _pattern(p) for p in self.parts)
        found = re.fullmatch("".join(pattern), text)
        if found is None:
            return None
        return {n: v for n, v in zip(self.variables, found.groups(), strict=True) if v is not None}


def _pattern(expression: Expression) -> str:
    value = r"((?:[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})*)"
    if expression.operator == "":
        return ",".join(value for _ in expression.variables)
    if expression.operator in "?&":
        begin = "&" if expression.operator == "&" else "[?&]"
        joint = "".join(rf"(?:{begin}{re.escape(v.name)}={value})?" for v in expression.variables)
        return joint if expression.operator == "&" else rf"(?:(?=\?[^?]*\Z){joint})?"
    msg = f"{{{expression.operator}…}} cannot be matched"
    raise ValueError(msg)


def _literal(text: str) -> str:
    return _encoded(text, reserved=True)


def _encoded(text: str, *, reserved: bool) -> str:
    """Percent-encode all but unreserved characters, or but reserved ones and triplets as well (Section 3.2.1)."""
    if reserved:
        parts = re.split(rf"(%{_HEX})", text)
        return "".join(p if n % 2 else _percent(p, _UNRESERVED + _RESERVED) for n, p in enumerate(parts))
    return _percent(text, _UNRESERVED)


def _percent(text: str, kept: bytes) -> str:
    return "".join(chr(o) if o in kept else f"%{o:02X}" for o in text.encode("utf-8", "surrogatepass"))


def decode_template_untrusted(text: str) -> Template:
    """Read a template; DecodeError, whose offset counts characters, for what RFC 6570 does not allow."""
    parts: list[str | Expression] = []
    at = 0
    while at < len(text):
        if text[at] == "{":
            end = text.find("}", at)
            if end < 0:
                raise DecodeError("template", at, "an expression without an end")
            parts.append(_expression(text[at + 1 : end], at))
            at = end + 1
            continue
        found = _LITERAL.match(text, at)
        if found is None:
            raise DecodeError("template", at, f"{text[at]!r} cannot stand there")
        parts.append(found[0])
        at = found.end()
    return Template(text, tuple(parts))


def _expression(text: str, at: int) -> Expression:
    if text[:1] and text[0] in RESERVED_OPERATORS:
        raise DecodeError("expression", at, f"the operator {text[0]!r} is reserved")
    operator = text[:1] if text[:1] and text[0] in _KINDS else ""
    variables = []
    for word in text[len(operator) :].split(","):
        found = _VARIABLE.fullmatch(word)
        if found is None:
            raise DecodeError("expression", at, f"{word!r} is no variable")
        modifier = found[2] or ""
        prefix = int(modifier[1:]) if modifier[:1] == ":" else 0
        variables.append(Variable(found[1], prefix, modifier == "*"))
    return Expression(operator, tuple(variables), at)
