"""The servers of the tests themselves: as processes of their own, and what the signer signs."""

import base64
import json
import smtplib
import subprocess
import sys
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.servers.sendgrid_events import LARGEST_BATCH, SIGNATURE, TIMESTAMP, EventSigner, batches, body_of, event
from tests.servers.serving import in_thread
from tests.servers.smtp import SmtpServer


def test_a_server_as_its_own_process_records_what_it_took(tmp_path: Path) -> None:
    record = tmp_path / "copies.txt"
    command = [sys.executable, "-m", "tests.servers.smtp", "--record", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            with smtplib.SMTP("127.0.0.1", int(process.stdout.readline()), timeout=30) as client:
                client.sendmail("a@b.example", ["c@d.example"], "Message-ID: <1@b.example>\r\n\r\nHello\r\n")
        finally:
            process.kill()
    assert record.read_text() == "<1@b.example> c@d.example\n"


def test_a_server_in_a_thread() -> None:
    with in_thread(SmtpServer()) as server, smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.sendmail("a@b.example", ["c@d.example"], "Subject: x\r\n\r\n..dots\r\n.\r\n")
        assert server.copies[0].data == b"Subject: x\r\n\r\n..dots\r\n.\r\n"


def test_events_are_signed_over_the_raw_bytes_and_split_by_size() -> None:
    signer = EventSigner()
    body = body_of([event("delivered", "m" * 36, tls=1), event("bounce", "m" * 36, sg_message_id=None)])
    assert body.startswith(b'[{"email"')
    assert body.endswith(b"}]\r\n")
    assert body.count(b"},\r\n{") == 1
    headers = signer.headers(body, "1600112502")
    key = serialization.load_der_public_key(base64.b64decode(signer.public_key))
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(headers[SIGNATURE]), headers[TIMESTAMP].encode() + body, ec.ECDSA(hashes.SHA256()))
    bodies = list(batches([event("open", f"{number:036}") for number in range(4000)]))
    assert len(bodies) > 1
    assert all(len(part) <= LARGEST_BATCH for part in bodies)
    assert sum(len(json.loads(part)) for part in bodies) == 4000
