"""Documents as they are read: what is refused, with its line; what types come out; how much memory it takes."""

import io
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ftos_tui.studio.files.entries import MOST_PROVIDERS
from ftos_tui.studio.files.reading import Unreadable, document_in, opened
from ftos_tui.studio.files.source import FileRefused, Source
from tests.studio.files.making import document, entries, source_of

HEAD = "ftos_tui: 1\nproviders:\n"


def refusal(text: str | bytes, name: str = "") -> tuple[int, str]:
    with pytest.raises(FileRefused) as refused:
        entries(text, name)
    assert refused.value.message.endswith((".", "…"))
    return refused.value.line, refused.value.code


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("", 1, "file_no_document"),
        ("just words\n", 1, "file_no_document"),
        ("- a list\n", 1, "file_no_document"),
        ("name: Gateway\n", 1, "file_unknown_key"),
        ("ftos_tui: 2\nproviders: []\n", 1, "file_format"),
        ("ftos_tui: one\n", 1, "file_format"),
        ("ftos_tui: 1\nenvironment: [x]\n", 2, "file_environment"),
        ("ftos_tui: 1\nplan: x\n", 2, "file_plan"),
        ("ftos_tui: 1\nenvironment: x\n", 1, "file_no_providers"),
        ("providers: []\n", 1, "file_no_document"),
        ("ftos_tui: 1\nproviders: x\n", 2, "file_no_providers"),
        (HEAD + " - just a name\n", 3, "file_no_provider"),
        (HEAD + " - name: a\n   name: b\n", 4, "file_duplicate_key"),
        (HEAD + " - secrets: {app_key: x, app_key: y}\n", 3, "file_duplicate_key"),
        (HEAD + " - name: a\nproviders: []\n", 4, "file_duplicate_key"),
        ("ftos_tui: 1\nftos_tui: 1\n", 2, "file_duplicate_key"),
        (HEAD + " - [name]: a\n", 3, "file_key"),
        (HEAD + " - &a {name: x}\n - *a\n", 3, "yaml_anchor"),
        (HEAD + " - name: *a\n", 3, "yaml_alias"),
        (HEAD + " - <<: {name: x}\n", 3, "yaml_merge"),
        (HEAD + " - !!python/object/apply:os.system [id]\n", 3, "yaml_tag"),
        (HEAD + " - name: !!str 5\n", 3, "yaml_tag"),
        (HEAD + " - name: ! x\n", 3, "yaml_tag"),
        (HEAD + " - app_config: {at: 9:00:00}\n", 3, "yaml_guess"),
        (HEAD + " - app_config:\n     tls: no\n", 4, "yaml_guess"),
        (HEAD + " - app_config: [0x10]\n", 3, "yaml_guess"),
        (HEAD + " - app_config: {on: .inf}\n", 3, "yaml_guess"),
        (HEAD + " - app_config: {day: 2026-01-02}\n", 3, "yaml_guess"),
        (HEAD + "---\na: b\n", 2, "file_no_providers"),
        (HEAD + " - name: a\n---\na: b\n", 4, "file_documents"),
        (HEAD + " - name: 'a\n", 4, "file_not_yaml"),
        (HEAD + " - name: %x\n", 3, "file_not_yaml"),
        (HEAD + " - a: " + "[" * 200 + "\n", 3, "file_too_deep"),
        (HEAD + " - statuses: [" + "{}, " * 60_000 + "]\n", 3, "file_item_too_large"),
        ('{"ftos_tui": 1, "providers": [{"name": "a",\n"name": "b"}]}', 2, "file_duplicate_key"),
        ('{"ftos_tui": 1, "providers": [{"a": {"x": 1,\n"y": [{"x": "\\""}, ":"], "x": 2}}]}', 2, "file_duplicate_key"),
        ('{"ftos_tui": 1,\n"ftos_tui": 1}', 2, "file_duplicate_key"),
        ('{"ftos_tui": 1, "providers": [],\n"providers": []}', 2, "file_duplicate_key"),
        ('{"ftos_tui": 1,\n "providers": {}}', 2, "file_no_providers"),
        ('{"ftos_tui": 1, "providers": [\n"x"]}', 2, "file_no_provider"),
        ('{"ftos_tui": 1, "providers": [\n{"a": NaN}]}', 2, "file_number"),
        ('{"ftos_tui": 1, "providers": [\n{"a": ' + "9" * 5000 + "}]}", 2, "file_number"),
        ('{"ftos_tui": 1, "providers": [\n{"a": ' + "[" * 100_000 + "}]}", 2, "file_too_deep"),
        ('{"ftos_tui": 1, "providers": [\n{"a": 1,}]}', 2, "file_not_json"),
        ('{"ftos_tui": 1, "providers": [\n{"a": 1},\n]}', 3, "file_not_json"),
        ('{"ftos_tui": 1, "providers": [\n{"a": 1} {"a": 2}]}', 2, "file_not_json"),
        ('{"ftos_tui": 1, "providers": [\n{"a": 1}]', 2, "file_not_json"),
        ('{"ftos_tui": 1 "providers": []}', 1, "file_not_json"),
        ('{"ftos_tui": 1,\n\n x: []}', 3, "file_not_json"),
        ('{"ftos_tui" 1}', 1, "file_not_json"),
        ('{"ftos_tui": 1, "providers": []}\n{}', 2, "file_not_json"),
        ("[]", 1, "file_no_document"),
        ("{}", 1, "file_no_document"),
        ("a\x1b]52;c;aGk=\x07\n", 1, "file_character"),
        (HEAD + " - name: a\n   app_user: 'b\x85c'\n", 4, "file_character"),
        (HEAD + " - name: a\u2028b\n", 3, "file_character"),
        (HEAD + " - name: a\ufeffb\n", 3, "file_character"),
        (b"ftos_tui: 1\nproviders:\n - name: \xff\n", 3, "file_not_utf8"),
        (b"ftos_tui: 1\n\xc3", 2, "file_not_utf8"),
        (document().encode("utf-16"), 1, "file_not_utf8"),
        (document().encode("utf-32"), 1, "file_not_utf8"),
        (document().encode("utf-16-be"), 1, "file_character"),
        ("name,provider_name\nA,B\n", 0, "file_csv"),
        ('"communication_channel";"name"\n', 0, "file_csv"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_with_its_line(text: str | bytes, line: int, code: str) -> None:
    assert refusal(text) == (line, code)


def test_a_file_called_csv_is_turned_away_whatever_is_in_it() -> None:
    assert refusal(document(), "Gateways.CSV") == (0, "file_csv")


def test_a_byte_order_mark_of_utf8_is_skipped() -> None:
    for text in (document({"name": "a"}), HEAD + " - name: a\n"):
        [entry] = entries(b"\xef\xbb\xbf" + text.encode())
        assert entry.record == {"name": "a"}


def test_yaml_guesses_no_type() -> None:
    text = HEAD + (
        " - name: no\n   interval_min: 9:00:00\n   bulk_no: 0x10\n   open_setting: on\n   app_user: 1_000\n"
        "   from_address: 2026-01-02\n   click_setting: ~\n   provider_name:\n   service_url: 'null'\n"
    )
    [entry] = entries(text)
    assert entry.record == {
        "name": "no",
        "interval_min": "9:00:00",
        "bulk_no": "0x10",
        "open_setting": "on",
        "app_user": "1_000",
        "from_address": "2026-01-02",
        "click_setting": None,
        "provider_name": None,
        "service_url": "null",
    }
    assert [entry.line_of(key) for key in ("name", "service_url", "not there")] == [3, 11, 3]


def test_yaml_app_config_takes_json_types_where_it_is_an_object() -> None:
    text = (
        HEAD
        + ' - app_config: {a: 1, b: true, c: null, d: "no", e: word, f: [1.5, -2e3], g: {h: "5"}}\n - app_config: 5\n'
    )
    first, second = entries(text)
    expected = {"a": 1, "b": True, "c": None, "d": "no", "e": "word", "f": [1.5, -2000.0], "g": {"h": "5"}}
    assert first.record["app_config"] == expected
    assert second.record["app_config"] == "5"


def test_json_keeps_its_types_and_knows_its_lines() -> None:
    text = (
        '{"environment": "test",\n "providers": [{"name": "a",\n\n "bulk_no": 5, "x": {"open_setting": 1},\n '
        '"open_setting": true}, {}],\n "ftos_tui": "1"}\n'
    )
    source = source_of(text)
    read = document_in(source)
    first, second = read
    assert first.record == {"name": "a", "bulk_no": 5, "x": {"open_setting": 1}, "open_setting": True}
    assert [first.line_of(key) for key in ("name", "bulk_no", "open_setting", "nothing")] == [2, 4, 5, 2]
    assert (second.line, second.record) == (5, {})
    assert read.header.environment == "test"
    assert read.header.lines == {"environment": 1, "ftos_tui": 6}
    assert len(source.digest) == 64
    assert source.read_bytes == len(text)


def test_json_in_a_file_called_yaml_is_read_as_yaml() -> None:
    [entry] = entries('{"ftos_tui": 1, "providers": [{"bulk_no": 5}]}', "a.yml")
    assert entry.record == {"bulk_no": "5"}


def test_an_empty_list_of_providers_is_a_document() -> None:
    assert entries(document()) == []
    assert entries("ftos_tui: 1\nproviders: []\n") == []


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for head in (b"", HEAD.encode() + b" - name: ", b'{"ftos_tui": 1, "providers": [{"name": '):
        with suppress(FileRefused):
            entries(head + data)


class Endless(io.RawIOBase):
    """A file that goes on and on; counts what was asked of it."""

    def __init__(self, head: bytes, again: bytes, times: int) -> None:
        self.pieces = iter([head, *[again] * times])
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        piece = next(self.pieces, b"")
        self.given += len(piece)
        return piece


def peak_of(read: Iterator[object]) -> int:
    tracemalloc.start()
    try:
        for _ in read:
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (HEAD.encode(), (b" - name: " + b"a" * 2000 + b"\n") * 20),
        (b'{"ftos_tui": 1, "providers": [{}', (b'\n,{"name": "' + b"a" * 2000 + b'"}') * 20),
    ],
)
def test_memory_does_not_grow_with_the_file(head: bytes, again: bytes) -> None:
    peaks = []
    for times in (50, 150):
        file = Endless(head, again, times)
        ending = again if head.startswith(b"f") else b"]}"
        file.pieces = iter([head, *[again] * times, ending])
        peaks.append(peak_of(iter(document_in(Source(file)))))  # type: ignore[arg-type]
    assert peaks[1] < peaks[0] * 1.5 + 200_000


@pytest.mark.parametrize(
    ("head", "again"),
    [
        (HEAD.encode() + b" - name: '", b"never ends " * 10_000),
        (HEAD.encode() + b" - name: |\n", b"    never ends\n" * 10_000),
        (HEAD.encode(), b"# a comment\n" * 10_000),
        (b'{"ftos_tui": 1, "providers": [{"name": "', b"never ends " * 10_000),
        (b'{"ftos_tui": 1, "providers": [{"x": [', b"1,\n" * 40_000),
        (b"{", b" " * 100_000),
    ],
)
def test_an_item_without_an_end_is_refused_before_it_fills_the_memory(head: bytes, again: bytes) -> None:
    file = Endless(head, again, 1000)
    with pytest.raises(FileRefused) as refused:
        list(document_in(Source(file)))  # type: ignore[arg-type]
    assert refused.value.code == "file_item_too_large"
    assert file.given < 12 * 1024 * 1024


@pytest.mark.parametrize("head", [HEAD, '{"ftos_tui": 1, "providers": [\n'])
def test_more_providers_than_a_plan_holds_are_refused(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_PROVIDERS >= 100_000
    for module in ("yaml_document", "json_document", "entries"):
        monkeypatch.setattr(f"ftos_tui.studio.files.{module}.MOST_PROVIDERS", 2)
    text = HEAD + " - name: a\n" * 3 if head == HEAD else head + '{"name": "a"},\n' * 2 + '{"name": "a"}]}'
    assert refusal(text) == (5 if head == HEAD else 4, "file_too_many")


def test_a_file_is_opened_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(document({"name": "a"}))
    with opened(str(path), io.BytesIO(b"not this")) as source:
        assert source.size == path.stat().st_size
        assert len(list(document_in(source))) == 1
    with opened("-", io.BytesIO(document().encode())) as source:
        assert (source.size, list(document_in(source))) == (None, [])
    for name in (str(tmp_path), str(tmp_path / "nothing"), "a\0b", "~nobody-by-this-name/x", "-"):
        with pytest.raises(Unreadable, match="cannot be read"), opened(name):
            pass
