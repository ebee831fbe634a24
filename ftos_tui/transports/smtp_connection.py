"""One SMTP connection: greeting, TLS, sign-in, and messages one after another, each stage with its own reply.

aiosmtplib speaks the protocol. What is added here is what an honest outcome needs: which stage failed, whether the
final dot had left, one way to sign in instead of all of them in turn, and no word taken from before TLS.
"""

import re
import socket
import ssl
from typing import Final

from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)
from aiosmtplib.response import SMTPResponse

from ftos_tui.domain.delivery.outcome import Cause, Outcome, OutcomeKind
from ftos_tui.domain.route import Route, Tls
from ftos_tui.domain.secret import Secret
from ftos_tui.transports.network import Fault, tls_words
from ftos_tui.transports.rendered import Rendered
from ftos_tui.transports.said import Cleaner
from ftos_tui.transports.smtp_protocol import SmtpClient, SmtpProtocol
from ftos_tui.transports.smtp_replies import Stage, outcome_of

FINAL_TIMES: Final = 4
"""How much longer than for other replies one waits for the last one: the server is taking the message in meanwhile."""

_CONTROL: Final = re.compile(rb"[\x00-\x1f\x7f]")
_GOOD: Final = {Stage.MAIL: (250,), Stage.RCPT: (250, 251), Stage.DATA: (354,)}
"""The replies by which a server takes each command of an envelope."""


class Refused(Exception):
    """The server did not let a connection come about; carries the outcome for the message that needed it."""

    def __init__(self, stage: Stage, outcome: Outcome) -> None:
        super().__init__(stage)
        self.stage = stage
        self.outcome = outcome


class SmtpConnection:
    """A signed-in connection.

    Args:
        route: Where it leads.
        clean: Takes secrets out of answers.
    """

    def __init__(self, route: Route, clean: Cleaner) -> None:
        self.route = route
        self.last_used = 0.0
        self._clean = clean
        self._client = SmtpClient()
        self._stage = Stage.GREETING

    @property
    def connected(self) -> bool:
        """Whether another message may go over it."""
        return self._client.is_connected

    @property
    def tls_object(self) -> ssl.SSLObject | None:
        """What is known of the encryption; None without."""
        found = self._client.get_transport_info("ssl_object") if self.connected else None
        return found if isinstance(found, ssl.SSLObject) else None

    @property
    def extensions(self) -> frozenset[str]:
        """What the server offers, in lower case."""
        return frozenset(self._client.esmtp_extensions)

    async def greet(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        """Takes the greeting, over TLS from the start where the route says so, and says EHLO.

        Args:
            sock: Connected; closed when this fails.
            context: What TLS is verified with; None without TLS.

        Raises:
            Fault: The network or TLS failed.
            Refused: The server does not want to talk.
        """
        self._stage = Stage.GREETING
        implicit = self.route.tls is Tls.IMPLICIT
        self._client = SmtpClient(
            hostname=self.route.host,
            use_tls=implicit,
            start_tls=False,
            tls_context=context,
            local_hostname=_own_name(sock),
            timeout=self.route.timeout_s,
            sock=sock,
        )
        try:
            greeting = await self._client.connect()
            if greeting.code != 220:
                raise self._refused(greeting.code, greeting.message)
            self._stage = Stage.EHLO
            await self._client.ehlo()
        except BaseException as error:
            self.abort()
            sock.close()
            raise self._fault(error) from None

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Goes over to TLS; the server must offer it, and say nothing between its consent and the handshake.

        Raises:
            Fault: The network or TLS failed, the server does not offer STARTTLS, or somebody put in words before it.
            Refused: The server refuses it.
        """
        self._stage = Stage.STARTTLS
        if "starttls" not in self.extensions:
            self.abort()
            raise Fault(
                Cause.CONFIGURATION, f"{self.route.place} offers no STARTTLS, and nothing is sent without encryption."
            )
        try:
            await self._client.starttls(tls_context=context, timeout=self.route.timeout_s)
            if isinstance(self._client.protocol, SmtpProtocol) and self._client.protocol.trailing:
                raise Fault(
                    Cause.NETWORK, f"Somebody between here and {self.route.place} puts words in before TLS begins."
                )
            self._stage = Stage.EHLO
            await self._client.ehlo()
        except BaseException as error:
            self.abort()
            raise self._fault(error) from None

    async def sign_in(self, password: Secret | None) -> None:
        """Signs in by the first way both sides know; one refusal is one refusal, no other way is tried after it.

        Raises:
            Fault: The network failed, or the server offers no way to sign in.
            Refused: The server refuses user or password.
        """
        if not self.route.user or not password:
            return
        self._stage = Stage.AUTH
        offered = self._client.server_auth_methods
        method = next((name for name in ("plain", "login", "cram-md5") if name in offered), None)
        if method is None:
            wants_tls = "starttls" in self.extensions
            self.abort()
            if wants_tls:
                said = f"Port {self.route.port} wants STARTTLS before a sign-in: write starttls for tls in appConfig."
                raise Fault(Cause.CONFIGURATION, said)
            known = "no way to sign in" if not offered else "no way to sign in with a password that is known here"
            raise Fault(Cause.CONFIGURATION, f"{self.route.place} offers {known}; empty App user if it needs none.")
        ways = {
            "plain": self._client.auth_plain,
            "login": self._client.auth_login,
            "cram-md5": self._client.auth_crammd5,
        }
        try:
            await ways[method](self.route.user, password.reveal(), timeout=self.route.timeout_s)
        except SMTPAuthenticationError as error:
            self.abort()
            raise self._refused(error.code, error.message) from None
        except BaseException as error:
            self.abort()
            raise self._fault(error) from None

    async def alive(self) -> bool:
        """Whether the server still answers, asked by NOOP."""
        try:
            return (await self._client.noop(timeout=min(5.0, self.route.timeout_s))).code == 250
        except (SMTPException, OSError):
            self.abort()
            return False

    async def transact(self, message: Rendered, *, reused: bool) -> Outcome | None:
        """Sends one message.

        Args:
            message: Rendered for SMTP.
            reused: Whether other messages went over this connection before.

        Returns:
            The outcome; None where a connection that was used before turned out to be closed before anything of this
            message was taken: then it goes over a new one.
        """
        self._stage = Stage.MAIL
        if message.smtputf8 and "smtputf8" not in self.extensions:
            words = "The server takes no international addresses (SMTPUTF8)."
            return Outcome(OutcomeKind.REFUSED_PERMANENT, "553", words)
        protocol = self._client.protocol
        if not isinstance(protocol, SmtpProtocol):
            return None if reused else self._lost(complete=False)
        protocol.complete = False
        try:
            return await self._talk(protocol, message, reused=reused)
        except (SMTPServerDisconnected, SMTPTimeoutError, TimeoutError, OSError):
            self.abort()
            if reused and self._stage is Stage.MAIL:
                return None
            return self._lost(complete=protocol.complete)
        except SMTPResponseException as error:
            self.abort()
            return outcome_of(self._stage, error.code, str(error.message), self._said(error.code, str(error.message)))
        except BaseException:
            self.abort()
            raise

    async def quit(self) -> None:
        """Takes leave, and closes whatever comes back."""
        try:
            if self.connected:
                await self._client.quit(timeout=min(2.0, self.route.timeout_s))
        except (SMTPException, OSError):
            pass
        finally:
            self.abort()

    def abort(self) -> None:
        """Closes at once."""
        self._client.close()

    async def _talk(self, protocol: SmtpProtocol, message: Rendered, *, reused: bool) -> Outcome | None:
        timeout_s = self.route.timeout_s
        encoding = "utf-8" if message.smtputf8 else "ascii"
        mail = f"MAIL FROM:<{message.sender}>"
        if "size" in self.extensions:
            mail += f" SIZE={len(message.payload)}"
        if message.smtputf8:
            mail += " SMTPUTF8"
        envelope = (mail.encode(encoding), f"RCPT TO:<{message.recipient}>".encode(encoding), b"DATA")
        if _CONTROL.search(b"".join(envelope)):
            raise ValueError("an address holds a control character")
        one_by_one = "pipelining" not in self.extensions
        reply = await (self._in_turn if one_by_one else self._at_once)(protocol, envelope)
        if reused and reply.code == 421 and self._stage is Stage.MAIL:  # it closes idle connections this way
            self.abort()
            return None
        if reply.code == 354 and self._stage is Stage.DATA:
            self._stage = Stage.FINAL
            reply = await protocol.transmit(message.payload, timeout_s, timeout_s * FINAL_TIMES)
        outcome = outcome_of(self._stage, reply.code, reply.message, self._said(reply.code, reply.message))
        if not outcome.accepted:
            await self._recover(reply.code)
        return outcome

    async def _in_turn(self, protocol: SmtpProtocol, envelope: tuple[bytes, ...]) -> SMTPResponse:
        """Sends each command when the one before it was taken; the first reply that is not as it should be, or 354."""
        for stage, command in zip(_GOOD, envelope, strict=True):
            self._stage = stage
            reply = await self._client.execute_command(command, timeout=self.route.timeout_s)
            if reply.code not in _GOOD[stage]:
                break
        return reply

    async def _at_once(self, protocol: SmtpProtocol, envelope: tuple[bytes, ...]) -> SMTPResponse:
        """Sends all commands together (RFC 2920): one way there and back instead of three."""
        refused: tuple[Stage, SMTPResponse] | None = None
        protocol.grouped = True
        try:
            protocol.write(b"\r\n".join((*envelope, b"")))
            for stage in _GOOD:
                self._stage = stage if refused is None else refused[0]
                reply = await protocol.next_reply(self.route.timeout_s)
                if refused is None and reply.code not in _GOOD[stage]:
                    refused = stage, reply
                elif refused is not None and stage is Stage.DATA and reply.code == 354:
                    self.abort()  # it waits for data that have no recipient
        except (SMTPException, OSError):
            if refused is None:
                raise
            self.abort()  # refused, and the connection closed behind it
        finally:
            protocol.grouped = False
        if refused is None:
            return reply
        self._stage, reply = refused
        return reply

    async def _recover(self, code: int) -> None:
        """After a refusal the connection serves on where RSET works, else it is closed."""
        if code == 421 or not 400 <= code <= 599:
            self.abort()
        elif self._stage is not Stage.FINAL and self.connected:
            try:
                await self._client.rset(timeout=self.route.timeout_s)
            except (SMTPException, OSError):
                self.abort()

    def _lost(self, *, complete: bool) -> Outcome:
        if complete:
            words = "The connection broke, or no reply came, after the whole message was sent."
            return Outcome(OutcomeKind.IN_DOUBT, "", words)
        words = f"The connection to {self.route.place} broke, or no reply came, at {self._stage}."
        return Outcome(OutcomeKind.PROVIDER_WIDE, "", words, reason=Cause.NETWORK)

    def _fault(self, error: BaseException) -> BaseException:
        """What stopped a connection from coming about, as a fault; what is not about the network stays as it is."""
        if isinstance(error, SMTPResponseException):
            return self._refused(error.code, str(error.message))
        secured = self.route.tls is Tls.IMPLICIT and self._stage is Stage.GREETING
        if isinstance(error, ssl.SSLError):
            return Fault(Cause.NETWORK, tls_words(error, self.route))
        if isinstance(error, SMTPTimeoutError | TimeoutError):
            if self._stage is Stage.GREETING and self.route.tls is not Tls.IMPLICIT and self.route.port == 465:
                return Fault(Cause.NETWORK, "Port 465 wants TLS from the start: write smtps:// in Service Url.")
            return Fault(Cause.NETWORK, f"{self.route.place} did not answer in time at {self._stage}.")
        if isinstance(error, SMTPServerDisconnected | OSError):
            if self._stage is Stage.STARTTLS or (secured and isinstance(error, OSError)):
                return Fault(Cause.NETWORK, tls_words(error, self.route))
            return Fault(Cause.NETWORK, f"{self.route.place} closed the connection at {self._stage}.")
        if isinstance(error, SMTPException):
            return Fault(Cause.CONFIGURATION, f"{self.route.place} does not answer as SMTP does at {self._stage}.")
        return error

    def _refused(self, code: int, text: str) -> Refused:
        return Refused(self._stage, outcome_of(self._stage, code, text, self._said(code, text)))

    def _said(self, code: int, text: str) -> str:
        return self._clean(f"{code} {text}" if code > 0 else text)


def _own_name(sock: socket.socket) -> str:
    """How this host names itself in EHLO: by its address, which needs no look-up and is always true."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
