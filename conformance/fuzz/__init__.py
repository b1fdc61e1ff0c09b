"""Live campaigns: the cases' exchanges with changes that nobody wrote down, drawn, shrunk and kept as data.

The grammar is what the twin shows: every point that it passed, every path in what left there, every operation. What is
looked for needs no knowledge of a change: that the subject lives and goes on serving, that it does not answer in a way
that no input justifies, and that what it accepts is accepted by our strict decoder.
"""

from conformance.fuzz.campaign import Campaign, Report, replay
from conformance.fuzz.finding import Finding, read_finding, vector_of, write_finding
from conformance.fuzz.grammar import Site, sites

__all__ = [
    "Campaign", "Finding", "Report", "Site", "read_finding", "replay", "sites", "vector_of", "write_finding",
]  # fmt: skip
