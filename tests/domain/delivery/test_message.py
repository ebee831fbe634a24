"""Messages handed in: one for each envelope recipient, and the verdicts on bad ones."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftos_tui.domain.delivery.message import (
    Attachment,
    Message,
    NewMessage,
    Role,
    encoded_size,
    messages_of,
    split_addresses,
    stored_key,
)
from ftos_tui.domain.delivery.message_check import (
    LARGEST_MESSAGE,
    LONGEST_SMS,
    CheckedMessage,
    MessageContext,
    check_message,
)
from ftos_tui.domain.delivery.message_rules import MESSAGE_RULES
from ftos_tui.domain.delivery.recipients import check_addresses
from ftos_tui.domain.findings import Severity, Verdict
from ftos_tui.domain.visible import is_safe
from tests.domain.delivery.settings import OFFICE, at

NOW = at("12:00:00")
MAIL = MessageContext("email", NOW, OFFICE)
SMS = MessageContext("sms", NOW)
KEY = "SG." + "a" * 22 + "." + "b" * 43


def mail(**parts: object) -> NewMessage:
    return NewMessage(**{"to": "ana@example.com", "subject": "Hello", "text": "Good day", **parts})  # type: ignore[arg-type]


def sms(**parts: object) -> NewMessage:
    return NewMessage(**{"to": "+40721000000", "text": "1234", **parts})  # type: ignore[arg-type]


def codes(new: NewMessage, context: MessageContext = MAIL) -> list[str]:
    return [finding.code for finding in check_message(new, context).findings]


def queued(new: NewMessage) -> tuple[Message, ...]:
    numbers = itertools.count()
    return messages_of(new, "provider", NOW, lambda: f"id{next(numbers)}")


def test_each_envelope_recipient_gets_a_message_of_its_own() -> None:
    new = mail(to="ana@a.example; ion@a.example", cc="Ana@A.example;eva@b.example", bcc="boss@c.example")
    messages = queued(new)
    assert [(m.recipient, m.role) for m in messages] == [
        ("ana@a.example", Role.TO),
        ("ion@a.example", Role.TO),
        ("eva@b.example", Role.CC),
        ("boss@c.example", Role.BCC),
    ]
    assert len({m.id for m in messages}) == 4
    assert {m.group_id for m in messages} == {"id0"}
    assert {(m.to, m.cc, m.due) for m in messages} == {
        (("ana@a.example", "ion@a.example"), ("Ana@A.example", "eva@b.example"), NOW)
    }
    assert "boss@c.example" not in repr(messages[:3])


def test_a_dedupe_key_holds_for_each_recipient() -> None:
    first, second = queued(mail(to="ana@a.example; Ion@A.example", dedupe_key="invoice-7", due=at("13:00:00")))
    assert (first.dedupe_key, second.dedupe_key) == ("invoice-7 ana@a.example", "invoice-7 ion@a.example")
    assert first.due == at("13:00:00")
    assert stored_key("", "ana@a.example") == ""


def test_addresses_are_split_at_semicolons() -> None:
    assert split_addresses(" a@b.c ;;\td@e.f;\r\n g@h.i; ") == ("a@b.c", "d@e.f", "g@h.i")
    assert split_addresses(" ; ") == ()


def test_size_counts_base64() -> None:
    message = queued(mail(subject="é", text="abc", html="", attachments=(Attachment("a", "a/b", b"x" * 58),)))[0]
    assert message.size == 2 + 3 + 156
    assert encoded_size(0) == 0
    assert encoded_size(57) == 78


def test_a_good_message_passes() -> None:
    checked = check_message(mail(cc="ion@example.com; eva@example.com"), MAIL)
    assert (checked.verdict, checked.refused) == (Verdict.ACCEPT, False)
    assert checked.message == mail(cc="ion@example.com; eva@example.com")
    assert codes(sms(), SMS) == []


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.com",
        "a.b+c=d@mail.bank.example.com",
        "o'neil@example.co",
        "ana@bank.test",
        "ana@xn--mnchen-3ya.de",
        "x" * 64 + "@example.com",
        "münchen@xn--mnchen-3ya.de",
    ],
)
def test_good_addresses(address: str) -> None:
    assert check_addresses("to", address, test=False) == ((address,), ())


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ana@example.com\r\nBcc: x@y.example", "header_injection"),
        ("ana\0@example.com", "header_injection"),
        ("ana\x1b@example.com", "header_character"),
        ("ana\u200b@example.com", "header_character"),
        ("ana", "recipient_format"),
        ("@example.com", "recipient_format"),
        ("ana@", "recipient_format"),
        ("ana@example", "recipient_format"),
        ("ana@example.com.", "recipient_format"),
        ("ana@-example.com", "recipient_format"),
        ("ana@xn--zzzzzzzz.example", "recipient_format"),
        ("ana..b@example.com", "recipient_format"),
        (".ana@example.com", "recipient_format"),
        ("Ana <ana@example.com>", "recipient_format"),
        ('"a b"@example.com', "recipient_format"),
        ("alice@x.example)bob@evil.example", "recipient_format"),
        ("a@b@example.com", "recipient_format"),
        ("a,b@example.com", "recipient_format"),
        ("x" * 65 + "@example.com", "recipient_format"),
        ("a@" + "b" * 60 + ("." + "c" * 60) * 4 + ".example", "recipient_format"),
        ("ana@example.com, ion@example.com", "recipient_comma"),
        ("ana@example.com ion@example.com", "recipient_comma"),
        ("ana@1.2.3.4", "recipient_local"),
        ("ana@[127.0.0.1]", "recipient_local"),
        ("ana@localhost", "recipient_local"),
    ],
)
def test_bad_addresses(address: str, code: str) -> None:
    addresses, findings = check_addresses("cc", address, test=False)
    assert addresses == (address,)
    assert [(finding.code, finding.field) for finding in findings] == [(code, "cc")]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [("Ana@EXAMPLE.com", "Ana@example.com"), ("ana@münchen.de", "ana@xn--mnchen-3ya.de")],
)
def test_domains_are_put_into_their_form(written: str, canonical: str) -> None:
    addresses, findings = check_addresses("to", written, test=False)
    assert addresses == (canonical,)
    assert [finding.code for finding in findings] == ["recipient_case"]


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ana@LOCALHOST", "ana@localhost"),
        ("ana@[127.0.0.1]", "ana@[127.0.0.1]"),
        ("ana@[IPv6:::1]", "ana@[IPv6:::1]"),
        ("a b@localhost", None),
        ("ana@[127.0.0.999]", None),
        ("a..b@localhost", None),
    ],
)
def test_test_environments_take_this_machine(written: str, canonical: str | None) -> None:
    addresses, findings = check_addresses("to", written, test=True)
    assert (addresses[0] if not findings else None) == canonical


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (mail(to=""), ["recipient_missing"]),
        (mail(to="", bcc="ana@example.com"), ["recipient_missing"]),
        (mail(to="; ".join(f"a{n}@example.com" for n in range(1001))), ["recipient_count"]),
        (mail(cc="ANA@example.com"), ["recipient_double"]),
        (mail(to="a b@example.com; c d@example.com"), ["recipient_format"]),
        (mail(subject="Hi\r\nBcc: x@y.example"), ["header_injection"]),
        (mail(subject="Hi\x00"), ["header_injection"]),
        (mail(subject="Hi\u2028"), ["header_injection"]),
        (mail(subject="Hi\u202e"), ["header_character"]),
        (mail(subject="  "), ["subject_missing"]),
        (mail(subject="x" * 901), ["subject_long"]),
        (mail(subject=KEY), ["secret_in_message"]),
        (mail(text=" \n", html=""), ["body_empty"]),
        (mail(text="", html="<p>Hi</p>"), []),
        (mail(text="a\0b"), ["body_character"]),
        (mail(html="\ud800"), ["body_character"]),
        (mail(text="tab\tand\x0cfeed \x1b é 🙂"), []),
        (mail(text=f"key {KEY}"), ["secret_in_message"]),
        (mail(params=""), []),
        (mail(params="{"), ["params_json"]),
        (mail(params="[]"), ["params_json"]),
        (mail(params='{"a": NaN}'), ["params_json"]),
        (mail(params='{"a": "' + "x" * 10_000 + '"}'), ["params_long"]),
        (mail(params='{"unknown": 1, "headers": {"X-Campaign": "may"}}'), []),
        (mail(params='{"headers": ["X-A"]}'), ["params_header"]),
        (mail(params='{"headers": {"X-A": 1}}'), ["params_header"]),
        (mail(params='{"headers": {"X A": "b"}}'), ["params_header"]),
        (mail(params='{"headers": {"To": "b"}}'), ["params_header"]),
        (mail(params='{"headers": {"X-A": "b\\nTo: c"}}'), ["params_json"]),
        (mail(params='{"headers": {"X-A": "' + "b" * 901 + '"}}'), ["params_header"]),
        (mail(dedupe_key="x" * 201), ["dedupe_key"]),
        (mail(dedupe_key="a b"), ["dedupe_key"]),
        (mail(dedupe_key="a\x1bb"), ["dedupe_key"]),
        (mail(due=at("08:00:00", 1)), []),
        (mail(due=NOW + timedelta(days=400)), ["due_far"]),
        (mail(not_after=at("11:59:59")), ["not_after_past"]),
        (mail(not_after=NOW), ["not_after_past"]),
        (mail(due=at("15:00:00"), not_after=at("14:00:00")), ["not_after_due"]),
        (mail(due=at("17:00:00"), not_after=at("17:05:00")), []),
        (mail(due=at("18:30:00"), not_after=at("19:00:00")), ["not_after_window"]),
        (mail(due=at("18:30:00"), not_after=at("09:00:00", 3)), []),
    ],
)
def test_verdicts_on_mail(new: NewMessage, expected: list[str]) -> None:
    assert codes(new) == expected


@pytest.mark.parametrize(
    ("attachment", "expected"),
    [
        (Attachment("contract.pdf", "application/pdf", b"%PDF"), []),
        (Attachment("факс.pdf", "application/vnd.ms-excel.sheet.macroEnabled.12".lower(), b""), []),
        (Attachment("a\r\nX: y", "text/plain", b""), ["header_injection"]),
        (Attachment("a\u202efdp.exe", "text/plain", b""), ["header_character"]),
        (Attachment("../etc/passwd", "text/plain", b""), ["attachment_name"]),
        (Attachment("c:\\a", "text/plain", b""), ["attachment_name"]),
        (Attachment("", "text/plain", b""), ["attachment_name"]),
        (Attachment("..", "text/plain", b""), ["attachment_name"]),
        (Attachment("a" * 201, "text/plain", b""), ["attachment_name"]),
        (Attachment("a", "text", b""), ["attachment_type"]),
        (Attachment("a", "text/plain; charset=x", b""), ["attachment_type"]),
        (Attachment("a", "text/plain\r\nX: y", b""), ["attachment_type"]),
        (Attachment("a", "multipart/mixed", b""), ["attachment_type"]),
        (Attachment("a", "message/rfc822", b""), ["attachment_type"]),
        (Attachment("a", "text/plain", b"x" * (LARGEST_MESSAGE * 3 // 4)), ["message_large"]),
    ],
)
def test_verdicts_on_attachments(attachment: Attachment, expected: list[str]) -> None:
    assert codes(mail(attachments=(attachment,))) == expected


def test_too_many_attachments() -> None:
    assert codes(mail(attachments=(Attachment("a", "a/b", b""),) * 101)) == ["attachment_count"]


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (sms(to="0040 721-000 000"), ["number_form"]),
        (sms(to="0721000000"), ["number_format"]),
        (sms(to="+0721000000"), ["number_format"]),
        (sms(to="+٤٠٧٢١٠٠٠٠٠٠"), ["number_format"]),
        (sms(to="+" + "4" * 16), ["number_format"]),
        (sms(to="ana@example.com"), ["number_format"]),
        (sms(to=""), ["recipient_missing"]),
        (sms(to="", cc="+40721000000"), ["recipient_missing", "copy_sms"]),
        (sms(bcc="+40721000001"), ["copy_sms"]),
        (sms(subject="Hi\r\n"), ["subject_sms"]),
        (sms(text="", html="<p>Hi"), ["html_sms", "body_empty"]),
        (sms(text="x" * (LONGEST_SMS + 1)), ["body_long_sms"]),
        (sms(attachments=(Attachment("a", "a/b", b""),)), ["attachment_sms"]),
    ],
)
def test_verdicts_on_sms(new: NewMessage, expected: list[str]) -> None:
    assert codes(new, SMS) == expected


def test_the_canonical_form_of_a_message() -> None:
    checked = check_message(mail(to="Ana@EXAMPLE.com;ion@b.example", subject=" Hi ", params='{"b":1,"a":2}'), MAIL)
    assert checked.message.to == "Ana@example.com; ion@b.example"
    assert checked.message.subject == "Hi"
    assert checked.message.params == '{"a": 2, "b": 1}'
    numbers = check_message(sms(to="0040 (721) 000.000", subject="x"), SMS)
    assert (numbers.message.to, numbers.message.subject) == ("+40721000000", "")
    assert numbers.verdict is Verdict.FIX


CHARACTERS = st.characters() | st.sampled_from("\x00\x1b\n\r\t\u200b\u202e\ud800@.;,<>\"\\'[]{}:/ ")
TEXTS = st.text(CHARACTERS, max_size=30) | st.from_regex(r"[!-~]{1,8}@[a-zя.\[\]:0-9-]{1,12}", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans())
def test_whatever_comes_in_gets_a_verdict_and_what_passes_breaks_no_header(
    to: str, cc: str, subject: str, text: str, params: str, name: str, is_sms: bool, test: bool
) -> None:
    context = MessageContext("sms" if is_sms else "email", NOW, OFFICE, test=test)
    attachments = () if is_sms else (Attachment(name, "text/plain", b""),)
    new = NewMessage(to, cc, "", subject, text, "", attachments, params=params, dedupe_key=name)
    checked = check_message(new, context)
    for finding in checked.findings:
        assert is_safe(finding.message)
        assert finding.message.endswith(".")
        assert MESSAGE_RULES[finding.code].severity is finding.severity
    if not checked.refused:
        assert_harmless(checked, context)


def assert_harmless(checked: CheckedMessage, context: MessageContext) -> None:
    message = checked.message
    for header in (message.to, message.cc, message.subject, message.dedupe_key, *(a.name for a in message.attachments)):
        assert is_safe(header)
    again = check_message(message, context)
    assert again.message == message
    assert Severity.REFUSE not in {finding.severity for finding in again.findings}
