"""Changes for whoever may not read the audit; on PostgreSQL, what only grows, who may write what, word of changes.

A file belongs to one operator and needs no rights. No role is named here, so that a store may be restored under
another name: what a role may do follows from what it was granted. Who may enter secrets may change anything; who may
not, but write versions, may only take back a trial.
"""

from alembic import op

revision = "0004"
down_revision = "0003"

_DEVELOPER = "has_table_privilege('secret'::regclass, 'INSERT')"
_READS_AUDIT = "has_table_privilege('audit'::regclass, 'SELECT')"

# Which column of a table names who wrote the row.
_AUTHORS = {
    "provider_version": "user",
    "audit": "user",
    "provider": "saved_by",
    "secret": "set_by",
    "trial": "user",
    "communication_channel": "user",
    "presence": "user",
}

# A trial goes back to what an earlier version holds; the Name may be another one when somebody took the old one.
_TAKES_BACK = """action = 'trial_reverted' AND EXISTS (
    SELECT 1 FROM provider_version AS earlier
    WHERE earlier.provider_id = provider_version.provider_id AND earlier.number < provider_version.number
    AND earlier.statuses = provider_version.statuses
    AND (earlier."values"::jsonb - 'name') = (provider_version."values"::jsonb - 'name'))"""

_SHOWS_TAKEN_BACK = """EXISTS (
    SELECT 1 FROM provider_version AS shown
    WHERE shown.provider_id = provider.id AND shown.number = provider.version AND shown.action = 'trial_reverted')"""

_OTHERS_MAY = {
    "provider_version": _TAKES_BACK,
    "audit": "action IN ('trial_reverted', 'trial_ended')",
    "provider": _SHOWS_TAKEN_BACK,
    "presence": "true",
}

# Whoever opens a form clears away what killed sessions left behind.
_OWN_OR_GONE = """"user" = session_user::text OR seen_at::timestamptz < now() - interval '10 minutes'"""

_REFUSE = """
CREATE FUNCTION ftos_tui_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = 'rows of ' || TG_TABLE_NAME || ' are never changed or removed, only added';
END $$
"""

# Who may connect to the database may listen, whatever else they may: what is told says nothing and only wakes.
_TELL = """
CREATE FUNCTION ftos_tui_tell() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM pg_notify('ftos_tui', '');
    RETURN NULL;
END $$
"""


# What everybody may know of the audit. PostgreSQL reads it with the rights of the store's owner.
_CHANGE = """
CREATE VIEW change AS
SELECT sequence, action, provider_id, provider_name, version, "user", host, at, {changed} AS changed FROM audit
"""
_CHANGED = {
    "sqlite": "CASE WHEN json_valid(detail) THEN json_extract(detail, '$.changed') END",
    "postgresql": """substring(detail from '"changed":(\\[[^]]*\\])')""",
}


def upgrade() -> None:
    """Adds a view, triggers and row policies; no row is changed."""
    dialect = op.get_bind().dialect.name
    op.get_bind().exec_driver_sql(_CHANGE.format(changed=_CHANGED[dialect]))
    if dialect != "postgresql":
        return
    for statement in (*_triggers(), *_policies()):
        op.get_bind().exec_driver_sql(statement)


def _triggers() -> list[str]:
    statements = [_REFUSE, _TELL]
    for table in ("provider_version", "audit"):
        statements += [
            f"CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ftos_tui_refuse_change()",
            f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER only_grows",
        ]
    statements += [
        "CREATE TRIGGER tells AFTER INSERT ON audit FOR EACH STATEMENT EXECUTE FUNCTION ftos_tui_tell()",
        # A heartbeat sets seen_at alone and is no news.
        'CREATE TRIGGER tells AFTER INSERT OR DELETE OR UPDATE OF session_id, provider_id, "user", host ON presence '
        "FOR EACH ROW EXECUTE FUNCTION ftos_tui_tell()",
    ]
    return statements


def _policies() -> list[str]:
    statements = ["ALTER TABLE fact ENABLE ROW LEVEL SECURITY"]
    statements.append(
        "CREATE POLICY reads ON fact FOR SELECT USING "
        f"(key NOT IN ('audit_key', 'key_salt', 'key_retiring') OR {_READS_AUDIT})"
    )
    for table, author in _AUTHORS.items():
        check = (
            f'CASE WHEN "{author}" <> session_user::text THEN false WHEN {_DEVELOPER} THEN true '
            f"ELSE {_OTHERS_MAY.get(table, 'false')} END"
        )
        removes = _OWN_OR_GONE if table == "presence" else "true"
        statements += [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY reads ON {table} FOR SELECT USING (true)",
            f"CREATE POLICY adds ON {table} FOR INSERT WITH CHECK ({check})",
            f"CREATE POLICY changes ON {table} FOR UPDATE USING ({removes}) WITH CHECK ({check})",
            f"CREATE POLICY removes ON {table} FOR DELETE USING ({removes})",
        ]
    return statements
