"""Which version of a secret a version refers to, asked of the database: saves the round trip of reading it first."""

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class SecretNumber(FunctionElement[int]):
    """The number under a field's id in the JSON text of `provider_version.secret_versions`; NULL where there is none.

    Text that is no JSON of numbers is an error of the database, which tells of damage.

    Args:
        clauses: The column, and the field's id.
    """

    type = Integer()
    name = "secret_number"
    inherit_cache = True


@compiles(SecretNumber, "sqlite")
def _sqlite(element: SecretNumber, compiler: SQLCompiler, **options: Any) -> str:
    column, field_id = element.clauses
    return f"json_extract({compiler.process(column, **options)}, '$.' || {compiler.process(field_id, **options)})"


@compiles(SecretNumber, "postgresql")
def _postgresql(element: SecretNumber, compiler: SQLCompiler, **options: Any) -> str:
    column, field_id = element.clauses
    return f"CAST({compiler.process(column, **options)}::json ->> {compiler.process(field_id, **options)} AS integer)"
