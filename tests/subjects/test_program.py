import sys

import pytest

from conformance.bench import Hello, RoleOffer, Served
from conformance.model import AdapterError, Ended
from conformance.subjects import Limits, ProgramSubject, Question, URLSubject

PROGRAM = """
import os, sys, time
kind, text = sys.argv[1:]
if kind == "good": print("success -", text)
if kind == "folder": print("success -", os.getcwd())
if kind == "bad": print("failed -", text)  # and exits 0, as some do
if kind == "err": sys.exit("failed - " + text)
if kind == "none": print("not supported:", text)
if kind == "lies": print("success -", text); sys.exit(101)
if kind == "kill": print("success -", text); sys.stdout.flush(); os.kill(os.getpid(), 9)
if kind == "both": print("success - x\\nfailed - y")
if kind == "mute": print("what?")
if kind == "sleep": time.sleep(60)
if kind == "flood": print("x" * (1 << 22))
"""
QUESTION = Question(
    (sys.executable, "-c", PROGRAM, "{kind}", "{text}"),
    ok=r"^success - (?P<text>.*)$",
    refused="^failed - .*",
    unsupported="^not supported: .*",
)


@pytest.fixture
async def subject():
    one = ProgramSubject({"say": QUESTION}, Hello("it"), limits=Limits(line=1 << 20), grace=0.2)
    await one.start()
    yield one
    await one.stop()


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        ("good", {"ok": {"text": "a b"}}),
        ("bad", {"refused": {"class": "refused", "detail": "failed - a b"}}),
        ("err", {"refused": {"class": "refused", "detail": "failed - a b"}}),
        ("none", {"unsupported": {"reason": "not supported: a b"}}),
        ("lies", {"died": {"status": 101, "signal": "", "stderr": "success - a b\n"}}),
        ("kill", {"died": {"status": None, "signal": "SIGKILL", "stderr": "success - a b\n"}}),
        ("mute", {"died": {"status": 0, "signal": "", "stderr": "what?\n"}}),
    ],
)
async def test_patterns_make_the_answer_and_all_else_is_a_death(subject, kind, reply):
    assert await subject.do("say", {"kind": kind, "text": "a b"}) == reply
    assert subject.died() == ""


async def test_silence_floods_and_ambiguity_are_told_apart(subject):
    with pytest.raises(Ended, match="timeout"):
        await subject.do("say", {"kind": "sleep", "text": ""}, patience=0.1)
    with pytest.raises(AdapterError, match="matches both ok and refused"):
        await subject.do("say", {"kind": "both", "text": ""})
    with pytest.raises(AdapterError, match="wrote more than"):
        await subject.do("say", {"kind": "flood", "text": ""})
    with pytest.raises(AdapterError, match="asked without text"):
        await subject.do("say", {"kind": "good"})
    with pytest.raises(AdapterError, match="serves no"):
        await subject.serve("ohttp.gateway", {})


async def test_it_has_only_the_operations_of_its_manifest(subject):
    assert "unsupported" in await subject.do("bhttp.decode", {})
    assert await subject.do("ping", {}) == {"ok": {}}


async def test_each_life_has_a_folder_of_its_own(subject):
    first = await subject.do("say", {"kind": "folder", "text": ""})
    assert await subject.do("say", {"kind": "folder", "text": ""}) == first
    await subject.restart()
    assert await subject.do("say", {"kind": "folder", "text": ""}) != first
    assert subject.generation == 2
    await subject.stop()
    with pytest.raises(AdapterError, match="not running"):
        await subject.do("say", {})


async def test_a_program_that_is_not_there_is_the_adapters_fault():
    one = ProgramSubject({"say": Question(("no-such-program",), ok="x")}, Hello("it"))
    await one.start()
    with pytest.raises(AdapterError, match="cannot be started"):
        await one.do("say", {})
    await one.stop()


async def test_a_bare_url_has_one_life_and_says_where_it_is():
    subject = URLSubject("https://a.example/", ["ohttp.gateway"], {"keys": "https://a.example/keys"})
    await subject.start()
    await subject.restart()
    assert (subject.generation, subject.ours, subject.died(), subject.evidence()) == (1, False, "", "")
    assert subject.hello.roles == {"ohttp.gateway": RoleOffer()}
    assert await subject.serve("ohttp.gateway", {}) == Served("https://a.example/", {"keys": "https://a.example/keys"})
    assert "unsupported" in await subject.do("bhttp.decode", {})
    with pytest.raises(AdapterError, match="was not said to be"):
        await subject.serve("ohttp.relay", {})
