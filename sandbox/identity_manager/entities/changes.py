"""Synchronization changes that wait to be applied (nim-api 4.15). Served by their own routes, never by SQuery."""

from __future__ import annotations

from sandbox.identity_manager.schema import entity

INSERT, UPDATE, DELETE = 1, 2, 3
"""ChangeOperation numbers of the sandbox."""

DECLARED = (
    entity(
        # Changes: JSON text, property identifier -> new value. EntityTypeId and JobInstanceId are the keys of the route.
        "ResourceChange",
        "Id EntityTypeId~ JobInstanceId~ TaskInstanceId ChangeOperation:int PrimaryKey ResourceId Changes",
        indexes=["JobInstanceId EntityTypeId Id"],
    ),
    entity(
        # EntityTypeId: entity type that has Property1.
        "ResourceLinkChange",
        "Id EntityTypeId~ JobInstanceId~ TaskInstanceId ChangeOperation:int Property1Name R1Id R1Pk Property2Name R2Id R2Pk",
        indexes=["JobInstanceId EntityTypeId Id"],
    ),
    entity(
        "ResourceFileChange",
        "Id EntityTypeId~ JobInstanceId~ TaskInstanceId ChangeOperation:int ResourcePk ResourceFileId ResourceId PropertyName",
        indexes=["JobInstanceId EntityTypeId Id"],
    ),
)
