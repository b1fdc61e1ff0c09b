"""Adapters that break the contract, each in one way: `python liars.py BEHAVIOUR`; `honest` breaks nothing.

Without knowledge of any protocol: `bhttp.decode` says `ok` with what it was given, except for `message` that is no hex
(`error`) or empty (`refused`).
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

HELLO = {
    "protocol": 1,
    "name": "liar",
    "version": "1.0",
    "language": "python",
    "source": ["pkg:pypi/liar@1.0"],
    "roles": {"bhttp.decoder": {"features": [], "variants": {"framing": ["known"]}}, "ohttp.gateway": {}},
    "operations": ["bhttp.decode"],
    "parallel": 1,
    "controls": ["reset"],
}


def say(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def complain(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def honest(question):
    do, given = question["do"], question["with"]
    if do == "hello":
        return {"ok": HELLO}
    if do in ("ping", "reset", "stop", "bye"):
        return {"ok": {}}
    if do == "serve" and given["role"] == "ohttp.gateway":
        return {"ok": {"url": "http://127.0.0.1:9/", "keys": "http://127.0.0.1:9/keys"}}
    if do != "bhttp.decode":
        return {"unsupported": {"reason": f"no {do}"}}
    try:
        octets = bytes.fromhex(given["message"])
    except (KeyError, TypeError, ValueError) as why:
        return {"error": {"detail": repr(why)}}
    return {"ok": {"message": octets.hex()}} if octets else {"refused": {"class": "empty", "detail": "nothing there"}}


def main(behaviour, *more):  # noqa: PLR0915  # a list
    rng = random.Random(1)
    count = 0
    held = []
    for line in sys.stdin:
        question = json.loads(line)
        number, do = question["id"], question["do"]
        answer = {"id": number, **honest(question)}
        count += 1
        told = do not in ("hello", "bye")
        match behaviour:
            case "always-ok" if told:
                answer = {"id": number, "ok": {"url": "http://127.0.0.1:9/"} if do == "serve" else {}}
            case "always-refuses" if told:
                answer = {"id": number, "refused": {"class": "no", "detail": "never"}}
            case "echoes" if told:
                answer = question
            case "random" if told:
                answer = {"id": number, rng.choice(["ok", "refused", "unsupported", "error"]): {}}
                if answer.get("ok") is None:
                    key = next(key for key in answer if key != "id")
                    answer[key] = {"class": "x", "detail": "x", "reason": "x"}
            case "pollutes" if told:
                sys.stdout.write("debug: decoding\n")
            case "wrong-id" if told:
                answer["id"] = number + 1000
            case "truncates" if told:
                sys.stdout.write(json.dumps(answer)[:-2])
                sys.stdout.flush()
                return 0
            case "hangs" if told:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                complain("thinking")
                while True:
                    time.sleep(60)
            case "dies" if told and count > int(more[0]):
                complain("panicked at 'index out of bounds'")
                if more[1:] == ("signal",):
                    os.kill(os.getpid(), signal.SIGKILL)
                sys.stdout.write('{"id":')
                sys.stdout.flush()
                return 101
            case "floods" if told:
                for _ in range(1 << 20):
                    sys.stdout.write("x" * 65536)
            # More ways to break the contract, one by one.
            case "two-keys" if told:
                answer = {"id": number, "ok": {}, "refused": {"class": "both"}}
            case "no-key" if told:
                answer = {"id": number}
            case "unknown-key" if told:
                answer["took"] = 3
            case "twice" if told:
                say(answer)
            case "empty-line" if told:
                sys.stdout.write("\n")
            case "invalid-utf8" if told:
                sys.stdout.buffer.write(b'{"id":1,"ok":{"a":"\xff"}}\n')
            case "deep" if told:
                sys.stdout.write('{"id":1,"ok":' + '{"a":' * 100000 + "\n")
            case "closes-stdout" if told:
                os.close(1)
                sys.stdin.read()
                time.sleep(60)
            case "bad-serve" if do == "serve":
                answer = {"id": number, "ok": {"port": 4}}
            case "no-hello" if do == "hello":
                answer = {"id": number, "unsupported": {"reason": "what is hello?"}}
            case "silent-hello" if do == "hello":
                sys.stdin.read()
                return 0
            case "dies-in-hello" if do == "hello":
                complain("cannot load library")
                return 3
            case "roleless" if do == "hello":
                answer = {"id": number, "ok": {key: value for key, value in HELLO.items() if key != "roles"}}
            case "no-roles" if do == "hello":
                answer = {"id": number, "ok": HELLO | {"roles": {}}}
            case "careless" if do == "hello":
                roles = {"ohttp.gateway": {"feature": []}, "bhttp.encoder": {}}
                answer = {"id": number, "ok": HELLO | {"roles": roles, "licence": "MIT", "version": ""}}
            case "stays" if do == "bye":
                say(answer)
                continue
            case "leaves-badly" if do == "bye":
                say(answer)
                return 4
            case "other-protocol" if do == "hello":
                answer = {"id": number, "ok": HELLO | {"protocol": 2}}
            # Not lies.
            case "environment" if do == "bhttp.decode":
                answer = {"id": number, "ok": {"environment": dict(os.environ), "folder": str(Path.cwd())}}
            case "parallel":
                if do == "hello":
                    answer = {"id": number, "ok": HELLO | {"parallel": 3}}
                elif do != "bye":
                    held.append(answer)
                    if len(held) == 3:
                        while held:
                            say(held.pop())
                    continue
            case "child" if do == "bhttp.decode":
                pid = os.fork()
                if pid == 0:
                    time.sleep(600)
                    os._exit(0)
                answer = {"id": number, "ok": {"pid": pid}}
            case "escapes" if do == "bhttp.decode":
                if os.fork() == 0:
                    os.setsid()
                    time.sleep(10)  # holds standard output open beyond its parent's death
                    os._exit(0)
                return 7
            case "chatters":
                sys.stderr.write("e" * 200_000 + "the end\n")
                sys.stderr.flush()
            case "late" if told:
                time.sleep(0.3 if count == 2 else 0)
        say(answer)
        if do == "bye":
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
