"""Builds the default configuration: connectors, resource types, roles, rules, jobs."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.identity_manager.store import Row
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.metadata import OWNER_TYPE
from sandbox.identity_manager.world.policy import (
    CorrelationRule,
    NavigationRule,
    PersonExpression,
    QueryRule,
    ResourceType,
    RoleRule,
    ScalarRule,
    TypeRule,
)

Changes = Mapping[str, Row]


def install(configuration: Configuration, *, connectors: Changes, resource_types: Changes, jobs: Changes) -> None:
    """`connectors`, `resource_types` and `jobs`: fields that differ from the default, by identifier."""
    for identifier in catalogue.CONNECTORS:
        configuration.add_connector(identifier, dict(connectors.get(identifier, {})))
    _put_identity_model(configuration)
    for kind, roles in (("SingleRole", catalogue.SINGLE_ROLES), ("CompositeRole", catalogue.COMPOSITE_ROLES)):
        for identifier, display_name, *_ in roles:
            configuration.put_role(kind, identifier, display_name)
    for identifier, display_name, target, connector, scalars, correlation in catalogue.RESOURCE_TYPES:
        found = configuration.put_resource_type(
            identifier, display_name, target, connector, dict(resource_types.get(identifier, {}))
        )
        for name, text in scalars.items():
            put_scalar_rule(configuration, found, name, text)
        if all(correlation):
            put_correlation_rule(
                configuration, found, f"C#:person:return person.{correlation[0]};", correlation[1], 100
            )
        _put_classification_rule(configuration, found)
    _put_dependencies(configuration)
    _put_roles(configuration)
    for identifier, display_name, connector, kind, cron in catalogue.JOBS:
        changes = dict(jobs.get(identifier, {}))
        job = configuration.add_job(identifier, display_name, connector, kind, changes.pop("CronTabExpression", cron))
        if changes:
            configuration.set("Job", job.row, changes)


def _put_identity_model(configuration: Configuration) -> None:
    database = configuration.database
    configuration.source_type_id = int(
        configuration.put_resource_type(
            catalogue.SOURCE_TYPE, "Person record from HR", "Directory_UserRecord", "", {}
        ).row["Id"]
    )
    configuration.put_resource_type(
        catalogue.EDIT_TYPE, "Person record from the helpdesk", "Directory_UserRecord", "", {}
    )
    for name, text in catalogue.PERSON_RECORD.items():
        rule_id = configuration.put_rule(
            "ResourceScalarRule",
            {
                "ResourceTypeId": configuration.source_type_id,
                "EntityTypeId": database.type_id("HR_Person"),
                "PropertyId": database.property_id("Directory_UserRecord", name),
                "Expression": text,
            },
        )
        configuration.inbound[name] = PersonExpression(
            rule_id, "Directory_UserRecord", name, text, configuration.installed
        )
    for entity_type, expressions in (("Directory_UserRecord", catalogue.RECORD), (OWNER_TYPE, catalogue.PERSON)):
        for name, text in expressions.items():
            property_id = database.property_id(entity_type, name)
            row: Row = {
                "Identifier": f"{entity_type}_{name}",
                "EntityTypeId": database.type_id(entity_type),
                "PropertyId": property_id,
                "Expression": text,
            }
            row["Id"] = database.store.insert("EntityPropertyExpression", [row])[0]
            database.store.update("EntityProperty", property_id, {"ExpressionId": row["Id"]})
            configuration.expressions[entity_type, name] = PersonExpression(
                row["Id"], entity_type, name, text, configuration.installed
            )
    for number, name in enumerate(catalogue.DIMENSIONS):
        database.store.insert(
            "Dimension",
            [
                {
                    "Identifier": name,
                    "DisplayName": name,
                    "EntityTypeId": database.type_id(OWNER_TYPE),
                    "ColumnMapping": number,
                }
            ],
        )


def put_scalar_rule(configuration: Configuration, target: ResourceType, name: str, text: str) -> ScalarRule:
    property_id = configuration.database.property_id(target.target_type, name)
    rule_id = configuration.put_rule(
        "ResourceScalarRule", {"ResourceTypeId": target.row["Id"], "PropertyId": property_id, "Expression": text}
    )
    rule = ScalarRule(rule_id, target.identifier, name, text, configuration.installed)
    target.scalar_rules[name] = rule
    return rule


def put_correlation_rule(
    configuration: Configuration, target: ResourceType, source: str, target_property: str, confidence: int
) -> CorrelationRule:
    rule_id = configuration.put_rule(
        "ResourceCorrelationRule",
        {
            "ResourceTypeId": target.row["Id"],
            "SourceExpression": source,
            "TargetExpression": f"C#:resource:return resource.{target_property};",
            "SourceMatchedConfidenceLevel": confidence,
        },
    )
    rule = CorrelationRule(rule_id, target.identifier, source, target_property, confidence, configuration.installed)
    target.correlation_rules.append(rule)
    target.correlation_rules.sort(key=lambda r: -r.confidence)
    return rule


def put_query_rule(
    configuration: Configuration, target: ResourceType, name: str, source: str, target_property: str, confidence: int
) -> QueryRule:
    target_type = target.target_type
    rule_id = configuration.put_rule(
        "ResourceQueryRule",
        {
            "ResourceTypeId": target.row["Id"],
            "PropertyId": configuration.database.property_id(target.target_type, name),
            "SourceExpression": source,
            "TargetExpression": f"C#:resource:return resource.{target_property};",
            "TargetMatchedConfidenceLevel": confidence,
        },
    )
    rule = QueryRule(
        rule_id, target.identifier, name, source, target_type, target_property, confidence, configuration.installed
    )
    target.query_rules.append(rule)
    target.query_rules.sort(key=lambda r: -r.confidence)
    return rule


def put_navigation_rule(
    configuration: Configuration, target: ResourceType, group_dn: str, single_role: str
) -> NavigationRule:
    rule_id = configuration.put_rule(
        "ResourceNavigationRule",
        {
            "ResourceTypeId": target.row["Id"],
            "PropertyId": configuration.database.property_id(target.target_type, "memberOf"),
            "SingleRoleId": configuration.database.role_ids[single_role],
        },
    )
    rule = NavigationRule(rule_id, target.identifier, "memberOf", group_dn, single_role, configuration.installed)
    target.navigation_rules.append(rule)
    return rule


def put_type_rule(
    configuration: Configuration, target: ResourceType, single_role: str, days_after: int = 0
) -> TypeRule:
    rule_id = configuration.put_rule(
        "ResourceTypeRule",
        {
            "ResourceTypeId": target.row["Id"],
            "RoleId": target.row["Id"],
            "SingleRoleId": configuration.database.role_ids[single_role],
            "TimeOffsetReference": 1,
            "TimeOffsetAfterReference": days_after * 24 * 60,
        },
    )
    rule = TypeRule(rule_id, target.identifier, single_role, days_after, configuration.installed)
    target.type_rules.append(rule)
    return rule


def put_role_rule(
    configuration: Configuration, kind: str, role: str, dimensions: dict[str, str], composite: str = ""
) -> RoleRule:
    """`kind` is SingleRole or CompositeRole."""
    row: Row = {"RoleId": configuration.database.role_ids[role]}
    if composite:
        row["CompositeRoleId"] = configuration.database.role_ids[composite]
    rule_id = configuration.put_rule(f"{kind}Rule", row)
    rule = RoleRule(rule_id, kind, role, dict(dimensions), composite, configuration.installed)
    configuration.role_rules.append(rule)
    write_dimensions(configuration, rule)
    return rule


def write_dimensions(configuration: Configuration, rule: RoleRule) -> None:
    """The dimension values of a rule, in place of those before."""
    store = configuration.database.store
    column = f"{rule.kind}RuleId"
    store.delete("RuleDimension", f"{column} = ?", (rule.id,))
    known = {row["Identifier"]: row["Id"] for row in store.rows("Dimension")}
    store.insert(
        "RuleDimension",
        [{column: rule.id, "DimensionId": known[name], "Value": value} for name, value in rule.dimensions.items()],
    )


def _put_classification_rule(configuration: Configuration, target: ResourceType) -> None:
    if target.identifier == "AD_Entry_NominativeUser":
        configuration.put_rule(
            "ResourceClassificationRule",
            {
                "ResourceTypeId": target.row["Id"],
                "TargetExpression": 'C#:resource:return resource.objectClass == "user";',
                "ResourceTypeIdentificationConfidenceLevel": 100,
                "SourceMatchedConfidenceLevel": 0,
            },
        )


def _put_dependencies(configuration: Configuration) -> None:
    types = configuration.resource_types
    account = types["AD_Entry_NominativeUser"]
    for dependent in ("Exchange_Mailbox_NominativeUser", "AD_Entry_Telephony"):
        configuration.set("ResourceType", types[dependent].row, {"DependsOnId": account.row["Id"]})
    types["AD_Entry_Telephony"].same_account_as = account.identifier
    put_query_rule(
        configuration, account, "manager", "C#:person:return Coalesce(person.ManagerIdentifier);", "employeeID", 100
    )


def group_dn(name: str) -> str:
    return f"CN={name},OU=Groups,DC=contoso,DC=com"


def _put_roles(configuration: Configuration) -> None:
    types = configuration.resource_types
    account = types["AD_Entry_NominativeUser"]
    for identifier, _, dimensions, gives in catalogue.SINGLE_ROLES:
        for alternative in filter(None, dimensions.split(";")):
            name, _, value = alternative.partition("=")
            put_role_rule(configuration, "SingleRole", identifier, {name: value})
        if gives in types:
            put_type_rule(configuration, types[gives], identifier)
        else:
            put_navigation_rule(configuration, account, group_dn(gives), identifier)
    for identifier, _, dimensions, singles in catalogue.COMPOSITE_ROLES:
        if dimensions:
            name, _, value = dimensions.partition("=")
            put_role_rule(configuration, "CompositeRole", identifier, {name: value})
        for single in singles:
            put_role_rule(configuration, "SingleRole", single, {}, composite=identifier)
