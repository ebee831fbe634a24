"""Bounces by mail: what mail servers write, and what is none."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.delivery.fold import Delivery
from ftos_tui.domain.statuses import Canonical
from ftos_tui.processor.events.bounces import read_bounce
from ftos_tui.processor.events.mailbox import LARGEST, messages_in
from ftos_tui.studio.events import BounceReport, read_bounces
from ftos_tui.studio.failures import NotPermitted
from tests.cli.conftest import Run, configured, gateway, home, made_home, run
from tests.events.conftest import provider_with, sent_message
from tests.studio.making import session_in

__all__ = ["configured", "gateway", "home", "made_home", "run"]

OURS = "018f2b3c-0000-7000-8000-00000000000a"
RETURNED = "Message-ID: <{ours}@bank.example.com>\nSubject: Statement\nTo: client@example.com\n"


def report(
    ours: str = OURS,
    status: str = "Status: 5.1.1\n",
    action: str = "Action: failed\n",
    diagnostic: str = "Diagnostic-Code: smtp; 550 5.1.1 <client@example.com>: user unknown\n",
    returned: str = "message/rfc822",
    more: str = "",
    message: str = "",
) -> bytes:
    """A delivery report as Postfix writes it."""
    return f"""Return-Path: <>
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
Date: Fri, 2 Jan 2026 12:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"
{more}
--B
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
{message}
Final-Recipient: rfc822; client@example.com
{action}{status}{diagnostic}
--B
Content-Type: {returned}

{RETURNED.format(ours=ours)}
Good day

--B--
""".encode()


def event_of(data: bytes) -> Any:
    """The one event of a bounce."""
    [read] = read_bounce(data)
    return read


def test_a_delivery_report() -> None:
    read = event_of(report())
    assert (read.event.code, read.meant) == ("5.1.1", Canonical.BOUNCED)
    assert read.event.header_id == f"<{OURS}@bank.example.com>"
    assert read.event.message_id == OURS
    assert read.event.said == "550 5.1.1 <client@example.com>: user unknown"
    assert read.event.at == datetime(2026, 1, 2, 11, 0, tzinfo=UTC)
    assert json.loads(read.raw)["recipient"] == "client@example.com"


@pytest.mark.parametrize(
    ("changes", "code", "meant"),
    [
        ({"status": "Status: 4.4.7\n", "diagnostic": ""}, "4.4.7", Canonical.BOUNCED),
        ({"status": "Status: 4.4.1\n", "action": "Action: delayed\n", "diagnostic": ""}, "4.4.1", Canonical.DEFERRED),
        ({"status": "", "action": "Action: delayed\n", "diagnostic": ""}, "4.0.0", Canonical.DEFERRED),
        ({"status": "", "action": "Action: failed\n", "diagnostic": ""}, "5.0.0", Canonical.BOUNCED),
        (
            {"status": "Status: 2.0.0\n", "action": "Action: delivered\n", "diagnostic": ""},
            "2.0.0",
            Canonical.DELIVERED,
        ),
        ({"status": "", "action": "Action: relayed (to mx)\n", "diagnostic": ""}, "2.0.0", Canonical.PROCESSED),
        ({"status": "Status: 5.0.0 (permanent)\n"}, "5.1.1", Canonical.BOUNCED),
        ({"status": "", "diagnostic": "Diagnostic-Code: smtp; 552 full\n"}, "552", Canonical.BOUNCED),
        ({"status": "Status: 4.2.2\n", "action": "", "diagnostic": ""}, "4.2.2", Canonical.DEFERRED),
        ({"status": "Status: rubbish\n", "action": "Action: ?\n", "diagnostic": ""}, "5.0.0", Canonical.BOUNCED),
    ],
)
def test_what_reports_say(changes: dict[str, str], code: str, meant: Canonical) -> None:
    read = event_of(report(**changes))
    assert (read.event.code, read.meant) == (code, meant)


@pytest.mark.parametrize(
    "data",
    [
        report(returned="text/rfc822-headers"),
        report("x", more=f"In-Reply-To: <{OURS}@bank.example.com>\n").replace(b"Message-ID: <x@", b"X-Other: <x@"),
        report("x", message=f"Original-Envelope-Id: {OURS}\n").replace(b"Message-ID: <x@", b"X-Other: <x@"),
    ],
)
def test_where_our_id_may_stand(data: bytes) -> None:
    if b"Original-Envelope-Id" in data:
        data = data.replace(b"Final-Recipient", f"Original-Envelope-Id: {OURS}\nFinal-Recipient".encode())
    assert event_of(data).event.message_id == OURS


def test_a_foreign_report_names_no_message_of_ours() -> None:
    event = event_of(report("somebody-elses")).event
    assert (event.message_id, event.header_id) == ("", "<somebody-elses@bank.example.com>")
    event = event_of(report().replace(b"Message-ID", b"X-Other")).event
    assert (event.message_id, event.header_id) == ("", "")


def letter(sender: str = "MAILER-DAEMON@mx.example.com", body: str = "", **headers: str) -> bytes:
    """A plain letter."""
    lines = [f"From: {sender}", "Subject: failure notice", "Date: Fri, 2 Jan 2026 12:00:00 +0000"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\n".join(lines) + "\n\n" + body).encode()


QMAIL = f"""Hi. This is the qmail-send program at mx.example.com.
<client@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 unknown user
--- Below this line is a copy of the message.

{RETURNED.format(ours=OURS)}
Your invoice number 421 5.9.9
"""


def test_plain_letters_of_mail_servers() -> None:
    read = event_of(letter(body=QMAIL))
    assert (read.event.code, read.meant, read.event.message_id) == ("5.1.1", Canonical.BOUNCED, OURS)
    assert read.event.said == "Remote host said: 550 5.1.1 unknown user"
    read = event_of(letter(body=QMAIL.replace("550 5.1.1 unknown", "will try again, 451 busy")))
    assert (read.event.code, read.meant) == ("451", Canonical.DEFERRED)
    read = event_of(
        letter("exim@mx.example.com", "no words", X_Failed_Recipients="a@example.com", References=f"<{OURS}@b>")
    )
    assert (read.event.code, read.meant, read.event.message_id) == ("5.0.0", Canonical.BOUNCED, OURS)
    assert read.event.said == "failure notice"


def test_what_is_no_bounce() -> None:
    for data in (
        b"",
        b"\xff\xfe\x00",
        letter("client@example.com", QMAIL),
        letter(body="I am out of office", In_Reply_To=f"<{OURS}@bank.example.com>"),
        letter(body="hello"),
        b"Content-Type: message/delivery-status\n\nnothing",
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\n",
    ):
        assert read_bounce(data) == []


def test_damaged_bounces_are_read_as_far_as_they_go() -> None:
    whole = report()
    for length in range(0, len(whole), 7):
        for read in read_bounce(whole[:length]):
            assert read.event.content_hash
    strange = report(more="X: =?no-such-charset?q?a?=\nDate: =?x?q?=\n", diagnostic="Diagnostic-Code: =?bad?b?!?=\n")
    assert event_of(strange).event.code == "5.1.1"
    assert event_of(report().replace(b"2 Jan 2026", b"99 Xxx 20260")).event.at is None
    assert event_of(report().replace(b"12:00:00 +0100", b"12:00:00")).event.at == datetime(2026, 1, 2, 12, tzinfo=UTC)


def parts(data: bytes) -> list[bytes]:
    """The messages of a mailbox."""
    return list(messages_in(io.BytesIO(data)))


def test_mailboxes() -> None:
    assert parts(b"") == parts(b"\n\n") == []
    assert parts(b"\nFrom: a\n\nFrom the start\n\nFrom there on\n") == [b"From: a\n\nFrom the start\n\nFrom there on\n"]
    mailbox = b"From a@b Mon\nA: 1\n\nFrom here\nbody\n\nFrom c@d Tue\nB: 2\n\n>From x\n"
    assert parts(mailbox) == [b"A: 1\n\n", b"body\n\n", b"B: 2\n\n>From x\n"]
    huge = b"From a\nA: 1\n\n" + b"x" * 3 * LARGEST + b"\n\nFrom b\nB: 2\n"
    first, second = parts(huge)
    assert len(first) <= LARGEST + 65_536
    assert second == b"B: 2\n"


def test_a_mailbox_is_taken_in_once(tmp_path: Path) -> None:
    session = session_in(tmp_path)
    provider = provider_with(session)
    failed, delayed = sent_message(session, provider), sent_message(session, provider)
    mails = [
        report(failed),
        report(delayed, action="Action: delayed\n", status="Status: 4.4.1\n", diagnostic=""),
        report("somebody-elses"),
        letter("client@example.com", "Thank you"),
    ]
    mailbox = b"".join(b"From x\n" + mail + b"\n" for mail in mails)
    assert read_bounces(session, io.BytesIO(mailbox)) == BounceReport(4, 3, 3, 0, 1)
    assert read_bounces(session, io.BytesIO(mailbox)) == BounceReport(4, 3, 0, 3, 0)
    rows = [session.store.messages.message_row(one).reported.delivery for one in (failed, delayed)]
    assert rows == [Delivery.BOUNCED, Delivery.DEFERRED]
    assert session.store.status_counts(provider.provider_id) == {"bounce": 1, "deferred": 1}
    session.close()
    session = session_in(tmp_path, read_only=True)
    with pytest.raises(NotPermitted):
        read_bounces(session, io.BytesIO(mailbox))
    session.close()


def test_a_large_mailbox_is_taken_in_by_parts(tmp_path: Path) -> None:
    session = session_in(tmp_path)
    mails = b"".join(b"From x\n" + report(f"nobody-{number}") + b"\n" for number in range(201))
    assert read_bounces(session, io.BytesIO(mails)).unmatched == 201
    session.close()


def test_by_command(run: Run, gateway: str, tmp_path: Path) -> None:
    added = run("messages", "add", gateway, "--to", "client@example.com", "--subject", "s", "--text", "t", "--json")
    [message_id] = added.json["ids"]
    done = run("events", "bounce", input=report(message_id))
    assert (done.code, done.out) == (0, "1 read, 1 of them bounces: 1 taken in.\n")
    file = tmp_path / "mailbox"
    file.write_bytes(b"From x\n" + report(message_id) + b"\nFrom y\n" + report("foreign"))
    assert run("events", "bounce", str(file)).out == (
        "2 read, 2 of them bounces: 1 taken in, 1 of no message here, 1 known before.\n"
    )
    assert run("events", "bounce", str(file), "--json").json == {
        "mails": 2,
        "bounces": 2,
        "taken": 0,
        "known": 2,
        "unmatched": 0,
    }
    assert run("messages", "show", message_id, "--json").json["delivery"] == "bounced"
    listed = run("events", "list", "--json").json
    assert [one["message"] for one in listed] == [None, message_id]
    assert (listed[1]["code"], listed[1]["meaning"], listed[1]["event"]["bounce"]) == ("5.1.1", "bounced", "failed")
    assert [one["message"] for one in run("events", "list", "--unmatched", "--json").json] == [None]
    assert "foreign" in run("events", "list", "--unmatched").out
    assert "  client@example.com 5.1.1 550 5.1.1 <client@example.com>: user unknown" in run("events", "list").out
    missing = run("events", "bounce", str(tmp_path / "none"))
    assert (missing.code, missing.err) == (2, f"The file {tmp_path}/none cannot be read: No such file or directory.\n")


def test_serve_says_what_it_cannot(run: Run, gateway: str, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_text("nothing")
    for arguments, code, said in (
        (("--listen", "8025"), 2, "HOST:PORT"),
        (("--listen", "a:99999"), 2, "HOST:PORT"),
        (("--tls-cert", "x"), 2, "--tls-cert and --tls-key together"),
        (("--listen", "0.0.0.0:0"), 1, "--behind-proxy"),
        (("--listen", "192.0.2.1:0", "--behind-proxy"), 1, "192.0.2.1:0 cannot be listened on"),
        (("--public-key-file", str(nothing)), 1, "holds no P-256 public key"),
        (("--public-key-file", str(tmp_path / "none")), 1, "No such file"),
        (("--tls-cert", str(nothing), "--tls-key", str(nothing)), 1, "cannot be used"),
    ):
        outcome = run("events", "serve", *arguments)
        assert outcome.code == code
        assert said in outcome.err
