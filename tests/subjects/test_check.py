import pytest

from conformance.bench import Ask
from conformance.subjects import ObjectSubject, check, tribunal

ROLES = {"bhttp.decoder": ("bhttp.decode",), "bhttp.encoder": ("bhttp.encode",)}
SERVERS = {"ohttp.gateway": {"targets": []}, "ohttp.relay": {}}
EMPTY = Ask("bhttp.decode", {"message": ""}, "there is no message")


async def test_nothing_is_wrong_with_an_honest_adapter(liar):
    assert await check(liar("honest"), asks=[EMPTY], roles=ROLES, servers=SERVERS) == []


@pytest.mark.parametrize(
    ("behaviour", "steps", "says"),
    [
        ("always-ok", {"bhttp.decode", "serve"}, "answered ok to bhttp.decode with nothing; must be error or refused"),
        ("always-refuses", {"ping", "serve", "reset"}, "answered refused to ping with nothing; must be ok"),
        ("echoes", {"ping", "bhttp.decode"}, "unknown field `do`"),
        ("random", {"serve"}, "answered"),
        ("pollutes", {"ping", "serve"}, "no JSON: 'debug: decoding'"),
        ("wrong-id", {"ping"}, "which no question had"),
        ("truncates", {"ping"}, "in the middle of a line"),
        ("hangs", {"ping", "bhttp.decode"}, "did not answer ping with nothing in time"),
        ("dies 1", {"ping", "bhttp.decode"}, "died of ping with nothing (exit status 101)"),
        ("floods", {"ping"}, "octets"),
        ("twice", set(), "twice"),  # at which step the second answer comes in is not the liar's to say
        ("no-hello", {"hello"}, "answered unsupported to hello"),
        ("bad-serve", {"serve"}, "missing required field `url`"),
        ("careless", {"hello"}, "says feature of ohttp.gateway, which means nothing"),
        ("careless", {"hello"}, "says licence, which means nothing"),
        ("careless", {"hello"}, "bhttp.encoder needs the operation bhttp.encode"),
        ("careless", {"hello"}, "version is missing or empty"),
        ("stays", {"bye"}, "goes on answering after bye"),
        ("leaves-badly", {"bye"}, "ended after bye with exit status 4"),
    ],
)
async def test_an_author_is_told_what_each_liar_does(liar, small, behaviour, steps, says):
    subject = liar(*behaviour.split(), patience=0.2 if behaviour == "hangs" else 10, limits=small)
    if behaviour == "hangs":
        subject.serve = _no_patience(subject)
    problems = await check(subject, asks=[EMPTY], roles=ROLES, servers=SERVERS)
    assert steps <= {problem.step for problem in problems}
    assert any(says in problem.what for problem in problems), problems
    assert all(problem.hint for problem in problems if problem.step != "hello"), problems


def _no_patience(subject):
    serve = subject.serve

    async def quickly(role, options):
        subject.starting = 0.2
        try:
            return await serve(role, options)
        finally:
            subject.starting = 30

    return quickly


@pytest.mark.parametrize(
    ("behaviour", "lies"),
    [("honest", 0), ("always-refuses", 0), ("always-ok", 2), ("hangs", 0), ("dies 1", 0)],
)
async def test_only_ok_is_a_lie_before_the_tribunal(liar, behaviour, lies):
    subject = liar(*behaviour.split(), patience=0.2 if behaviour == "hangs" else 10)
    await subject.start()
    found = await tribunal(subject, [EMPTY])
    assert len(found) == lies
    assert all("which no one can do" in lie for lie in found)


async def test_an_object_stands_before_the_tribunal_too():
    class Parrot:
        roles = ("bhttp.decoder",)

        def __getattr__(self, name):
            if name in {"hello", "close", "serve"}:
                raise AttributeError(name)
            return lambda **given: {"ok": given}

    subject = ObjectSubject(Parrot)
    await subject.start()
    assert len(await tribunal(subject)) == 1


async def test_a_subject_without_an_adapter_is_asked_for_no_manners():
    class Server:
        hello = {  # noqa: RUF012
            "protocol": 1,
            "name": "it",
            "version": "1",
            "language": "python",
            "source": ["pkg:pypi/it@1"],
            "roles": {"ohttp.gateway": {}},
        }

        def serve(self, role, options):
            return {"url": "http://127.0.0.1:1/"}

    assert await check(ObjectSubject(Server), servers={"ohttp.gateway": {}}) == []
