"""Rules for recipients: plain e-mail addresses and telephone numbers, separated by semicolons.

The plain shape that nearly every address has is judged by one pattern; the rest (international names and domains) by
the libraries that judge From Address.
"""

import re
from typing import Final

from ftos_tui.domain.checks.hosts import judge_host
from ftos_tui.domain.delivery import message_rules as rules
from ftos_tui.domain.delivery.message import split_addresses
from ftos_tui.domain.findings import Finding
from ftos_tui.domain.visible import is_unsafe, shortened

LONGEST_ADDRESS: Final = 254
"""Characters of an address that fits a path (RFC 5321, 4.5.3.1.3, less its brackets)."""

LONGEST_LOCAL: Final = 64
"""Octets before the @ sign (RFC 5321, 4.5.3.1.1)."""

_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_PLAIN: Final = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:{_LABEL}\.)+(?=[a-z]){_LABEL})")
_LITERAL: Final = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164: at most fifteen digits, country code first."""

_PUNCTUATION: Final = re.compile(r"[\s().\u00a0/-]")


def check_addresses(field: str, text: str, *, test: bool) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The addresses of a list, and what there is to say.

    Args:
        field: `to`, `cc` or `bcc`.
        text: Addresses separated by semicolons.
        test: Whether this is a test environment, where a@localhost and a@[127.0.0.1] are addresses.

    Returns:
        The addresses in canonical form, those refused left as they are, and the findings: one for each kind of fault.
    """
    addresses: list[str] = []
    findings: dict[str, Finding] = {}
    for written in split_addresses(text):
        address, finding = _address(field, written, test)
        addresses.append(address)
        if finding:
            findings.setdefault(finding.code, finding)
    return tuple(addresses), tuple(findings.values())


def check_numbers(field: str, text: str) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The telephone numbers of a list in the form of E.164, and what there is to say."""
    numbers: list[str] = []
    findings: dict[str, Finding] = {}
    for written in split_addresses(text):
        number = _PUNCTUATION.sub("", written)
        number = f"+{number[2:]}" if number.startswith("00") else number
        shown = shortened(written, 30)
        if not _NUMBER.fullmatch(number):
            message = f"Write {shown} with plus sign and country code, for example +40721000000."
            findings.setdefault("format", rules.NUMBER_FORMAT(field, message))
            number = written
        elif number != written:
            findings.setdefault("form", rules.NUMBER_FORM(field, f"The number {shown} is written {number}."))
        numbers.append(number)
    return tuple(numbers), tuple(findings.values())


def _address(field: str, written: str, test: bool) -> tuple[str, Finding | None]:
    plain = _PLAIN.fullmatch(written)
    if plain and len(plain[1]) <= LONGEST_LOCAL and len(written) <= LONGEST_ADDRESS and "xn--" not in plain[2]:
        return written, None
    fault = _raw_fault(field, written)
    if fault:
        return written, fault
    local, _, domain = written.rpartition("@")
    folded = domain.casefold()
    if folded.startswith("[") or folded == "localhost" or folded.endswith(".localhost"):
        return _at_this_machine(field, written, test)
    host = judge_host(domain)
    if host.address is not None:
        return written, rules.RECIPIENT_LOCAL(field, f"Write a domain after the @ sign of {shortened(written, 60)}.")
    if not host.name or "." not in host.name or not _library_accepts(local, host.name):
        return written, _format(field, written, "it is no e-mail address")
    canonical = f"{local}@{host.name}"
    if canonical == written:
        return written, None
    return canonical, rules.RECIPIENT_CASE(field, f"{shortened(written, 60)} is written {shortened(canonical, 60)}.")


def _raw_fault(field: str, written: str) -> Finding | None:
    unsafe = next((sign for sign in written if is_unsafe(sign)), None)
    if unsafe is not None:
        rule = rules.HEADER_INJECTION if unsafe in "\r\n\0" else rules.HEADER_CHARACTER
        return rule(field, f"Remove U+{ord(unsafe):04X} from {shortened(written, 60)}: no address may hold it.")
    if written.count("@") > 1 and re.search(r"[,\s]", written):
        return rules.RECIPIENT_COMMA(field, f"Separate addresses by semicolons: {shortened(written, 60)}.")
    local, _, domain = written.rpartition("@")
    reasons = (
        (len(written) > LONGEST_ADDRESS, f"it is longer than {LONGEST_ADDRESS} characters"),
        ("@" not in written, "it has no @ sign"),
        ("<" in written or ">" in written, "leave out the name beside it"),
        ("@" in local, "it has more than one @ sign"),
        (re.search(r'[\s,;:()"\\]', local) is not None, "quotes, brackets and spaces are not taken"),
        (re.search(r'[\s,;()"\\]', domain) is not None, "quotes, brackets and spaces are not taken"),
        (not local or not domain, "nothing stands on one side of the @ sign"),
        (len(local.encode()) > LONGEST_LOCAL, f"at most {LONGEST_LOCAL} bytes may stand before the @ sign"),
        (domain.endswith((".", "。")), "delete the dot at its end"),
    )
    return next((_format(field, written, reason) for wrong, reason in reasons if wrong), None)


def _at_this_machine(field: str, written: str, test: bool) -> tuple[str, Finding | None]:
    local, _, domain = written.rpartition("@")
    if not test:
        message = f"Use a domain that mail reaches: {shortened(domain, 40)} is this machine or a bare address."
        return written, rules.RECIPIENT_LOCAL(field, message)
    literal = _LITERAL.fullmatch(domain)
    host = judge_host(f"[{literal[1]}]" if literal and ":" in literal[1] else literal[1] if literal else domain.lower())
    if not host.name or (literal and host.address is None) or not _library_accepts(local, "example.com"):
        return written, _format(field, written, "it is no e-mail address")
    return written if literal else f"{local}@{domain.lower()}", None


def _format(field: str, written: str, reason: str) -> Finding:
    return rules.RECIPIENT_FORMAT(field, f"Write {shortened(written, 60)} as a plain address: {reason}.")


def _library_accepts(local: str, domain: str) -> bool:
    """Whether email-validator takes the address, an international name before the @ sign included (RFC 6531).

    A label behind the domain keeps it from refusing domains for tests and private networks, which are plausible here.
    """
    from email_validator import EmailNotValidError, validate_email

    behind = ".x" if len(local) + len(domain) < LONGEST_ADDRESS - 4 else ""
    try:
        validate_email(
            f"{local}@{domain}{behind}", check_deliverability=False, globally_deliverable=False, allow_smtputf8=True
        )
    except EmailNotValidError:
        return False
    return True
