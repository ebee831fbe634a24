"""Who is acting, from where."""

import os
import pwd
import socket
from collections.abc import Mapping

from ftos_tui.domain.record import Author
from ftos_tui.domain.visible import visible


def current_author(environ: Mapping[str, str]) -> Author:
    """The operating-system user, this host, and the SSH client's address where there is one.

    The user is looked up by the process's uid: LOGNAME and USER are the caller's to set.

    Args:
        environ: The process's environment; SSH_CONNECTION is read.
    """
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:  # containers run under uids without an entry
        user = f"uid-{uid}"
    client = environ.get("SSH_CONNECTION", "").split(" ")[0]
    return Author(user=visible(user), host=visible(socket.gethostname()), ssh_client=visible(client)[:64] or None)
