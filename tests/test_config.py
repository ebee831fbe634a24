"""The settings file: what it may say, and how each mistake is told."""

from pathlib import Path

import pytest
from textual.color import Color
from textual.keys import _character_to_key

from ftos_tui.actions import ACTIONS
from ftos_tui.config import PostgresSettings, Settings, places
from ftos_tui.config.colours import COLOUR_NAMES, is_colour
from ftos_tui.config.keys import key_name, known_keys
from ftos_tui.config.settings_file import ConfigError, load_settings
from ftos_tui.config.toml_lines import key_lines, line_of

GOOD = """
environment = "prod"
mouse = "off"
editor = "vim -n"
theme = "terminal"

[environments.prod]
store = "/srv/prod.sqlite3"
key_file = "~/prod.key"
key = "credential"
review = true
colour = "#FF0000"
read_only = true
allow_http = true
test = true
allowed_hosts = ["API.sendgrid.com.", "münchen.example", "[2001:db8::1]"]

[keys]
form.undo = "Ctrl+U"
"providers.filter" = ["!", "F13"]
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "config.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def problems_of(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(folder, text), ACTIONS)
    return [str(problem) for problem in caught.value.problems]


def test_a_whole_file(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, GOOD), ACTIONS)
    prod = settings.environments["prod"]
    assert (settings.environment, settings.mouse, settings.editor, settings.theme) == (
        "prod",
        "off",
        "vim -n",
        "terminal",
    )
    assert settings.source == tmp_path / "config.toml"
    assert (prod.name, prod.store, prod.key_file, prod.colour) == ("prod", "/srv/prod.sqlite3", "~/prod.key", "#ff0000")
    assert prod.read_only
    assert (prod.key, settings.environments["local"].key) == ("credential", "auto")
    assert prod.allow_http
    assert (prod.review, settings.environments["local"].review) == (True, False)
    assert prod.test
    assert prod.allowed_hosts == {"api.sendgrid.com", "xn--mnchen-3ya.example", "2001:db8::1"}
    assert "local" in settings.environments
    assert settings.keys == {"form.undo": ("ctrl+u",), "providers.filter": ("exclamation_mark", "f13")}


def test_no_file_is_the_defaults_unless_it_was_named(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none.toml", ACTIONS) == Settings()
    with pytest.raises(ConfigError, match="no such file"):
        load_settings(tmp_path / "none.toml", ACTIONS, must_exist=True)


def test_an_empty_file_and_one_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, b"\xef\xbb\xbf"), ACTIONS).environment == "local"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('\nenviroment = "prod"', 'line 2: no setting "enviroment": did you mean environment?'),
        ('zzz = "prod"', "line 1: no setting"),
        ('environment = "prod"', 'line 1: no environment "prod": known are local'),
        ("environment = 3", "line 1: environment is a text in quotes, not a number"),
        ("mouse = true", "line 1: mouse is one of auto, on, off, not true or false"),
        ('theme = "drak"', 'line 1: theme is one of dark, light, terminal, not "drak"'),
        ("editor = 1979-05-27", "line 1: editor is a text in quotes, not a date or time"),
        ('keys = "x"', "line 1: keys is a section [keys], not a text"),
        ("environments = []", "line 1: environments is a section [environments], not a list"),
        ("[environments]\nprod = 1", "line 2: write a table [environments.prod], not a number"),
        ('[environments."../x"]', 'line 1: environment "../x": use up to 32 letters'),
        ("[environments.Local]\n[environments.LOCAL]", "line 2: environments Local and LOCAL differ only in case"),
        ("[environments.a]\nalowed = 1", 'line 2: no setting of environment a "alowed": did you mean allowed_hosts?'),
        ('[environments.a]\nstore = "x.db"', 'line 2: store "x.db": write a path that starts with / or ~'),
        ('[environments.a]\nstore = "mysql://h/d"', "line 2: store is the path of a file, or a URL postgresql://"),
        ('[environments.a]\nkey_file = "postgresql://h/d"', "line 2: key_file is the path of a file, not a URL"),
        ('[environments.a]\nkey_file = "/a\\u0000"', "line 2: key_file"),
        ('[environments.a]\ncolour = "redd"', 'line 2: no colour "redd": write #rrggbb or a name such as red'),
        ('[environments.a]\ncolour = "?"', 'line 2: no colour "?": write #rrggbb or a name such as red, orange, green'),
        ('[environments.a]\nread_only = "yes"', "line 2: read_only is true or false, not a text"),
        ('[environments.a]\nallowed_hosts = "h"', "line 2: write a list of host names"),
        ('[environments.a]\nallowed_hosts = [\n"ok.example",\n"https://h"]', 'line 2: "https://h" is no host name'),
        ('[environments.a]\nallowed_hosts = ["ü..ü"]', "is no host name"),
        (
            '[environments.a]\nstore = "/s"\n[environments.b]\nstore = "/s"',
            "line 4: environments a and b name the same store",
        ),
        (
            '[environments.a]\nstore = "postgresql://h:5432,i/d"\n'
            '[environments.b.postgresql]\nhost = ["i", "H"]\ndatabase = "d"\nuser = "ana"',
            "line 3: environments a and b name the same store",
        ),
        (
            '[environments.a]\nstore = "/s"\n[environments.a.postgresql]\nhost = "h"',
            "line 2: give store or the section",
        ),
        ("[environments.a]\npostgresql = 1", "line 2: write a table [environments.a.postgresql], not a number"),
        ('[environments.a]\nstore = "postgresql://a:secret@h/d"', "line 2: a password does not belong in the settings"),
        ('[environments.a]\nstore = "postgresql://h/d?password=x"', "line 2: a password does not belong"),
        ('[environments.a.postgresql]\npassword = "x"', "line 2: a password does not belong in the settings"),
        ('[environments.a]\nstore = "postgresql://h:x/d"', "line 2: a port of the URL is no number"),
        ('[environments.a]\nstore = "postgresql://a@b@h/d"', "line 2: write postgresql://USER@HOST:PORT/DATABASE"),
        ('[environments.a]\nstore = "postgresql:///d"', "line 2: a shared store needs host, or service"),
        ('[environments.a]\nstore = "postgresql://h"', "line 2: a shared store needs database"),
        (
            '[environments.a]\nstore = "postgresql://h/d?sslmod=x"',
            'no setting of a shared store "sslmod": did you mean',
        ),
        ('[environments.a]\nstore = "postgresql://h/d?connect_timeout=soon"', "connect_timeout is a number of seconds"),
        ('[environments.a.postgresql]\nhots = "h"', 'line 2: no setting of a shared store "hots": did you mean host?'),
        ("[environments.a.postgresql]\nhost = 3", "line 2: host is a name or a list of names, not a number"),
        ('[environments.a.postgresql]\nhost = "h h"', 'line 2: host "h h": write a host name, an address'),
        ('[environments.a.postgresql]\nport = "x"', "line 2: port is a number from 1 to 65535, or a list of them"),
        ("[environments.a.postgresql]\nport = 70000", "line 2: port is a number from 1 to 65535"),
        (f'[environments.a]\nstore = "postgresql://h/d?port={"9" * 5000}"', "line 2: port is a number from 1 to 65535"),
        ('[environments.a.postgresql]\nhost = "h"\ndatabase = "d"\nport = [1, 2]', "line 4: 2 ports for 1 hosts"),
        ('[environments.a.postgresql]\nsslmode = "full"', "line 2: sslmode is one of verify-full, verify-ca"),
        ('[environments.a.postgresql]\nsslrootcert = "ca.crt"', 'line 2: sslrootcert "ca.crt": write a path'),
        ('[environments.a.postgresql]\nuser = "a\\u0000"', "line 2: user holds a character"),
        ("[environments.a.postgresql]\nuser = 1", "line 2: user is a text in quotes, not a number"),
        ("[environments.a.postgresql]\npooler = 1", "line 2: pooler is true or false, not a number"),
        ("[environments.a.postgresql]\nlock_timeout = 0", "line 2: lock_timeout is a number of seconds from 1 to 3600"),
        (
            '[environments.a.postgresql]\npassword_env = "my secret"',
            "line 2: password_env is the name of an environment",
        ),
        (
            '[environments.a.postgresql]\nhost = "h"\ndatabase = "d"\npassword_env = "P"\npassword_file = "/p"',
            "line 4: give password_file or password_env, not both",
        ),
        (
            '[environments.a.postgresql]\nhost = "/run/pg"\ndatabase = "d"\nsslmode = "require"',
            "line 4: there is no TLS over a unix socket",
        ),
        ('[keys]\nform.undoo = "f2"', 'line 2: no action "form.undoo": did you mean form.undo?'),
        ("[keys]\nform.undo = 3", 'line 2: write a key such as "ctrl+s" or a list of keys, not a number'),
        ('[keys]\nform.undo = ["f99"]', 'line 2: no key "f99": did you mean f9?'),
        ('[keys]\nform.undo = "f3"', "line 2: form.undo and form.statuses would both be f3"),
        ('[keys]\n"form.undo" = "f6"', "line 2: form.undo and everywhere.status_log would both be f6"),
        ('[keys]\nform.undo="f24"\nform.statuses="F24"', "would both be f24"),
        ("a = ", "line 1: not TOML: Invalid value"),
        ('a = "', "line 1: not TOML"),
        ("mouse = 1e", "line 1: not TOML"),
        ("environments = {a = {alowed = 1}}", "line 1: no setting of environment a"),
        ("theme = {}", "line 1: theme is one of dark, light, terminal, not a section"),
        ("theme = []", "line 1: theme is one of dark, light, terminal, not a list"),
        ("\n\na b = 1", "line 3: not TOML: Expected '=' after a key in a key/value pair at column 3"),
        ("mouse = 'on'\nmouse = 'off'", "line 2: not TOML: Cannot overwrite a value"),
        (b"\n\xff", "line 2: this is not UTF-8 text"),
        ("a = " + "[" * 5000, "it is nested too deeply"),
        ("#" * (1024 * 1024 + 1), "it is larger than 1 MiB"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    assert any(told in problem for problem in problems_of(tmp_path, text)), problems_of(tmp_path, text)


def test_no_message_repeats_a_url(tmp_path: Path) -> None:
    for url in (
        "postgresql://a:s3cret@h/d",
        "postgresql://a@s3cret@h/d",
        "postgresql://s3cret:x:y/d",
        "postgresql://a:1?s3cret@h/d",
        "postgresql://a:1/s3cret@h/d",
        "postgresql://a:1#s3cret@h/d",
        "x://s3cret",
    ):
        assert "s3cret" not in str(problems_of(tmp_path, f'[environments.a]\nstore = "{url}"'))


def shared(folder: Path, text: str) -> PostgresSettings:
    found = load_settings(write(folder, f"[environments.a]\n{text}"), ACTIONS).environments["a"]
    assert found.store == ""
    assert found.postgresql is not None
    return found.postgresql


def test_a_url_and_a_table_say_the_same(tmp_path: Path) -> None:
    url = (
        "postgres://ana%40bank@db1.bank.example:5433,[2001:db8::1]/ftos?sslmode=verify-ca&sslrootcert=/etc/ca.crt"
        "&connect_timeout=3&pooler=true&sign_in=ask&live=poll"
    )
    table = """
[environments.a.postgresql]
host = ["db1.bank.example", "2001:db8::1"]
port = [5433, 5432]
database = "ftos"
user = "ana@bank"
sslmode = "verify-ca"
sslrootcert = "/etc/ca.crt"
connect_timeout = 3
pooler = true
sign_in = "ask"
live = "poll"
"""
    written = shared(tmp_path, f'store = "{url}"')
    assert written == shared(tmp_path, table)
    assert (written.host, written.port) == (("db1.bank.example", "2001:db8::1"), (5433, 5432))
    assert (written.statement_timeout, written.lock_timeout) == (30, 5)


def test_libpqs_names_a_unix_socket_and_a_service_are_taken(tmp_path: Path) -> None:
    socket = shared(tmp_path, 'store = "postgresql:///?host=/run/postgresql&dbname=ftos&port=5433"')
    assert (socket.host, socket.port, socket.database) == (("/run/postgresql",), (5433,), "ftos")
    assert shared(tmp_path, 'store = "postgresql://%2Frun%2Fpg/ftos"').host == ("/run/pg",)
    assert shared(tmp_path, 'store = "postgresql://?service=ftos"').service == "ftos"
    assert shared(tmp_path, 'store = "postgresql://h,i:5432/d"').port == (5432,)


def test_the_default_store_named_by_another_environment_is_noticed(tmp_path: Path) -> None:
    text = f'[environments.a]\nstore = "{tmp_path}/data/local.sqlite3"\n'
    load_settings(write(tmp_path, text), ACTIONS)
    with pytest.raises(ConfigError, match="environments local and a name the same store"):
        load_settings(write(tmp_path, text), ACTIONS, data_folder=tmp_path / "data")
    other = text + '[environments.local]\nstore = "~nobody-of-that-name/x"\n'
    load_settings(write(tmp_path, other), ACTIONS, data_folder=tmp_path / "data")


def test_all_mistakes_are_told_at_once_in_the_files_order(tmp_path: Path) -> None:
    found = problems_of(tmp_path, 'theme = 1\n[keys]\nform.undoo = "f2"\n[environments.a]\ncolor = "red"\n')
    assert [problem.split(":")[0] for problem in found] == ["line 1", "line 3", "line 5"]


def test_a_mistake_shows_no_control_characters(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write(tmp_path, 'environment = "\\u001b[31m"\n"\\u009b" = 1'), ACTIONS)
    assert str(caught.value).isprintable()


def test_a_folder_or_an_impossible_name_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_settings(tmp_path, ACTIONS)
    with pytest.raises(ConfigError, match="not a file"):
        load_settings(Path("a\0b"), ACTIONS)


def test_clashes_that_the_shipped_keys_bring_along_are_not_the_operators(tmp_path: Path) -> None:
    load_settings(write(tmp_path, '[keys]\nform.undo = "ctrl+u"'), ACTIONS)
    load_settings(write(tmp_path, "[keys]\nform.undo = []"), ACTIONS)


def test_an_exchange_of_keys_is_no_clash(tmp_path: Path) -> None:
    text = '[keys]\nform.statuses = "f4"\nform.meaning = "f3"\n'
    assert load_settings(write(tmp_path, text), ACTIONS).keys["form.meaning"] == ("f3",)


def test_every_shipped_key_and_every_character_is_named_as_the_terminal_layer_does() -> None:
    for action in ACTIONS.values():
        for key in action.keys:
            assert key_name(key) == key
    for code in range(0x21, 0x7F):
        assert key_name(chr(code)) == _character_to_key(chr(code))
    assert key_name(" x ") == "x"
    assert key_name("ctrl+?") == "ctrl+question_mark"
    assert key_name("\x1b") is None
    assert key_name("ctrl+") is None
    assert key_name("ctrl+\x07") is None
    assert "question_mark" in known_keys()


def test_every_colour_is_one_the_terminal_layer_knows() -> None:
    for name in COLOUR_NAMES:
        Color.parse(name)
    assert is_colour("RED")
    assert not is_colour("#12")


def test_lines_of_keys_survive_strings_comments_and_nesting() -> None:
    text = (
        '# a = 1\na = """\nb = 2\n\\""""""\n\n'
        "'c.d'.e = '''\n[x]\n'''\n[t.\"u]\"] # [v]\nk = [ # ]\n  1, # [\n  '}',\n]\ni = {x = 1, y = {z = 2}}\n"
        '[[list]]\n"q=r" = 1'
    )
    lines = key_lines(text)
    assert lines["a",] == 2
    assert ("b",) not in lines
    assert lines["c.d", "e"] == 6
    assert lines["t", "u]"] == 9
    assert lines["t", "u]", "k"] == 10
    assert line_of(lines, ("t", "u]", "i", "y", "z")) == 14
    assert lines["list", "q=r"] == 16
    assert line_of(lines, ("nowhere",)) is None


def test_the_folders_follow_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DATA", "CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    found = places({})
    assert found.data == tmp_path / "DATA" / "ftos-tui"
    assert found.config == tmp_path / "CONFIG" / "ftos-tui" / "config.toml"
    assert found.state == tmp_path / "STATE" / "ftos-tui"
    assert places({"FTOS_TUI_CONFIG": "/x/y.toml"}).config == Path("/x/y.toml")
