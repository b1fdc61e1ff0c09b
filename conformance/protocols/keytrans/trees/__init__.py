"""The trees of draft-ietf-keytrans-protocol, and the orders in which they are searched. No I/O, no messages."""

from conformance.protocols.keytrans.trees._log import (
    HASH,
    LogProof,
    LogTree,
    ProofError,
    Span,
    balanced,
    full_subtrees,
    log_leaf,
    queue,
)
from conformance.protocols.keytrans.trees._order import (
    VERSION_LIMIT,
    Omitted,
    base_ladder,
    direct_path,
    frontier,
    left_child,
    right_child,
    search_ladder,
    search_root,
    view_update,
)
from conformance.protocols.keytrans.trees._prefix import (
    ABSENT_LEAF,
    ABSENT_PARENT,
    INCLUSION,
    STAND_IN,
    End,
    Leaf,
    PrefixProof,
    PrefixTree,
    PrefixVerifier,
    Result,
    bit,
    hashed,
    same_path,
)
from conformance.protocols.keytrans.trees._search import (
    ABSENT,
    EXPIRED,
    NOT_GREATEST,
    Entries,
    SearchFailed,
    search_greatest,
    search_version,
    update_view,
)

__all__ = [
    "ABSENT", "ABSENT_LEAF", "ABSENT_PARENT", "EXPIRED", "HASH", "INCLUSION", "NOT_GREATEST", "STAND_IN",
    "VERSION_LIMIT", "End", "Entries", "Leaf", "LogProof", "LogTree", "Omitted", "PrefixProof", "PrefixTree",
    "PrefixVerifier", "ProofError", "Result", "SearchFailed", "Span", "balanced", "base_ladder", "bit", "direct_path",
    "frontier", "full_subtrees", "hashed", "left_child", "log_leaf", "queue", "right_child", "same_path",
    "search_greatest", "search_ladder", "search_root", "search_version", "update_view", "view_update",
]  # fmt: skip
