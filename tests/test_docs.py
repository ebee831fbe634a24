"""The reference pages say what the tables in the code say."""

import pytest

from docs.reference import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_reference_page_is_as_the_tables_have_it(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "run `make pictures`"


def test_readme_names_pictures_and_pages_that_exist() -> None:
    readme = FOLDER.parent / "README.md"
    for part in readme.read_text("utf-8").split("](docs/")[1:]:
        assert (FOLDER / part.split(")")[0]).is_file(), part[:60]
