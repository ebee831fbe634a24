"""A whole store is carried into another one: local to shared and back, whatever happens meanwhile."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ftos_tui.domain.channel import Channel
from ftos_tui.domain.draft import Draft
from ftos_tui.domain.secret import Secret
from ftos_tui.stores.channel_protocol import NewChannel
from ftos_tui.stores.protocol import ListQuery
from ftos_tui.stores.sql import copying
from ftos_tui.stores.sql.copying import COPIED
from ftos_tui.stores.sql.store import SqlStore
from ftos_tui.studio.audit import list_entries, verify
from ftos_tui.studio.failures import CopyRefused, NotPermitted, StoreForbidden, VaultError
from ftos_tui.studio.history import versions_of
from ftos_tui.studio.providers import base_of, clear_secret, delete, open_provider, save
from ftos_tui.studio.rotation import key_status, rotate_key
from ftos_tui.studio.session import Session, new_id
from ftos_tui.studio.store_admin import initialise, status
from ftos_tui.studio.store_copy import StoreCopied, copy_store, in_words
from tests.postgres import PostgresServer
from tests.studio.copier import session_of
from tests.studio.making import KEY, NOON, saved
from tests.studio.test_rotation import secret_of

ROOT = Path(__file__).parents[2]
