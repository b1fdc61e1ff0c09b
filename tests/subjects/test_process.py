import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from conformance.model import AdapterError, Ended
from conformance.subjects import AnsweredError, Hex, Limits, Operation, ProcessSubject

DECODE = "bhttp.decode"


async def test_an_honest_adapter_says_who_it_is_and_answers(liar):
    subject = liar("honest", name="given")
    assert subject.hello.name == "given"
    await subject.start()
    assert (subject.hello.name, subject.hello.version, subject.hello.controls) == ("liar", "1.0", ("reset",))
    assert subject.hello.roles["bhttp.decoder"].variants == {"framing": ("known",)}
    assert await subject.do(DECODE, {"message": "00ff"}) == {"ok": {"message": "00ff"}}
    assert await subject.do(DECODE, {"message": ""}) == {"refused": {"class": "empty", "detail": "nothing there"}}
    assert await subject.do("no.such", {}) == {"unsupported": {"reason": "no no.such"}}
    with pytest.raises(AnsweredError, match=r"answered error to bhttp\.decode") as caught:
        await subject.do(DECODE, {"message": "zz"})
    assert caught.value.step == DECODE
    assert subject.died() == ""


async def test_each_start_is_a_new_generation(liar):
    subject = liar("dies", "2")
    for generation in (1, 2):
        await subject.restart()
        assert subject.generation == generation
        assert await subject.do(DECODE, {"message": "00"}) == {"ok": {"message": "00"}}
        assert "died" in await subject.do(DECODE, {"message": "00"})


async def test_a_role_is_served_once_per_life_with_what_it_adds(liar):
    subject = liar("honest", options={"common": 1})
    await subject.start()
    served = await subject.serve("ohttp.gateway", {"targets": []})
    assert (served.url, served.more) == ("http://127.0.0.1:9/", {"keys": "http://127.0.0.1:9/keys"})
    assert await subject.serve("ohttp.gateway", {"targets": []}) is served
    with pytest.raises(ValueError, match="other options"):
        await subject.serve("ohttp.gateway", {"targets": ["http://127.0.0.1:1"]})


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("echoes", "unknown field `do`"),
        ("pollutes", "no JSON: 'debug: decoding'"),
        ("wrong-id", "with the id 1002, which no question had"),
        ("truncates", "ended in the middle of a line"),
        ("two-keys", "answered with ok and refused at once"),
        ("no-key", "none of the four keys"),
        ("unknown-key", "unknown field `took`"),
        ("empty-line", "wrote an empty line"),
        ("invalid-utf8", "no JSON"),
        ("deep", "no JSON"),
        ("closes-stdout", "closed its standard output and went on running"),
    ],
)
async def test_whoever_breaks_the_contract_is_named_with_what_it_did(liar, behaviour, says):
    subject = liar(behaviour)
    await subject.start()
    with pytest.raises(AdapterError) as caught:
        await subject.do(DECODE, {"message": "00"})
    assert says in caught.value.what
    assert f"liars.py {behaviour}" in caught.value.what
    assert (caught.value.step, bool(caught.value.hint)) == (DECODE, True)


@pytest.mark.parametrize(
    ("behaviour", "step", "says"),
    [
        ("no-hello", "hello", "answered unsupported to hello: what is hello?"),
        ("silent-hello", "hello", "did not answer hello within 0.3 s"),
        ("dies-in-hello", "hello", "died before it answered hello (exit status 3)"),
        ("roleless", "hello", "missing required field `roles`"),
        ("no-roles", "hello", "length >= 1 - at `$.roles`"),
        ("other-protocol", "hello", "speaks protocol 2, not 1"),
        ("bad-serve", "serve", "missing required field `url`"),
        ("always-refuses", "serve", "answered refused to serve: never"),
        ("hangs", "serve", "did not answer serve within 0.3 s"),
        ("dies 0", "serve", "died before it answered serve (exit status 101)"),
    ],
)
async def test_hello_and_serve_are_the_adapters_own_matter(liar, behaviour, step, says):
    subject = liar(*behaviour.split(), starting=0.3 if behaviour == "silent-hello" else 30)

    async def begin():
        await subject.start()
        subject.starting = 0.3 if behaviour == "hangs" else 30
        await subject.serve("ohttp.gateway", {})

    with pytest.raises(AdapterError) as caught:
        await begin()
    assert (caught.value.step, says in caught.value.what) == (step, True), caught.value.what
    assert "died" not in says or "standard error: " in caught.value.hint


async def test_what_cannot_be_started_is_an_adapter_error():
    subject = ProcessSubject(["./no-such-program"])
    with pytest.raises(AdapterError, match=r"\./no-such-program: cannot be started: no such program") as caught:
        await subject.start()
    assert caught.value.step == "start"
    with pytest.raises(AdapterError, match="is not running"):
        await subject.do("ping", {})


async def test_an_adapter_that_answers_twice_is_found_at_the_next_question(liar):
    subject = liar("twice")
    await subject.start()
    first = await subject.do(DECODE, {"message": "00"})
    with pytest.raises(AdapterError, match="answered question 2 twice"):
        await subject.do(DECODE, {"message": "00"})
    assert first == {"ok": {"message": "00"}}
    assert subject.died() == ""  # we killed it


@pytest.mark.parametrize("limits", [Limits(line=1 << 20), Limits(output=4 << 20)])
async def test_an_adapter_that_floods_is_stopped(liar, limits):
    subject = liar("floods", limits=limits)
    await subject.start()
    with pytest.raises(AdapterError, match=r"wrote .*octets"):
        await subject.do(DECODE, {"message": "00"})
    with pytest.raises(AdapterError, match=r"wrote .*octets"):
        await subject.do("ping", {})


async def test_no_answer_in_time_is_a_result_and_a_late_answer_is_none(liar):
    subject = liar("late")
    await subject.start()
    with pytest.raises(Ended) as caught:
        await subject.do(DECODE, {"message": "00"}, patience=0.05)
    assert caught.value.what == "timeout"
    assert await subject.do(DECODE, {"message": "01"}) == {"ok": {"message": "01"}}


async def test_a_subject_that_hangs_and_ignores_termination_is_killed(liar):
    subject = liar("hangs", patience=0.1)
    await subject.start()
    with pytest.raises(Ended):
        await subject.do(DECODE, {"message": "00"})
    assert subject.died() == ""
    pid = subject._child.pid
    begun = time.monotonic()
    await subject.stop()
    assert time.monotonic() - begun < 10
    assert subject.evidence() == "thinking\n"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.parametrize(("how", "status", "name"), [((), 101, ""), (("signal",), None, "SIGKILL")])
async def test_a_death_is_a_result_for_all_questions_under_way_and_after(liar, how, status, name):
    subject = liar("dies", "2", *how)
    await subject.start()
    assert await subject.do(DECODE, {"message": "00"}) == {"ok": {"message": "00"}}
    reply = await subject.do(DECODE, {"message": "00"})
    assert reply["died"]["status"] == status
    assert reply["died"]["signal"] == name
    assert "index out of bounds" in reply["died"]["stderr"]
    assert subject.died() == (f"signal {name}" if name else f"exit status {status}")
    assert await subject.do("ping", {}) == reply
    await subject.stop()
    assert "index out of bounds" in subject.evidence()


@pytest.mark.parametrize("behaviour", ["always-ok", "always-refuses", "random"])
async def test_lies_that_keep_the_contract_pass_here(liar, behaviour):
    subject = liar(behaviour)
    await subject.start()
    seen = set()
    for _ in range(12):
        try:
            seen |= set(await subject.do(DECODE, {"message": ""}))
        except AnsweredError:
            seen.add("error")
    want = {"always-ok": {"ok"}, "always-refuses": {"refused"}, "random": {"ok", "refused", "unsupported", "error"}}
    assert seen == want[behaviour]


async def test_answers_come_in_any_order_where_several_are_under_way(liar):
    subject = liar("parallel")
    await subject.start()
    messages = ["01", "02", "03"]
    async with asyncio.timeout(20):
        replies = await asyncio.gather(*(subject.do(DECODE, {"message": message}) for message in messages))
    assert [reply["ok"]["message"] for reply in replies] == messages


async def test_the_environment_is_minimal_and_the_folder_its_own(liar, monkeypatch):
    monkeypatch.setenv("A_SECRET", "x")
    subject = liar("environment", env={"GIVEN": "1"})
    await subject.start()
    seen = (await subject.do(DECODE, {}))["ok"]
    folder = seen["folder"]
    keys = set(seen["environment"]) - {"PWD", "OLDPWD", "SHLVL", "_", "LC_CTYPE"}  # the shell's and Python's own
    assert keys == {"PATH", "HOME", "TMPDIR", "LANG", "GIVEN"}
    assert seen["environment"]["HOME"] == folder
    assert os.path.isdir(folder)  # noqa: ASYNC240, PTH112  # a look, not work
    await subject.stop()
    assert not os.path.exists(folder)  # noqa: ASYNC240, PTH110


async def test_nothing_that_it_started_is_left_over(liar):
    subject = liar("child")
    await subject.start()
    pid = (await subject.do(DECODE, {}))["ok"]["pid"]
    os.kill(pid, 0)
    await subject.stop()
    async with asyncio.timeout(10):
        while _runs(pid):  # noqa: ASYNC110  # the kernel tells nobody
            await asyncio.sleep(0)


def _runs(pid):
    """Whether it runs; an orphan that was killed and that nobody has collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_a_descendant_that_holds_the_output_open_does_not_hide_the_death(liar):
    subject = liar("escapes", patience=20)
    await subject.start()
    begun = time.monotonic()
    assert (await subject.do(DECODE, {}))["died"]["status"] == 7
    assert time.monotonic() - begun < 8


async def test_the_end_of_standard_error_is_kept(liar):
    subject = liar("chatters")
    await subject.start()
    await subject.do("ping", {})
    await subject.stop()
    assert len(subject.evidence()) == 65536
    assert subject.evidence().endswith("the end\n")


async def test_limits_hold(liar):
    subject = liar("honest", limits=Limits(memory=8 << 20))
    with pytest.raises(AdapterError, match="died before it answered hello"):
        await subject.start()


async def test_answers_are_checked_against_the_types_of_their_operation(liar):
    import msgspec

    decode = msgspec.defstruct("Decoded", [("message", Hex), ("more", int)])
    subject = liar("honest", operations={DECODE: Operation(dict, decode)})
    await subject.start()
    with pytest.raises(AdapterError, match="missing required field `more`"):
        await subject.do(DECODE, {"message": "00"})
    assert await subject.do("ping", {}) == {"ok": {}}


async def test_a_cancelled_question_leaves_the_subject_usable(liar):
    subject = liar("late")
    await subject.start()
    task = asyncio.create_task(subject.do(DECODE, {"message": "00"}))
    while not subject._waiting:  # noqa: ASYNC110  # there is no event for it
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await subject.do(DECODE, {"message": "01"}) == {"ok": {"message": "01"}}


def test_a_subject_lives_in_any_loop():
    subject = ProcessSubject([sys.executable, str(Path(__file__).with_name("liars.py")), "honest"])

    async def life():
        await subject.start()
        try:
            return await subject.do("ping", {})
        finally:
            await subject.stop()

    assert [asyncio.run(life()), asyncio.run(life())] == [{"ok": {}}] * 2
    assert subject.generation == 2


def test_words_that_name_files_survive_the_change_of_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("adapter.py").touch()
    subject = ProcessSubject(["python3", "adapter.py", "--flag", "word"])
    assert subject.command == ("python3", str(tmp_path / "adapter.py"), "--flag", "word")
