"""What the command palette finds by name: actions, fields, providers, screens."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from ftos_tui.actions import CHANNELS, MESSAGES, PROVIDERS
from ftos_tui.domain.fields import FIELDS
from ftos_tui.domain.visible import visible
from ftos_tui.screens.console import Console
from ftos_tui.screens.frame import CHANNELS_PATH, MENU_PATH, QUEUES_PATH, FrameScreen
from ftos_tui.widgets.background import start

_MOST_PROVIDERS = 20


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
            score = matcher.match(f"{name} {description}")
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
            score = matcher.match(f"{spec.label} {spec.id}")
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
        try:
            page = await asyncio.to_thread(list_providers, app.session, ListQuery(filter=query, limit=_MOST_PROVIDERS))
        except Failure:
            return
        for summary in page:
            name = f"Provider: {visible(summary.name)}"

            def open_it(provider_id: str = summary.provider_id) -> None:
                start(self.app, partial(app.open_form, provider_id), "open")

            yield Hit(0.9, Content(name), open_it, text=name, help="Edit this channel provider")


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
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, Content(f"Screen: {name}"), method, text=name)


def _call(method: Callable[[str], None], argument: str) -> Callable[[], None]:
    return lambda: method(argument)


SOURCES = (ActionCommands, FieldCommands, ProviderCommands, ScreenCommands)
