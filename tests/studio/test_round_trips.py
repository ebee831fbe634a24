"""How often the program asks a shared store for what an operator does: over a long line that is what counts."""

from pathlib import Path

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.history import history
from ftos_tui.studio.providers import form_context, save
from ftos_tui.studio.reading import (
    ListQuery,
    base_of,
    count_providers,
    list_providers,
    open_provider,
    running_trials,
    trial_of,
)
from tests.line import Line
from tests.postgres import PostgresServer
from tests.team import new_team

_VALUES = {
    "communication_channel": "email",
    "provider_name": "SendGrid",
    "service_url": "https://api.sendgrid.com",
    "app_user": "apikey",
    "app_config": "{}",
    "from_address": "office@example.com",
    "from_display_name": "Example Bank",
    "bulk_no": 50,
    "interval_min": "06:00:00",
    "interval_max": "20:00:00",
    "retry_max_attempt": 3,
    "pool_time_retry": "00:05:00",
    "open_setting": True,
    "click_setting": True,
}
_SECRETS = {"app_password": Secret("a-password-1"), "app_key": Secret("a-key-2")}


def test_list_form_and_save_ask_a_shared_store_seldom(postgres_server: PostgresServer, tmp_path: Path) -> None:
    team = new_team(postgres_server, tmp_path)
    with Line(postgres_server.host, postgres_server.port) as line:
        session = team.session(port=(line.port,))

        def trips() -> int:
            spent, line.trips = line.trips, 0
            return spent

        first = list_providers(session, ListQuery())[0]
        trips()
        list_providers(session, ListQuery())
        assert trips() == 1
        count_providers(session)
        assert trips() == 1
        running_trials(session)
        assert trips() == 1
        draft = Draft(base_of(open_provider(session, provider_id=first.provider_id)), dict(_VALUES), dict(_SECRETS))
        assert trips() == 1
        form_context(session, draft)
        assert trips() == 1
        save(session, draft, reason="for a test")
        trips()
        opened = open_provider(session, provider_id=first.provider_id)
        assert opened.ready
        assert trips() == 2, "the version, then its secrets, to see whether they open"
        form_context(session, Draft(base_of(opened)))
        trial_of(session, first.provider_id)
        assert trips() == 2
        save(session, Draft(base_of(opened), {"bulk_no": 60}), reason="for a test")
        assert trips() == 4, "what stands around it, a save of two, and whether its secrets open"
        history(session, first.provider_id)
        assert trips() <= 2
        session.close()
