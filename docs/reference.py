"""Writes the reference pages that derive from tables in the code: docs/fields.md and docs/keys.md.

Run by `make pictures`; a test holds the pages to the tables.
"""

from pathlib import Path

from ftos_tui.actions import ACTIONS
from ftos_tui.domain.app_config import KNOWN_KEYS
from ftos_tui.domain.checks.rules import RULES
from ftos_tui.domain.fields import FIELDS
from ftos_tui.domain.findings import Severity
from ftos_tui.domain.status_presets import SENDGRID, SMPP, SMTP
from ftos_tui.domain.statuses import StatusRow
from ftos_tui.key_names import key_name

FOLDER = Path(__file__).parent


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def fields_page() -> str:
    """The fields, the findings, the keys of appConfig and the presets of statuses."""
    lines = [
        "# Fields and findings",
        "",
        "Made from the tables in `ftos_tui/domain` by `make pictures`; do not edit.",
        "",
        "## Fields",
        "",
        "In the vendor's order and words. The id names a field in the command line and in files.",
        "",
        "| id | label | data type | group | notes |",
        "|---|---|---|---|---|",
    ]
    for spec in FIELDS:
        notes = [] if spec.mandatory else ["optional"]
        notes += ["part of the destination"] if spec.destination else []
        notes += [f"one of {', '.join(spec.options)}"] if spec.options else []
        lines.append(f"| `{spec.id}` | {spec.label} | {spec.data_type} | {spec.group} | {', '.join(notes)} |")
    for spec in FIELDS:
        lines += ["", f"### {spec.label}", "", spec.help]
        if spec.example:
            lines += ["", f"Example: `{spec.example}`"]
    lines += [
        "",
        "## Findings",
        "",
        "A finding that refuses keeps the record from being saved; a warning is acknowledged by its code (F7 in the "
        "form, `--acknowledge CODE` on the command line); a fix was made by the check itself.",
    ]
    for severity in Severity:
        lines += ["", f"### {severity.value.capitalize()}", "", "| code | what it is about |", "|---|---|"]
        lines += [f"| `{rule.code}` | {_cell(rule.about)} |" for rule in RULES.values() if rule.severity is severity]
    lines += [
        "",
        "## Keys of appConfig",
        "",
        "The vendor publishes none; these are the ones this program knows. Another key is a warning. A key that says "
        "where messages or secrets go counts as part of the destination, whatever it is called.",
        "",
        "| key | meaning | part of the destination |",
        "|---|---|---|",
    ]
    for key in KNOWN_KEYS.values():
        lines.append(f"| `{key.name}` | {_cell(key.description)} | {'yes' if key.destination else ''} |")
    lines += ["", "## Presets of the list of statuses", ""]
    lines += ["The vendor publishes no values; these follow RFC 5321, SendGrid's event webhook and SMPP 3.4."]
    for title, rows in (("SMTP", SMTP), ("SendGrid", SENDGRID), ("SMPP", SMPP)):
        lines += ["", f"### {title}", "", *_status_table(rows)]
    return "\n".join(lines) + "\n"


def _status_table(rows: tuple[StatusRow, ...]) -> list[str]:
    table = ["| code | label | meaning | terminal | retryable |", "|---|---|---|---|---|"]
    for row in rows:
        terminal, retryable = "yes" if row.terminal else "", "yes" if row.retryable else ""
        table.append(f"| `{row.code}` | {row.label} | {row.canonical} | {terminal} | {retryable} |")
    return table


def keys_page() -> str:
    """The actions, their keys and their names in the settings file."""
    lines = [
        "# Keys",
        "",
        "Made from `ftos_tui/actions.py` by `make pictures`; do not edit.",
        "",
        "The action's name is what `[keys]` in the settings file takes. Every action without a key, and every other "
        "one, is found by name with Ctrl+P or F9.",
        "",
        "| where | action | keys | what it does |",
        "|---|---|---|---|",
    ]
    for action in ACTIONS.values():
        keys = " ".join(f"`{key_name(key)}`" for key in action.keys) or "by name"
        lines.append(f"| {action.where} | `{action.id}` | {keys} | {_cell(action.description)} |")
    return "\n".join(lines) + "\n"


PAGES = {"fields.md": fields_page, "keys.md": keys_page}


def main() -> None:
    """Writes the pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), "utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
