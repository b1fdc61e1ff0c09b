"""The suite of a signature, and the message that an answer says was signed."""

from conformance.cases import case, drop, put
from conformance.model import ANYWAY
from conformance.protocols.keytrans.exchanges._plexi import REJECTED, audit

CLI = "plexi-auditor-api/cli"


@case(audit, f"{CLI}/unknown-suite-refused", expect=[REJECTED], each={"3": b"3", "0": b"0", "2^32 + 1": b"4294967297"})
def unknown_suite(number):
    """The answer names a suite that there is not, twice."""
    return put("epoch.version.value", number), put("epoch.ciphersuite.value", number)


@case(
    audit,
    f"{CLI}/version-suite-conflict-refused",
    expect=[REJECTED],
    each={"version": put("epoch.version.value", b"3"), "version twelve": put("epoch.version.value", b"12")},
)
def suites_that_differ(change):
    """The older name of the suite says another than the newer one, by which the epoch is signed."""
    return change


@case(
    audit,
    f"{CLI}/missing-version-and-suite-handled",
    expect=[REJECTED, ANYWAY.per(f"{CLI}/missing-version-and-suite-handled")],
)
def no_suite():
    """The answer names no suite, as an example of the documentation: best a refusal, in no case a crash."""
    return drop("epoch.version"), drop("epoch.ciphersuite")


@case(audit, f"{CLI}/serialized-message-mismatch-reported", expect=[REJECTED])
def another_message_is_told():
    """The answer says that another message was signed than the one that was."""
    return put("epoch.serialized_message.value", b"00" * 40)
