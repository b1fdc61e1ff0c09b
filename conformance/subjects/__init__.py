"""How a subject is found, built, started, reached, watched and stopped; the adapter protocol and its carriers."""

from conformance.subjects._build import Built, NotBuilt, build, built_already, cache_folder, digest_of, subject_of
from conformance.subjects._check import Problem, check, tribunal
from conformance.subjects._child import Limits
from conformance.subjects._doctor import Diagnosis, State, Tool, diagnose
from conformance.subjects._manifest import Manifest, Question, Ready, find_manifests, near, read_manifest
from conformance.subjects._object import ObjectSubject
from conformance.subjects._process import ProcessSubject
from conformance.subjects._program import ProgramSubject
from conformance.subjects._server import ServerSubject
from conformance.subjects._several import SeveralSubject
from conformance.subjects._url import URLSubject
from conformance.subjects._vocabulary import AnsweredError, Hex, Operation, octets

__all__ = [
    "AnsweredError", "Built", "Diagnosis", "Hex", "Limits", "Manifest", "NotBuilt", "ObjectSubject", "Operation",
    "Problem", "ProcessSubject", "ProgramSubject", "Question", "Ready", "ServerSubject", "SeveralSubject",
    "State", "Tool", "URLSubject",
    "build", "built_already", "cache_folder", "check", "diagnose", "digest_of", "find_manifests", "near", "octets",
    "read_manifest", "subject_of", "tribunal",
]  # fmt: skip
