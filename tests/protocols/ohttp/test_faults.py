from collections import Counter

from conformance.protocols.ohttp import PROTOCOL


def test_every_fault_has_a_name_of_its_own():
    """Mutants are found by name, whatever their role: of two with one name, one would never run."""
    counted = Counter(fault.name for fault in PROTOCOL.faults())
    assert [name for name, n in counted.items() if n > 1] == []


def test_every_fault_is_of_a_role_that_there_is():
    roles = {role.name for role in PROTOCOL.roles}
    assert {fault.role for fault in PROTOCOL.faults()} <= roles
