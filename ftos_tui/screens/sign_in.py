"""Signing in to a shared store: user and password, a form of two rows."""

from collections.abc import Callable, Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget

from ftos_tui.actions import SIGN_IN
from ftos_tui.domain.failure import Failure
from ftos_tui.domain.findings import refuse
from ftos_tui.screens.frame import FrameScreen, bindings_of
from ftos_tui.studio.failures import SignInRefused
from ftos_tui.studio.session import Session
from ftos_tui.studio.sign_in import last_user, sign_in
from ftos_tui.widgets.background import start
from ftos_tui.widgets.field_row import FieldRow, Shown
from ftos_tui.widgets.line import Line
from ftos_tui.widgets.secret_input import SecretInput
from ftos_tui.widgets.text_input import OneLineInput

_LONGEST = 1024


class SignInScreen(FrameScreen):
    """Takes in who signs in to a shared store, and opens it.

    Args:
        session: The session whose store wants somebody to sign in.
        why: What the server said, where it was asked already.
        answered: Told at the end whether somebody signed in.
    """

    BINDINGS = bindings_of(SIGN_IN)
    CSS = """
    SignInScreen #form { height: auto; }
    SignInScreen #trouble { color: $text-error; }
    SignInScreen #rest { height: 1fr; }
    """
    place = SIGN_IN
    help_topic = (
        "The store of this environment is shared by a team, and its database knows its users. Sign in with the user "
        "that who keeps the store gave you: a developer account may change, a consultant's may read. The user is "
        "remembered for the next time, the password is not: it is gone when you leave ftos-tui."
    )

    def __init__(self, session: Session, why: str, answered: Callable[[bool], None]) -> None:
        super().__init__()
        self.other_session = session
        self.why = why
        self.answered = answered
        self.signed_in = False
        self._busy = False

    def breadcrumb(self) -> tuple[str, ...]:
        """What this is for."""
        return (f"Sign in to {self.session.environment.name.upper()}",)

    def hints(self) -> tuple[str | tuple[str, str], ...]:
        """What the hint line names."""
        return (
            ("Enter", "Sign in"),
            "everywhere.back",
            "sign_in.again",
            "everywhere.help",
            "everywhere.keys",
            "everywhere.quit",
        )

    def content(self) -> Iterable[Widget]:
        """What to sign in with, the two rows, and what went wrong."""
        yield Line("Log in with a developer account of the shared store; a consultant's may read.", most=2, id="about")
        yield VerticalScroll(
            FieldRow("user", "User", OneLineInput(last_user(self.session), limit=_LONGEST, id="field-user")),
            FieldRow("password", "Password", SecretInput(limit=_LONGEST, id="field-password")),
            id="form",
            can_focus=False,
        )
        yield Line(self.why, most=4, id="trouble")
        yield VerticalScroll(id="rest", can_focus=False)

    def on_mount(self) -> None:
        """Starts at the password where the user is known."""
        super().on_mount()
        self.focus_content()

    def on_unmount(self) -> None:
        """Lets those go on who wait for it."""
        self.answered(self.signed_in)

    def focus_content(self) -> None:
        """Puts the focus on the first row that is empty; on the password where none is."""
        self.set_focus(self._secret if self._user.value else self._user)

    @property
    def _user(self) -> OneLineInput:
        return self.query_one("#field-user", OneLineInput)

    @property
    def _secret(self) -> SecretInput:
        return self.query_one("#field-password", SecretInput)

    def on_field_row_entered(self, event: FieldRow.Entered) -> None:
        """Enter goes from the user to the password, and from there it signs in."""
        event.stop()
        if event.row.field_id == "user" and not self._secret.value:
            self.set_focus(self._secret)
        else:
            self.action_sign_in()

    def on_field_row_changed(self, event: FieldRow.Changed) -> None:
        """What was refused is being put right: the sentence goes once something is typed."""
        event.stop()
        if event.text or self._secret.value:
            self.query_one("#row-password", FieldRow).show((), changed=False, empty=False)

    def key_down(self) -> None:
        """The next row, after the last one the first."""
        self.focus_next("FieldRow > *")

    def key_up(self) -> None:
        """The row before, before the first one the last."""
        self.focus_previous("FieldRow > *")

    def action_again(self) -> None:
        """Tries again with what stands in the rows."""
        self.action_sign_in()

    def action_sign_in(self) -> None:
        """Signs in with what stands in the rows."""
        if not self._busy:
            self._busy = True
            start(self, self._sign_in, "sign in")

    async def _sign_in(self) -> None:
        session, user, password = self.session, self._user.value, self._secret.take()
        self._say("Signing in…")
        try:
            await self.console_app.carry_out(lambda: sign_in(session, user, password))
        except SignInRefused as refused:
            self._say("")
            self._secret.value = ""
            shown = Shown(refuse("password", "sign_in_refused", str(refused)))
            self.query_one("#row-password", FieldRow).show((shown,), changed=False, empty=False)
            self.set_focus(self._secret if user.strip() else self._user)
        except Failure as failure:
            # Keys are no text now: r tries again, and Tab goes back into the rows.
            self._say(f"{failure} {self._keys_again()} tries again.")
            self.set_focus(None)
        else:
            self.signed_in = True
            self.console_app.go_back()
        finally:
            self._busy = False

    def _keys_again(self) -> str:
        return self.console_app.hint("sign_in.again")[0]

    def _say(self, sentence: str) -> None:
        self.query_one("#trouble", Line).text = sentence
