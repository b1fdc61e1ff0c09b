"""The options that say what is tested and how it is reached, and what they come to."""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from conformance import __version__
from conformance.cli._common import check_roles, interruptible
from conformance.model import AdapterError, UsageError

if TYPE_CHECKING:
    from conformance.bench import Protocol, Subject
    from conformance.engine.session import Request
    from conformance.net import Route
    from conformance.subjects import Manifest

SUBJECTS = ("target", "implementation", "adapter", "reference")
VERSIONS = (1, 2, 3)
"""The HTTP versions that we speak."""
LAST_PORT = 65535
GENTLE_RATE, GENTLE_PATIENCE, PATIENCE = 10.0, 10.0, 2.0
"""Towards targets that are not on loopback: exchanges a second, and seconds to wait."""


@dataclass(slots=True)
class Chosen:
    """The subject that was asked for."""

    subject: Subject
    title: str
    how: str
    digest: str = ""
    manifest: Manifest | None = None
    command: str = ""
    remote: bool = False


def _once(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> str | None:
    """Click keeps the last of several values; here each of them says that something else is to be tested."""
    del ctx
    if len(value) > 1:
        raise UsageError(f"{param.opts[0]} is given {len(value)} times, one subject is tested in a run")
    return value[0] if value else None


def target_options(command: Any) -> Any:
    """The options of design section 5, in the order in which they are needed."""
    option = click.option
    one: dict[str, Any] = {"multiple": True, "callback": _once}
    above_zero = click.FloatRange(0, min_open=True)
    options = [
        option("--target", metavar="URL", help="A server that is running: its URL.", **one),
        option("--implementation", metavar="NAME", help="One of the implementations that come with the suite.", **one),
        option("--adapter", metavar="CMD", help="A program that speaks the adapter protocol (docs/adapter.md).", **one),
        option("--reference", is_flag=True, help="Our own reference peers."),
        option("--protocol", "protocol", multiple=True, metavar="P", help="Only this protocol."),
        option("--role", "role", multiple=True, metavar="R", help="Only this role."),
        option("--option", "option", multiple=True, metavar="KEY=VALUE", help="For the protocol: keys=URL|FILE, …"),
        option("--http", metavar="1,2", help="Only these HTTP versions."),
        option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="Trust these certificates."),
        option("--insecure", is_flag=True, help="Do not verify certificates (shown in every report)."),
        option("--client-cert", type=click.Path(exists=True, dir_okay=False), help="PEM with key and certificate."),
        option("--header", multiple=True, metavar="'NAME: VALUE'", help="Sent with each request, never stored."),
        option("--connect-to", multiple=True, metavar="HOST:PORT:HOST:PORT", help="Connect elsewhere."),
        option("--listen", metavar="ADDRESS", help="Where our helper servers listen, for a target elsewhere."),
        option("--reachable-as", metavar="HOST", help="Under which name the target reaches them."),
        option("--vantage", multiple=True, metavar="ADDRESS", help="A further local address to look from."),
        option("--patience", type=above_zero, metavar="SECONDS", help="How long to wait for the target."),
        option("--rate", type=click.FloatRange(0), metavar="N", help="At most so many exchanges a second (0: any)."),
        option("--lanes", type=click.IntRange(1), metavar="N", help="How many cases run side by side."),
        option("--i-own-this-target", "owned", is_flag=True, help="Allow bulk and destructive cases off loopback."),
    ]
    for add in reversed(options):
        command = add(command)
    return command


def choose(values: Mapping[str, Any], protocols: Sequence[Protocol]) -> Chosen:
    """The subject from `--target`, `--implementation`, `--adapter` or `--reference`: exactly one of them."""
    named = [name for name in SUBJECTS if values[name]]
    if len(named) != 1:
        told = "no target" if not named else f"--{' and --'.join(named)} are given, one is wanted"
        raise UsageError(
            f"{told}: nothing is tested", hint="give --target URL, --implementation NAME, --adapter CMD or --reference"
        )
    check_roles(values["role"], protocols)
    patience = values["patience"] or PATIENCE
    match named[0]:
        case "target":
            return _url(values["target"], values, protocols)
        case "implementation":
            return implementation(values["implementation"], patience)
        case "adapter":
            from conformance.subjects import ProcessSubject

            told = values["adapter"]
            subject = ProcessSubject(words(told), patience=patience)
            return Chosen(subject, told, "adapter", command=f"--adapter {shlex.quote(told)}")
        case _:
            return reference(protocols, values["role"], values.get("seed") or 0)


def words(command: str) -> list[str]:
    """A command line taken apart as a shell would; UsageError when it cannot be or is empty."""
    try:
        found = shlex.split(command)
    except ValueError as why:
        raise UsageError(f"the command {command!r} cannot be taken apart: {why}") from why
    if not found:
        raise UsageError("the command is empty")
    return found


def _url(url: str, values: Mapping[str, Any], protocols: Sequence[Protocol]) -> Chosen:
    from conformance.net import Route
    from conformance.subjects import URLSubject

    if "://" not in url:
        raise UsageError(f"--target {url!r} is no URL", hint=f"write --target https://{url} or http://{url}")
    where = Route.of(url, connect_to=values["connect_to"])
    servers = [r.name for p in protocols for r in p.roles if r.kind == "server"]
    for role in values["role"]:
        if role not in servers:
            raise UsageError(
                f"{role} cannot be tested through a URL", hint=f"--adapter CMD can; a URL can be {', '.join(servers)}"
            )
    roles = values["role"] or servers
    return Chosen(
        URLSubject(url, roles), url, "url", command=f"--target {shlex.quote(url)}", remote=not local(where.connect_host)
    )


def is_remote(url: str) -> bool:
    """Whether a URL leads off this machine."""
    return not local(urlsplit(url).hostname or "")


def local(host: str) -> bool:
    """Whether a host is this machine, by its name alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def implementation(name: str, patience: float) -> Chosen:
    """An implementation by name, built if it is not; AdapterError when that fails."""
    from conformance.cli._progress import BuildProgress
    from conformance.subjects import NotBuilt, build, find_manifests, near, subject_of

    manifest = near(name, find_manifests())
    building = interruptible(lambda: build([manifest], progress=BuildProgress()), "interrupted")
    built = building[manifest.name]
    if isinstance(built, NotBuilt):
        raise AdapterError(
            f"{name}: {built.reason}", step="build", hint=built.detail or "conformance doctor tells more"
        )
    return Chosen(
        subject_of(manifest, built, patience=patience),
        manifest.title,
        "implementation",
        built.digest,
        manifest,
        f"--implementation {name}",
    )


def reference(protocols: Sequence[Protocol], roles: Sequence[str] = (), seed: int = 0) -> Chosen:
    """Our own peers in all roles, or in these."""
    from conformance.engine.mutants import subject_for
    from conformance.subjects import SeveralSubject

    peers = [make for p in protocols for role, make in p.peers().items() if not roles or role in roles]
    if not peers:
        raise UsageError(f"we have no peer for {', '.join(roles)}", hint="conformance show roles lists them")
    subject = SeveralSubject("reference", [subject_for(make, seed) for make in peers], __version__)
    return Chosen(subject, "reference", "reference", command="--reference")


def request_for(chosen: Chosen, values: Mapping[str, Any], protocols: Sequence[Protocol]) -> Request:
    """Everything that the options say about a run."""
    from conformance.engine.session import Request

    remote = chosen.remote
    options = dict(_pair(text) for text in values["option"])
    return Request(
        chosen.subject,
        protocols,
        title=chosen.title,
        how=chosen.how,
        digest=chosen.digest,
        ours=chosen.manifest.ours if chosen.manifest else (),
        withheld=chosen.manifest.withheld if chosen.manifest else (),
        roles=values["role"],
        options=options,
        http=_versions(values["http"]),
        only={"http": _versions(values["http"])} if values["http"] else {},
        lanes=values["lanes"] or 0,
        rate=values["rate"] if values["rate"] is not None else GENTLE_RATE if remote else 0.0,
        patience=values["patience"] or (GENTLE_PATIENCE if remote else PATIENCE),
        listen=values["listen"] or "",
        reachable_as=values["reachable_as"] or "",
        vantages=values["vantage"],
        insecure=values["insecure"],
        remote=remote,
        owned=values["owned"],
        route=_route(values),
        command=" ".join([chosen.command, *_repeated(values)]),
    )


def _route(values: Mapping[str, Any]) -> Callable[[str, str | None], Route]:
    from conformance.net import Route

    headers = [_header(text) for text in values["header"]]
    for rule in values["connect_to"]:
        if any(int(port) > LAST_PORT for port in re.findall(r":(\d{5})(?=:|$)", rule)):
            raise UsageError(f"--connect-to {rule!r} has a port beyond {LAST_PORT}")
    for source in values["vantage"]:
        Route.of("http://localhost/", source=source)

    def route(url: str, source: str | None) -> Route:
        return Route.of(
            url,
            connect_to=values["connect_to"],
            ca_file=values["ca_file"],
            insecure=values["insecure"],
            client_cert=values["client_cert"],
            headers=headers,
            source=source,
        )

    checked = route("https://localhost/", None)  # what cannot be is told now, and not in the middle of a run
    if values["ca_file"] or values["client_cert"]:
        checked.context(())
    return route


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"--header {name!r} has no colon", hint="write --header 'Name: value'")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError as why:
        raise UsageError(f"--header {name!r} has a value with characters that a header cannot carry") from why
    return name.strip(), value.strip()


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"--option {text!r} is no key=value", hint="write --option key=value")
    return key, value


def _versions(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    try:
        versions = tuple(dict.fromkeys(int(word) for word in text.split(",")))
    except ValueError as why:
        raise UsageError(f"--http {text!r} is no list of HTTP versions", hint="write --http 1,2") from why
    if not set(versions) <= set(VERSIONS):
        told = f"{', '.join(map(str, VERSIONS[:-1]))} and {VERSIONS[-1]}"
        raise UsageError(f"--http {text!r}: the versions that the suite speaks are {told}")
    return versions


def _repeated(values: Mapping[str, Any]) -> list[str]:
    """The target options that a reproduction needs; of headers only the names, their values being secret."""
    names = ("http", "ca_file", "client_cert", "listen", "reachable_as", "patience")
    told = [f"--{name.replace('_', '-')} {shlex.quote(str(values[name]))}" for name in names if values[name]]
    if values["insecure"]:
        told.append("--insecure")
    told += [f"--role {shlex.quote(text)}" for text in values["role"]]
    told += [f"--option {shlex.quote(text)}" for text in values["option"]]
    told += [f"--connect-to {shlex.quote(text)}" for text in values["connect_to"]]
    told += [f"--header {shlex.quote(_header(text)[0] + ': …')}" for text in values["header"]]
    return told


__all__ = [
    "SUBJECTS", "Chosen", "choose", "implementation", "is_remote", "reference", "request_for", "target_options",
    "words",
]  # fmt: skip
