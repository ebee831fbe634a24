"""Rules for Service Url. The raw text is judged first: `urlsplit` drops tabs and line breaks without a word."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.hosts import Host, is_allowed, judge_host, unicode_label
from ftos_tui.domain.checks.rules import Outcome, Rule
from ftos_tui.domain.checks.text import take_text
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding, Severity
from ftos_tui.domain.visible import shortened

_FIELD: Final = "service_url"
_SPEC: Final = FIELD_BY_ID[_FIELD]

DEFAULT_PORTS: Final = {"https": 443, "http": 80, "smtps": 465, "smtp": 587}
"""The port each scheme uses where a URL names none; 587 is submission (RFC 6409), 465 its TLS form (RFC 8314)."""

_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?")
_SLIPS = re.compile(r"^(?:(?:https?|smtps?):)?[/:]*", re.IGNORECASE)
"""What is left of a scheme when a colon or slash was forgotten."""

_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(.*))?")
_ESCAPE = re.compile(r"%(..?)?")
_CONTROL_ESCAPE = re.compile(r"%(?:[01][0-9a-f]|7f)", re.IGNORECASE)
_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_PASSWORD = re.compile(r"(://[^/?#@:]*:)[^/?#]*@")
_SECRET_PARAMETER = re.compile(
    r"[?&](?:api[-_]?key|app[-_]?key|key|token|access[-_]?token|secret|password|pwd|pass|sig|signature"
    r"|subscription[-_]key)=[^&]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a canonical Service Url that say where it leads.

    Attributes:
        scheme: https, http, smtps or smtp.
        host: Canonical, IPv6 without brackets.
        port: 1 to 65535, the scheme's default where the URL names none.
    """

    scheme: str
    host: str
    port: int


def check_service_url(raw: Raw, allowed_hosts: frozenset[str], allow_http: bool) -> Outcome:
    """The verdict on Service Url by itself; whether its scheme fits the provider is a rule of the whole record.

    Args:
        raw: The value as it came in.
        allowed_hosts: The hosts the environment names; empty for any.
        allow_http: Whether http:// to other hosts than loopback is permitted (then a warning).
    """
    taken = take_text(_SPEC, raw)
    if isinstance(taken, Outcome):
        return taken
    broken = _raw_faults(taken.text)
    if broken:
        return Outcome(raw, (broken,))
    return _judge(taken.text, taken.fixes, allowed_hosts, allow_http)


@lru_cache(256)
def target_of(url: str) -> Target | None:
    """Where a URL leads; None where it is not one that the check accepts."""
    match = _PARTS.fullmatch(url)
    if not match or match[1].lower() not in DEFAULT_PORTS:
        return None
    parts = _AUTHORITY.fullmatch(match[2])
    host = judge_host(parts[1]) if parts else Host("")
    port = _port(parts[2] if parts else None, match[1].lower())
    return Target(match[1].lower(), host.name, port) if host.name and port else None


def without_password(url: str) -> str:
    """The text with [REDACTED] in place of a password before an @ sign, which the check refuses."""
    return _PASSWORD.sub(r"\1[REDACTED]@", url)


def host_both_ways(url: str) -> str | None:
    """An international host as registries hold it and as people read it, for example `xn--mnchen-3ya.de = münchen.de`.

    Args:
        url: Any text.

    Returns:
        Both forms; None where the URL names no international host.
    """
    target = target_of(url.strip())
    if target is None or "xn--" not in target.host:
        return None
    labels = (unicode_label(label) if label.startswith("xn--") else label for label in target.host.split("."))
    return f"{target.host} = {shortened('.'.join(label or '?' for label in labels), 253)}"


def _raw_faults(text: str) -> Finding | None:
    """The first thing in the raw text that a URL cannot hold."""
    if "\\" in text or any(sign.isspace() for sign in text) or any(sign in '<>"`{}|^' for sign in text):
        wrong = next(sign for sign in text if sign.isspace() or sign in '\\<>"`{}|^')
        return rules.URL_CHARACTER(_FIELD, f"Remove {'the space' if wrong.isspace() else wrong} from the URL.")
    if _CONTROL_ESCAPE.search(text):
        return rules.URL_ESCAPE(_FIELD, "Remove the escaped control character (%00 to %1F, %7F) from the URL.")
    for escape in _ESCAPE.finditer(text):
        if not re.fullmatch("[0-9A-Fa-f]{2}", escape[1] or ""):
            return rules.URL_ESCAPE(_FIELD, f"Write %25 for a plain % sign, or complete {shortened(escape[0], 6)}.")
    return None


def _judge(text: str, fixes: tuple[Finding, ...], allowed_hosts: frozenset[str], allow_http: bool) -> Outcome:
    match = _PARTS.fullmatch(text)
    if not match or match[1].lower() not in DEFAULT_PORTS:
        return Outcome(text, (rules.URL_SCHEME(_FIELD, _scheme_message(text)),))
    scheme, authority, path, query = match[1].lower(), match[2], match[3], match[4] or ""
    refused = _structure_fault(scheme, authority, path, query, match[5])
    if refused:
        # A password before the @ sign is a secret: the outcome does not keep it.
        return Outcome(None if ":" in authority.rpartition("@")[0] else text, (refused,))
    parts = _AUTHORITY.fullmatch(authority)
    host = judge_host(parts[1]) if parts else judge_host(authority)
    findings = [remark.rule(_FIELD, remark.message) for remark in host.remarks]
    port_text = parts[2] if parts else None
    if host.name and not _port(port_text, scheme):
        findings.append(rules.URL_PORT(_FIELD, "Write a port from 1 to 65535 behind the colon, or leave both out."))
    if host.name:
        findings += _permission(scheme, host, allowed_hosts, allow_http)
    if _SECRET_PARAMETER.search(query):
        message = "Move the key or password from the URL into App Key or App Password: the URL is stored in the clear."
        findings.append(rules.URL_SECRET(_FIELD, message))
    if Outcome(None, tuple(findings)).refused:
        return Outcome(text, tuple(finding for finding in findings if finding.severity is not Severity.FIX))
    if match[1] != scheme:
        findings.append(rules.URL_HOST_CASE(_FIELD, f"The scheme is written in lower case: {scheme}."))
    port = f":{port_text}" if port_text is not None else ""
    return Outcome(f"{scheme}://{host.in_url}{port}{path}{query}", (*findings, *fixes))


def _scheme_message(text: str) -> str:
    scheme, separator, _ = text.partition("://")
    if separator and scheme:
        return f"Begin the URL with https:// (or smtp://, smtps://) instead of {shortened(scheme, 20)}://."
    bare = shortened(_SLIPS.sub("", text), 60)
    return (
        f"Begin the URL with its scheme, for example https://{bare}." if bare else "Write a URL that begins https://."
    )


def _structure_fault(scheme: str, authority: str, path: str, query: str, fragment: str | None) -> Finding | None:
    if fragment is not None:
        return rules.URL_FRAGMENT(_FIELD, "Remove the # sign and what follows it: it is never sent.")
    if "@" in authority:
        message = "Remove what stands before the @ sign: the user goes into App user, and only the host stays."
        return rules.URL_USER(_FIELD, message)
    if not authority or authority.startswith(":"):
        return rules.URL_HOST(_FIELD, f"Name the host after {scheme}://.")
    if "%" in authority:
        return rules.URL_HOST(_FIELD, "Write the host without percent escapes or IPv6 zone.")
    if not _CHARACTERS.fullmatch(path + query):
        return rules.URL_CHARACTER(_FIELD, "Write letters beyond ASCII in the path percent-encoded, as UTF-8.")
    if scheme in ("smtp", "smtps") and (path not in ("", "/") or query):
        return rules.URL_SMTP_PATH(_FIELD, "Remove what follows host and port: an SMTP server has no path.")
    return None


def _permission(scheme: str, host: Host, allowed_hosts: frozenset[str], allow_http: bool) -> list[Finding]:
    findings = []
    if not is_allowed(host, allowed_hosts):
        allowed = ", ".join(sorted(allowed_hosts)[:3])
        message = f"Use a host that this environment allows ({shortened(allowed, 80)}), or have this one added to it."
        findings.append(rules.URL_HOST_NOT_ALLOWED(_FIELD, message))
    if scheme == "http" and not host.loopback:
        rule: Rule = rules.URL_PLAIN_ALLOWED if allow_http else rules.URL_PLAIN
        findings.append(rule(_FIELD, "Use https://: over http:// anybody on the way can read the key."))
    return findings


def _port(text: str | None, scheme: str) -> int:
    """The port a URL names, or the scheme's own; 0 where it is no port."""
    if text is None:
        return DEFAULT_PORTS[scheme]
    valid = re.fullmatch("[0-9]{1,5}", text) and 1 <= int(text) <= 65_535
    return int(text) if valid else 0
