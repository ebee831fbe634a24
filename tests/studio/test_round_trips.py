"""How often the program asks a shared store for what an operator does: over a long line that is what counts."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.studio.failures import StaleVersion
from ftos_tui.studio.history import history
from ftos_tui.studio.providers import form_start, opened_form, save_draft
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
        _, begin = opened_form(session, first.provider_id)
        assert trips() == 1
        saved = save_draft(
            session, replace(begin.draft, edits=dict(_VALUES), secrets=dict(_SECRETS)), reason="for a test"
        )
        assert trips() == 2, "the vault opens with what opening the form brought"
        assert saved.version.ready
        session.renew_vault()
        version, begin = opened_form(session, first.provider_id)
        assert version == saved.version
        assert trips() == 1, "the secrets and what opens them come with the version"
        length = timedelta(minutes=10)
        on_trial = save_draft(session, begin.draft.with_text("bulk_no", "60"), reason="for a test", trial=length)
        assert trips() == 2
        assert on_trial.trial == trial_of(session, first.provider_id) is not None
        assert on_trial.version == open_provider(session, provider_id=first.provider_id)
        trips()
        assert opened_form(session, first.provider_id)[1].trial == on_trial.trial
        assert open_provider(session, name=first.name) == on_trial.version
        assert trips() == 2
        unchanged = save_draft(session, Draft(base_of(on_trial.version)))
        assert trips() == 2
        assert (unchanged.version, unchanged.changed, unchanged.trial) == (on_trial.version, (), on_trial.trial)
        form_start(session, begin.draft)
        assert trips() == 1
        with pytest.raises(StaleVersion):
            save_draft(session, begin.draft.with_text("bulk_no", "70"))
        assert trips() == 2
        history(session, first.provider_id)
        assert trips() <= 2
        session.close()
