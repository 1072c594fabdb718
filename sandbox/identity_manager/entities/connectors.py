"""Agents, connectors, connections, mappings (nim-api 4.1, 4.2)."""

from __future__ import annotations

from sandbox.identity_manager.schema import entity, many, one

_RESOURCE_THRESHOLDS = (
    "MaximumInsertedLines:int={a} MaximumDeletedLines:int={a} MaximumUpdatedLines:int={a} "
    "MaxPercentageInsertedLines:int={p} MaxPercentageDeletedLines:int={p} MaxPercentageUpdatedLines:int={p}"
)

DECLARED = (
    entity("Agent", "Id Identifier DisplayName Uri State:int=0", endpoint="Connectors/Agent"),
    entity(
        "Connector",
        "Id Identifier DisplayName AgentId " + _RESOURCE_THRESHOLDS.format(a=100, p=5) + " "
        "MaximumLinkInsertedLines:int=1000 MaximumLinkDeletedLines:int=1000 MaxLinkPercentageInsertedLines:int=5 "
        "MaxLinkPercentageDeletedLines:int=5 IsDeactivated:bool=0 IsSynchronizationBlocked:bool=0 CompleteJob:int=0 "
        "IncrementalJob:int=0",
        [
            one("Agent", "Agent"),
            many("Connections", "Connection", "ConnectorId"),
            many("EntityTypeMappings", "EntityTypeMapping", "ConnectorId"),
            many("EntityAssociationMappings", "EntityAssociationMapping", "ConnectorId"),
        ],
        endpoint="Connectors/Connector",
    ),
    entity(
        "Connection",
        "Id Identifier DisplayName ConnectorId PackageId DeactivationExportFulfill:bool=0 RefreshSchemaDate:date "
        "HasRefreshSchemaFailed:bool=0",
        [one("Connector", "Connector"), one("Package", "ConnectionPackage")],
        endpoint="Connectors/Connection",
        indexes=["ConnectorId"],
    ),
    entity(
        "ConnectionPackage",
        "Id Identifier DisplayName HasIncrementalMode:bool=0 ExportType FulfillmentType",
        endpoint="Connectors/ConnectionPackage",
    ),
    entity(
        "EntityTypeMapping",
        "Id EntityTypeId ConnectorId ConnectionTable " + _RESOURCE_THRESHOLDS.format(a=0, p=0) + " ResourceCount:int=0",
        [one("EntityType", "EntityType"), one("Connector", "Connector")],
        endpoint="Connectors/EntityTypeMapping",
        indexes=["ConnectorId", "EntityTypeId"],
    ),
    entity(
        "EntityAssociationMapping",
        "Id EntityAssociationId ConnectorId ConnectionTable Column1 Column2 MaximumInsertedLines:int=0 MaximumDeletedLines:int=0 "
        "MaxPercentageInsertedLines:int=0 MaxPercentageDeletedLines:int=0",
        [one("EntityAssociation", "EntityAssociation"), one("Connector", "Connector")],
        endpoint="Connectors/EntityAssociationMapping",
        indexes=["ConnectorId"],
    ),
    entity(
        # No documented endpoint of its own: reached from nothing but the world and Connector/ResourceTypes/{id}.
        "ResourceTypeMapping",
        "Id ConnectionId ResourceTypeId PasswordResetSettingId ResourceTypeMappingType:int=0",
        [one("ResourceType", "ResourceType"), one("Connection", "Connection")],
        indexes=["ConnectionId", "ResourceTypeId"],
    ),
)
