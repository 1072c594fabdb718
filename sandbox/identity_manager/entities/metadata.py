"""Entity types, their properties and associations, and the one table that holds the resources of every entity type."""

from __future__ import annotations

from sandbox.identity_manager.schema import entity, many, one

TEXT_COLUMNS = 64
"""Resource values (text, numbers, dates) lie in columns C0..C63; EntityProperty.TargetColumnIndex names the column."""

REFERENCE_COLUMNS = 24
"""To-one references between resources lie in I0..I23."""

FIRST_REFERENCE_INDEX = 1000
"""TargetColumnIndex of a reference column: 1000 is I0. The offset is the sandbox's own."""

_value_columns = " ".join(f"C{n}:text~" for n in range(TEXT_COLUMNS))
_reference_columns = " ".join(f"I{n}:ref~" for n in range(REFERENCE_COLUMNS))

DECLARED = (
    entity(
        "EntityType",
        "Id Identifier DisplayName UnclassifiedCount:int=0 Priority:int=0 ConnectorIdentifier",
        [
            many("Properties", "EntityProperty", "EntityTypeId"),
            many("Dimensions", "Dimension", "EntityTypeId"),
            many("PropertyExpressions", "EntityPropertyExpression", "EntityTypeId"),
        ],
        endpoint="Metadata/EntityType",
        permission="/Connectors/EntityType/Query",
        historized=True,
        indexes=["Identifier"],
    ),
    entity(
        "EntityProperty",
        "Id Identifier DisplayName EntityTypeId TargetColumnIndex:int ValueType:int=0 IsKey:bool=0 HistoryPrecision:int=0 "
        "FlexibleComparisonExpression Association1Id Association2Id ExpressionId",
        [
            one("EntityType", "EntityType"),
            one("Association1", "EntityAssociation"),
            one("Association2", "EntityAssociation"),
            one("Expression", "EntityPropertyExpression"),
        ],
        endpoint="Metadata/EntityProperty",
        permission="/Connectors/EntityType/Query",
        historized=True,
        indexes=["EntityTypeId"],
    ),
    entity(
        # Property1 is the referencing side (a to-one column, or side R1 of the links), Property2 the way back.
        "EntityAssociation",
        "Id Identifier DisplayName Property1Id Property2Id IsProperty1Collection:bool=0 IsProperty2Collection:bool=1",
        [one("Property1", "EntityProperty"), one("Property2", "EntityProperty")],
        endpoint="Metadata/EntityAssociation",
        permission="/Connectors/EntityType/Query",
        historized=True,
    ),
    entity(
        "EntityPropertyExpression",
        "Id Identifier EntityTypeId PropertyId Expression Priority:int=0",
        [one("EntityType", "EntityType"), one("Property", "EntityProperty")],
        endpoint="Metadata/EntityPropertyExpression",
        permission="/Connectors/EntityType/Query",
        indexes=["EntityTypeId"],
    ),
    entity(
        "Dimension",
        "Id Identifier DisplayName EntityTypeId ColumnMapping:int=0",
        [one("EntityType", "EntityType")],
        endpoint="Metadata/Dimension",
        permission="/Connectors/EntityType/Query",
        indexes=["EntityTypeId"],
    ),
    entity(
        "Binding",
        "Id Path EntityTypeId",
        [one("EntityType", "EntityType")],
        endpoint="Metadata/Binding",
        permission="/Connectors/EntityType/Query",
    ),
    entity(
        "Universe",
        "Id Identifier DisplayName IsHistoryDisabled:bool=0",
        endpoint="Universes/Universe",
    ),
    entity(
        "Resource",
        f"Id Type:ref~ InternalDisplayName Identifier~ Dirty:bool=0~ PrimaryKey~ {_value_columns} {_reference_columns}",
        [
            many("OwnerAssignedResourceTypes", "AssignedResourceType", "OwnerId"),
            many("OwnerAssignedSingleRoles", "AssignedSingleRole", "OwnerId"),
            many("OwnerAssignedCompositeRoles", "AssignedCompositeRole", "OwnerId"),
            many("AssignedResourceTypes", "AssignedResourceType", "ResourceId"),
        ],
        historized=True,
        indexes=["Type ValidTo Id", "Type Identifier", "Type InternalDisplayName", "Type PrimaryKey", "Type ValidFrom"],
    ),
    entity(
        # Type is the id of the EntityAssociation; R1 has the association's Property1, R2 its Property2.
        "ResourceLink",
        "Type:ref R1Id R2Id",
        historized=True,
        indexes=["Type R1Id", "Type R2Id"],
    ),
    entity("ResourceFile", "Id Type:ref ResourceId PropertyId HashCode", indexes=["ResourceId"]),
)
