"""Messages ready for the wire: what an independent parser reads, for any text; no header comes from a value."""

import email
import email.policy
import json
import re
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ftos_tui.domain.delivery.message import Attachment
from ftos_tui.transports.mime import LONGEST_LINE
from ftos_tui.transports.rendered import Rendered, rendering_key
from ftos_tui.transports.rendering import NotRenderable, render
from tests.domain.records import GOOD
from tests.domain.records import SMTP as SMTP_EDITS
from tests.transports.conftest import MESSAGE_ID, message

SMTP: dict[str, Any] = {**GOOD, **SMTP_EDITS}


def parsed(payload: bytes) -> EmailMessage:
    """What Python's own parser reads, by the modern policy."""
    return email.message_from_bytes(payload, policy=email.policy.default)


def on_the_wire(payload: bytes) -> None:
    """What every message for SMTP keeps to."""
    assert payload.isascii()
    assert b"\x00" not in payload
    assert payload.count(b"\n") == payload.count(b"\r") == payload.count(b"\r\n")
    assert max(map(len, payload.split(b"\r\n"))) <= LONGEST_LINE


def lines(text: str) -> str:
    return re.sub("\r\n|\r|\n", "\n", text)


def test_a_whole_message() -> None:
    made = message(
        to=("ana@example.org", "bo@example.org"),
        cc=("office@bücher.example",),
        subject="Größe",
        text="Grüße\n",
        html="<p>Grüße</p>",
        attachments=(Attachment("Größe.pdf", "application/pdf", b"\x00%PDF"), Attachment("a;b.txt", "odd", b"x")),
        params='{"headers": {"List-Id": "<news.bank.example.com>", "Bcc": "x@y.example", "X-Name": "Ä"}}',
    )
    values = {**SMTP, "from_display_name": 'Bank "Ä"', "app_config": '{"reply_to": "help@bank.example.com"}'}
    payload = render(made, values).payload
    on_the_wire(payload)
    read = parsed(payload)
    assert read["From"] == '"Bank \\"Ä\\"" <office@bank.example.com>'
    assert read["To"] == "ana@example.org, bo@example.org"
    assert read["Cc"] == "office@xn--bcher-kva.example"
    assert read["Reply-To"] == "help@bank.example.com"
    assert read["Subject"] == "Größe"
    assert read["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert read["Message-ID"] == f"<{MESSAGE_ID}@bank.example.com>"
    assert (read["List-Id"], read["X-Name"], read["Bcc"]) == ("<news.bank.example.com>", "Ä", None)
    assert read["MIME-Version"] == "1.0"
    assert not read.defects
    alternative, first, second = list(read.iter_parts())
    assert read.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in alternative.iter_parts()] == ["text/plain", "text/html"]
    assert (first.get_filename(), first.get_content()) == ("Größe.pdf", b"\x00%PDF")
    assert (second.get_filename(), second.get_content_type()) == ("a;b.txt", "application/octet-stream")


ANY = st.text(st.characters(codec=None), max_size=200)
TEXT = ANY | st.text('=?\r\n \t.:;<>"\\,@\x00é漢\u2028', max_size=300) | st.integers(1, 3).map(lambda n: "x" * 700 * n)


@settings(max_examples=40, deadline=None)
@given(subject=TEXT, text=TEXT, html=TEXT, name=TEXT, file=TEXT)
def test_any_text_arrives_and_none_becomes_a_header(subject: str, text: str, html: str, name: str, file: str) -> None:
    made = message(
        subject=subject,
        text=text,
        html=html,
        attachments=(Attachment(file, "text/plain", file.encode("utf-8", "replace")),),
    )
    payload = render(made, {**SMTP, "from_display_name": name}).payload
    on_the_wire(payload)
    read = parsed(payload)
    assert {key.lower() for key in read} == {
        "date", "from", "to", "message-id", "subject", "mime-version", "content-type"
    }  # fmt: skip
    assert len(read.keys()) == 7
    bodies = {part.get_content_type(): part for part in read.walk() if not part.get_filename()}
    for kind, written in (("text/plain", text), ("text/html", html)):
        if written and kind in bodies:
            sound = re.sub("[\ud800-\udfff]", "\ufffd", written)
            content = bodies[kind].get_payload(decode=True)
            assert isinstance(content, bytes)
            assert lines(content.decode("utf-8")) == lines(sound)
    attached = [part for part in read.walk() if part.get_content_disposition() == "attachment"]
    assert [part.get_payload(decode=True) for part in attached] == [file.encode("utf-8", "replace")]


@settings(max_examples=40, deadline=None)
@given(subject=st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=120))
def test_a_subject_is_read_as_it_was_written(subject: str) -> None:
    read = parsed(render(message(subject=subject), SMTP).payload)
    expected = str(read["Subject"])
    assert re.sub(r"\s+", " ", expected).strip() == re.sub(r"\s+", " ", subject).strip()


@settings(max_examples=40, deadline=None)
@given(subject=TEXT, text=TEXT, html=TEXT, name=TEXT)
def test_any_text_makes_sound_json_for_sendgrid(subject: str, text: str, html: str, name: str) -> None:
    payload = render(message(subject=subject, text=text, html=html), {**GOOD, "from_display_name": name}).payload
    body = json.loads(payload + b',"ftos_try":"1"}}]}')
    assert "\n" not in body["subject"]
    assert body["personalizations"][0]["custom_args"] == {"ftos_msg": MESSAGE_ID, "ftos_try": "1"}
    sound = [re.sub("[\ud800-\udfff]", "?", written) for written in (text, html) if written]
    assert [part["value"] for part in body.get("content", [])] == sound


@pytest.mark.parametrize(
    "address",
    [
        "a@b.c\r\nBcc: x@y.example",
        "a@b.c>\r\nRCPT TO:<x@y.example",
        "a b@c.example",
        "a@b,c@d.example",
        "<a@b.example>",
        "nobody",
        "@b.example",
        "a@",
        "a\x00@b.example",
        "a@b\u2028.example",
        "\ud800@b.example",
        "a@xn--\u0378.example",
    ],
)
@pytest.mark.parametrize("where", ["recipient", "to", "cc", "from", "reply_to"])
def test_no_address_gets_past_that_is_none(address: str, where: str) -> None:
    changed: dict[str, Any] = {}
    values = dict(SMTP)
    if where == "recipient":
        changed = {"recipient": address}
    elif where == "from":
        values["from_address"] = address
    elif where == "reply_to":
        values["app_config"] = json.dumps({"reply_to": address})
    else:
        changed = {where: (address,)}
    with pytest.raises(NotRenderable):
        render(message(**changed), values)


def test_international_addresses_stand_in_headers_as_they_are() -> None:
    made = render(message(recipient="ana@bücher.example", to=("jörg@bücher.example",)), SMTP)
    assert (made.recipient, made.smtputf8) == ("ana@xn--bcher-kva.example", True)
    assert "To: jörg@xn--bcher-kva.example\r\n".encode() in made.payload
    assert not render(message(recipient="ana@bücher.example"), SMTP).smtputf8
    assert not render(message(recipient="jörg@bücher.example"), GOOD).smtputf8


def test_a_blind_copy_is_in_no_header_and_a_message_to_nobody_shown_says_so() -> None:
    payload = render(message(recipient="secret@example.org", to=()), SMTP).payload
    assert b"secret@example.org" not in payload
    assert b"To: undisclosed-recipients:;\r\n" in payload


def test_long_names_and_odd_attachments_stay_within_a_line() -> None:
    long = "Größe" * 100 + ".pdf"
    files = (
        Attachment(long, "application/pdf", b"1"),
        Attachment("x" * 500, "message/rfc822", b"2"),
        Attachment("", "multipart/mixed", b"3"),
    )
    payload = render(message(attachments=files, text="", html=""), {**SMTP, "from_display_name": "N" * 150}).payload
    on_the_wire(payload)
    _, first, second, third = list(parsed(payload).iter_parts())
    name = first.get_filename()
    assert name is not None
    assert name.startswith("Größe")
    assert name.endswith(".pdf")
    assert [part.get_content_type() for part in (second, third)] == ["application/octet-stream"] * 2
    assert third.get_filename() == "attachment"


def test_what_is_stored_comes_back_and_the_key_tells_what_shapes_it() -> None:
    made = render(message(), SMTP)
    assert Rendered.from_stored(made.envelope(), made.payload) == made
    key = rendering_key(SMTP)
    assert made.key == key
    assert rendering_key({**SMTP, "bulk_no": 7, "interval_min": "00:00:00"}) == key
    for edit in (
        {"from_address": "a@b.example"},
        {"open_setting": False},
        {"app_config": '{"reply_to": "a@b.example"}'},
    ):
        assert rendering_key({**SMTP, **edit}) != key
    with pytest.raises(NotRenderable, match="From Address"):
        render(message(), {**SMTP, "from_address": None})
