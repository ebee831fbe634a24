"""Rules for hosts, wherever one is named: Service Url, appConfig, the domain of From Address.

A host that is an address in disguise, or one that a server's own network answers, is how a stored key is led astray
(server-side request forgery). Names are judged as text; nothing is looked up.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from ftos_tui.domain.checks import rules
from ftos_tui.domain.checks.rules import Rule
from ftos_tui.domain.scripts import deceptive_scripts
from ftos_tui.domain.visible import shortened

LONGEST_HOST: Final = 253
"""Characters of a host name (RFC 1035, without the last dot)."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER_LIKE = re.compile(r"[0-9]+|0x[0-9a-f]*")
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.goog", "metadata", "instance-data"})

_BLOCKED_4: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # unspecified, "this network"
            "169.254.0.0/16",  # link-local, most clouds' metadata
            "100.100.100.200/32",  # Alibaba Cloud's metadata
            "168.63.129.16/32",  # Azure's host
            "192.0.0.192/32",  # Oracle Cloud's metadata
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, broadcast
        ),
    )
)
_BLOCKED_6: Final = tuple(
    map(
        IPv6Network,
        (
            "::/128",  # unspecified
            "fe80::/10",  # link-local
            "fec0::/10",  # site-local, withdrawn
            "ff00::/8",  # multicast
            "fd00:ec2::254/128",  # Amazon's metadata
            "fd20:ce::254/128",  # Google Cloud's metadata
        ),
    )
)
_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


@dataclass(frozen=True, slots=True)
class HostRemark:
    """One thing to say about a host: the rule and a message that fits any field."""

    rule: Rule
    message: str


@dataclass(frozen=True, slots=True)
class Host:
    """A host that was judged.

    Attributes:
        name: In canonical form: lower case, xn--, no last dot, IPv6 without brackets; empty where it is none.
        remarks: What there is to say.
        address: Its IP address, where it is one.
    """

    name: str
    remarks: tuple[HostRemark, ...] = ()
    address: IPv4Address | IPv6Address | None = None

    @property
    def loopback(self) -> bool:
        """Whether it is this machine itself."""
        if self.address is not None:
            return is_loopback_address(self.address)
        return self.name == "localhost" or self.name.endswith(".localhost")

    @property
    def in_url(self) -> str:
        """How a URL writes it: IPv6 in brackets."""
        return f"[{self.name}]" if isinstance(self.address, IPv6Address) else self.name


@lru_cache(512)
def judge_host(text: str) -> Host:
    """Judges a host as written in a URL.

    Args:
        text: A host name, an IPv4 address, or an IPv6 address in brackets; no port.

    Returns:
        Its canonical form with remarks; no name where it is refused as no host at all.
    """
    if text.startswith("[") or text.endswith("]"):
        return _judge_ipv6(text)
    if len(text) > LONGEST_HOST + 1:
        return Host("", (HostRemark(rules.URL_HOST, f"Shorten the host to {LONGEST_HOST} characters."),))
    name, remarks = _canonical_name(text)
    labels = name.split(".")
    if _NUMBER_LIKE.fullmatch(labels[-1]):
        return _judge_ipv4(name, remarks) if text.isascii() else _disguised(text)
    if len(name) > LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        return _no_host(text)
    for label in labels:
        if label.startswith("xn--"):
            remark = _judge_international(label)
            if remark and remark.rule is rules.URL_HOST:
                return Host("", (remark,))
            remarks += [remark] if remark else []
    if name in _METADATA_NAMES:
        remarks.append(_blocked(name))
    return Host(name, tuple(remarks))


def is_allowed(host: Host, allowed: frozenset[str]) -> bool:
    """Whether an environment that names its hosts names this one; an empty list allows every host."""
    return not allowed or host.name in _canonical(allowed)


def is_blocked_address(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is reserved for the network itself: link-local, metadata, multicast, also within IPv6."""
    return _is_blocked(address)


def is_loopback_address(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address, or the one within it, is this machine itself."""
    return all(inner.is_loopback for inner in _embedded(address) or (address,))


def unicode_label(label: str) -> str | None:
    """What an xn-- label stands for; None where it is no valid one (IDNA 2008)."""
    import idna

    try:
        return idna.ulabel(label)
    except (UnicodeError, ValueError, IndexError):
        return None


def _canonical_name(text: str) -> tuple[str, list[HostRemark]]:
    """The name in ASCII and lower case without its last dot, and what was put right; empty where that fails."""
    name, remarks = text, []
    if not name.isascii():
        name = _to_ascii(name) or ""
        remarks.append(HostRemark(rules.URL_HOST_IDNA, f"The international host is written {shortened(name, 60)}."))
    if name.endswith(".") and not name.endswith(".."):
        name = name[:-1]
        remarks.append(HostRemark(rules.URL_HOST_DOT, "The dot behind the host was dropped."))
    if name != name.lower():
        name = name.lower()
        remarks.append(HostRemark(rules.URL_HOST_CASE, f"The host is written in lower case: {shortened(name, 60)}."))
    return name, remarks


def _judge_international(label: str) -> HostRemark | None:
    """What there is to say about one xn-- label."""
    shown = unicode_label(label)
    if shown is None:
        message = f"Correct the host: {shortened(label, 40)} is no international name."
        return HostRemark(rules.URL_HOST, message)
    deceptive = deceptive_scripts(shown) or _single_look_alike(shown)
    if not deceptive:
        return None
    message = f"Check the host letter by letter: {shortened(shown, 40)} ({label[:63]}) has {deceptive}."
    return HostRemark(rules.URL_HOST_SCRIPTS, message)


@lru_cache(16)
def _canonical(allowed: frozenset[str]) -> frozenset[str]:
    return frozenset(judge_host(f"[{name}]" if ":" in name and "[" not in name else name).name for name in allowed)


def _no_host(text: str) -> Host:
    message = f"Correct the host: {shortened(text, 40)} is no host name." if text else "Name a host."
    return Host("", (HostRemark(rules.URL_HOST, message),))


def _blocked(shown: str) -> HostRemark:
    message = f"Use the provider's public host: {shortened(shown, 60)} is reserved for the network itself."
    return HostRemark(rules.URL_HOST_BLOCKED, message)


def _to_ascii(name: str) -> str | None:
    """The name as registries hold it (UTS 46 without transitional mapping); None where it has no such form."""
    import idna

    try:
        # idna refuses a label of plain digits together with right-to-left ones and the like: that is what we want.
        return idna.encode(name, uts46=True, transitional=False).decode("ascii")
    except (UnicodeError, ValueError, IndexError):
        return None


def _disguised(text: str) -> Host:
    message = f"Write the host as a name or as four plain numbers: {shortened(text, 40)} is a disguised address."
    return Host("", (HostRemark(rules.URL_HOST_NUMBER, message),))


def _single_look_alike(label: str) -> str:
    """A label of one letter, or of parts of one letter, deceives as a longer one does."""
    return deceptive_scripts("".join(letter for letter in label if letter.isalpha()))


def _judge_ipv4(name: str, remarks: list[HostRemark]) -> Host:
    try:
        address = IPv4Address(name)
    except AddressValueError:
        return _disguised(name)
    if _is_blocked(address):
        remarks.append(_blocked(name))
    return Host(name, tuple(remarks), address)


def _judge_ipv6(text: str) -> Host:
    inner = text[1:-1] if text.startswith("[") and text.endswith("]") else ""
    try:
        address = IPv6Address(inner)
        if "%" in inner:
            raise AddressValueError("zone")
    except AddressValueError:
        message = f"Correct the host: {shortened(text, 60)} is no IPv6 address without zone."
        return Host("", (HostRemark(rules.URL_HOST, message),))
    remarks = []
    if str(address) != inner:
        remarks.append(HostRemark(rules.URL_HOST_FORM, f"The address is written [{address}]."))
    if _is_blocked(address):
        remarks.append(_blocked(f"[{address}]"))
    return Host(str(address), tuple(remarks), address)


def _is_blocked(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in _BLOCKED_4)
    return any(address in network for network in _BLOCKED_6) or any(map(_is_blocked, _embedded(address)))


def _embedded(address: IPv4Address | IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses that an IPv6 address leads to: mapped, compatible, 6to4, Teredo, NAT64, ISATAP."""
    if isinstance(address, IPv4Address):
        return ()
    last = IPv4Address(int(address) & 0xFFFF_FFFF)
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    isatap = (int(address) >> 32) & 0xFDFF_FFFF == 0x5EFE
    compatible = int(address) >> 32 == 0 and int(address) > 1
    return (last,) if isatap or compatible or any(address in network for network in _NAT64) else ()
