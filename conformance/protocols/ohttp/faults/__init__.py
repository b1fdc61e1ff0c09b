"""Realistic wrong behaviours, each a peer with one step replaced. The lists of real bugs come first."""

from __future__ import annotations

from conformance.bench import Fault
from conformance.protocols.ohttp.faults import (
    _bhttp,
    _bhttp_fields,
    _client,
    _client_chunked,
    _connection,
    _conveying,
    _dates,
    _encapsulation,
    _hpke,
    _http,
    _keys,
    _library_bhttp,
    _library_bhttp_fields,
    _library_bhttp_writing,
    _library_hpke,
    _library_keys,
    _relay,
    _response,
    _target,
)

FAULTS: tuple[Fault, ...] = (
    *_encapsulation.FAULTS,
    *_response.FAULTS,
    *_http.FAULTS,
    *_connection.FAULTS,
    *_dates.FAULTS,
    *_keys.FAULTS,
    *_bhttp.FAULTS,
    *_bhttp_fields.FAULTS,
    *_conveying.FAULTS,
    *_target.FAULTS,
    *_library_bhttp.FAULTS,
    *_library_bhttp_fields.FAULTS,
    *_library_bhttp_writing.FAULTS,
    *_library_keys.FAULTS,
    *_library_hpke.FAULTS,
    *_hpke.FAULTS,
    *_client.FAULTS,
    *_relay.FAULTS,
    *_client_chunked.FAULTS,
)

__all__ = ["FAULTS"]
