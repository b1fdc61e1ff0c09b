"""How a subject is found, built, started, reached, watched and stopped; the adapter protocol and its carriers."""

from conformance.subjects._child import Limits
from conformance.subjects._object import ObjectSubject
from conformance.subjects._process import ProcessSubject
from conformance.subjects._vocabulary import AnsweredError, Ask, Hex, Operation, octets

__all__ = ["AnsweredError", "Ask", "Hex", "Limits", "ObjectSubject", "Operation", "ProcessSubject", "octets"]
