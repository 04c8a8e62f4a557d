"""Real published files: the tests here run where ../shared/realdata stands beside the checkout, else they skip."""

from pathlib import Path

import pytest

REALDATA = Path(__file__).parents[2].parent / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata() -> Path:
    if not REALDATA.is_dir():
        pytest.skip("the published files of ../shared/realdata are not here")
    return REALDATA
