"""The options that say what is tested and how it is reached, and what they come to."""

from __future__ import annotations

import asyncio
import ipaddress
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import click

from conformance import __version__
from conformance.bench import Protocol, Subject
from conformance.cli._progress import BuildProgress
from conformance.engine.session import Request
from conformance.model import AdapterError, UsageError
from conformance.net import Route
from conformance.subjects import (
    Manifest,
    NotBuilt,
    ProcessSubject,
    SeveralSubject,
    URLSubject,
    build,
    find_manifests,
    near,
    subject_of,
)

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


def target_options(command: Any) -> Any:
    """The options of design section 5, in the order in which they are needed."""
    option = click.option
    options = [
        option("--target", metavar="URL", help="A server that is running: its URL."),
        option("--implementation", metavar="NAME", help="One of the implementations that come with the suite."),
        option("--adapter", metavar="CMD", help="A program that speaks the adapter protocol (docs/adapter.md)."),
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
        option("--patience", type=float, metavar="SECONDS", help="How long to wait for the target."),
        option("--rate", type=float, metavar="N", help="At most so many exchanges a second."),
        option("--lanes", type=int, metavar="N", help="How many cases run side by side."),
        option("--i-own-this-target", "owned", is_flag=True, help="Allow bulk and destructive cases off loopback."),
    ]
    for add in reversed(options):
        command = add(command)
    return command


def choose(values: Mapping[str, Any], protocols: Sequence[Protocol]) -> Chosen:
    """The subject from `--target`, `--implementation`, `--adapter` or `--reference`: exactly one of them."""
    named = [name for name in ("target", "implementation", "adapter", "reference") if values[name]]
    if len(named) != 1:
        told = "no target" if not named else f"--{' and --'.join(named)} are given, one is wanted"
        raise UsageError(
            f"{told}: nothing is tested", hint="give --target URL, --implementation NAME, --adapter CMD or --reference"
        )
    patience = values["patience"] or PATIENCE
    match named[0]:
        case "target":
            return _url(values["target"], values, protocols)
        case "implementation":
            return implementation(values["implementation"], patience)
        case "adapter":
            words = shlex.split(values["adapter"])
            subject = ProcessSubject(words, patience=patience)
            return Chosen(subject, values["adapter"], "adapter", command=f"--adapter {shlex.quote(values['adapter'])}")
        case _:
            return reference(protocols, values["role"], values.get("seed") or 0)


def _url(url: str, values: Mapping[str, Any], protocols: Sequence[Protocol]) -> Chosen:
    Route.of(url)
    roles = values["role"] or [r.name for p in protocols for r in p.roles if r.kind == "server"]
    return Chosen(URLSubject(url, roles), url, "url", command=f"--target {shlex.quote(url)}", remote=is_remote(url))


def is_remote(url: str) -> bool:
    """Whether a URL leads off this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return True


def implementation(name: str, patience: float) -> Chosen:
    """An implementation by name, built if it is not; AdapterError when that fails."""
    manifest = near(name, find_manifests())
    built = asyncio.run(build([manifest], progress=BuildProgress()))[manifest.name]
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

    peers = [make for p in protocols for role, make in p.peers().items() if not roles or role in roles]
    if not peers:
        raise UsageError(f"we have no peer for {', '.join(roles)}", hint="conformance show roles lists them")
    subject = SeveralSubject("reference", [subject_for(make, seed) for make in peers], __version__)
    return Chosen(subject, "reference", "reference", command="--reference")


def request_for(chosen: Chosen, values: Mapping[str, Any], protocols: Sequence[Protocol]) -> Request:
    """Everything that the options say about a run."""
    remote = chosen.remote
    options = dict(_pair(text) for text in values["option"])
    return Request(
        chosen.subject,
        protocols,
        title=chosen.title,
        how=chosen.how,
        digest=chosen.digest,
        ours=chosen.manifest.ours if chosen.manifest else (),
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
    headers = [_header(text) for text in values["header"]]

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

    return route


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError(f"--header {name!r} has no colon", hint="write --header 'Name: value'")
    return name.strip(), value.strip()


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--option {text!r} is no key=value")
    return key, value


def _versions(text: str | None) -> tuple[int, ...]:
    try:
        versions = tuple(int(word) for word in text.split(",")) if text else ()
    except ValueError as why:
        raise UsageError(f"--http {text!r} is no list of HTTP versions", hint="write --http 1,2") from why
    if not set(versions) <= {1, 2, 3}:
        raise UsageError(f"--http {text!r}: versions are 1, 2 and 3")
    return versions


def _repeated(values: Mapping[str, Any]) -> list[str]:
    """The target options that a reproduction needs; headers are left out, their values being secret."""
    words = []
    for name in ("http", "ca_file", "client_cert", "listen", "reachable_as"):
        if values[name]:
            words.append(f"--{name.replace('_', '-')} {shlex.quote(str(values[name]))}")
    if values["insecure"]:
        words.append("--insecure")
    words += [f"--option {shlex.quote(text)}" for text in values["option"]]
    words += [f"--connect-to {shlex.quote(text)}" for text in values["connect_to"]]
    words += [f"--header '{text.partition(':')[0]}: …'" for text in values["header"]]
    return words


__all__ = [
    "Chosen", "choose", "implementation", "is_remote", "reference", "request_for", "target_options",
]  # fmt: skip
