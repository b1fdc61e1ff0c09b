"""The authoring kit: what a case file imports besides its own protocol.

A case is an exchange, a change and the outcomes that are allowed. Its id is its place
(`protocols/ohttp/cases/gateway/request.py`, function `enc_cut_short` → `ohttp/gateway/request/enc-cut-short`), its
docstring is what the reports publish: what is sent and what must be seen.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from conformance import vectors
from conformance.model import (
    GIVEN,
    Case,
    Change,
    Exchange,
    Finding,
    Outcome,
    Part,
    Transcript,
    UsageError,
    Watch,
)

REGISTRY: dict[str, Case | Watch] = {}
"""Every case and watch that was declared, by id."""


def _at(place: str) -> tuple[str, str]:
    point, _, path = place.partition(".")
    return point, path


def _change(op: str, place: str, *args: Any, wire: bool = False) -> Change:
    point, path = _at(place)
    return Change(point, path, op, args, wire)


def cut(place: str, n: int = 1, *, wire: bool = False) -> Change:
    """The last n octets are missing."""
    return _change("cut", place, n, wire=wire)


def extend(place: str, more: bytes, *, wire: bool = False) -> Change:
    """More octets follow."""
    return _change("extend", place, more, wire=wire)


def flip(place: str, at: int = 0, mask: int = 1, *, wire: bool = False) -> Change:
    """Bits of one octet are turned; `at` counts from the end when negative."""
    return _change("flip", place, at, mask, wire=wire)


def put(place: str, value: Any, *, wire: bool = False) -> Change:
    """Another value stands there: octets, a number where the part is one, or a recipe."""
    return _change("put", place, value, wire=wire)


def drop(place: str, *, wire: bool = False) -> Change:
    """The part, or the item of a list, is missing."""
    return _change("drop", place, wire=wire)


def insert(place: str, at: int, item: Any, *, wire: bool = False) -> Change:
    """An item is put into a list (or octets into octets) at that place, from the end when negative."""
    return _change("insert", place, at, item, wire=wire)


def repeat(place: str, times: int = 2, *, wire: bool = False) -> Change:
    """The item or part stands there several times."""
    return _change("repeat", place, times, wire=wire)


def swap(place: str, *other: int, wire: bool = False) -> Change:
    """Two items of a list (or octets) change places."""
    return _change("swap", place, *other, wire=wire)


def widen(place: str, width: int) -> Change:
    """A number is encoded in so many octets."""
    return _change("widen", place, width)


def split(point: str, *at: int) -> Change:
    """What leaves at the point leaves in pieces, cut at these offsets."""
    return _change("split", point, *at)


def hold(point: str, n: int) -> Change:
    """The last n octets wait until all steps that run together have got so far."""
    return _change("hold", point, n)


def delay(point: str, seconds: float) -> Change:
    """What leaves at the point leaves late."""
    return _change("delay", point, seconds)


def close(point: str) -> Change:
    """Our side of the stream is closed behind what leaves at the point."""
    return _change("close", point)


def reset(point: str) -> Change:
    """The stream is reset behind what leaves at the point."""
    return _change("reset", point)


def given(**settings: Any) -> Change:
    """Parameters of the exchange are set otherwise."""
    return Change("", "", GIVEN, tuple(settings.items()))


def octets(n: int, seed: int = 0) -> bytes:
    """Octets that look random and are always the same."""
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(n)


def _label(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex() or "empty"
    return str(value)


def _id(module: str, name: str) -> str:
    package, _, place = module.partition(".cases.")
    return "/".join((package.rpartition(".")[2], *place.split("."), name)).replace("_", "-")


def _register(item: Case | Watch) -> None:
    if item.id in REGISTRY:
        msg = f"two cases are called {item.id}"
        raise ValueError(msg)
    REGISTRY[item.id] = item


def _all_cited(allowed: Sequence[Outcome]) -> None:
    """UsageError where an outcome behind the best one does not say what allows it."""
    for outcome in allowed[1:]:
        if not outcome.citation:
            raise UsageError(
                f"{outcome} is allowed beside {allowed[0]}, and nothing says why",
                hint='name the requirement that allows it: outcome.per("document/section/requirement")',
            )


def case(
    exchange: Exchange,
    *requirements: str,
    expect: Sequence[Outcome] | Mapping[str, Sequence[Outcome]] = (),
    also: Mapping[str, Sequence[Outcome]] | None = None,
    each: Mapping[str, Any] | Iterable[Any] = (),
    needs: Iterable[str] = (),
    where: Mapping[str, Any] | None = None,
    repeat: int = 1,  # noqa: A002,RUF100 - the word of the design
    settings: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], Case]:
    """Declare the function below as a case of an exchange that decides these requirements.

    `expect` lists the allowed outcomes, best first (of each named step, for a scripted case); all but the first must
    carry their citation. `also` lets the same exchange decide more. `each` makes several attempts, `needs` names
    features and controls of the subject, `where` narrows variants (a list of values, or "first"). `settings` are
    parameters of the exchange in every part of the case, its controls included.
    """
    for allowed in expect.values() if isinstance(expect, Mapping) else (expect,):
        _all_cited(allowed)

    def register(body: Callable[..., Any]) -> Case:
        doc = inspect.getdoc(body)
        name = _id(body.__module__, body.__name__)
        if not doc or not requirements:
            msg = f"{name} needs a docstring and a requirement"
            raise ValueError(msg)
        attempts = list(each.items() if isinstance(each, Mapping) else ((_label(value), value) for value in each))
        table = dict(attempts)
        if len(table) < len(attempts):
            msg = f"two attempts of {name} have the same label"
            raise ValueError(msg)
        made = Case(
            name,
            doc,
            exchange,
            requirements,
            body,
            expect,
            dict(also or {}),
            table,
            frozenset(needs),
            where or {},
            repeat,
            dict(settings or {}),
        )
        _register(made)
        return made

    return register


def watch(
    role: str, *requirements: str, where: Mapping[str, Any] | None = None, absent: str = ""
) -> Callable[[Callable[[Part], Iterable[Finding]]], Watch]:
    """Declare the function below as a watch: it sees every part of every case of the role.

    Where nothing found proves nothing, the watch yields what is right too, and `absent` says what else was not there.
    """

    def register(look: Callable[[Part], Iterable[Finding]]) -> Watch:
        doc = inspect.getdoc(look)
        name = _id(look.__module__, getattr(look, "__name__", ""))
        if not doc or not requirements:
            msg = f"{name} needs a docstring and a requirement"
            raise ValueError(msg)
        made = Watch(name, doc, role, requirements, look, where or {}, absent)
        _register(made)
        return made

    return register


def from_vectors(
    exchange: Exchange,
    pattern: str,
    *,
    expect: Callable[[vectors.Vector], Sequence[Outcome]],
    settings: Callable[[vectors.Vector], Mapping[str, Any]],
    where: Callable[[vectors.Vector], Mapping[str, Any]] = lambda _: {},
    kind: str = "",
    needs: Iterable[str] = (),
    only: Callable[[vectors.Vector], bool] = lambda _: True,
    requirements: Iterable[str] = (),
) -> list[Case]:
    """A case per vector of the files that match (and are of that kind).

    `settings` turns a vector into parameters of the exchange, `expect` says what is allowed, `where` in which variants;
    `only` chooses vectors, `requirements` stand in place of the vector's own. The twin of an invalid vector is the
    valid one it names, that of a valid one the plain exchange. The cases are called after the module that calls this
    and the vector's id behind the protocol.
    """
    module = sys._getframe(1).f_globals["__name__"]  # noqa: SLF001 - a case's id is its place, and so is this one's
    made = []
    for file in vectors.load(pattern):
        if kind and file.kind != kind:
            continue
        known = {v.id: v for v in file.vectors}
        for vector in filter(only, file.vectors):
            change, allowed = given(**settings(vector)), expect(vector)
            _all_cited(allowed)
            item = Case(
                _id(module, "/".join(vector.id.split("/")[1:])),
                f"{file.source}: {vector.comment or vector.change or vector.id}",
                exchange,
                tuple(requirements) or tuple(vector.requirements),
                lambda change=change: change,
                allowed,
                needs=frozenset(needs),
                where=where(vector),
                settings={} if vector.valid else dict(settings(known[vector.twin])),
            )
            _register(item)
            made.append(item)
    return made


_CANARY = re.compile(rb"canary-[0-9a-f]{16}")


def canary(name: str | bytes) -> bytes:
    """A mark that must not cross; always the same for a name."""
    text = name.encode() if isinstance(name, str) else name
    return b"canary-" + hashlib.shake_128(text).hexdigest(8).encode()


def leaks(part: Part, to: str) -> Iterator[Finding]:
    """What of the marks that left in a part was seen at a place (`where`) that must not see them."""
    sent = {mark for event in part.all("sent") for mark in _CANARY.findall(event.octets)}
    for event in part.all("received", where=to):
        seen = sorted(sent & set(_CANARY.findall(event.octets)))
        told = f"{len(seen)} of {len(sent)} marks reached the {to}"
        yield Finding("leak" if seen else "as-expected", told, part=part.name)


def one_value(transcript: Transcript, name: str, by: str = "vantage") -> Finding:
    """Whether every part saw the same octets decoded under `name`; says what such a look could have seen.

    A split view shown to a share p of n fetches escapes with probability (1 - p)^n: the measure gives the share that
    would have been seen with 95 %.
    """
    seen = [event.octets for part in transcript.tested for event in part.all("decoded", name)]
    places = {part.name.rsplit(" ", 1)[0] for part in transcript.tested if part.all("decoded", name)}
    values = set(seen)
    share = 1 - 0.05 ** (1 / len(seen)) if seen else 1.0
    measure = {"fetches": len(seen), by: len(places), "values": len(values), "share": round(share, 3)}
    if len(values) > 1:
        return Finding("leak", f"{len(values)} different values in {len(seen)} fetches", measure=measure)
    told = f"{len(seen)} fetches from {len(places)} {by}s gave one value; one shown to {share:.0%} would have been seen"
    return Finding("as-expected", told, measure=measure)
