"""Is the adapter honest? What its author can be told, and what the suite asks that no one can do."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.bench import Ask, Hello, Reply, Subject
from conformance.model import AdapterError, Ended
from conformance.subjects._process import ProcessSubject
from conformance.subjects._vocabulary import AnsweredError

NONSENSE = "zz"
"""No hex, no URL, no suite: no operation can make anything of it."""

FIELDS = ("message", "request", "response", "keys", "key", "context", "suite", "enc", "public_key", "private_key")
"""What operations are commonly given; all of it nonsense at once."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with an adapter: at which step, what it did, and what to do."""

    step: str
    what: str
    hint: str = ""


def no_such_operation() -> Ask:
    """An operation that does not exist, under a name that nobody can know beforehand."""
    return Ask(f"no-such.{secrets.token_hex(6)}", {"message": "00"}, "it does not exist")


async def tribunal(subject: Subject, asks: Sequence[Ask] = ()) -> list[str]:
    """Ask for what no one can do, the protocols' own questions included; the lies, in a sentence each.

    Only `ok` is a lie. Whoever dies, falls silent or says that it broke has not claimed to have done it; that a subject
    no longer lives afterwards is for the caller to see.
    """
    lies = []
    for ask in (*asks, no_such_operation()):
        try:
            reply = await subject.do(ask.op, ask.given)
        except (AnsweredError, Ended):
            continue
        if "ok" in reply:
            lies.append(f"answered ok to {_said(ask)}, which no one can do: {ask.why}")
        if "died" in reply:
            break
    return lies


async def check(
    subject: Subject,
    *,
    asks: Sequence[Ask] = (),
    roles: Mapping[str, Sequence[str]] | None = None,
    servers: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[Problem]:
    """All that is wrong with an adapter. The subject is started, and stopped at the end.

    `asks` are a protocol's questions that must not be answered `ok`; `roles` says which operations a role has;
    `servers` which roles are started with `serve`, with the options for that.
    """
    checker = _Checker(subject)
    try:
        await subject.start()
    except AdapterError as why:
        return [Problem(why.step, why.what, why.hint)]
    try:
        checker.hello(subject.hello, roles or {})
        for ask, allowed, hint in _questions(subject.hello, asks, roles or {}, servers or {}):
            await checker.ask(ask, allowed, hint)
        for role, options in (servers or {}).items():
            if role in subject.hello.roles:
                await checker.serve(role, options)
        await checker.bye()
    finally:
        await subject.stop()
    return checker.problems


def _questions(
    hello: Hello,
    asks: Sequence[Ask],
    roles: Mapping[str, Sequence[str]],
    servers: Mapping[str, Mapping[str, Any]],
) -> Iterable[tuple[Ask, frozenset[str], str]]:
    """Questions with the answers that are allowed, `error` among them, and what to do otherwise."""
    never_ok = frozenset({"refused", "unsupported", "error"})
    not_here = frozenset({"unsupported"})
    yield Ask("ping", {}, ""), frozenset({"ok"}), "ping is answered {}."
    yield Ask("ping", {"unknown": 1}, ""), frozenset({"ok"}), "Unknown keys in with are ignored."
    yield no_such_operation(), not_here, "An unknown operation is unsupported, with a reason."
    for op in hello.operations:
        yield Ask(op, {}, ""), never_ok, "Missing fields are an error."
        nonsense = dict.fromkeys(FIELDS, NONSENSE)
        yield Ask(op, nonsense, ""), never_ok, "Nonsense is refused, or an error; never ok."
    for role, operations in roles.items():
        for op in operations:
            if role not in hello.roles and op not in hello.operations:
                yield Ask(op, {}, ""), frozenset({"unsupported", "error"}), "An operation of a role not offered."
    for role in servers:
        if role not in hello.roles:
            yield Ask("serve", {"role": role, "options": {}}, ""), never_ok, "A role that hello does not name."
    yield (
        Ask("serve", {"role": "no-such.role", "options": {}}, ""),
        never_ok,
        "A role that no one has cannot be served.",
    )
    for ask in asks:
        yield ask, never_ok, f"No one can do this: {ask.why}. An ok here voids every pass."
    if "reset" in hello.controls:
        yield Ask("reset", {}, ""), frozenset({"ok"}), "hello names reset among its controls."
    yield Ask("ping", {}, ""), frozenset({"ok"}), "After all that it must still answer."


class _Checker:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.problems: list[Problem] = []

    def hello(self, hello: Hello, roles: Mapping[str, Sequence[str]]) -> None:
        """What hello says, held against what its roles need."""
        for key, hint in (
            ("version", "The exact version of the implementation."),
            ("language", "The implementation's language."),
            ("source", "Package URLs with exact versions: pkg:cargo/ohttp@0.8.0."),
        ):
            if not getattr(hello, key):
                self.problems.append(Problem("hello", f"{key} is missing or empty", hint))
        said = self.subject.said if isinstance(self.subject, ProcessSubject) else {}
        known = {field.name for field in dataclasses.fields(Hello)}
        for key in said:
            if key not in known:
                self.problems.append(
                    Problem("hello", f"says {key}, which means nothing", f"Known: {', '.join(sorted(known))}.")
                )
        for role, offer in (said.get("roles") or {}).items():
            for key in set(offer) - {"features", "variants"}:
                self.problems.append(
                    Problem("hello", f"says {key} of {role}, which means nothing", "Known: features, variants.")
                )
        for role in hello.roles:
            for op in roles.get(role, ()):
                if op not in hello.operations:
                    self.problems.append(
                        Problem(
                            "hello", f"{role} needs the operation {op}", "Name it in operations; see docs/adapter.md."
                        )
                    )

    async def ask(self, ask: Ask, allowed: frozenset[str], hint: str) -> None:
        """One question; after a death or a broken contract the adapter is started anew."""
        try:
            try:
                reply = await self.subject.do(ask.op, ask.given)
            except AnsweredError:
                reply = {"error": {}}
            key = next(iter(reply))
            if key == "died":
                self._died(ask, reply)
                await self.subject.restart()
            elif key not in allowed:
                wanted = " or ".join(sorted(allowed))
                self.problems.append(Problem(ask.op, f"answered {key} to {_said(ask)}; must be {wanted}", hint))
        except Ended:
            self.problems.append(Problem(ask.op, f"did not answer {_said(ask)} in time", hint))
            await self._again()
        except AdapterError as why:
            self.problems.append(Problem(why.step or ask.op, why.what, why.hint))
            await self._again()

    async def serve(self, role: str, options: Mapping[str, Any]) -> None:
        """Start a server role, end it with `stop`."""
        try:
            await self.subject.serve(role, options)
        except AdapterError as why:
            self.problems.append(Problem("serve", why.what, why.hint))
            await self._again()
        else:
            if not isinstance(self.subject, ProcessSubject):
                return
            await self.ask(Ask("stop", {}, ""), frozenset({"ok"}), "stop ends what serve started.")

    async def bye(self) -> None:
        """It leaves when asked to: afterwards there is nobody to answer."""
        if not isinstance(self.subject, ProcessSubject):
            return
        await self.ask(Ask("bye", {}, ""), frozenset({"ok"}), "bye is answered {}, then the process exits.")
        hint = "After bye the process exits with status 0."
        try:
            reply = await self.subject.do("ping", {})
        except Ended:
            self.problems.append(Problem("bye", "goes on running after bye", hint))
        except AdapterError as why:
            self.problems.append(Problem("bye", why.what, why.hint or hint))
        else:
            if "died" not in reply:
                self.problems.append(Problem("bye", "goes on answering after bye", hint))
            elif reply["died"]["status"] != 0:
                self.problems.append(Problem("bye", f"ended after bye with {self.subject.died()}", hint))

    async def _again(self) -> None:
        try:
            await self.subject.restart()
        except AdapterError as why:
            self.problems.append(Problem(why.step, why.what, why.hint))

    def _died(self, ask: Ask, reply: Reply) -> None:
        lines = [line for line in str(reply["died"].get("stderr", "")).splitlines() if line.strip()]
        self.problems.append(
            Problem(
                ask.op,
                f"died of {_said(ask)} ({self.subject.died()})",
                f"Only the implementation may die, not the adapter: {lines[-1][:200]}" if lines else "",
            )
        )


def _said(ask: Ask) -> str:
    return f"{ask.op} with {dict(ask.given)}" if ask.given else f"{ask.op} with nothing"
