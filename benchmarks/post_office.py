"""django-post-office, in an environment of its own: the same messages to the same sink, in as many processes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.queues import CONNECTIONS, HTML, SUBJECT, TEXT
from benchmarks.sending import seconds_of

BATCH: Final = 1000
"""How many messages it takes at a time, for it is faster then than with its own 100."""

_PROGRAM: Final = """
import json, sys, time
given = json.loads(sys.argv[1])
from django.conf import settings
settings.configure(
    DATABASES={"default": given["database"]},
    INSTALLED_APPS=["post_office"],
    EMAIL_BACKEND="post_office.EmailBackend",
    EMAIL_HOST="127.0.0.1",
    EMAIL_PORT=given["port"],
    POST_OFFICE={
        "BATCH_SIZE": given["batch"],
        "THREADS_PER_PROCESS": given["connections"],
        "BACKENDS": {"default": "django.core.mail.backends.smtp.EmailBackend"},
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
)
import django
django.setup()
from django.core.management import call_command
from post_office import mail
from post_office.models import STATUS, Email
call_command("migrate", verbosity=0)
for start in range(0, given["number"], 500):
    places = range(start, min(start + 500, given["number"]))
    mail.send_many([
        {"sender": "office@example.com", "recipients": f"client{place}@example.com", "subject": given["subject"],
         "message": given["text"], "html_message": given["html"]}
        for place in places
    ])
print("ready", flush=True)
sys.stdin.readline()
began = time.monotonic()
mail.send_queued_mail_until_done(lockfile=given["lock"], processes=given["processes"])
ended = time.monotonic()
assert Email.objects.filter(status=STATUS.sent).count() == given["number"]
print(began, ended, flush=True)
"""


def post_office_seconds(
    python: Path, port: int, number: int, database: Mapping[str, Any], processes: int, folder: Path
) -> float:
    """The seconds it takes to send messages that are queued.

    Args:
        python: The interpreter of its environment.
        port: Of the sink.
        number: How many messages.
        database: As Django names it.
        processes: In how many processes.
        folder: For its lock.
    """
    import json

    given = {
        "database": dict(database),
        "port": port,
        "number": number,
        "processes": processes,
        "connections": CONNECTIONS,
        "batch": BATCH,
        "subject": SUBJECT,
        "text": TEXT,
        "html": HTML,
        "lock": str(folder / "post-office"),
    }
    return seconds_of([[str(python), "-c", _PROGRAM, json.dumps(given)]])
