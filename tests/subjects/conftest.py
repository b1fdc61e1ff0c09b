import sys
from pathlib import Path

import pytest

from conformance.subjects import Limits, ProcessSubject

LIARS = Path(__file__).with_name("liars.py")


@pytest.fixture
async def liar():
    """Makes adapters of one behaviour, and sees that each is stopped and leaves nothing behind."""
    made = []

    def make(behaviour, *more, **settings):
        settings.setdefault("grace", 0.2)
        subject = ProcessSubject([sys.executable, str(LIARS), behaviour, *more], **settings)
        made.append(subject)
        return subject

    yield make
    for subject in made:
        await subject.stop()


@pytest.fixture
def small():
    return Limits(line=1 << 20, output=4 << 20)
