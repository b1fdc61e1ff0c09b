"""Libraries of HPKE (RFC 9180): messages sealed in one context, messages opened, secrets exported.

`accepted` means what our own implementation gives for the octets that left: every message opens at its place in the
sequence, every plaintext and secret is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from conformance import crypto
from conformance.bench import Bench
from conformance.crypto import HPKEError, KeyPair, Recipient, Suite
from conformance.library import REFUSED, answered, octets_of
from conformance.model import ACCEPTED, ANYWAY, WRONG, AdapterError, Outcome, Part, exchange
from conformance.protocols.ohttp.exchanges._library_keys import OVER, variant_suite
from conformance.wire import Built, Many, Message, UInt

INFO = b"conformance"
MESSAGES = ((b"first", b"one plaintext"), (b"second", b"another plaintext"))
"""Associated data and plaintext of the messages of the honest exchange."""
EXPORTS = ((b"", 32), (b"context", 16), (b"another context", 48))
"""Exporter context and length of the secrets that are exported in the honest exchange."""
SEQUENCE, SCHEDULE = "rfc9180/5.2/nonce-xor-sequence-number", "rfc9180/4.1/labelled-key-schedule-exact"


def _listed(reply: Any, name: str, op: str) -> list[bytes]:
    """A list of octets out of a reply that is `ok`; AdapterError where there is none."""
    try:
        return [bytes.fromhex(item) for item in reply["ok"][name]]
    except (KeyError, TypeError, ValueError) as why:
        raise AdapterError(f"{op}: {name} is no list of hex: {why!r}", step=op, hint="See docs/adapter.md.") from None


# --- Senders ---------------------------------------------------------------------------------------------------------


def sealed_ended(part: Part) -> Outcome:
    """How a library sealed messages."""
    reply = answered(part, "hpke.seal")
    if reply is None:
        return part.ending()
    if "refused" in reply:
        return REFUSED
    opened = part.last("decoded", "messages")
    if opened is None:
        return part.ending()
    if not opened.value["valid"]:
        return ANYWAY
    return WRONG.at(opened.value["told"]) if opened.value["told"] else ACCEPTED


@exchange("hpke.sender", sealed_ended, over=OVER)
async def seal(
    bench: Bench,
    live: None = None,
    messages: Sequence[tuple[bytes, bytes]] = MESSAGES,
    *,
    info: bytes = INFO,
    key: KeyPair | None = None,
    ephemeral: KeyPair | None = None,
    published: Sequence[tuple[int, bytes]] = (),
) -> None:
    """The library seals messages to a public key of ours in one context, and we open them.

    `published` are ciphertexts by their sequence number that must come out where the `ephemeral` key is given.
    """
    del live
    suite = variant_suite(bench)
    pair = key or crypto.generate(suite.kem, bench.rng)
    built = bench.point("setup", Message(public_key=pair.public, info=info))
    public, about = built.fields["public_key"], built.fields["info"]
    reply = await bench.do(
        "hpke.seal",
        suite=suite.name,
        public_key=public.hex(),
        info=about.hex(),
        messages=[{"aad": aad.hex(), "plaintext": plaintext.hex()} for aad, plaintext in messages],
        **({"ephemeral": ephemeral.private.hex()} if ephemeral else {}),
    )
    if "ok" not in reply:
        return
    enc, sealed = octets_of(reply, "enc", "hpke.seal"), _listed(reply, "ciphertexts", "hpke.seal")
    requirement, told = _opened(suite, enc, pair.private, about, messages, sealed)
    if not told:
        wrong = next((n for n, ciphertext in published if sealed[n] != ciphertext), None)
        if wrong is not None:
            requirement, told = SCHEDULE, f"message {wrong} is not the published one"
    bench.saw("decoded", "messages", octets=enc, valid=_valid(suite.kem, public), requirement=requirement, told=told)


def _valid(kem: int, public: bytes) -> bool:
    try:
        crypto.validate_public(kem, public)
    except HPKEError:
        return False
    return True


def _opened(
    suite: Suite,
    enc: bytes,
    private: bytes,
    info: bytes,
    messages: Sequence[tuple[bytes, bytes]],
    sealed: Sequence[bytes],
) -> tuple[str, str]:
    """Whether messages open in their order: requirement and what is wrong, both empty when all is right."""
    if len(sealed) != len(messages):
        return SEQUENCE, f"{len(sealed)} ciphertexts of {len(messages)} messages"
    try:
        recipient = crypto.setup_recipient(suite, enc, private, info)
    except HPKEError as why:
        return SCHEDULE, f"enc: {why}"
    for n, ((aad, plaintext), ciphertext) in enumerate(zip(messages, sealed, strict=True)):
        if _opens(recipient, ciphertext, aad, n) == plaintext:
            continue
        if _opens(recipient, ciphertext, b"", n) == plaintext:
            return SCHEDULE, f"message {n} was sealed without its associated data"
        for other in {n - 1, n + 1, 0, n % 256, int.from_bytes(n.to_bytes(12, "little"), "big")} - {n}:
            if other >= 0 and _opens(recipient, ciphertext, aad, other) == plaintext:
                return SEQUENCE, f"message {n} was sealed with sequence number {other}"
        return (SEQUENCE if n else SCHEDULE), f"message {n} opens in no way that we know"
    return "", ""


def _opens(recipient: Recipient, ciphertext: bytes, aad: bytes, sequence: int) -> bytes | None:
    try:
        return recipient.open(ciphertext, aad, sequence)
    except HPKEError:
        return None


# --- Receivers -------------------------------------------------------------------------------------------------------


def received_ended(op: str, field: str) -> Callable[[Part], Outcome]:
    """How a library opened messages, or exported secrets."""

    def ended(part: Part) -> Outcome:
        reply = answered(part, op)
        if reply is None:
            return part.ending()
        if "refused" in reply:
            return REFUSED
        lawful = part.last("lawful", field)
        if lawful is None:
            return part.ending()
        if not lawful.value["opens"]:
            return ANYWAY
        return ACCEPTED if _listed(reply, field, op) == [bytes.fromhex(w) for w in lawful.value["wanted"]] else WRONG

    return ended


def _given(
    bench: Bench, suite: Suite, info: bytes, key: KeyPair | None, ephemeral: KeyPair | None
) -> tuple[Message, KeyPair, crypto.Sender]:
    """What a recipient sets its context up with, as a recipe: `dh` is what both keys share, before it is hashed."""
    pair = key or crypto.generate(suite.kem, bench.rng)
    own = ephemeral or crypto.generate(suite.kem, bench.rng)
    return Message(enc=own.public, info=info), pair, crypto.setup_sender(suite, pair.public, info, own)


def _setup(
    bench: Bench, message: Message, key: KeyPair, suite: Suite
) -> tuple[Built, dict[str, Any], Recipient | None]:
    """Let it leave: what left, the fields of the question, and the context that a strict recipient makes of it."""
    built = bench.point("setup", message)
    enc, info = built.fields["enc"], built.fields["info"]
    asked = {"suite": suite.name, "private_key": key.private.hex(), "enc": enc.hex(), "info": info.hex()}
    try:
        return built, asked, crypto.setup_recipient(suite, enc, key.private, info)
    except HPKEError:
        return built, asked, None


@exchange("hpke.receiver", received_ended("hpke.open", "plaintexts"), over=OVER)
async def open_messages(
    bench: Bench,
    live: None = None,
    messages: Sequence[tuple[bytes, bytes]] = MESSAGES,
    *,
    info: bytes = INFO,
    key: KeyPair | None = None,
    ephemeral: KeyPair | None = None,
    zero: bytes | None = None,
    published: Sequence[tuple[int, bytes]] = (),
) -> None:
    """We seal messages in one context, the library opens them.

    `zero` is an encapsulated key whose shared value is zero: what is sealed then opens for whoever lets that pass.
    `published` are ciphertexts by their sequence number, in place of those that we would make.
    """
    del live
    suite = variant_suite(bench)
    setup, pair, sender = _given(bench, suite, info, key, ephemeral)
    if zero is not None:
        setup = Message(enc=zero, info=info)
        sender = crypto.setup_sender_with(suite, pair.public, info, zero, bytes(len(zero)))
    ready = dict(published)
    sealed = [ready.get(n) or sender.seal(plaintext, aad, n) for n, (aad, plaintext) in enumerate(messages)]
    _, asked, recipient = _setup(bench, setup, pair, suite)
    recipe = Message(message=Many(Message(aad=aad, ciphertext=c) for (aad, _), c in zip(messages, sealed, strict=True)))
    left = _items(bench.point("messages", recipe), "message")
    strict = [_opens(recipient, m["ciphertext"], m["aad"], n) if recipient else None for n, m in enumerate(left)]
    wanted = [p.hex() for p in strict if p is not None]
    bench.saw("lawful", "plaintexts", opens=len(wanted) == len(left), wanted=wanted)
    given = [{"aad": m["aad"].hex(), "ciphertext": m["ciphertext"].hex()} for m in left]
    reply = await bench.do("hpke.open", messages=given, **asked)
    if "ok" in reply:
        _listed(reply, "plaintexts", "hpke.open")


@exchange("hpke.receiver", received_ended("hpke.export", "secrets"), over=OVER)
async def export(
    bench: Bench,
    live: None = None,
    exports: Sequence[tuple[bytes, int]] = EXPORTS,
    *,
    info: bytes = INFO,
    key: KeyPair | None = None,
    ephemeral: KeyPair | None = None,
    suite: str = "",
) -> None:
    """The library exports secrets from a context that we set up; `suite` is another than the variant's."""
    del live
    chosen = Suite.parse(suite) if suite else variant_suite(bench)
    setup, pair, _ = _given(bench, chosen, info, key, ephemeral)
    _, asked, recipient = _setup(bench, setup, pair, chosen)
    recipe = Message(export=Many(Message(context=context, length=UInt(length, 4)) for context, length in exports))
    left = [
        (m["context"], int.from_bytes(m["length"], "big")) for m in _items(bench.point("exports", recipe), "export")
    ]
    wanted: list[str] = []
    try:
        wanted = [recipient.export(*one).hex() for one in left] if recipient else []
    except HPKEError:
        wanted = []
    bench.saw("lawful", "secrets", opens=len(wanted) == len(left), wanted=wanted)
    given = [{"context": context.hex(), "length": length} for context, length in left]
    reply = await bench.do("hpke.export", exports=given, **asked)
    if "ok" in reply:
        _listed(reply, "secrets", "hpke.export")


def _items(built: Built, name: str) -> list[dict[str, bytes]]:
    """The parts of each item of a list, as they left."""
    items: list[dict[str, bytes]] = []
    for path, octets in built.fields.items():
        item, dot, part = path.partition(".")
        if item.startswith(f"{name}[") and dot:
            at = int(item[len(name) + 1 : -1])
            while len(items) <= at:
                items.append({})
            items[at][part] = octets
    return items


__all__ = ["EXPORTS", "INFO", "MESSAGES", "SCHEDULE", "SEQUENCE", "export", "open_messages", "seal"]
