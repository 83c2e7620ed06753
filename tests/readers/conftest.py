from collections.abc import Iterator

import pytest

from tests.readers.notebook import Notebook, opened


@pytest.fixture(scope="package")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """One for all readers, since none of them changes it but by `edit`."""
    with opened(tmp_path_factory.mktemp("notebook") / "site") as served:
        yield served
