"""TLS to a shared store: verify-full unless told otherwise, and a sentence for each way in which it does not do."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.studio.checks import State
from ftos_tui.studio.doctor import Terminal, examine
from ftos_tui.studio.failures import StoreUnreachable
from ftos_tui.studio.session import Session
from ftos_tui.studio.store_admin import status
from tests.postgres import PostgresServer
from tests.team import Team, new_team
from tests.tls_front import Issued, issue, tls_front

Open = Callable[..., Session]


@pytest.fixture(scope="module")
def team(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Team:
    return new_team(postgres_server, tmp_path_factory.mktemp("owner"))


@pytest.fixture
def open_behind(team: Team) -> Iterator[Open]:
    """Opens a session through a front that shows a certificate; `sslmode` as the default is unless given."""
    with ExitStack() as stack:

        def opened(issued: Issued, **changes: Any) -> Session:
            port = stack.enter_context(tls_front((team.server.host, team.server.port), issued))
            given = {"sslmode": "", "sslrootcert": str(issued.authority), **changes}
            session = team.session(port=(port,), **given)
            stack.callback(session.close)
            return session

        yield opened


def test_a_good_certificate_is_taken_and_doctor_says_so(open_behind: Open, tmp_path: Path) -> None:
    session = open_behind(issue(tmp_path / "good"))
    assert session.store.count() == 6
    assert session.store.standing().tls == "TLS"  # the server itself, behind the front, knows of none
    found = {c.name: c for c in examine(lambda: session, session.places, {}, Terminal(False, 80, 24, "utf-8"))}
    assert (found["tls"].state, found["tls"].message) == (State.OK, "TLS, verify-full")
    assert status(session).details["tls"] == "yes"


def test_a_certificate_for_another_name_is_not(open_behind: Open, tmp_path: Path) -> None:
    session = open_behind(issue(tmp_path / "other", address="192.0.2.1"))
    with pytest.raises(StoreUnreachable, match="certificate is not trusted") as refused:
        _ = session.store
    assert "Check sslrootcert and the host's name" in str(refused.value)


def test_who_lowers_sslmode_knowingly_is_let_in_without_the_name(open_behind: Open, tmp_path: Path) -> None:
    session = open_behind(issue(tmp_path / "other", address="192.0.2.1"), sslmode="verify-ca")
    assert session.store.count() == 6


def test_a_certificate_of_an_unknown_authority_is_not(open_behind: Open, tmp_path: Path) -> None:
    other = issue(tmp_path / "known")
    session = open_behind(issue(tmp_path / "unknown"), sslrootcert=str(other.authority))
    with pytest.raises(StoreUnreachable, match="certificate is not trusted"):
        _ = session.store


def test_a_certificate_that_has_expired_is_not(open_behind: Open, tmp_path: Path) -> None:
    session = open_behind(issue(tmp_path / "expired", days=-1))
    with pytest.raises(StoreUnreachable, match="certificate is not trusted"):
        _ = session.store


def test_a_server_without_tls_is_refused_with_a_sentence(team: Team, tmp_path: Path) -> None:
    issued = issue(tmp_path / "any")
    session = team.session(sslmode="", sslrootcert=str(issued.authority))
    with pytest.raises(StoreUnreachable, match="the server offers no TLS"):
        _ = session.store
