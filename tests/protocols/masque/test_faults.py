from collections import Counter

from conformance.engine.catalogue import load_cases, load_catalogue
from conformance.protocols.masque import PROTOCOL


def test_every_fault_has_a_name_of_its_own():
    counted = Counter(fault.name for fault in PROTOCOL.faults())
    assert [name for name, n in counted.items() if n > 1] == []


def test_every_fault_is_of_a_role_that_there_is():
    assert {fault.role for fault in PROTOCOL.faults()} == {role.name for role in PROTOCOL.roles}


def test_cases_and_faults_speak_of_requirements_that_there_are():
    known = load_catalogue([PROTOCOL]).requirements
    named = {r for case in load_cases(PROTOCOL) for r in case.decides}
    named |= {r for fault in PROTOCOL.faults() for r in fault.breaks}
    assert sorted(named - set(known)) == []


def test_there_are_as_many_cases_as_the_roles_need():
    counted = Counter(case.role for case in load_cases(PROTOCOL))
    assert counted["masque.proxy"] >= 40
    assert counted["masque.client"] >= 12
