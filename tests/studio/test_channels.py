"""Communication channels: checks, saves, and what depends on a provider."""

import pytest

from ftos_tui.domain.channel import CHANNEL_FIELDS, ChannelDraft, serves_in_words
from ftos_tui.domain.checks.channel import ChannelContext
from ftos_tui.studio.channels import (
    Channel,
    ChannelQuery,
    channel_context,
    check,
    check_live,
    count_channels,
    delete,
    list_channels,
    new_channel,
    open_channel,
    save,
    served_in_words,
)
from ftos_tui.studio.drafts import CHANNEL_FORM, EVERY_FORM, offered_drafts
from ftos_tui.studio.failures import (
    NameTaken,
    NotFound,
    NotPermitted,
    ProviderInUse,
    Refused,
    StaleVersion,
    WarningsOpen,
    WrongConfirmation,
)
from ftos_tui.studio.form_drafts import (
    Typed,
    form_differences,
    keep_typed,
    restored_channel,
)
from ftos_tui.studio.log import read_log
from ftos_tui.studio.providers import check as check_provider
from ftos_tui.studio.providers import delete as delete_provider
from ftos_tui.studio.providers import save as save_provider
from ftos_tui.studio.session import Session, new_id
from tests.studio.conftest import OpenSession
from tests.studio.making import saved
from tests.studio.test_providers import edit

GOOD = {"code": "EMAIL", "name": "Customer e-mail", "provider": "Gateway"}


def draft_of(base: Channel | None = None, /, **texts: str) -> ChannelDraft:
    """A draft of a channel, the good one where it is new."""
    draft = ChannelDraft(base) if base else new_channel()
    for field_id, text in ({} if base else GOOD).items() | texts.items():
        draft = draft.with_text(field_id, texts.get(field_id, text))
    return draft


@pytest.fixture
def gateway(session: Session) -> Session:
    """A session with a configured provider called Gateway."""
    saved(session)
    return session


def codes(session: Session, draft: ChannelDraft) -> set[tuple[str, str]]:
    return {(finding.field, finding.code) for finding in check(session, draft).findings}


def test_a_channel_is_saved_found_and_deleted(gateway: Session) -> None:
    channel = save(gateway, draft_of(provider=" gateway "), reason="for \x1b statements")
    assert (channel.version, channel.provider, channel.default_action_type) == (1, "Gateway", "email")
    assert open_channel(gateway, code="email") == open_channel(gateway, channel_id=channel.channel_id) == channel
    assert list_channels(gateway, ChannelQuery()) == [channel]
    assert count_channels(gateway) == 1
    again = save(gateway, draft_of(channel, name="All e-mail"))
    assert (again.version, again.name) == (2, "All e-mail")
    assert save(gateway, draft_of(again)) == again
    assert gateway.store.audit_entries()[-1].action == "channel_save"
    assert read_log(gateway)[-1].message == "Saved channel EMAIL version 2 (1 field)"
    with pytest.raises(WrongConfirmation, match="type EMAIL to confirm"):
        delete(gateway, again, "email")
    delete(gateway, again, "EMAIL", "over")
    assert count_channels(gateway) == 0
    assert read_log(gateway)[-1].message == "Deleted channel EMAIL; Gateway stays"
    with pytest.raises(NotFound, match=r"There is no channel EMAIL: `ftos-tui channels list`"):
        open_channel(gateway, code="EMAIL")


@pytest.mark.parametrize(
    ("texts", "findings"),
    [
        ({"code": ""}, {("code", "required")}),
        ({"code": " EMAIL "}, {("code", "outer_space")}),
        ({"code": "A\tB"}, {("code", "unsafe_character")}),
        ({"code": "x" * 65}, {("code", "too_long")}),
        ({"code": "[REDACTED]"}, {("code", "placeholder")}),
        ({"code": "[/]"}, set()),
        ({"code": "=HYPERLINK(1)"}, set()),
        ({"code": "РayРal"}, {("code", "mixed_scripts")}),
        ({"code": "\ud800"}, {("code", "unsafe_character")}),
        ({"name": ""}, {("name", "required")}),
        ({"name": "a\u202eb"}, {("name", "unsafe_character")}),
        ({"default_action_type": "fax"}, {("default_action_type", "option_unknown")}),
        ({"default_action_type": "EMAIL"}, {("default_action_type", "option_case")}),
        ({"default_action_type": "sms"}, {("default_action_type", "action_type_differs")}),
        ({"communication_channel": ""}, {("communication_channel", "required")}),
        (
            {"communication_channel": "sms", "default_action_type": "sms"},
            {("provider", "provider_channel")},
        ),
        ({"provider": ""}, {("provider", "required")}),
        ({"provider": "Gatway"}, {("provider", "provider_unknown")}),
        ({"provider": "\ud800"}, {("provider", "unsafe_character")}),
        ({"provider": "FTOSEmailGateway"}, {("provider", "provider_not_ready")}),
        ({"provider": "FTOSApiSMS"}, {("provider", "provider_channel")}),
    ],
)
def test_each_value_gets_its_verdict(gateway: Session, texts: dict[str, str], findings: set[tuple[str, str]]) -> None:
    assert codes(gateway, draft_of(**texts)) == findings


def test_messages_say_what_to_do(gateway: Session) -> None:
    [finding] = check(gateway, draft_of(provider="Gatwey")).findings
    assert finding.message.startswith("There is no channel provider Gatwey: did you mean Gateway or ")
    [finding] = check_live(ChannelContext(), draft_of(provider="zzz")).findings
    assert finding.message == "There is no channel provider zzz."
    [finding] = check(gateway, ChannelDraft(None, {**GOOD, "bulk_no": 5}, new_channel().proposed)).findings
    assert finding.message == "Correct or remove bulk_no: a channel has no such field."


def test_any_json_type_gets_a_finding(gateway: Session) -> None:
    for spec in CHANNEL_FIELDS:
        for raw in (5, True, [1], {"a": 1}, 1.5):
            checked = check(gateway, ChannelDraft(None, {**GOOD, spec.id: raw}, new_channel().proposed))
            assert {f.code for f in checked.findings if f.field == spec.id} & {"value_type", "option_unknown"}, spec


def test_refused_and_warned_channels_are_not_saved(gateway: Session) -> None:
    with pytest.raises(Refused, match="1 field needs to be put right"):
        save(gateway, draft_of(provider="nobody"))
    with pytest.raises(WarningsOpen, match=r"acknowledge action_type_differs \(Default Action Type\)"):
        save(gateway, draft_of(default_action_type="sms"))
    channel = save(gateway, draft_of(default_action_type="sms"), acknowledged=["action_type_differs", "mixed_scripts"])
    with pytest.raises(WarningsOpen, match=r"code_changed \(Code\)"):
        save(gateway, draft_of(channel, code="MAIL"), acknowledged=["action_type_differs"])
    with pytest.raises(Refused):
        save(gateway, draft_of(code="email"))
    assert codes(gateway, draft_of(code="email")) == {("code", "code_taken")}
    assert codes(gateway, draft_of(channel, code="email")) == {("default_action_type", "action_type_differs")}


def test_a_stale_channel_is_refused_and_says_what_changed(gateway: Session, open_session: OpenSession) -> None:
    channel = save(gateway, draft_of())
    bob = open_session(user="bob")
    save(bob, draft_of(channel, name="Theirs"))
    with pytest.raises(StaleVersion, match=r"bob saved version 2 of the channel meanwhile \(Name\)"):
        save(gateway, draft_of(channel, name="Mine"))
    with pytest.raises(StaleVersion):
        delete(gateway, channel, "EMAIL")
    delete(bob, open_channel(bob, code="EMAIL"), "EMAIL")
    with pytest.raises(StaleVersion, match="The channel EMAIL was deleted meanwhile"):
        save(gateway, draft_of(channel, name="Mine"))


def test_a_code_given_away_between_check_and_write_is_refused(
    gateway: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(gateway, draft_of())
    blind = channel_context(gateway, draft_of(code="FREE"))
    monkeypatch.setattr("ftos_tui.studio.channels.channel_context", lambda *_: blind)
    with pytest.raises(NameTaken, match="Another channel has the code"):
        save(gateway, draft_of())


def test_a_provider_in_use_cannot_be_deleted(gateway: Session) -> None:
    channel = save(gateway, draft_of())
    provider = gateway.store.by_name("Gateway")
    with pytest.raises(ProviderInUse, match=r"Gateway serves 1 channel: EMAIL\. Give them another provider"):
        delete_provider(gateway, provider, "Gateway")
    assert served_in_words(gateway, provider.provider_id) == "serves 1 channel: EMAIL"
    delete(gateway, channel, "EMAIL")
    assert served_in_words(gateway, provider.provider_id) == ""
    delete_provider(gateway, provider, "Gateway")


def test_a_rename_warns_of_its_channels_and_a_change_of_channel_is_refused(gateway: Session) -> None:
    for code in ("A", "B"):
        save(gateway, draft_of(code=code))
    provider = gateway.store.by_name("Gateway")
    [finding] = check_provider(gateway, edit(provider, name="Renamed")).findings
    assert finding.code == "name_renamed"
    assert finding.message.endswith("callers find a provider by its name; it serves 2 channels: A, B.")
    found = check_provider(gateway, edit(provider, communication_channel="sms")).findings
    messages = {finding.code: finding.message for finding in found}
    assert messages["channel_served"] == "Give its channels another provider first: it serves 2 channels: A, B."
    save_provider(gateway, edit(provider, name="Renamed"), acknowledged=["name_renamed"])
    assert [channel.provider for channel in list_channels(gateway, ChannelQuery())] == ["Renamed"] * 2


def test_a_read_only_environment_takes_no_channel(gateway: Session, open_session: OpenSession) -> None:
    channel = save(gateway, draft_of())
    reader = open_session(read_only=True)
    with pytest.raises(NotPermitted):
        save(reader, draft_of(channel, name="Other"))
    with pytest.raises(NotPermitted):
        delete(reader, channel, "EMAIL")
    assert open_channel(reader, code="EMAIL").name == "Customer e-mail"


def test_a_misspelt_code_is_answered_with_the_nearest(gateway: Session) -> None:
    save(gateway, draft_of(code="STATEMENTS"))
    with pytest.raises(NotFound, match=r"There is no channel STATMENTS: did you mean STATEMENTS\?"):
        open_channel(gateway, code="STATMENTS")


def test_drafts_know_what_was_edited(gateway: Session) -> None:
    channel = save(gateway, draft_of())
    draft = draft_of(channel, name="Other", code="NEW")
    assert draft.changed == ("code", "name")
    assert draft.with_text("name", channel.name).changed == ("code",)
    assert draft.text("provider") == "Gateway"
    assert ChannelDraft(None, {"name": 5}).text("name") == ""


def test_many_channels_are_counted() -> None:
    assert serves_in_words(1200, ("A", "B")) == "serves 1,200 channels: A, B and 1,198 more"


def test_a_draft_stands_on_the_channel_that_is_saved_now(gateway: Session) -> None:
    channel = save(gateway, draft_of())
    edits = {"code": "EMAIL", "name": "Mine", "unknown": "x"}
    key = new_id()
    keep_typed(gateway, key, Typed(CHANNEL_FORM, channel.code, edits, channel.channel_id, channel.version))
    [kept] = offered_drafts(gateway, EVERY_FORM)
    assert offered_drafts(gateway) == []
    again = save(gateway, draft_of(channel, name="Theirs"))
    assert restored_channel(gateway, kept) == ChannelDraft(again, {"name": "Mine"})
    labels = {spec.id: spec.label for spec in CHANNEL_FIELDS}
    shown = [(change.label, change.saved, change.draft) for change in form_differences(gateway, kept, labels)]
    assert shown == [("Code", "EMAIL", "EMAIL"), ("Name", "Theirs", "Mine")]
    delete(gateway, again, again.code)
    assert restored_channel(gateway, kept).base is None
    keep_typed(gateway, key, Typed(CHANNEL_FORM, "", {}))
    assert offered_drafts(gateway, EVERY_FORM) == []
