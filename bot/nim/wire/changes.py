"""Changes that a synchronization found and has not applied (nim-api 4.15). These lists know no SQuery."""

from typing import Any, Final

from bot.model.change import LinkChange, Operation, RowChange
from bot.nim.squery import identifier, number
from bot.nim.wire.row import Row

_OPERATIONS: Final = {1: Operation.INSERT, 2: Operation.UPDATE, 3: Operation.DELETE}
"""The sandbox's numbers (nim-api 5.8); those of a real installation are not known: others are shown as unknown."""
_NUMBERS: Final = {word: figure for figure, word in _OPERATIONS.items()}


def rows_path(entity_type: str, run_id: str) -> str:
    return f"/api/ResourceChange/{identifier(entity_type)}/{number(run_id)}"


def links_path(entity_type: str, property_name: str, run_id: str) -> str:
    return f"/api/ResourceLinkChange/{identifier(entity_type)}/{identifier(property_name)}/{number(run_id)}"


def rows_permission(connector: str) -> str:
    return f"/Custom/ResourceChanges/{connector or '{connector}'}"


def links_permission(connector: str) -> str:
    return f"/Custom/ResourceLinkChanges/{connector or '{connector}'}"


def operation_parameter(operation: Operation | None) -> dict[str, str]:
    return {"changeOperationType": str(_NUMBERS[operation])} if operation in _NUMBERS else {}


def row_change(row: Row, entity_type: str) -> RowChange:
    resource_id = row.id("ResourceId") or ""
    return RowChange(
        entity_type=entity_type,
        operation=_operation(row),
        key=row.text("PrimaryKey") or resource_id,
        resource_id=resource_id,
        values=_values(row.raw("Changes")),
    )


def link_change(row: Row, entity_type: str, property_name: str) -> LinkChange:
    """The key of the row that has the property comes first, whichever end of the link it is."""
    first, second = (row.text("R1Pk") or row.text("R1Id")), (row.text("R2Pk") or row.text("R2Id"))
    if row.text("Property2Name").casefold() == property_name.casefold() != row.text("Property1Name").casefold():
        first, second = second, first
    return LinkChange(entity_type, property_name, _operation(row), first, second)


def _operation(row: Row) -> Operation:
    code = row.whole("ChangeOperation")
    return _OPERATIONS.get(code, Operation.UNKNOWN) if code is not None else Operation.UNKNOWN


def _values(raw: Any) -> dict[str, str | None]:
    """Property → new value. That it is an object of this form is a deduction: anything else counts as not shown."""
    if not isinstance(raw, dict):
        return {}
    row = Row(raw)
    return {str(name): row.text_or_none(str(name)) for name in raw}
