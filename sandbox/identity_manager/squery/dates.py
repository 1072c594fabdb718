"""Date literals of SQuery."""

from __future__ import annotations

import re

from sandbox.identity_manager.squery.syntax import SQueryError

_DATE = re.compile(r"(\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d)(\.\d{1,7})?Z")


def date_literal(value: object, position: int) -> str:
    """The stored form (whole seconds) of a date literal; SQueryError when it is none."""
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise SQueryError('a date looks like "2026-01-31T23:59:59Z"', position)
    return f"{found[1]}Z"
