"""The rules of the role model (nim-api 4.10)."""

from __future__ import annotations

from sandbox.identity_manager.schema import Entity, Navigation, entity, many, one, to_resource

_COMMON = "Id PolicyId EntityTypeId WhenCreated:date CreatedById WhenChanged:date ChangedById "
_OFFSETS = " TimeOffsetReference:int=0 TimeOffsetBeforeReference:int=0 TimeOffsetAfterReference:int=0"


def _rule(name: str, words: str, navigations: tuple[Navigation, ...], *, indexes: tuple[str, ...] = ()) -> Entity:
    return entity(
        name,
        _COMMON + words,
        [
            one("Policy", "Policy"),
            one("EntityType", "EntityType"),
            to_resource("CreatedBy"),
            to_resource("ChangedBy"),
            *navigations,
        ],
        endpoint=f"ProvisioningPolicy/{name}",
        indexes=indexes,
    )


_RESOURCE_TYPE = one("ResourceType", "ResourceType")
_BY_TYPE = ("ResourceTypeId",)

DECLARED = (
    _rule(
        "ResourceTypeRule",
        "ResourceTypeId RoleId SingleRoleId IsDenied:bool=0 Type:int=0" + _OFFSETS,
        (_RESOURCE_TYPE, one("Role", "ResourceType"), one("SingleRole", "SingleRole")),
        indexes=_BY_TYPE,
    ),
    _rule(
        "ResourceScalarRule",
        "ResourceTypeId PropertyId BindingId Expression SingleRoleId ComparisonType:int=0 IsMapped:bool=1" + _OFFSETS,
        (
            _RESOURCE_TYPE,
            one("Property", "EntityProperty"),
            one("Binding", "Binding"),
            one("SingleRole", "SingleRole"),
        ),
        indexes=_BY_TYPE,
    ),
    _rule(
        "ResourceNavigationRule",
        "ResourceTypeId PropertyId ResourceId SingleRoleId IsDenied:bool=0 Type:int=0" + _OFFSETS,
        (
            _RESOURCE_TYPE,
            one("Property", "EntityProperty"),
            to_resource("Resource"),
            one("SingleRole", "SingleRole"),
        ),
        indexes=("ResourceTypeId", "SingleRoleId", "ResourceId"),
    ),
    _rule(
        "ResourceBinaryRule",
        "ResourceTypeId PropertyId BindingId SingleRoleId" + _OFFSETS,
        (_RESOURCE_TYPE, one("Property", "EntityProperty"), one("Binding", "Binding")),
        indexes=_BY_TYPE,
    ),
    _rule(
        "ResourceQueryRule",
        "ResourceTypeId PropertyId SourceBindingId SourceExpression TargetBindingId TargetExpression "
        "TargetMatchedConfidenceLevel:int=100" + _OFFSETS,
        (
            _RESOURCE_TYPE,
            one("Property", "EntityProperty"),
            one("SourceBinding", "Binding"),
            one("TargetBinding", "Binding"),
        ),
        indexes=_BY_TYPE,
    ),
    _rule(
        "ResourceCorrelationRule",
        "ResourceTypeId SourceBindingId SourceExpression TargetBindingId TargetExpression SourceMatchedConfidenceLevel:int=100",
        (_RESOURCE_TYPE, one("SourceBinding", "Binding"), one("TargetBinding", "Binding")),
        indexes=_BY_TYPE,
    ),
    _rule(
        "ResourceClassificationRule",
        "ResourceTypeId TargetExpression ResourceTypeIdentificationConfidenceLevel:int=100 SourceMatchedConfidenceLevel:int=0",
        (_RESOURCE_TYPE,),
        indexes=_BY_TYPE,
    ),
    _rule(
        "SingleRoleRule",
        "RoleId CompositeRoleId IsDenied:bool=0 Priority:int=0 Type:int=0 BaseRuleId",
        (
            one("Role", "SingleRole"),
            one("CompositeRole", "CompositeRole"),
            many("Dimensions", "RuleDimension", "SingleRoleRuleId"),
        ),
        indexes=("RoleId", "CompositeRoleId"),
    ),
    _rule(
        "CompositeRoleRule",
        "RoleId ParentRoleId IsDenied:bool=0 Priority:int=0 Type:int=0 BaseRuleId",
        (
            one("Role", "CompositeRole"),
            one("ParentRole", "CompositeRole"),
            many("Dimensions", "RuleDimension", "CompositeRoleRuleId"),
        ),
        indexes=("RoleId",),
    ),
    entity(
        # The OpenAPI names the navigation Dimensions[] only; this element is the sandbox's own reading of it.
        "RuleDimension",
        "Id SingleRoleRuleId CompositeRoleRuleId DimensionId Value ResourceId",
        [one("Dimension", "Dimension"), to_resource("Resource")],
        indexes=["SingleRoleRuleId", "CompositeRoleRuleId"],
    ),
    _rule(
        "RoleMapping",
        "Identifier TargetEntityTypeId ResourceTypeId PropertyId CategoryId WhereExpression",
        (
            one("TargetEntityType", "EntityType"),
            _RESOURCE_TYPE,
            one("Property", "EntityProperty"),
            one("Category", "Category"),
            many("Rules", "RoleMappingRule", "RoleMappingId"),
        ),
    ),
    entity(
        "RoleMappingRule",
        "Id RoleMappingId Expression Order:int=0",
        [one("RoleMapping", "RoleMapping")],
        indexes=["RoleMappingId"],
    ),
)
