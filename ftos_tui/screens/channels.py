"""The list of communication channels."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.widget import Widget

from ftos_tui.actions import CHANNELS
from ftos_tui.domain.names import name_key
from ftos_tui.domain.visible import visible
from ftos_tui.screens.filtered_list import FilteredListScreen
from ftos_tui.screens.frame import CHANNELS_PATH, FrameScreen, bindings_of
from ftos_tui.screens.provider_source import saved_when
from ftos_tui.studio.channels import (
    Channel,
    ChannelQuery,
    count_channels,
    delete,
    list_channels,
    new_channel,
    open_channel,
)
from ftos_tui.studio.failures import counted
from ftos_tui.studio.place import Place, remember_place
from ftos_tui.widgets.background import start
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from ftos_tui.studio.live import News

COLUMNS = (
    Column("code", "Code", width=12, flex=2, sortable=False),
    Column("name", "Name", width=14, flex=3, sortable=False),
    Column("action", "Action", width=6, sortable=False),
    Column("channel", "Chan", width=5, sortable=False),
    Column("provider", "Provider", width=16, flex=2, sortable=False),
    Column("by", "By", width=6, flex=1, sortable=False),
    Column("saved", "Saved", width=5, min_width=5, sortable=False),
)

_MOST_HELD = 2000
"""Channels held: more than the list holds rows, however far it was scrolled."""


class ChannelSource:
    """Pages of the channels in the order of their codes, read from the store in a thread.

    Args:
        screen: The screen that shows them.
    """

    def __init__(self, screen: FrameScreen) -> None:
        self.screen = screen
        self.query = ChannelQuery()
        self.channels: dict[str, Channel] = {}

    async def fetch(self, after: object | None, backwards: bool, limit: int) -> Sequence[Row]:
        """One page.

        Raises:
            Failure: The store does not answer; the list shows its sentence.
        """
        session = self.screen.session
        cursor = after if isinstance(after, str) else None
        query = replace(self.query, after=cursor, backwards=backwards, limit=limit)
        page = await self.screen.console_app.carry_out(lambda: list_channels(session, query), lasting=False)
        for channel in page:
            self.channels.pop(channel.channel_id, None)
            self.channels[channel.channel_id] = channel
        for channel_id in list(self.channels)[:-_MOST_HELD]:
            del self.channels[channel_id]
        now = session.clock()
        return [
            Row(
                channel.channel_id,
                (
                    channel.code,
                    channel.name,
                    channel.default_action_type,
                    channel.communication_channel,
                    channel.provider,
                    channel.saved_by.user,
                    saved_when(channel.saved_at, now),
                ),
                name_key(channel.code),
            )
            for channel in page
        ]


class ChannelsScreen(FilteredListScreen):
    """The list: filter as you type, open, new, delete.

    Args:
        cursor_on: The id of the channel to put the cursor on.
    """

    BINDINGS = bindings_of(CHANNELS)
    place = CHANNELS
    filter_words = "Filter by code, name or provider"
    help_topic = (
        "The communication channels of this environment: the code that messages are sent under, and the channel "
        "provider that carries them. A provider may serve several channels, and cannot be deleted while it does.\n\n"
        "Enter opens the channel under the cursor, n starts a new one, d deletes one after you typed its code, / "
        "filters as you type."
    )

    def __init__(self, cursor_on: str = "") -> None:
        super().__init__()
        self.source = ChannelSource(self)
        self.cursor_on = cursor_on
        self.detail = Line(most=2, id="detail")
        self.total: int | None = None

    def breadcrumb(self) -> tuple[str, ...]:
        """The menu path of the channels."""
        return CHANNELS_PATH

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Edit"),
            "channels.filter",
            "channels.new",
            "channels.delete",
            "everywhere.keys",
            "everywhere.help",
            "everywhere.back",
            "channels.quit",
        )

    def content(self) -> Iterable[Widget]:
        """The filter, the list, and a line about the row under the cursor."""
        yield self.filter_field
        yield RowList(
            COLUMNS,
            self.source,
            id="channels",
            cursor_key=self.cursor_on,
            empty_text="No communication channel here. n starts one, / changes the filter.",
        )
        yield self.detail

    def on_mount(self) -> None:
        """Counts what there is, beside the first page."""
        super().on_mount()
        start(self, self._count, "count")

    def on_screen_resume(self) -> None:
        """Reads again what may have changed while a form was open."""
        super().on_screen_resume()
        if self.total is not None and self.listed:
            self.action_refresh()

    async def _count(self) -> None:
        wanted = self.source.query.filter
        total = await self.attempt(lambda: count_channels(self.session, wanted))
        if total is not None and self.listed:
            self.total = total
            self._describe(self.rows.row)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Says of the row under the cursor what its columns have no room for."""
        event.stop()
        self._describe(event.row)

    def _describe(self, row: Row | None) -> None:
        parts = [] if self.total is None else [counted(self.total, "channel", "channels")]
        channel = self.source.channels.get(row.key) if row else None
        if channel is not None:
            self.cursor_on = channel.channel_id
            parts.append(f"{channel.code} sends through {channel.provider}")
            saved = f"{channel.saved_at:%Y-%m-%d %H:%M}"
            parts.append(f"version {channel.version} saved by {channel.saved_by.user} {saved}")
        self.detail.text = " · ".join(parts)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Opens the channel of the row."""
        event.stop()
        self.action_edit()

    def filter_by(self, text: str) -> None:
        """Shows only the channels that contain a text."""
        self.source.query = replace(self.source.query, filter=text)
        self.rows.reload(keep=False)
        start(self, self._count, "count")

    async def may_leave(self) -> bool:
        """Esc first takes a filter away; then the menu is the last place."""
        if not await super().may_leave():
            return False
        remember_place(self.console_app.session, Place())
        return True

    def action_refresh(self) -> None:
        """Reads the list again; the cursor stays on its channel."""
        self.rows.reload(keep=True)
        start(self, self._count, "count")

    def show_news(self, news: "News") -> None:
        """Others did something: the rows on screen follow, the cursor and the filter stay."""
        if self.listed and self.app.screen is self and (news.changes or news.first or news.back):
            self.rows.update_rows()
            start(self, self._count, "count")

    def action_edit(self) -> None:
        """Opens the channel under the cursor."""
        row = self.rows.row
        if row is not None:
            start(self, partial(self._open, row.key), "open")

    async def _open(self, channel_id: str) -> None:
        from ftos_tui.domain.channel import ChannelDraft
        from ftos_tui.screens.channel_form import ChannelFormScreen

        session = self.session
        channel = await self.attempt(lambda: open_channel(session, channel_id=channel_id))
        if channel is not None:
            self.open_screen(ChannelFormScreen(ChannelDraft(channel)))

    def action_new(self) -> None:
        """Starts a new channel."""
        from ftos_tui.screens.channel_form import ChannelFormScreen

        self.open_screen(ChannelFormScreen(new_channel()))

    def action_delete(self) -> None:
        """Deletes the channel under the cursor after its code was typed."""
        row = self.rows.row
        if row is not None:
            start(self, partial(self._delete, row.key), "delete")

    async def _delete(self, channel_id: str) -> None:
        session = self.session
        channel = await self.attempt(lambda: open_channel(session, channel_id=channel_id))
        if channel is None or not await self.succeeds(session.permit_change):
            return
        typed = await self.question.ask_text(f"Delete {visible(channel.code)}? Type its code, Esc keeps it:", "")
        if typed is not None and await self.succeeds(lambda: delete(session, channel, typed)):
            self.action_refresh()
