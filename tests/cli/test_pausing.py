"""Counts, the reason of one message, and a provider that is paused, by command."""

from tests.cli.conftest import Run

MAIL = ("--to", "a@example.com", "--subject", "Hello", "--text", "Good day")


def test_counts_and_why(run: Run, gateway: str) -> None:
    message_id = run("messages", "add", gateway, *MAIL, "--json").json["ids"][0]
    assert run("messages", "counts", "--json").json["queued"] == 1
    assert run("messages", "counts", "--provider", gateway, "--json").json["queued"] == 1
    assert run("messages", "counts").out.splitlines()[0].split() == ["queued", "1"]
    assert run("messages", "counts", "--provider", "Nobody").code == 1
    why = run("messages", "why", message_id[:12], "--json").json
    assert why["id"] == message_id
    assert run("messages", "why", message_id).out.strip().endswith(".")
    assert run("messages", "why", "00000000").code == 1


def test_a_provider_is_paused_and_resumed(run: Run, gateway: str) -> None:
    message_id = run("messages", "add", gateway, *MAIL, "--json").json["ids"][0]
    paused = run("processor", "pause", gateway, "--reason", "the bank's night")
    assert (paused.code, f"{gateway} is paused" in paused.out) == (0, True)
    assert f"{gateway} is paused: the bank's night." in run("messages", "why", message_id).out
    again = run("processor", "pause", gateway, "--json").json
    assert again == {"name": gateway, "paused": True, "changed": False}
    assert "sends again" in run("processor", "resume", gateway).out
    assert "was not paused" in run("processor", "resume", gateway).out
    assert run("processor", "resume", gateway, "--json").json["changed"] is False
    assert run("processor", "pause", "Nobody").code == 1
    actions = [entry["action"] for entry in run("audit", "list", "--json").json]
    assert {"delivery_pause", "delivery_resume"} <= set(actions)
