"""A subject that is a Python object of this process: reference libraries, client roles, mutants."""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.bench import Hello, Reply, RoleOffer, Served, Subject
from conformance.model import AdapterError, Ended
from conformance.subjects._vocabulary import hello_of, reply_of, served_of


class ObjectSubject(Subject):
    """What `make` returns, asked through methods: `bhttp.decode` is `bhttp_decode`, dots and dashes underscores.

    Methods take the fields of `with` as keyword arguments (those they name; others are ignored, as adapters ignore
    them) and return the reply, or are coroutines that do. The object says of itself in `hello` (a `Hello`, the content
    of an adapter's `ok`, or a method that returns either); without it, it is its class and its public methods.
    `serve(role, options)` returns a `Served` or a mapping with `url`; `close()` ends a life. An exception that escapes
    is its death.
    """

    def __init__(self, make: Callable[[], Any], *, name: str = "", patience: float = 10.0) -> None:
        self.make = make
        self.patience = patience
        self._name = name or getattr(make, "__name__", "object")
        self.hello = Hello(name=self._name)
        self._object: Any = None
        self._death = ""
        self._evidence = ""
        self._served: dict[str, Served] = {}
        self._taken: dict[str, tuple[Any, frozenset[str] | None]] = {}

    async def start(self) -> None:
        """Make a new object; AdapterError when that or its `hello` fails."""
        if self._object is not None:
            await self.stop()
        self.generation += 1
        self._death = self._evidence = ""
        self._served = {}
        try:
            self._object = await _result(self.make())
            said = getattr(self._object, "hello", None)
            said = await _result(said()) if callable(said) else said
            if isinstance(said, Hello):
                self.hello = said
            elif said is not None:
                self.hello = hello_of(said)
            else:
                self.hello = _described(self._object, self._name)
        except Exception as why:
            raise AdapterError(f"{self._name}: cannot be made: {type(why).__name__}: {why}", step="hello") from why

    async def stop(self) -> None:
        """End this life: `close()` of the object, where it has one, bounded by the patience."""
        old, self._object = self._object, None
        close = getattr(old, "close", None)
        if callable(close):
            try:
                async with asyncio.timeout(self.patience):
                    await _result(close())
            except Exception:  # noqa: BLE001  # its life is over; how it fell is evidence
                self._evidence = traceback.format_exc()[-65536:]

    async def do(self, op: str, given: Mapping[str, Any], patience: float | None = None) -> Reply:
        """Call the method of that operation; `unsupported` where there is none, `died` where an exception escapes."""
        if self._object is None:
            raise AdapterError(f"{self._name}: is not running", step=op)
        if self._death:
            return self._died()
        name = op.replace(".", "_").replace("-", "_")
        method = None if name.startswith("_") or name in _LIFE else getattr(self._object, name, None)
        if op == "ping" and method is None:
            return {"ok": {}}
        if not callable(method):
            return {"unsupported": {"reason": f"{self._name} has no {op}"}}
        seconds = self.patience if patience is None else patience
        try:
            async with asyncio.timeout(seconds) as limit:
                answer = await _result(method(**self._fitting(name, method, given)))
        except AdapterError:
            raise
        except Exception as why:  # noqa: BLE001  # whatever escapes is the object's crash
            if limit.expired():
                raise Ended("timeout", f"no answer to {op} within {seconds:g} s") from None
            self._death = f"{type(why).__name__}: {why}"
            self._evidence = traceback.format_exc()[-65536:]
            return self._died()
        return reply_of(answer, self._name, op)

    async def serve(self, role: str, options: Mapping[str, Any]) -> Served:
        """Start a server role, once per life and role; AdapterError when that fails."""
        if role in self._served:
            return self._served[role]
        serve = getattr(self._object, "serve", None)
        if not callable(serve):
            raise AdapterError(f"{self._name}: serves nothing", step="serve")
        try:
            async with asyncio.timeout(self.patience):
                said = await _result(serve(role, dict(options)))
            self._served[role] = said if isinstance(said, Served) else served_of(said)
        except Exception as why:
            raise AdapterError(f"{self._name}: cannot serve {role}: {type(why).__name__}: {why}", step="serve") from why
        return self._served[role]

    def died(self) -> str:
        """The exception that escaped, or an empty string."""
        return self._death

    def evidence(self) -> str:
        """The traceback of its death."""
        return self._evidence

    def _fitting(self, name: str, method: Callable[..., Any], given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Those of the given fields that the method names; all where it takes any. A signature is read once."""
        function = getattr(method, "__func__", method)
        known = self._taken.get(name)
        if known is None or known[0] is not function:
            known = self._taken[name] = (function, _named(method))
        names = known[1]
        return given if names is None else {field: value for field, value in given.items() if field in names}

    def _died(self) -> dict[str, Any]:
        return {"died": {"status": None, "signal": "", "stderr": self._evidence[-2048:]}}


_LIFE = frozenset({"hello", "serve", "close", "make"})


def _described(thing: Any, name: str) -> Hello:
    """What can be said of an object that says nothing of itself: its roles attribute and its public methods."""
    roles = getattr(thing, "roles", ())
    offers = dict(roles) if isinstance(roles, Mapping) else {role: RoleOffer() for role in roles}
    operations = tuple(
        method for method in dir(thing) if not method.startswith("_") and method not in _LIFE and method != "roles"
    )
    return replace(Hello(name=name), roles=offers, operations=operations, language="python")


def _named(method: Callable[..., Any]) -> frozenset[str] | None:
    """The parameters that a method names; None where it takes any."""
    parameters = inspect.signature(method).parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
        return None
    return frozenset(parameters)


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value
