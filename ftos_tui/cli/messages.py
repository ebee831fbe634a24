"""`messages add`, `list`, `show`, `counts`, `why`: the message queue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ftos_tui.cli import arguments, message_shapes, output, shapes
from ftos_tui.cli.context import Start
from ftos_tui.cli.exits import ExitCode, UsageProblem
from ftos_tui.cli.options import Acknowledge, AsJson
from ftos_tui.cli.showing import provider_named
from ftos_tui.domain.delivery.states import Dispatch
from ftos_tui.domain.visible import shortened, visible

if TYPE_CHECKING:
    from ftos_tui.domain.findings import Finding
    from ftos_tui.studio.message_views import MessageView
    from ftos_tui.studio.messages import Added, Counts, MessageQuery, MessageRow
    from ftos_tui.studio.session import Session

_PAGE = 500

Id = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="The message's id; its beginning will do, where no other has it.", show_default=False
    ),
]
OfProvider = Annotated[
    str, typer.Option("--provider", metavar="NAME", help="Only messages of this provider.", show_default=False)
]
InStatus = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATE", help="Only messages in this state: queued, held, …", show_default=False),
]
WithText = Annotated[
    str, typer.Option("--filter", metavar="TEXT", help="Only recipients and subjects with it.", show_default=False)
]


def add_command(
    ctx: typer.Context,
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="The provider's Name.", show_default=False)],
    to: Annotated[str, typer.Option("--to", metavar="ADDRESSES", help="Recipients, separated by ;")] = "",
    cc: Annotated[str, typer.Option("--cc", metavar="ADDRESSES", help="Further ones that everybody sees.")] = "",
    bcc: Annotated[str, typer.Option("--bcc", metavar="ADDRESSES", help="Further ones that nobody else sees.")] = "",
    subject: Annotated[str, typer.Option("--subject", metavar="TEXT", help="The subject.")] = "",
    text: Annotated[str, typer.Option("--text", metavar="TEXT", help="The body as plain text.")] = "",
    html: Annotated[str, typer.Option("--html", metavar="TEXT", help="The body as HTML.")] = "",
    text_file: Annotated[
        str | None, typer.Option("--text-file", metavar="FILE", help="The same out of a file.", show_default=False)
    ] = None,
    html_file: Annotated[
        str | None, typer.Option("--html-file", metavar="FILE", help="The same out of a file.", show_default=False)
    ] = None,
    attach: Annotated[
        list[str] | None, typer.Option("--attach", metavar="FILE", help="A file to go with it.", show_default=False)
    ] = None,
    due: Annotated[str, typer.Option("--due", metavar="TIME", help="Not before, as 2026-01-02T09:00:00Z.")] = "",
    not_after: Annotated[str, typer.Option("--not-after", metavar="TIME", help="Expires if not accepted by.")] = "",
    params: Annotated[str, typer.Option("--params", metavar="JSON", help="Channel Provider Params.")] = "{}",
    dedupe_key: Annotated[
        str, typer.Option("--dedupe-key", metavar="KEY", help="Your name of it: queued once under it.")
    ] = "",
    acknowledge: Acknowledge = None,
    as_json: AsJson = False,
) -> int:
    """Queue a message; each recipient gets one of its own."""
    from ftos_tui.studio.failures import MessageRefused
    from ftos_tui.studio.message_files import read_attachment
    from ftos_tui.studio.messages import NewMessage, add

    start: Start = ctx.obj
    new = NewMessage(
        to=to,
        cc=cc,
        bcc=bcc,
        subject=subject,
        text=_body(text, text_file, "text"),
        html=_body(html, html_file, "html"),
        attachments=tuple(read_attachment(Path(name)) for name in attach or []),
        due=_time("--due", due),
        not_after=_time("--not-after", not_after),
        params=params,
        dedupe_key=dedupe_key,
    )
    with start.session() as session:
        session.permit_change()
        try:
            added = add(session, provider_named(session, provider), new, acknowledged=acknowledge or [])
        except MessageRefused as refused:
            return _say_refused(str(refused), refused.findings, as_json)
    _say_added(added, as_json)
    return ExitCode.DONE


def _say_added(added: "Added", as_json: bool) -> None:
    if as_json:
        output.say_json(message_shapes.added_shape(added))
        return
    for finding in added.findings:
        output.complain(f"{finding.message} [{finding.code}]")
    for message_id in added.ids:
        output.say(f"{message_id} {'was queued before' if message_id in added.known else 'queued'}")
    if added.held:
        output.complain(f"Held: {added.held}.")


def list_command(
    ctx: typer.Context,
    provider: OfProvider = "",
    status: InStatus = None,
    filter: WithText = "",
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N", help="At most so many.")] = 100,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Those queued first come first.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="Only how many are in each state.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the messages, those queued last first."""
    from ftos_tui.studio.messages import message_counts

    start: Start = ctx.obj
    with start.session() as session:
        query = replace(query_of(session, provider, status, filter), oldest_first=oldest_first)
        if counts:
            _say_counts(message_counts(session, query.provider_id), as_json)
            return
        rows = islice(_rows(session, query), limit)
        if as_json:
            output.say_json_array(map(message_shapes.row_shape, rows))
            return
        tries: dict[str, int] = {}
        output.say_table(
            ("ID", "STATUS", "RECIPIENT", "SUBJECT", "PROVIDER"), (_cells(session, r, tries) for r in rows)
        )


def show_command(ctx: typer.Context, message_id: Id, as_json: AsJson = False) -> None:
    """Show a message, its history, and why it is not moving."""
    from ftos_tui.studio.message_views import message_view
    from ftos_tui.studio.messages import full_id

    start: Start = ctx.obj
    with start.session() as session:
        view = message_view(session, full_id(session, message_id))
    detail = view.detail
    if as_json:
        output.say_json(message_shapes.detail_shape(view))
        return
    output.say_pairs(_pairs(view))
    if detail.attempts:
        output.say("")
        lines = [
            (shapes.time_text(line.ended_at), f"{line.before} > {line.after}", line.outcome, line.by, _said(line))
            for line in detail.attempts
        ]
        output.say_table(("TIME", "STATES", "WHAT", "BY", "SAID"), lines)
    if detail.events:
        output.say("")
        rows = [(shapes.time_text(kept.at or kept.received_at), kept.code, kept.canonical) for kept in detail.events]
        output.say_table(("TIME", "EVENT", "MEANING"), rows)


def counts_command(ctx: typer.Context, provider: OfProvider = "", as_json: AsJson = False) -> None:
    """Count the messages in each state, however many there are."""
    from ftos_tui.studio.messages import message_counts

    start: Start = ctx.obj
    with start.session() as session:
        provider_id = provider_named(session, provider).provider_id if provider else None
        _say_counts(message_counts(session, provider_id), as_json)


def why_command(ctx: typer.Context, message_id: Id, as_json: AsJson = False) -> None:
    """Say in one sentence why a message is not moving."""
    from ftos_tui.studio.message_views import why
    from ftos_tui.studio.messages import full_id

    start: Start = ctx.obj
    with start.session() as session:
        found = full_id(session, message_id)
        sentence = why(session, found)
    if as_json:
        output.say_json({"id": found, "why": sentence})
    else:
        output.say(sentence)


def _say_counts(found: "Counts", as_json: bool) -> None:
    numbers = {str(state): found.get(state, 0) for state in Dispatch}
    if as_json:
        output.say_json(numbers)
    else:
        output.say_pairs((state, f"{number:,}") for state, number in numbers.items())


def query_of(session: "Session", provider: str, status: list[str] | None, filter: str) -> "MessageQuery":
    """The query that options ask for.

    Raises:
        UsageProblem: There is no such state.
        NotFound: There is no such provider.
    """
    from ftos_tui.config.settings_file import nearest
    from ftos_tui.studio.messages import MessageQuery

    states = []
    for written in (part.strip() for text in status or [] for part in text.split(",")):
        if written not in [*Dispatch]:
            raise UsageProblem(f"There is no state {shortened(written, 30)}{nearest(written, [*Dispatch])}")
        states.append(Dispatch(written))
    provider_id = provider_named(session, provider).provider_id if provider else None
    return MessageQuery(tuple(states), provider_id, filter)


def _rows(session: "Session", query: "MessageQuery") -> "Iterator[MessageRow]":
    """The matching messages, read page by page."""
    from ftos_tui.studio.messages import list_messages

    query = replace(query, limit=_PAGE)
    while True:
        page = list_messages(session, query)
        yield from page
        if len(page) < _PAGE:
            return
        query = replace(query, after=page[-1].id)


def _cells(session: "Session", row: "MessageRow", tries: dict[str, int]) -> tuple[str, ...]:
    from ftos_tui.studio.messages import status_in_words, tries_in_all

    if row.provider_id not in tries:
        tries |= tries_in_all(session, [row.provider_id])
    status = status_in_words(row, tries[row.provider_id])
    return (row.id, status, shortened(row.recipient, 40), shortened(row.subject, 40), row.provider or "(deleted)")


def _pairs(view: "MessageView") -> Iterator[tuple[str, str]]:
    detail, row = view.detail, view.detail.row
    yield "Id", row.id
    yield "Status", view.status
    yield "Why", view.why
    yield "Provider", row.provider or "(deleted)"
    yield "Recipient", f"{row.recipient} ({row.role})"
    yield "To", "; ".join(detail.to)
    if detail.cc:
        yield "Cc", "; ".join(detail.cc)
    yield "Subject", row.subject
    if detail.withheld:
        from ftos_tui.studio.message_views import WITHHELD

        yield "Withheld", WITHHELD
    for file in detail.attachments:
        yield "Attachment", f"{file.name} ({file.content_type}, {file.size:,} bytes)"
    yield "Queued", f"{shapes.time_text(row.created_at)} by {detail.queued_by.user}"
    yield "Due", shapes.time_text(row.due)
    if row.not_after:
        yield "Not after", shapes.time_text(row.not_after)
    yield "Tries", f"{row.attempt} (generation {row.generation})"
    for phrase in view.reported or ("nothing yet",):
        yield "Reported", phrase
    if row.conflict:
        yield "Conflict", "the provider reports it sent, though it was stopped here"


def _said(line: object) -> str:
    code, said = getattr(line, "code", ""), getattr(line, "said", "")
    return shortened(f"{code} {said}".strip(), 80)


def _say_refused(sentence: str, findings: "tuple[Finding, ...]", as_json: bool) -> int:
    if as_json:
        output.say_json({"queued": False, "findings": [shapes.finding_shape(finding) for finding in findings]})
    else:
        for finding in findings:
            output.complain(f"{finding.field}: {finding.message} [{finding.code}]")
    output.complain(sentence)
    return ExitCode.REFUSED


def _body(text: str, path: str | None, what: str) -> str:
    if path is None:
        return text
    if text:
        raise UsageProblem(f"Give --{what} or --{what}-file, not both.")
    try:
        return arguments.file_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageProblem(f"The file {visible(path)} is not UTF-8 text.") from error


def _time(option: str, text: str) -> datetime | None:
    from ftos_tui.studio.message_files import time_of

    try:
        return time_of(text)
    except ValueError as error:
        example = "for example 2026-01-02T09:00:00Z"
        raise UsageProblem(f"{option} takes a time with its zone, {example}.") from error
