"""kill -9 while a provider is being saved: every acknowledged save is there, and no record is torn."""

import itertools
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping

from ftos_tui.stores.audit_chain import broken_link
from ftos_tui.studio.reading import open_provider
from tests.terminal.program import GATEWAY, configure, places_of, run_command, session_of, shown

ROUNDS = 12


def save_until_killed(environ: Mapping[str, str], after: int, pause: float) -> list[int]:
    """Runs the saver and kills it.

    Args:
        environ: Its environment.
        after: The acknowledged saves to wait for.
        pause: Seconds to wait then, so that the kill meets a save somewhere in the middle.

    Returns:
        The versions it acknowledged, those among them that came between the decision to kill and the kill.
    """
    saver = subprocess.Popen([sys.executable, "-m", "tests.terminal.saver"], env=dict(environ), stdout=subprocess.PIPE)
    assert saver.stdout is not None
    acknowledged = [int(line.split()[0]) for line in itertools.islice(saver.stdout, after)]
    try:
        saver.wait(pause)
    except subprocess.TimeoutExpired:
        saver.send_signal(signal.SIGKILL)
    acknowledged += [int(line.split()[0]) for line in saver.stdout if line.endswith(b"\n")]
    saver.stdout.close()
    assert saver.wait() == -signal.SIGKILL
    return acknowledged


def test_every_acknowledged_save_survives_a_kill(environ: dict[str, str]) -> None:
    configure(environ)
    chance = random.Random(20260102)
    last = 2
    for _ in range(ROUNDS):
        acknowledged = save_until_killed(environ, after=chance.randint(1, 3), pause=chance.uniform(0, 0.03))
        assert acknowledged[0] in (last + 1, last + 2), "the save under way at the kill is there or it is not"
        assert acknowledged == list(range(acknowledged[0], acknowledged[-1] + 1))
        last = acknowledged[-1]
        with sqlite3.connect(places_of(environ).data / "local.sqlite3") as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            newest = int(database.execute("SELECT max(number) FROM provider_version").fetchone()[0])
        database.close()
        assert newest in (last, last + 1)

    session = session_of(environ)
    try:
        current = open_provider(session, name=GATEWAY)
        assert current.number in (last, last + 1)
        for number in range(3, current.number + 1):
            version = session.store.by_id(current.provider_id, number)
            count = (number - 1) % 1000 + 1
            assert (version.values["bulk_no"], version.values["from_display_name"]) == (count, f"Bank {count}")
            assert version.secrets["app_key"].version == number - 1
        assert all(state.readable for state in current.secrets.values())
        entries = session.store.audit_entries(limit=1000)
        assert len(entries) == 6 + current.number - 1, "an entry for every version of every provider"
        assert broken_link(entries, session.vault.sign) is None
    finally:
        session.close()
    assert shown(environ)["version"] == current.number


def number_and_bulk(environ: Mapping[str, str]) -> tuple[int, int]:
    """The version of the provider and its Bulk No, which the next save changes together."""
    session = session_of(environ)
    try:
        current = open_provider(session, name=GATEWAY)
        return current.number, int(str(current.values["bulk_no"]))
    finally:
        session.close()


def test_killed_command_leaves_the_old_version_or_the_new_one(environ: dict[str, str]) -> None:
    configure(environ)
    chance = random.Random(1)
    for turn in range(8):
        before = number_and_bulk(environ)
        command = [sys.executable, "-m", "ftos_tui", "providers", "set", GATEWAY, f"bulk_no={turn + 1}"]
        setting = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            setting.wait(chance.uniform(0.2, 0.7))
        except subprocess.TimeoutExpired:
            setting.kill()
        ended = setting.wait()
        after = (before[0] + 1, turn + 1)
        assert number_and_bulk(environ) in ([after] if ended == 0 else [before, after])
    done = run_command(environ, "providers", "set", GATEWAY, "bulk_no=99")
    assert done.returncode == 0, done.stderr
