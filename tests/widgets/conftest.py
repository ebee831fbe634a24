"""Widgets on a stage settle before the next key."""

from collections.abc import Iterator

import pytest

from tests.settling import settling_pilot


@pytest.fixture(scope="package", autouse=True)
def _settling() -> Iterator[None]:
    with settling_pilot():
        yield
