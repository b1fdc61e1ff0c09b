"""A client of the IETF's log searches twice for the same version, and the log grows in between.

`accepted` means that our own verifier takes the octets of every answer that left, from the state that the client was in
when it asked, and that the client says the value that is in them. All that is looked at is in the records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.bench import Bench
from conformance.model import ACCEPTED, ANYWAY, NOTHING, WRONG, AdapterError, Event, Outcome, Part, Sent, exchange
from conformance.protocols.keytrans.messages.ietf import (
    PROFILE,
    REVISION,
    SearchRequest,
    decode_configuration,
)
from conformance.protocols.keytrans.messages.ietf_suites import ED25519, P256
from conformance.protocols.keytrans.peers.client import wall_clock
from conformance.protocols.keytrans.peers.client_search import Refused, Retained, Search
from conformance.protocols.keytrans.peers.log import Log
from conformance.protocols.keytrans.peers.log_history import Entry, History, Inserted, configuration_recipe
from conformance.wire import DecodeError

REJECTED = Outcome("rejected", survives="session", citation="ietf-keytrans-protocol/13/failed-query-keeps-state")
"""The client says that the answer does not hold; it goes on from the state that it had."""

NOT_FOUND = Outcome("not-found")
"""Our log answered nothing that could be refused; no case allows it."""

ROLE, LOG = "keytrans.client", "keytrans.log"
INIT, SEARCH = "keytrans.client.init", "keytrans.client.search"
SUITES = {suite.name: suite for suite in (ED25519, P256)}

LABEL = b"bob@example.org"
"""Its second version stands five deep or deeper in the prefix tree of entry 7, in both suites."""
VERSIONS = (1, 4, 5, 6, 9, 11)
"""The entries with which the versions of the label came. A search for version 1 passes all kinds of ladders: 7 and 5
know greater versions, 3 only lesser, 4 that one."""
FIRST, SECOND, TARGET = 11, 13, 1
LOG_SETTINGS = ("window", "lifetime", "negative", "claimed", "ladders", "older")
"""Settings of the exchange that are those of the log."""
FILLERS = 2
"""How many other labels come with each entry: they give the prefix trees their depth."""


def value_of(version: int) -> bytes:
    """The value of a version of our label."""
    return b"value %d" % version


def made_history(suite: str, size: int, base: int, **settings: Any) -> History:
    """A log of `size` entries, the first made at `base` (milliseconds since 1970), then one each `spacing`."""
    label, versions = settings["label"], settings["versions"]
    placed = list(versions.items() if isinstance(versions, Mapping) else enumerate(versions))
    entries = []
    for n in range(size):
        others = (Inserted(b"%d.%d@example.org" % (n, m), 0, b"value", bare=True) for m in range(FILLERS))
        own = (Inserted(label, v, settings["value"] or value_of(v)) for v, at in placed if at == n)
        entries.append(Entry(base + n * settings["spacing"], (*own, *others)))
    known = {name: settings[name] for name in LOG_SETTINGS if settings.get(name) is not None}
    return History(SUITES[suite], tuple(entries), **known)


@dataclass(slots=True)
class Session:
    """What a client retains about a log that is still there, and the version that it searches."""

    log: Log | None
    config: str
    history: History
    state: Retained | None
    label: str
    version: int | None
    scope: str = "session"
    open: bool = True


def ended(part: Part) -> Outcome:
    """How the searches of a part ended."""
    replies = part.all("reply")
    searches = [event for event in replies if event.name == SEARCH]
    sent = part.sent("configuration")
    if any("refused" in event.value for event in replies if event.name == INIT):
        return REJECTED
    if any("unsupported" in event.value for event in replies if event.name == INIT) and sent and not _known(sent):
        return REJECTED
    if not searches or any(not {"ok", "refused"} & event.value.keys() for event in replies):
        return part.ending()
    if part.last("counterpart") is None:  # what another log answered is not seen
        for search in replayed(part):
            if search.why:
                return ANYWAY
            if search.said != search.value:
                return WRONG
    if any("refused" in event.value for event in searches):
        return NOT_FOUND if _unanswered(part) else REJECTED
    unfinished = part.ending()
    return ACCEPTED if unfinished == NOTHING else unfinished


def _unanswered(part: Part) -> bool:
    """Whether our log gave no answer to the search that the client refused."""
    if part.last("counterpart") is not None:
        return False
    answered = False
    for event in part.events:
        if event.name == SEARCH and event.what == "asked":
            answered = False
        answered |= event.what == "sent" and event.name == "answer"
        if event.name == SEARCH and "refused" in event.value:
            return not answered
    return False


def _known(sent: Sent) -> bool:
    """Whether the configuration that a client got is one that the document knows."""
    try:
        decode_configuration(sent.event.octets)
    except DecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Replayed:
    """One search as the records tell it: what our verifier makes of the answer, and what the client said."""

    advertised: int | None
    before: Retained | None
    after: Retained | None
    value: str
    said: str
    why: str


def replayed(part: Part) -> Sequence[Replayed]:
    """The searches of a part that were answered and taken, verified again from the recorded octets."""
    config, state, now, asked = "", None, 0, SearchRequest(b"")
    answer, last = b"", None
    found: list[Replayed] = []
    for event in part.events:
        match event.what, event.name:
            case "asked", "keytrans.client.init":
                config, state = event.value["config"], None
            case "retained", _:
                config = event.value["config"]
                state = Retained.of_json(event.value["state"]) if event.value["state"] else None
            case "clock", _:
                now = event.value["now"]
            case "asked", "keytrans.client.search":
                asked = SearchRequest(bytes.fromhex(event.value["label"]), event.value["version"])
                answer, last = b"", None
            case "received", "request":
                last = event.value.get("last")
            case "sent", "answer":
                answer = event.octets
            case "reply", "keytrans.client.search" if "ok" in event.value:
                one = _verified(config, state, asked, (last, now), answer, event)
                found.append(one)
                state = one.after or state
    return found


def _verified(
    config: str,
    state: Retained | None,
    asked: SearchRequest,
    when: tuple[int | None, int],
    answer: bytes,
    reply: Event,
) -> Replayed:
    """Verify an answer as the client had to, from the state that it said it was in."""
    last, now = when
    said = str(reply.value["ok"].get("value", "")).lower()
    before = state if last is not None else None
    after, value, why = None, b"", ""
    try:
        after, value = Search(decode_configuration(bytes.fromhex(config)), before, asked, now).verify(answer)
    except (Refused, DecodeError) as refused:
        why = str(refused)
    return Replayed(last, state, after, value.hex(), said, why)


@exchange(ROLE, ended, over={"suite": tuple(SUITES)}, meets=(LOG,))
async def search_twice(
    bench: Bench,
    live: Session | None = None,
    *,
    label: bytes = LABEL,
    version: int | None = TARGET,
    first: int = FIRST,
    second: int = SECOND,
    versions: Sequence[int] | Mapping[int, int] = VERSIONS,
    value: bytes = b"",
    spacing: int = 1000,
    shift: int = 0,
    window: int | None = None,
    lifetime: int | None = None,
    negative: bool | None = None,
    claimed: int | None = None,
    ladders: str | None = None,
    older: bool | None = None,
) -> Session | None:
    """The client is configured with a new log, searches, the log grows from `first` to `second` entries, and again.

    `versions` are the entries with which the versions of the label came (by version, where some are missing), `spacing`
    is between entries and `shift` moves all of them (milliseconds); `window` and `lifetime` are those of the
    configuration. The others make the log lie, as `History` says. With `live` the client searches once more in the log
    that it knows.
    """
    if live is not None:
        return await _again(bench, live)
    settings: dict[str, Any] = {"label": label, "versions": versions, "value": value, "spacing": spacing}
    settings |= {"window": window, "lifetime": lifetime}
    lies = {"negative": negative, "claimed": claimed, "ladders": ladders, "older": older}
    if bench.other(LOG) is not None and (shift or any(lie is not None for lie in lies.values())):
        bench.absent("only our log lies")
    suite = bench.variant.get("suite", ED25519.name)
    base = wall_clock() - (first - 1) * spacing
    whole = made_history(suite, max(first, second), base + shift, **settings, **lies)
    whole.prove()  # proofs are slow to make and remembered: nobody is to wait for them
    logs: list[Log] = []

    def make(at: Bench, options: Mapping[str, Any]) -> Log:
        logs.append(Log(at, options, _cut(whole, first)))
        return logs[-1]

    served = await bench.counterpart(LOG, make)
    config = served.more.get("config")
    if not isinstance(config, str):
        raise AdapterError(f"the log says no configuration: {config!r}", step="serve", hint=f"See {PROFILE}.")
    if logs:
        config = bench.point("configuration", configuration_recipe(whole.configuration())).octets.hex()
    session = Session(logs[0] if logs else None, config, _cut(whole, second), None, label.hex(), version)
    bench.saw("document", "ietf-keytrans-protocol", revision=REVISION, profile=PROFILE)
    reply = await bench.do(INIT, config=config, url=served.url)
    if "ok" not in reply:
        return None
    for size in (first, second):
        if logs:
            logs[0].history = _cut(whole, size)
        if not await _search(bench, session):
            break
    session.history = made_history(suite, second, base + shift if session.state else base, **settings)
    return session


async def _again(bench: Bench, live: Session) -> Session:
    if live.log is not None:
        live.log.bench, live.log.history = bench, live.history
    state = live.state.to_json() if live.state else None
    bench.saw("retained", config=live.config, state=state)
    there = [i.version for entry in live.history.entries for i in entry.inserted if i.label.hex() == live.label]
    live.version = max(there, default=None)  # what was searched may be what nobody finds
    await _search(bench, live)
    return live


async def _search(bench: Bench, session: Session) -> bool:
    """One search; whether the client took the answer. What it retains from now on is noted with the session."""
    bench.saw("clock", now=wall_clock())
    reply = await bench.do(SEARCH, label=session.label, version=session.version)
    if "ok" not in reply:
        return False
    taken = replayed(bench.record)
    if taken and taken[-1].after is not None:
        session.state = taken[-1].after
    session.open = session.open and not (taken and taken[-1].why)  # what it retains of a lie is not known
    return True


def _cut(history: History, size: int) -> History:
    return replace(history, entries=history.entries[:size])


__all__ = [
    "FIRST", "LABEL", "REJECTED", "ROLE", "SECOND", "SUITES", "TARGET", "VERSIONS", "Session", "made_history",
    "replayed", "search_twice", "value_of",
]  # fmt: skip
