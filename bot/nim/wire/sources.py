"""Source records of a person, deduced from correlations where no companion tells them (nim-api 4.16)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.model.ids import ResourceId
from bot.model.value import Source
from bot.nim.squery import Join, Query, number, one_of, paths
from bot.nim.wire.row import Row

_ROLE: Final = Join("Role", "r")


def sources(
    resource_ids: Sequence[str], source_types: Sequence[str], shown: Mapping[str, Sequence[str]] | None = None
) -> Query:
    """Assignments whose resource is the person or one of its records, with their owners of the entity types named.

    `shown` names properties of the owners by their entity type.
    """
    owner = tuple(Join("Owner", f"o{n}", of_type=source_type) for n, source_type in enumerate(source_types))
    return Query(
        joins=(_ROLE, *owner),
        select=(
            *paths("Id", "OwnerId", "OwnerType", "ResourceId", "WorkflowState", "EndDate"),
            _ROLE["Identifier"],
            *(join["InternalDisplayName"] for join in owner),
            *(join[name] for join in owner for name in (shown or {}).get(join.of_type, ())),
        ),
        where=one_of("ResourceId", [number(one) for one in resource_ids]),
    )


def source(
    row: Row,
    entity_types: dict[str, str],
    read_at: datetime,
    shown: Mapping[str, Sequence[str]] | None = None,
) -> Source | None:
    """None for an assignment without an owner: it is no source."""
    owner = row.id("OwnerId")
    if owner is None:
        return None
    entity_type = entity_types.get(row.id("OwnerType") or "", "")
    names = (shown or {}).get(entity_type) if row.at("Owner") else None
    return Source(
        entity_type=entity_type,
        resource_id=ResourceId(owner),
        name=row.at("Owner").text("InternalDisplayName"),
        resource_type=row.at("Role").text("Identifier"),
        workflow_state=row.whole("WorkflowState"),
        values=None
        if names is None
        else {name: value for name in names if (value := row.at("Owner").text_or_none(name)) is not None},
        valid_to=row.moment("EndDate"),
        read_at=read_at,
    )
