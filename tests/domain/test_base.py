"""The contracts underneath: table of fields, drafts, secrets, records, text made visible."""

import copy
import pickle
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from ftos_tui.domain.draft import Base, Draft, text_of
from ftos_tui.domain.fields import FIELD_IDS, FIELDS, PLAIN_IDS, SECRET_IDS, DataType
from ftos_tui.domain.findings import Severity, Verdict, fix, refuse, verdict, warn
from ftos_tui.domain.names import name_key
from ftos_tui.domain.record import (
    NEW_VALUES,
    NO_SECRETS,
    Author,
    ProviderVersion,
    SecretState,
    missing_fields,
    values_from_json,
)
from ftos_tui.domain.secret import MASK, Secret
from ftos_tui.domain.status_presets import SENDGRID
from ftos_tui.domain.visible import code_point, is_safe, is_unsafe, shortened, visible
from tests.domain.records import GOOD, saved_draft, stored


def test_the_table_is_the_vendors() -> None:
    assert [spec.label for spec in FIELDS] == [
        *["Communication Channel", "Name", "Provider Name", "Service Url", "App user", "App Password", "App Key"],
        *["appConfig", "From Address", "From Display Name", "Bulk No", "Interval Min", "Interval Max"],
        *["Retry Max Attempt", "Pool Time Retry", "Open Setting", "Click Setting"],
    ]
    assert [spec.id for spec in FIELDS if not spec.mandatory] == ["from_display_name"]
    assert SECRET_IDS == ("app_password", "app_key")
    assert set(PLAIN_IDS) | set(SECRET_IDS) == set(FIELD_IDS)
    assert all(spec.options for spec in FIELDS if spec.data_type is DataType.OPTION)


def test_a_draft_takes_edits_and_takes_them_back() -> None:
    draft = saved_draft({})
    edited = draft.with_text("bulk_no", "51").with_text("open_setting", "off").with_secret("app_key", Secret("k"))
    assert edited.raw("bulk_no") == edited.text("bulk_no") == "51"
    assert (draft.text("bulk_no"), draft.text("open_setting"), draft.raw("open_setting")) == ("50", "on", True)
    assert edited.changed == ("app_key", "bulk_no", "open_setting")
    back = edited.with_text("bulk_no", "50").with_text("open_setting", "on").with_secret("app_key", Secret(""))
    assert back == draft
    statuses = draft.with_statuses(SENDGRID[:1])
    assert statuses.changed == ("statuses",)
    assert statuses.with_statuses(SENDGRID) == draft
    assert Draft(Base(None, 0, {})).text("name") == ""
    assert text_of("click_setting", False) == "off"


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("canary-4711")
    assert f"{secret} {secret!r} {secret:>40}".count("canary") == 0
    assert str(secret) == f"{secret:x}" == MASK
    assert secret.reveal() == "canary-4711"
    assert secret == Secret("canary-4711")
    assert hash(secret) == hash(Secret("canary-4711"))
    assert secret != "canary-4711"
    assert not Secret("")
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)


def test_the_worst_finding_is_the_verdict() -> None:
    findings = [fix("name", "a", "A."), warn("name", "b", "B."), refuse("name", "c", "C.")]
    assert verdict(findings) is Verdict.REFUSE
    assert verdict(findings[:2]) is Verdict.WARN
    assert verdict(findings[:1]) is Verdict.FIX
    assert verdict([]) is Verdict.ACCEPT
    assert findings[0].severity is Severity.FIX


def test_names_that_are_the_same() -> None:
    assert name_key(" ＦTOSEmail ") == name_key("ftosEMAIL")
    assert name_key("straße") == name_key("STRASSE")
    assert name_key("a") != name_key("b")


@given(st.text())
def test_name_key_is_stable(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


def test_records_are_strict() -> None:
    assert values_from_json('{"bulk_no": 50}')["bulk_no"] == 50
    for damaged in ('{"bulk_no": "50"}', '{"bulk_no": true}', '{"other": 1}', "[]"):
        with pytest.raises(ValidationError):
            values_from_json(damaged)


def test_a_version_knows_what_is_missing() -> None:
    assert missing_fields(GOOD, stored()) == ()
    assert missing_fields(NEW_VALUES, NO_SECRETS)[:3] == ("name", "provider_name", "service_url")
    assert missing_fields({**GOOD, "open_setting": False, "bulk_no": 0}, stored()) == ()
    author = Author("ana", "jump1", "10.0.0.9")
    version = ProviderVersion(
        "1", 1, GOOD, NO_SECRETS, (), datetime(2026, 1, 2, tzinfo=UTC), author, "", "save", missing=("x",)
    )
    assert (version.name, version.ready) == ("FTOSEmailGateway", False)
    assert str(author) == "ana@jump1 from 10.0.0.9"
    assert str(Author("ana", "jump1")) == "ana@jump1"
    assert not SecretState().is_set


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x9b", "\u200b", "\u202e", "\ufeff", "\ud800", "\U000e0041", "\ufffe"]
)
def test_unsafe_characters_become_one_visible_sign(character: str) -> None:
    assert is_unsafe(character)
    assert not is_safe(f"a{character}b")
    shown = visible(f"a{character}b")
    assert len(shown) == 3
    assert is_safe(shown)


@given(st.text(st.characters()))
def test_visible_is_safe_and_as_long(text: str) -> None:
    assert is_safe(visible(text))
    assert len(visible(text)) == len(text)
    assert visible(visible(text)) == visible(text)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in visible(text))


def test_shortened() -> None:
    assert shortened("short", 5) == "short"
    assert shortened("0123456789", 5) == "01…89"
    assert shortened("0123456789", 1) == "…"
    assert shortened("0123456789", 0) == ""
    assert visible("a\nb") == "a␊b"
    assert code_point("\u200b") == "U+200B ZERO WIDTH SPACE"
    assert code_point("\x07") == "U+0007"
