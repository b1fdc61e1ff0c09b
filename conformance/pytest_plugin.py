"""`pytest --conformance-target URL`: each case of the suite as a test, with what was sent and came back as evidence.

The suite runs as it always does, side by side and with its controls, in a thread of its own; each test waits for the
verdict on its case. What is heavy is imported only where a subject is named: pytest loads this module in every project
in which the suite is installed.
"""

from __future__ import annotations

import asyncio
import shlex
import tempfile
import threading
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from conformance.engine.session import Request, Result, Session
    from conformance.engine.stream import Run
    from conformance.model import Verdict

T = TypeVar("T")
SUBJECTS = {
    "target": ("URL", "a server that is running"),
    "implementation": ("NAME", "one of the implementations that come with the suite"),
    "adapter": ("CMD", "a program that speaks the adapter protocol"),
}


class ConformanceWarning(UserWarning):
    """A case shows something that should be otherwise, and may be as it is."""


class Violation(Exception):
    """A case failed; its text is the evidence."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--conformance-target URL` and its like."""
    group = parser.getgroup("conformance", "conformance of privacy protocols: each case a test")
    for name, (metavar, told) in SUBJECTS.items():
        group.addoption(f"--conformance-{name}", metavar=metavar, help=f"Test {told}.")
    group.addoption(
        "--conformance-options",
        metavar="OPTIONS",
        default="",
        help="Further options of `conformance run`, in one word: '--role ohttp.gateway --baseline known.toml'.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin, where a subject is named."""
    words = shlex.split(config.getoption("--conformance-options"))
    for name in SUBJECTS:
        if value := config.getoption(f"--conformance-{name}"):
            words += [f"--{name}", value]
    if words:
        if hasattr(config, "workerinput"):
            raise pytest.UsageError("the suite runs its cases side by side by itself: leave out -n of pytest-xdist")
        config.pluginmanager.register(Front(words), "conformance-front")


def key_of(verdict: Verdict) -> str:
    """Case and variant in one word, as plans name them."""
    from conformance.model import variant_name

    return f"{verdict.case} {variant_name(verdict.variant)}".strip()


class Front:
    """The suite behind pytest: collects the cases, runs those that were selected, and hands out their verdicts."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.verdicts: dict[str, Verdict] = {}
        self.result: Result | None = None
        self.events = Path()
        self.request: Request
        self._session: Session | None = None
        self._seen = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="conformance", daemon=True)
        self._running: Any = None
        self._run: Run | None = None
        self._trouble = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Look at the subject, and add a test for each case and variant of the plan."""
        from conformance.model import ConformanceError

        self._thread.start()
        try:
            self._ask(config)
            self._session = self._wait(self._prepared())
        except ConformanceError as why:
            raise pytest.UsageError(why.what + (f" ({why.hint})" if why.hint else "")) from why
        for key, doc in self._planned():
            items.append(CaseItem.from_parent(session, name=key, nodeid=key, front=self, doc=doc))

    def _ask(self, config: pytest.Config) -> None:
        import click

        from conformance.cli.run import command, wanted
        from conformance.model import UsageError

        try:
            context = command.make_context("conformance run", list(self.words))
        except click.ClickException as why:
            raise UsageError(f"--conformance-options: {why.format_message()}") from why
        events = context.params["events"]
        self.events = Path(events or Path(tempfile.mkdtemp(prefix="conformance-")) / "events.ndjson")
        request, _ = wanted(context, dict(context.params))
        self.request = replace(request, fail_fast=config.getoption("maxfail") or request.fail_fast)

    async def _prepared(self) -> Session:
        from conformance.cli._diagnose import explained
        from conformance.engine.session import Session

        session = Session(self.request)
        try:
            await explained(self.request, session.prepare())
        except BaseException:
            await session.close()
            raise
        return session

    def _planned(self) -> Iterable[tuple[str, str]]:
        assert self._session is not None
        for run in self._session.runs:
            yield from ((p.key, p.case.doc) for p in run.plan.run)
            yield from ((w.id, w.doc) for w in run.plan.watches)
            yield from ((n.case.id, n.case.doc) for n in run.plan.not_run)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Run what was selected; pytest's own loop then asks for the verdicts."""
        chosen = {item.name for item in session.items if isinstance(item, CaseItem)}
        if session.config.option.collectonly or not chosen or self._session is None:
            return
        for run in self._session.runs:
            run.plan.run = [p for p in run.plan.run if p.key in chosen]
            run.plan.watches = [w for w in run.plan.watches if w.id in chosen]
            run.plan.not_run = [n for n in run.plan.not_run if n.case.id in chosen]
        self._running = asyncio.run_coroutine_threadsafe(self._session.run(self.events, self._told), self._loop)
        self._running.add_done_callback(self._ended)

    def _told(self, verdict: Verdict) -> None:
        with self._seen:
            self.verdicts[key_of(verdict)] = verdict
            self._seen.notify_all()

    def _ended(self, running: Any) -> None:
        with self._seen:
            if running.cancelled():
                self._trouble = "the run was ended before"
            elif (why := running.exception()) is not None:
                self._trouble = f"{type(why).__name__}: {why}"
            else:
                self.result = running.result()
            self._seen.notify_all()

    def verdict(self, key: str) -> Verdict:
        """The verdict on a case and variant, as soon as it is reached; Violation where the run ended without one."""
        with self._seen:
            self._seen.wait_for(lambda: key in self.verdicts or self.result is not None or self._trouble)
            if key not in self.verdicts:
                raise Violation(f"there is no verdict on it: {self._trouble or 'the run ended before'}")
            return self.verdicts[key]

    def evidence(self, key: str) -> str:
        """What was sent and what came back, from the stored run: it is read once, when the run is at its end."""
        from conformance.engine.stream import read_run
        from conformance.report.terminal import explain

        with self._seen:
            self._seen.wait_for(lambda: self.result is not None or self._trouble)
        self._run = self._run or read_run(self.events)
        records = (r for r in self._run.verdicts if key_of(r.verdict) == key)
        return "\n".join(line for record in records for line in explain(self._run, record))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End what still runs; a run that ends in anything but 0 does not come out green."""
        if self._running is not None:
            if session.shouldfail or session.exitstatus == pytest.ExitCode.INTERRUPTED:
                self._running.cancel()
            with self._seen:
                self._seen.wait_for(lambda: self.result is not None or self._trouble)
        elif self._session is not None:
            self._wait(self._session.close())
        green = session.exitstatus == pytest.ExitCode.OK and self._running is not None
        if green and (self.result is None or self.result.exit != 0):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the run is stored, and what is to be told of it."""
        if self._running is None:
            return
        terminalreporter.section("conformance")
        for note in self.result.notes if self.result else [self._trouble]:
            terminalreporter.line(f"note: {note}")
        ended = f"exit {self.result.exit}" if self.result else "no exit code: the run did not end"
        terminalreporter.line(f"{ended}; run: {self.events}")

    def pytest_unconfigure(self) -> None:
        """Close the loop."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class CaseItem(pytest.Item):
    """One case and variant."""

    def __init__(self, *, front: Front, doc: str, **more: Any) -> None:
        super().__init__(**more)
        self.front = front
        self.doc = doc

    def runtest(self) -> None:
        """Wait for the verdict, and say it in pytest's terms."""
        from conformance.model import BAD

        verdict = self.front.verdict(self.name)
        name = f"{verdict.shown}: {verdict.reason}"
        baseline = self.front.request.baseline
        if verdict.shown in {"unsupported", "not-applicable"}:
            pytest.skip(name)
        elif baseline is not None and verdict.shown in BAD and baseline.expects(verdict):
            entry = next(e for e in baseline.entries if e.concerns(verdict))
            pytest.xfail(f"{name} (known: {entry.reason})")
        elif verdict.shown in {*BAD, "inconclusive", "error"} or (
            verdict.shown == "warn" and self.front.request.strict
        ):
            raise Violation(self.front.evidence(self.name) or name)
        elif verdict.shown == "warn":
            self.warn(ConformanceWarning(f"{self.name}: {verdict.reason}"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The evidence, and no traceback of ours."""
        if isinstance(excinfo.value, Violation):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it stands: in no file of the project that is tested."""
        return self.path, None, self.name
