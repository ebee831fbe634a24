"""The command palette, and what it finds by name: actions, fields, providers, screens."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import cast

from textual import on
from textual.command import CommandInput, CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.events import DescendantFocus
from textual.fuzzy import Matcher
from textual.widgets import Input, OptionList
from textual.worker import Worker, WorkerState

from ftos_tui.actions import CHANNELS, MESSAGES, PROVIDERS
from ftos_tui.domain.fields import FIELDS
from ftos_tui.domain.visible import visible
from ftos_tui.screens.console import Console
from ftos_tui.screens.frame import CHANNELS_PATH, MENU_PATH, QUEUES_PATH, FrameScreen
from ftos_tui.widgets.background import start

_MOST_PROVIDERS = 20

_BY_NAME, _BY_PROVIDER, _BY_DESCRIPTION, _BY_LETTERS = 3000.0, 2000.0, 1000.0, 0.0
"""What fits by its name comes first, what only has the letters somewhere in its name last: Enter takes the first."""

_CLOSEST = 999.0


def _score(matcher: Matcher, name: str, description: str = "") -> float:
    """How well something fits; 0 for not at all."""
    words = matcher.query.casefold().split()
    if all(word in name.casefold() for word in words):
        return _BY_NAME + min(matcher.match(name), _CLOSEST)
    if all(word in f"{name} {description}".casefold() for word in words):
        return _BY_DESCRIPTION + min(matcher.match(f"{name} {description}"), _CLOSEST)
    return _BY_LETTERS + min(matcher.match(name), _CLOSEST)


class ActionCommands(Provider):
    """The actions of the screen the palette was opened on, with their keys."""

    def _actions(self) -> list[tuple[str, str, Callable[[], None]]]:
        screen = self.screen
        if not isinstance(screen, FrameScreen):
            return []
        found: list[tuple[str, str, Callable[[], None]]] = []
        for action in screen.actions_here():
            method = getattr(screen, f"action_{action.method}", None)
            if method is not None and action.id != "everywhere.commands":
                keys = screen.console_app.keys_of(action)
                found.append((f"{action.label}  {keys}".rstrip(), action.description, method))
        return found

    async def discover(self) -> Hits:
        """All of them, before anything is typed."""
        for name, description, method in self._actions():
            yield DiscoveryHit(Content(name), method, text=name, help=description)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, description, method in self._actions():
            score = _score(matcher, name, description)
            if score > 0:
                yield Hit(score, Content(name), method, text=name, help=description)


class FieldCommands(Provider):
    """The fields of the open form."""

    async def search(self, query: str) -> Hits:
        """Those that match by label or id."""
        go_to = getattr(self.screen, "go_to", None)
        if go_to is None:
            return
        matcher = self.matcher(query)
        for spec in FIELDS:
            score = _score(matcher, f"{spec.label} {spec.id}")
            if score > 0:
                name = f"Field: {spec.label}"
                yield Hit(score, Content(name), _call(go_to, spec.id), text=name, help=f"Go to {spec.label}")


class ProviderCommands(Provider):
    """The channel providers of the store."""

    async def search(self, query: str) -> Hits:
        """The first of those whose name, channel or provider contains the text."""
        from ftos_tui.studio.failures import Failure
        from ftos_tui.studio.providers import ListQuery, list_providers

        app = cast(Console, self.app)
        if app.live_watch.away:  # Enter waits for all that is found
            return
        try:
            page = await asyncio.to_thread(list_providers, app.session, ListQuery(filter=query, limit=_MOST_PROVIDERS))
        except Failure:
            return
        for summary in page:
            name = f"Provider: {visible(summary.name)}"

            def open_it(provider_id: str = summary.provider_id) -> None:
                start(self.app, partial(app.open_form, provider_id), "open")

            yield Hit(_BY_PROVIDER, Content(name), open_it, text=name, help="Edit this channel provider")


class ScreenCommands(Provider):
    """The screens of the menu path."""

    def _screens(self) -> list[tuple[str, Callable[[], None]]]:
        app = cast(Console, self.app)

        def providers() -> None:
            start(self.app, partial(app.show_list, PROVIDERS), "open")

        def channels() -> None:
            start(self.app, partial(app.show_list, CHANNELS), "open")

        def messages() -> None:
            start(self.app, partial(app.show_list, MESSAGES), "open")

        def drafts() -> None:
            start(self.app, partial(app.offer_drafts, asked=True), "open")

        def once(kind: type[FrameScreen]) -> None:
            if not any(isinstance(screen, kind) for screen in self.app.screen_stack):
                self.app.push_screen(kind())

        def audit() -> None:
            from ftos_tui.screens.audit import AuditScreen

            once(AuditScreen)

        def processors() -> None:
            from ftos_tui.screens.processor import ProcessorScreen

            once(ProcessorScreen)

        def reported() -> None:
            from ftos_tui.screens.events import EventsScreen

            once(EventsScreen)

        return [
            (" › ".join(MENU_PATH), providers),
            (" › ".join(CHANNELS_PATH), channels),
            (" › ".join(QUEUES_PATH), messages),
            ("Processors", processors),
            ("Events that providers reported", reported),
            ("Unsaved drafts", drafts),
            ("Admin › Audit", audit),
        ]

    async def discover(self) -> Hits:
        """All of them."""
        for name, method in self._screens():
            yield DiscoveryHit(Content(f"Screen: {name}"), method, text=name)

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for name, method in self._screens():
            score = _score(matcher, name)
            if score > 0:
                yield Hit(score, Content(f"Screen: {name}"), method, text=name)


def _call(method: Callable[[str], None], argument: str) -> Callable[[], None]:
    return lambda: method(argument)


SOURCES = (ActionCommands, FieldCommands, ProviderCommands, ScreenCommands)


class Palette(CommandPalette):
    """The palette. Enter and the arrows act on what matches the text as it is typed.

    Textual's own (8.2.8) acts on what its list shows, and while a search goes on that is what matched before: `quit`
    typed fast and Enter ran the first action of the screen.
    """

    def __init__(self) -> None:
        super().__init__(providers=SOURCES, placeholder="Screen, provider, field or action")
        self._search: Worker[None] | None = None
        self._asked: tuple[str, Callable[[], None]] | None = None
        self._held = ExitStack()
        self._hold()  # what is typed at once is for the palette, not for the screen it opens on

    def _gather_commands(self, search_value: str) -> Worker[None]:
        self._search = search = cast(Worker[None], super()._gather_commands(search_value))
        return search

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        event.stop()
        event.prevent_default()
        self._when_found(self._run)

    def _run(self) -> None:
        """Runs what the cursor is on; nothing where nothing was found."""
        commands = self.query_one(CommandList)
        index = commands.highlighted
        if index is not None:
            self._select_command(OptionList.OptionSelected(commands, commands.get_option_at_index(index), index))

    def _action_command_list(self, action: str) -> None:
        self._when_found(partial(super()._action_command_list, action))

    def _action_cursor_down(self) -> None:
        self._when_found(super()._action_cursor_down)

    def _when_found(self, act: Callable[[], None]) -> None:
        """Does something with what was found, once all is; keys that follow wait until it is done."""
        if self._search is not None and self._search.is_finished:
            act()
            return
        self._asked = self.query_one(CommandInput).value, act
        self._hold()

    def _hold(self) -> None:
        self._held.enter_context(cast(Console, self.app).hold_keys())

    @on(DescendantFocus)
    def _ready(self) -> None:
        self._held.close()

    @on(Worker.StateChanged)
    def _found(self, event: Worker.StateChanged) -> None:
        if event.worker is not self._search or event.state is not WorkerState.SUCCESS:
            return
        asked, self._asked = self._asked, None
        if asked is not None and asked[0] == self.query_one(CommandInput).value:
            asked[1]()
        self.app.call_later(self._held.close)  # after what was run, which may open a screen

    def on_unmount(self) -> None:
        """Holds no keys when it is left while it searches."""
        self._held.close()
