"""A front of a PostgreSQL server that speaks TLS, for servers without it: what a client meets is real TLS."""

import contextlib
import datetime
import ipaddress
import selectors
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SSL_REQUEST: Final = struct.pack("!II", 8, 80877103)
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files.

    Attributes:
        authority: The certificate of who issued it.
        chain: The certificate.
        key: Its key.
    """

    authority: Path
    chain: Path
    key: Path


def issue(folder: Path, *, address: str = _HOST, days: int = 1) -> Issued:
    """Makes an authority, and a server's certificate of it.

    Args:
        folder: Where the files go.
        address: For which address of a server.
        days: For how long it is valid; negative for one that has expired.
    """
    folder.mkdir()
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = _name("Test authority")
    authority = (
        _builder(authority_name, authority_name, authority_key.public_key(), 1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    leaf = (
        _builder(_name("Test server"), authority_name, key.public_key(), days)
        .add_extension(alternative, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    issued = Issued(folder / "ca.crt", folder / "server.crt", folder / "server.key")
    issued.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    issued.chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    issued.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return issued


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    until = now + datetime.timedelta(days=days)
    since = min(now, until) - datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )


@contextlib.contextmanager
def tls_front(server: tuple[str, int], issued: Issued) -> Iterator[int]:
    """Listens before a server and takes TLS off; gives the port.

    Args:
        server: Host and port of the server behind it.
        issued: The certificate to show.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.chain, issued.key)
    listener = socket.create_server((_HOST, 0))
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=_serve, args=(client, server, context), daemon=True)
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(30)


def _serve(client: socket.socket, server: tuple[str, int], context: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError), client, socket.create_connection(server) as behind:
        if client.recv(8, socket.MSG_WAITALL) != _SSL_REQUEST:
            return
        client.sendall(b"S")
        with context.wrap_socket(client, server_side=True) as protected:
            _pump(protected, behind)


def _pump(protected: ssl.SSLSocket, behind: socket.socket) -> None:
    """Carries bytes both ways until one end closes; in one thread, for a TLS connection bears no two at once."""
    with selectors.DefaultSelector() as selector:
        selector.register(protected, selectors.EVENT_READ, behind)
        selector.register(behind, selectors.EVENT_READ, protected)
        while True:
            for key, _ in selector.select():
                source, target = key.fileobj, key.data
                assert isinstance(source, socket.socket)
                data = source.recv(65536)
                if not data:
                    return
                target.sendall(data)
                while isinstance(source, ssl.SSLSocket) and source.pending():
                    target.sendall(source.recv(source.pending()))
