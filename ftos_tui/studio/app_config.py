"""appConfig as text: what is wrong with it, laid out for editing, and back in one line."""

import json

from ftos_tui.domain.app_config import canonical_json
from ftos_tui.domain.checks.app_config import check_app_config
from ftos_tui.domain.findings import Finding, Severity

__all__ = ["config_findings", "indented", "one_line"]


def config_findings(text: str) -> tuple[Finding, ...]:
    """What the check refuses about a text of appConfig, with line and column; the same check as the form's."""
    return tuple(f for f in check_app_config(text).findings if f.severity is Severity.REFUSE)


def indented(text: str) -> str:
    """The JSON laid out over lines for editing; a text with a mistake is left as it is."""
    if config_findings(text):
        return text
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2)


def one_line(text: str) -> str:
    """The canonical line of a right text; a text with a mistake is left as it was typed."""
    if config_findings(text):
        return text
    return canonical_json(json.loads(text))
