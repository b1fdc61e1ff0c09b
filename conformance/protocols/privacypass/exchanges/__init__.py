"""The dialogues of Privacy Pass."""

from conformance.protocols.privacypass.exchanges._issuer import (
    NUMBERS,
    PLAIN_4XX,
    PLAIN_5XX,
    PLAIN_400,
    PLAIN_401,
    PLAIN_415,
    PLAIN_422,
    PLAIN_OTHER,
    Asked,
    Known,
    ask,
    connected,
    directory_url,
    fetch_directory,
    get_directory,
    issue,
    known_of,
    learned,
    plain,
    post,
)

__all__ = [
    "NUMBERS", "PLAIN_4XX", "PLAIN_5XX", "PLAIN_400", "PLAIN_401", "PLAIN_415", "PLAIN_422",
    "PLAIN_OTHER", "Asked", "Known", "ask", "connected", "directory_url", "fetch_directory", "get_directory", "issue",
    "known_of", "learned", "plain", "post",
]  # fmt: skip
