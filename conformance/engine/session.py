"""One run from end to end: subject, lab, probe, plan, runner, stream, exit code."""

from __future__ import annotations

import asyncio
import platform
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from conformance import __version__
from conformance.bench import Found, Lab, Protocol, Role, RoleOffer, Setup, Subject
from conformance.engine.baseline import Baseline
from conformance.engine.catalogue import Catalogue, load_cases, load_catalogue
from conformance.engine.judge import Weigh, weigher
from conformance.engine.plan import Plan, Terms, make_plan, ours_of
from conformance.engine.resume import Kept, Key, check_resumable
from conformance.engine.run import Forget, Outcomes, Runner, Settings, counts
from conformance.engine.stream import Footer, Header, Run, StreamWriter, voided
from conformance.model import BAD, NOT_RUN, Case, Requirement, Unreachable, Verdict, Watch, variant_name
from conformance.net import Route

RouteOf = Callable[[str, str | None], Route]
PACKAGES = ("cryptography", "pyhpke", "h11", "h2", "aioquic")


@dataclass(frozen=True, slots=True)
class Other:
    """Another subject in the place of a peer of ours, in a cell of the matrix: which, and the role that it plays."""

    role: str
    subject: Subject
    name: str
    title: str = ""


@dataclass(slots=True)
class Request:
    """What the user asks for: which subject, which part of the suite, under which terms.

    `title` and `how` say what the subject is and how it is reached, `digest` what was built; `ours` are the globs of
    its manifest, `ROLE:GLOB` where one is about one role only. `attempts` maps cases to those of their attempts that
    are wanted, none for all. `remote` makes the defaults gentle, `owned` says that what could do harm is allowed.
    `only` narrows axes to values, `base_only` takes of each case's variants the first. With `others` this is a cell of
    the matrix: only what is honest is run, with them in the place of our peers.
    """

    subject: Subject
    protocols: Sequence[Protocol]
    title: str = ""
    how: str = "url"
    digest: str = ""
    ours: Sequence[str] = ()
    withheld: Sequence[str] = ()
    roles: Sequence[str] = ()
    include: Sequence[str] = ()
    attempts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    level: str = ""
    strict: bool = False
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    http: Sequence[int] = ()
    only: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    lanes: int = 0
    rate: float = 0.0
    patience: float = 2.0
    listen: str = ""
    reachable_as: str = ""
    vantages: Sequence[str] = ()
    insecure: bool = False
    remote: bool = False
    owned: bool = False
    route: RouteOf = lambda url, source: Route.of(url, source=source)
    baseline: Baseline | None = None
    fail_fast: int = 0
    retry: bool = True
    base_only: bool = False
    command: str = ""
    others: Sequence[Other] = ()


@dataclass(slots=True)
class RoleRun:
    """One role of a subject, ready to run."""

    protocol: Protocol
    role: Role
    setup: Setup
    plan: Plan
    found: Found | None = None
    reduced: str = ""


@dataclass(slots=True)
class Result:
    """What a run came to, for the summary and the exit code."""

    exit: int
    verdicts: list[Verdict]
    counts: dict[str, int]
    notes: list[str]
    events: Path | None = None


class Session:
    """Prepares and runs everything for one subject."""

    def __init__(self, request: Request, say: Callable[[str], None] = lambda _: None) -> None:
        self.request = request
        self.say = say
        self.catalogue: Catalogue = load_catalogue(request.protocols)
        self.began = time.monotonic()
        self.lab: Lab | None = None
        self.runs: list[RoleRun] = []

    def clock(self) -> float:
        """Seconds since the session began."""
        return time.monotonic() - self.began

    async def prepare(self) -> None:
        """Start what is needed, look at the subject, make the plan. Unreachable when there is nothing to test."""
        if self.lab is None and (not self.request.remote or self.request.listen):
            self.lab = await Lab.start(
                listen=self.request.listen or "127.0.0.1", reachable_as=self.request.reachable_as or None
            )
        await self.request.subject.start()
        for other in self.request.others:
            await other.subject.start()
        told: dict[str, str] = {}
        found: dict[str, RoleRun] = {}
        steps = []
        for protocol in self.request.protocols:
            cases = [self._narrowed(c) for c in load_cases(protocol) if c.id not in self.request.left_out]
            steps += [self._prepare_role(protocol, r, cases, found, told) for r in protocol.roles if self._wanted(r)]
        if self.request.subject.ours:
            for step in steps:
                await step
        else:  # a bare URL may be any server: all probes look at it at once, or one that is slow is waited for by each
            await _at_once(steps)
        roles = [role.name for protocol in self.request.protocols for role in protocol.roles]
        self.runs += [found[name] for name in roles if name in found]
        if self.request.include:  # roles of which nothing was asked for would only swell the denominator
            self.runs = [r for r in self.runs if r.plan.cases] or self.runs
        if not self.runs:
            wanted = f" as {', '.join(self.request.roles)}" if self.request.roles else ""
            raise Unreachable(
                f"nothing to test was found at {self.request.title}{wanted}"
                + "".join(f"; {told[name]}" for name in roles if name in told),
                hint="is the URL right? --protocol and --role say what it is",
            )

    def _narrowed(self, case: Case | Watch) -> Case | Watch:
        labels = self.request.attempts.get(case.id)
        if not labels or not isinstance(case, Case):
            return case
        return replace(case, each={label: case.each[label] for label in labels})

    def _wanted(self, role: Role) -> bool:
        offered = self.request.subject.hello.roles
        if self.request.roles and role.name not in self.request.roles:
            return False
        return role.name in offered or (not offered and role.kind == "server")

    async def _prepare_role(
        self,
        protocol: Protocol,
        role: Role,
        cases: Sequence[Case | Watch],
        found: dict[str, RoleRun],
        told: dict[str, str],
    ) -> None:
        """Put the run of a role into `found`, or into `told` why there is none."""
        request = self.request
        subject = request.subject.playing(role.name)
        setup = Setup(
            subject,
            role.name,
            self.clock,
            self.lab,
            request.route,
            request.patience,
            request.options,
            request.vantages,
        )
        offer = request.subject.hello.roles.get(role.name, RoleOffer())
        if request.others:
            cases = [c for c in cases if isinstance(c, Case) and self._meet(c)]
            for other in request.others:
                setup.counterparts[other.role] = other.subject.playing(other.role)
                offer = _narrowed(offer, other.subject.hello.roles.get(other.role, RoleOffer()))
        run = RoleRun(protocol, role, setup, Plan())
        if role.kind == "server":
            setup.told = protocol.told(role.name)
            targets = {"targets": [self.lab.url], "gateway": self.lab.gateway} if self.lab else {}
            served = await subject.serve(role.name, {**targets, **setup.told})
            setup.memory["served"] = served
            try:
                seen = await protocol.probe(served.url, setup=setup, versions=request.http, served=served)
            except Unreachable as why:
                told[role.name] = why.what
                return
            mine = next((f for f in seen if f.role == role.name), None)
            if mine is None:
                told[role.name] = f"no {role.title} answers there"
                return
            run.found, run.reduced = mine, mine.reduced
            if not subject.ours:
                setup.memory = _Learned(mine.memory)
            offer = _narrowed(offer, mine.hello.roles[role.name])
            for reason in mine.why:
                self.say(f"{role.name}: {reason}")
            if mine.reduced:
                setup.lab = None
        run.plan = make_plan(
            [c for c in cases if c.role == role.name], self.catalogue.requirements, self._terms(run, offer)
        )
        if run.plan.cases or not request.others:
            found[role.name] = run

    def _meet(self, case: Case) -> bool:
        """Whether the others play just the roles that our peers play in a case, and nothing of ours is changed."""
        return {o.role for o in self.request.others} == set(case.exchange.meets) and case.honest

    def _terms(self, run: RoleRun, offer: RoleOffer) -> Terms:
        request = self.request
        has = {*offer.features, *request.subject.hello.controls}
        lacks: dict[str, tuple[str, str]] = {}
        if run.setup.lab is not None:
            has.add("target")
        else:
            lacks["target"] = ("not-applicable", run.reduced or "no target of ours can be reached from there")
        if len(request.vantages) > 1:
            has.add("vantages")
        else:
            lacks["vantages"] = ("not-applicable", "one vantage point sees nothing; --vantage ADDRESS gives another")
        if request.remote and not request.owned:
            told = "it could do harm there; --i-own-this-target allows it"
            lacks |= dict.fromkeys(("destructive", "bulk"), ("not-applicable", told))
        else:
            has |= {"destructive", "bulk"}
        has.add("slow")
        if run.found:
            lacks |= {need: ("not-applicable", why) for need, why in run.found.lacks.items()}
        return Terms(
            offer,
            frozenset(has),
            lacks,
            ours_of(request.ours, run.role.name),
            request.withheld,
            request.include,
            request.only,
            request.level,
            request.base_only,
        )

    # running

    async def run(
        self, events: Path | None, progress: Callable[[Verdict], None] = lambda _: None, before: Run | None = None
    ) -> Result:
        """Run everything that was prepared; the stream gets its footer also when this is cancelled.

        `before` is a stored run of the same that was cut short: what it had decided stands, and is not run again. Its
        stream is replaced only when all of that is in the new one.
        """
        whole = Outcomes()
        useless: list[str] = []
        writer: StreamWriter | None = None
        try:
            header = self.header()
            if before is not None:
                check_resumable(before, header)
            writer = self._writer(events, header, beside=before is not None)
            kept = Kept.of(before, self._planned()) if before is not None else None
            if kept is not None:
                for run in self.runs:
                    run.plan.run = [p for p in run.plan.run if (p.case.id, variant_name(p.variant)) not in kept.keys]
            runners = [self._runner(run, writer, progress) for run in self.runs]
            if kept is not None:
                self._take_over(kept, writer, runners)
                whole.verdicts += [record.verdict for record in kept.records]
                if writer and events:
                    writer.rename(events)
            for run, runner in zip(self.runs, runners, strict=True):
                leave = whole.interrupted
                outcomes = await (runner.leave("the run was interrupted before") if leave else runner.run())
                whole.verdicts += outcomes.verdicts
                if not outcomes.interrupted:
                    useless += self._useless(run, outcomes)
                whole.void += outcomes.void
                whole.lie = whole.lie or outcomes.lie
                whole.unowned += outcomes.unowned
                whole.interrupted = whole.interrupted or outcomes.interrupted
            if whole.lie:
                whole.verdicts = [voided(v, whole.lie) for v in whole.verdicts]
            code, notes = self._exit(whole)
            notes = [*useless, *notes]
            if writer:
                for note in notes:
                    writer.note(note)
                writer.footer(Footer(counts(whole.verdicts), code, whole.interrupted))
        finally:
            if writer:
                writer.close()
            await self.close()
        notes = [*whole.void, *whole.unowned, *notes]
        return Result(code, whole.verdicts, counts(whole.verdicts), notes, events)

    def _useless(self, run: RoleRun, outcomes: Outcomes) -> list[str]:
        """Who came to no verdict at all in a role although it was asked, and what it did instead."""
        tried = [v for v in outcomes.verdicts if v.shown in {"inconclusive", "error"}]
        if outcomes.lie or not tried or any(v.shown not in NOT_RUN for v in outcomes.verdicts):
            return []
        request = self.request
        name = request.subject.hello.name
        who = {"adapter": f"the adapter {name} ({request.title})", "url": request.title}.get(request.how, name)
        what = outcomes.dead or Counter(v.reason for v in tried).most_common(1)[0][0]
        return [f"{who} came to no verdict as {run.role.name}: {what}"]

    def _writer(self, events: Path | None, header: Header, *, beside: bool) -> StreamWriter | None:
        """A stream with its first two lines; `beside` the one that is there, until that is no longer needed."""
        if events is None:
            return None
        baseline = self.request.baseline
        place = events.with_name(f"{events.name}.resumed") if beside else events
        writer = StreamWriter(place, *([baseline.known] if baseline else []))
        writer.header(header)
        writer.plan(self._all_cases(), self._all_requirements())
        return writer

    def _planned(self) -> set[Key]:
        return {(p.case.id, variant_name(p.variant)) for run in self.runs for p in run.plan.run}

    def _take_over(self, kept: Kept, writer: StreamWriter | None, runners: Sequence[Runner]) -> None:
        """Put what a run before this had decided into the stream, and before the eyes of the watches of its role."""
        own = {r.role.name: runner for r, runner in zip(self.runs, runners, strict=True)}
        roles = {c.id: c.role for c in kept.run.cases.values()}
        kept.copy(writer, lambda record, part: own[roles[record.verdict.case]].remember(part, record.verdict.shown))
        self.say(f"{len(kept.records)} verdicts are taken over from {kept.run.path}")

    def _runner(self, run: RoleRun, writer: StreamWriter | None, progress: Callable[[Verdict], None]) -> Runner:
        request = self.request
        baseline = request.baseline
        settings = Settings(
            seed=request.seed,
            lanes=request.lanes or (1 if request.remote else max(1, min(4, request.subject.hello.parallel))),
            rate=request.rate,
            fail_fast=request.fail_fast,
            retry=request.retry,
            known=baseline.expects if baseline else lambda _: False,
            progress=progress,
            impossible=run.protocol.impossible.get(run.role.name, ()),
        )
        return Runner(run.setup, run.plan, self._weigh(run.role.name), settings, writer or Forget())

    def _weigh(self, role: str = "") -> Weigh:
        request = self.request
        return weigher(self.catalogue.requirements, strict=request.strict, ours=ours_of(request.ours, role))

    async def close(self) -> None:
        """Stop the subject and the lab."""
        try:
            for subject in (self.request.subject, *(o.subject for o in self.request.others)):
                await subject.stop()
        finally:
            if self.lab is not None:
                await self.lab.close()
                self.lab = None

    # what the stream says of it

    def header(self) -> Header:
        """The first line of the stream."""
        request = self.request
        hello = request.subject.hello
        packages = {}
        for name in PACKAGES:
            try:
                packages[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue
        return Header(
            suite={"name": "conformance", "version": __version__, "packages": packages},
            documents={d.id: d.revision for d in self.catalogue.documents.values()},
            subject={
                "name": hello.name or request.title,
                "title": request.title,
                "version": hello.version,
                "language": hello.language,
                "source": list(hello.source),
                "how": request.how,
                "digest": request.digest,
                "roles": sorted({r.role.name for r in self.runs}),
                "found": [w for r in self.runs if r.found for w in r.found.why],
                "others": [
                    {"role": o.role, "name": o.name, "title": o.title, "version": o.subject.hello.version}
                    for o in request.others
                ],
            },
            scope=self._scope(),
            seed=request.seed,
            environment={"python": platform.python_version(), "system": platform.system()},
        )

    def _scope(self) -> dict[str, Any]:
        reasons: dict[str, int] = {}
        for run in self.runs:
            for skipped in run.plan.not_run:
                reasons[skipped.reason] = reasons.get(skipped.reason, 0) + 1
        cases = len({p.case.id for r in self.runs for p in r.plan.run}) + sum(len(r.plan.watches) for r in self.runs)
        reduced = [r.reduced for r in self.runs if r.reduced]
        return {
            "profile": "reduced" if reduced else "full",
            "why_reduced": reduced[0] if reduced else "",
            "in_scope": cases,
            "of": cases + sum(len(r.plan.not_run) for r in self.runs),
            "out_of_scope": reasons,
            "insecure": self.request.insecure,
            "strict": self.request.strict,
            "gating": sorted(d.id for d in self.catalogue.documents.values() if d.gate),
            "ours": list(self.request.ours),
            "include": list(self.request.include),
            "level": self.request.level,
            "command": self.request.command,
            "variants": sorted({str(dict(p.variant)) for r in self.runs for p in r.plan.run}),
            "protocols": self._protocols(),
        }

    def _protocols(self) -> dict[str, Any]:
        """The protocols of the roles under test and the titles of their documents, by which reports are arranged."""
        chosen = {r.protocol.name: r.protocol for r in self.runs}
        return {
            name: {"title": p.title, "documents": {d.id: d.title for d in load_catalogue([p]).documents.values()}}
            for name, p in chosen.items()
        }

    def _all_cases(self) -> list[Case | Watch]:
        return [c for r in self.runs for c in r.plan.cases]

    def _all_requirements(self) -> list[Requirement]:
        """All that bind the roles under test, decided or not: the denominator."""
        rows: dict[str, Requirement] = {}
        for run in self.runs:
            rows |= {r.id: r for r in self.catalogue.binding(run.role)}
            decided = {d for c in run.plan.cases for d in (*c.decides, *_cited(c))}
            rows |= {d: self.catalogue.requirements[d] for d in decided if d in self.catalogue.requirements}
        return list(rows.values())

    # the end

    def _exit(self, whole: Outcomes) -> tuple[int, list[str]]:
        """The first exit code that holds, in the order that design section 4 fixes, and what is to be told of it."""
        verdicts = whole.verdicts
        known = self.request.baseline.expects if self.request.baseline else lambda _: False
        unexpected = [v for v in verdicts if v.shown in BAD and self._gates(v) and not known(v)]
        stale = self._stale(verdicts)
        open_ = [v for v in verdicts if v.shown == "inconclusive" and not known(v)]
        incomplete = [v for v in open_ if any(self._is_required(r) for r in v.requirements)]
        notes = list(stale)
        if incomplete:
            why, often = Counter(v.reason for v in incomplete).most_common(1)[0]
            most = "" if often == len(incomplete) else f"most often ({often}) because "
            notes.append(f"incomplete: {len(incomplete)} of what is required was inconclusive: {most}{why}")
        elif all(v.shown in NOT_RUN for v in verdicts) and not whole.lie:
            errors = any(v.shown == "error" for v in verdicts)
            notes.append("nothing came to a verdict" if open_ or errors else "nothing ran at all")
        if whole.interrupted:
            return 130, notes
        if whole.void or any(v.shown == "error" for v in verdicts):
            return 4, notes
        if unexpected:
            return 1, notes
        if stale:
            return 5, notes
        return (3 if notes or whole.unowned else 0), notes

    def _stale(self, verdicts: Sequence[Verdict]) -> list[str]:
        """What is wrong with the baseline. Entries that match nothing count only where everything was asked for."""
        request = self.request
        if request.baseline is None:
            return []
        stale = request.baseline.stale(verdicts)
        narrowed = request.include or request.level or request.roles or request.http or request.only
        if not (narrowed or request.attempts or request.base_only):
            stale += request.baseline.unmatched(verdicts, [p.name for p in request.protocols])
        return stale

    def _gates(self, verdict: Verdict) -> bool:
        """Whether a bad verdict rests on a requirement of a document that gates."""
        bad = [r for r, shown in verdict.requirements.items() if shown in BAD]
        return not bad or any(self._document_gates(r) for r in bad)

    def _is_required(self, requirement: str) -> bool:
        """Whether a requirement must hold for exit 0."""
        return self._document_gates(requirement) and self._weigh()(requirement) == "fail"

    def _document_gates(self, requirement: str) -> bool:
        row = self.catalogue.requirements.get(requirement)
        return row is None or self.catalogue.documents[row.document].gate


class _Learned(dict[str, Any]):
    """The memory of a target that is not ours to start: what the probe learned of it outlasts a fresh start."""

    def __init__(self, learned: Mapping[str, Any]) -> None:
        super().__init__(learned)
        self._learned = dict(learned)

    def clear(self) -> None:
        """Forget what exchanges learned."""
        super().clear()
        self.update(self._learned)


async def _at_once(steps: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Take all steps side by side; where one fails, none goes on."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _cited(item: Case | Watch) -> Iterator[str]:
    """The requirements that make a case's outcomes legal: that what they leave alive dies, breaks them."""
    if isinstance(item, Case):
        lists = item.expect.values() if isinstance(item.expect, Mapping) else (item.expect,)
        yield from (outcome.citation for allowed in lists for outcome in allowed if outcome.citation)


def _narrowed(own: RoleOffer, found: RoleOffer) -> RoleOffer:
    """What the subject says of itself and what the probe found, taken together."""
    variants = dict(found.variants)
    for axis, values in own.variants.items():
        seen = found.variants.get(axis)
        variants[axis] = tuple(v for v in values if v in seen) if seen else tuple(values)
    return RoleOffer((*own.features, *found.features), variants)


async def run_session(
    request: Request,
    events: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    progress: Callable[[Verdict], None] = lambda _: None,
    before: Run | None = None,
) -> tuple[Session, Result]:
    """Prepare and run, or go on with a run before this."""
    session = Session(request, say)
    try:
        await session.prepare()
    except BaseException:
        await asyncio.shield(session.close())
        raise
    return session, await session.run(events, progress, before)
