"""Rules for From Address: one plain address, fit to stand in a header.

The raw text is judged first, then the library email-validator judges what is left (RFC 5322 addr-spec without
comments and quoting). Nothing is looked up: whether the domain takes mail is not known here.
"""

import re
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.hosts import judge_host
from ftos_tui.domain.checks.rules import Outcome
from ftos_tui.domain.checks.text import take_text
from ftos_tui.domain.draft import Raw
from ftos_tui.domain.fields import FIELD_BY_ID
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.visible import shortened

_FIELD: Final = "from_address"
_SPEC: Final = FIELD_BY_ID[_FIELD]
_LONGEST_LOCAL: Final = 64
"""Octets before the @ sign (RFC 5321, 4.5.3.1.1)."""

_LITERAL = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", re.IGNORECASE)
_AS_HOST = {
    rules.URL_HOST_SCRIPTS: rules.ADDRESS_SCRIPTS,
    rules.URL_HOST_CASE: rules.ADDRESS_CASE,
    rules.URL_HOST_IDNA: rules.ADDRESS_IDNA,
}


def check_from_address(raw: Raw, test: bool) -> Outcome:
    """The verdict on From Address.

    Args:
        raw: The value as it came in.
        test: Whether this is a test environment, where a@localhost and a@[127.0.0.1] are addresses.
    """
    taken = take_text(_SPEC, raw)
    if isinstance(taken, Outcome):
        return taken
    fault = _raw_fault(taken.text)
    if fault:
        return Outcome(raw, (fault,))
    local, _, domain = taken.text.rpartition("@")
    bare = domain.casefold()
    if bare.startswith("[") or bare == "localhost" or bare.endswith(".localhost"):
        return _local_domain(taken.text, test, taken.fixes)
    host = judge_host(domain)
    findings = [_AS_HOST[remark.rule](_FIELD, remark.message) for remark in host.remarks if remark.rule in _AS_HOST]
    if host.address is not None or any(remark.rule is rules.URL_HOST_NUMBER for remark in host.remarks):
        return Outcome(raw, (rules.ADDRESS_LOCAL(_FIELD, "Write a domain after the @ sign, not an IP address."),))
    if not host.name or "." not in host.name or not _library_accepts(local, host.name):
        return Outcome(raw, (_format("it is no e-mail address"),))
    return Outcome(f"{local}@{host.name}", (*findings, *taken.fixes))


def _raw_fault(text: str) -> Finding | None:
    """The first thing that keeps the raw text from being one plain address."""
    local, _, domain = text.rpartition("@")
    if text.count("@") > 1 and re.search(r"[,;\s]", text):
        return rules.ADDRESS_SEVERAL(_FIELD, "Write one address only.")
    reasons = (
        ("@" not in text, "it has no @ sign"),
        ("<" in text or ">" in text, "the name beside it goes into From Display Name"),
        ("," in text or ";" in text, "write one address only, without commas"),
        ('"' in text, "quotes are not taken"),
        ("(" in text or ")" in text, "brackets are not taken"),
        ("@" in local, "it has more than one @ sign"),
        (any(sign.isspace() for sign in text), "it holds a space"),
        (domain.endswith((".", "。")), "delete the dot at its end"),
        (not local, "nothing stands before the @ sign"),
        (not domain, "nothing stands after the @ sign"),
        (len(local) > _LONGEST_LOCAL, f"at most {_LONGEST_LOCAL} characters may stand before the @ sign"),
    )
    for wrong, reason in reasons:
        if wrong:
            return _format(reason)
    if local.isascii():
        return None
    return rules.ADDRESS_NOT_ASCII(_FIELD, "Use only ASCII letters before the @ sign: providers refuse others there.")


def _format(reason: str) -> Finding:
    return rules.ADDRESS_FORMAT(_FIELD, f"Write one plain address such as {_SPEC.example}: {reason}.")


def _local_domain(text: str, test: bool, fixes: tuple[Finding, ...]) -> Outcome:
    local, _, domain = text.rpartition("@")
    if not test:
        message = f"Use a domain customers can answer to: {shortened(domain, 40)} is this machine or a bare address."
        return Outcome(text, (rules.ADDRESS_LOCAL(_FIELD, message),))
    literal = _LITERAL.fullmatch(domain)
    host = judge_host(f"[{literal[1]}]" if literal and ":" in literal[1] else literal[1] if literal else domain.lower())
    if not host.name or (literal and host.address is None) or not _library_accepts(local, "example.com"):
        return Outcome(text, (_format("it is no e-mail address"),))
    return Outcome(f"{local}@{domain.lower()}" if not literal else text, fixes)


def _library_accepts(local: str, domain: str) -> bool:
    """Whether email-validator takes the address.

    It refuses domains reserved for tests and for private networks (.test, .local, .example), which are plausible here;
    with a label behind them only their syntax is judged.
    """
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(
            f"{local}@{domain}.x" if len(local) + len(domain) < 250 else f"{local}@{domain}",
            check_deliverability=False,
            globally_deliverable=False,
            allow_smtputf8=False,
        )
    except EmailNotValidError:
        return False
    return True
