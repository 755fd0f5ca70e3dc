"""The job's package for tests of its parts, and what needs its requirements."""

import sys

import pytest

from support.evaluating import HAS_REQUIREMENTS, JOB

# Last: the program beside it has the name of a library.
sys.path.append(str(JOB))


@pytest.fixture(scope="session")
def requirements() -> None:
    if not HAS_REQUIREMENTS:
        pytest.skip("the evaluation job's requirements are not installed; `make torch`")
