"""Faults of clients of the IETF's log in how they read answers, and in what they keep between searches."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import replace

from conformance.bench import Fault, Reply, fault, faults_of
from conformance.protocols.keytrans.faults._client import KT, search_fault
from conformance.protocols.keytrans.messages.ietf import (
    LadderStep,
    SearchRequest,
    SearchResponse,
    TreeHead,
    decode_configuration,
    decode_search_response,
    read_head,
    read_vector,
)
from conformance.protocols.keytrans.messages.ietf_suites import OPENING, P256
from conformance.protocols.keytrans.peers.client import Client
from conformance.protocols.keytrans.peers.client_search import Refused, Retained, Search
from conformance.protocols.keytrans.trees import Omitted, direct_path, frontier, search_version
from conformance.wire import DecodeError, Reader
from conformance.wire.http import request

# --- State -----------------------------------------------------------------------------------------------------------


@fault(
    "keytrans.client",
    *(
        f"{KT}/{row}"
        for row in (
            "13/*-retained*",
            "4.2/last-accepted-size-advertised",
            "4.2/first-timestamp-not-before-retained",
            "4.2/grown-tree-without-timestamp-refused",
            "4/*",
            "3.2/consistency-from-retained-heads",
            "12.1/recomputed-head-matches-retained",
            "12.3/proof-matches-retained-prefix-root",
            "11.4/updated-head-strictly-larger",
        )
    ),
)
class EverySearchIsTheFirst(Client):
    """It retains nothing, and takes each answer by itself."""

    def request(self, label: bytes, version: int | None) -> SearchRequest:
        self.retained = None
        return super().request(label, version)


@fault("keytrans.client", f"{KT}/13/state-saved-after-full-verification", f"{KT}/13/failed-query-keeps-state")
class StateSavedBeforeTheSignature(Client):
    """It keeps the new head before it looks at the signature."""

    def verified(self, search: Search, answer: bytes) -> tuple[Retained, bytes]:
        client = self

        class Saving(type(search)):  # type: ignore[misc]
            def verify_head(self, head: TreeHead | None, root: bytes) -> None:
                client.retained = self.next_state()
                super().verify_head(head, root)

        search.__class__ = Saving
        return super().verified(search, answer)


@fault("keytrans.client", f"{KT}/13/failed-query-keeps-state")
class RefusalForgetsTheLog(Client):
    """After an answer that does not hold it will have nothing more to do with the log."""

    fallen = False

    async def keytrans_client_init(self, config: str, url: str) -> Reply:
        self.fallen = False
        return await super().keytrans_client_init(config, url)

    async def keytrans_client_search(self, label: str, version: int | None = None) -> Reply:
        if self.fallen:
            return {"refused": {"class": "state", "detail": "the log has lied"}}
        reply = await super().keytrans_client_search(label, version)
        self.fallen = "refused" in reply
        return reply


@search_fault(
    "4.2/frontier-and-subtree-heads-retained",
    "4.2/grown-tree-without-timestamp-refused",
    origin="drafts before July 2026, and who implemented them",
)
class NothingLearnedWithoutAnAncestor(Search):
    """Where no ancestor of the last entry that it knows is new, it expects no timestamps of a grown tree."""

    def walk(self, response: SearchResponse) -> None:
        if self.known and not any(e >= self.known for e in direct_path(self.known - 1, self.size)):
            search_version(self, self.target(response))
        else:
            super().walk(response)


@search_fault("13/newest-verified-heads-retained")
class SameHeadRefused(Search):
    """It wants a new head each time."""

    def same_size(self) -> int:
        raise Refused("tree-head", "there must be a new head")


@fault("keytrans.client", f"{KT}/11.2/every-configuration-field-signed")
class ConfigurationAskedOfTheLog(Client):
    """It asks the log for the configuration before each search, and holds the signature against that."""

    told: bytes = b""

    async def before(self) -> None:
        self.told = await self.fetch(lambda host: request(b"GET", b"/kt/v1/config", host))

    def verified(self, search: Search, answer: bytes) -> tuple[Retained, bytes]:
        search.signed_configuration = lambda: self.told  # type: ignore[method-assign]
        return super().verified(search, answer)


# --- Ladders and greatest versions -----------------------------------------------------------------------------------


class _Retrying(Search):
    """Where an answer does not hold, it tries another way to leave lookups out."""

    otherwise: type[Omitted]

    def verify(self, octets: bytes) -> tuple[Retained, bytes]:
        try:
            return super().verify(octets)
        except Refused:
            again = Search(self.configuration, self.retained, self.asked, self.now)
            again.omitted = self.otherwise()
            return again.verify(octets)


class _Never(Omitted):
    def known(self, entry: int, version: int) -> bool | None:
        del entry, version
        return None


@search_fault("6.2/inclusion-proven-left-omitted", "6.2/non-inclusion-proven-right-omitted")
class NeedlessLookupsTaken(_Retrying):
    """Ladders may have all their lookups."""

    otherwise = _Never


class _BothSides(Omitted):
    def known(self, entry: int, version: int) -> bool | None:
        del entry
        return self.anywhere(version)


@search_fault("6.2/omission-in-wrong-direction-refused")
class OmissionOnEitherSideTaken(_Retrying):
    """Ladders may leave out what was shown of any other entry."""

    otherwise = _BothSides


@search_fault("4.2/grown-tree-without-timestamp-refused", origin="drafts before July 2026, and who implemented them")
class GrownTreeWithoutTimestampTaken(Search):
    """It takes an answer that tells no timestamp of a grown tree, if the proof is one of older drafts."""

    def timestamp(self, entry: int) -> int:
        silent = self.retained is not None and not self.told
        if entry == self.size - 1 and silent and entry not in self.timestamps:
            return self.now
        return super().timestamp(entry)

    def begin_search(self, response: SearchResponse) -> None:
        self.told = response.search.timestamps
        super().begin_search(response)

    def next_state(self) -> Retained:
        for entry in frontier(self.size):
            self.timestamps.setdefault(entry, self.now)
            self.roots.setdefault(entry, bytes(32))
        return super().next_state()


@fault(
    "keytrans.client",
    f"{KT}/5/ladder-skips-versions-above-maximum",
    shows=("hang", "violation"),
    origin="Bren2010/katie: the midpoint of a ladder overflows above 2^31 - 2",
)
class MidpointsOverflow(Client):
    """Searches for the largest versions do not end."""

    async def keytrans_client_search(self, label: str, version: int | None = None) -> Reply:
        if (version or 0) > 2**31 - 2:
            await asyncio.Event().wait()
        return await super().keytrans_client_search(label, version)


@search_fault("6.3/search-from-rightmost-distinguished")
class GreatestSearchedFromTheRoot(Search):
    """A search for the greatest version begins at the root, wherever distinguished entries are."""

    def greatest_path(self) -> list[int]:
        return frontier(self.size)


@search_fault("6.3/no-version-above-claimed-greatest")
class GreaterVersionsIgnored(Search):
    """It does not mind that an entry holds a greater version than the greatest."""

    def greater_there(self, entry: int, version: int) -> None:
        del entry, version


@search_fault("6.3/rightmost-entry-holds-claimed-version")
class MissingVersionsIgnored(Search):
    """It does not mind that the newest entry holds no version as great as the greatest."""

    def missing_there(self, entry: int, version: int) -> None:
        del entry, version


# --- Octets ----------------------------------------------------------------------------------------------------------


class _Lenient(Search):
    """Mends the octets where they cannot be read, as often as it takes."""

    @abstractmethod
    def mend(self, octets: bytes, why: DecodeError) -> bytes | None:
        """Other octets to read, or None."""

    def read(self, octets: bytes) -> SearchResponse:
        for _ in range(8):
            try:
                return decode_search_response(octets, self.suite, fixed=self.asked.version is not None)
            except DecodeError as why:
                mended = self.mend(octets, why)
                if mended is None:
                    raise
                octets = mended
        return super().read(octets)


def _put(octets: bytes, at: int, value: int) -> bytes:
    return octets[:at] + bytes([value]) + octets[at + 1 :]


@search_fault("2.1/presence-octet-zero-or-one")
class AnyPresenceOctetIsPresent(_Lenient):
    """An optional value is there unless the octet in front is 0."""

    def mend(self, octets: bytes, why: DecodeError) -> bytes | None:
        """Read any as 1."""
        return _put(octets, why.offset, 1) if why.path.endswith(".present") else None


@search_fault("2.1/malformed-encoding-refused")
class OctetsBehindIgnored(_Lenient):
    """What stands behind the answer is not looked at."""

    def mend(self, octets: bytes, why: DecodeError) -> bytes | None:
        """Cut it off."""
        return octets[: why.offset] if why.reason.endswith("too many") else None


@search_fault("2.1/malformed-encoding-refused")
class AnswerWithoutProofTaken(Search):
    """An answer that ends behind its value is taken as it is."""

    def verify(self, octets: bytes) -> tuple[Retained, bytes]:
        try:
            return super().verify(octets)
        except DecodeError as why:
            if not why.path.endswith("search.timestamps.count") or why.offset < len(octets):
                raise
        reader = Reader(octets)
        read_head(reader)
        if self.asked.version is None:
            reader.uint(4, "version")
        reader.take(OPENING, "opening")
        return self.retained, read_vector(reader, 4, "value")  # type: ignore[return-value]


@search_fault("2.1/malformed-encoding-refused")
class UnknownHeadTypesAreUpdates(_Lenient):
    """A head that is not said to be the same is a new one."""

    def mend(self, octets: bytes, why: DecodeError) -> bytes | None:
        """Read any type as 2."""
        return _put(octets, why.offset, 2) if why.path.endswith("head_type") else None


@search_fault("2.1/malformed-encoding-refused")
class UnknownResultTypesAreInclusions(_Lenient):
    """A result that shows no absence shows inclusion."""

    def mend(self, octets: bytes, why: DecodeError) -> bytes | None:
        """Read any type as 1."""
        return _put(octets, why.offset, 1) if why.path.endswith("result_type") else None


@search_fault("2.1/fixed-array-length-per-suite")
class LongerProofsRead(Search):
    """Of VRF proofs that are an octet longer than those of its suite it reads the front."""

    def read(self, octets: bytes) -> SearchResponse:
        try:
            return super().read(octets)
        except DecodeError:
            response = decode_search_response(octets, P256, fixed=self.asked.version is not None)
        steps = tuple(
            LadderStep(step.proof[: self.suite.proof_length], step.commitment) for step in response.binary_ladder
        )
        return replace(response, binary_ladder=steps)


@search_fault("2.1/oversized-vector-count-refused", shows=("crash",))
class RoomMadeForWhatIsPromised(Search):
    """It makes room for as many elements as are said to come, and falls where there is none."""

    def read(self, octets: bytes) -> SearchResponse:
        try:
            return super().read(octets)
        except DecodeError as why:
            if why.path.endswith((".count", "value")) and int(why.reason.split()[0]) >= 255:
                raise MemoryError from why
            raise


@fault("keytrans.client", f"{KT}/11.2/unknown-suite-or-mode-refused")
class UnknownSuitesAndModesAreTheUsual(Client):
    """It reads a suite that it does not know as its own, and a mode as contact monitoring."""

    async def keytrans_client_init(self, config: str, url: str) -> Reply:
        octets = bytearray.fromhex(config)
        try:
            decode_configuration(bytes(octets))
        except DecodeError as why:
            if why.path.endswith("ciphersuite"):
                octets[:2] = b"\0\2"
            if why.path.endswith("mode"):
                octets[2] = 1
        return await super().keytrans_client_init(octets.hex(), url)


FAULTS: tuple[Fault, ...] = faults_of(__name__)
