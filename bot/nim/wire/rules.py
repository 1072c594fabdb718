"""Rules that compute properties and that give roles (nim-api 4.10). No rule has a name."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from bot.errors import NotUnderstood
from bot.model.assignment import LinkRule, RoleRule
from bot.model.ids import ResourceId, ResourceTypeId
from bot.model.value import PropertyRule
from bot.nim.squery import Condition, Join, Op, Query, all_of, any_of, compare, equal, number, one_of, paths
from bot.nim.wire.people import MOST_WORDS, spellings
from bot.nim.wire.row import Row

_ROLE: Final = Join("Role", "r")
_PROPERTY: Final = Join("Property", "p")
_LINKED: Final = Join("Resource", "v")
_BINDING: Final = Join("Binding", "b")
_SOURCE: Final = Join("SourceBinding", "sb")
_TARGET: Final = Join("TargetBinding", "tb")
_DIMENSIONS: Final = Join("Dimensions", "d")


class RuleKind(StrEnum):
    SCALAR = "scalar"
    NAVIGATION = "navigation"
    QUERY = "query"


def property_rules(
    kind: RuleKind,
    resource_type_id: ResourceTypeId,
    *,
    property_id: str | None,
    name: str,
    person_type: str,
    bindings: bool,
) -> Query:
    """The rules of one property, by its id, or by its name where entity types do not show their properties."""
    author = Join("ChangedBy", "ch", of_type=person_type)
    joins: list[Join] = [author]
    select = [*paths("Id", "ResourceTypeId", "PropertyId", "WhenChanged"), author["InternalDisplayName"]]
    match kind:
        case RuleKind.SCALAR:
            select += paths("Expression", "BindingId")
            if bindings:
                joins.append(_BINDING)
                select.append(_BINDING["Path"])
        case RuleKind.NAVIGATION:
            select += paths("ResourceId", "SingleRoleId", "IsDenied")
            if bindings:
                joins.append(_LINKED)
                select.append(_LINKED["InternalDisplayName"])
        case RuleKind.QUERY:
            select += paths("SourceExpression", "TargetExpression", "TargetMatchedConfidenceLevel")
            if bindings:
                joins += [_SOURCE, _TARGET]
                select += [_SOURCE["Path"], _TARGET["Path"]]
    if property_id is not None:
        of_property: Condition = equal("PropertyId", number(property_id))
    else:
        joins.append(_PROPERTY)
        of_property = equal(_PROPERTY["Identifier"], name)
    where = all_of(equal("ResourceTypeId", number(resource_type_id)), of_property)
    return Query(select=tuple(select), joins=tuple(joins), where=where)


def property_rule(row: Row, kind: RuleKind, name: str) -> PropertyRule:
    confidence, expression = None, ""
    match kind:
        case RuleKind.SCALAR:
            expression = row.text("Expression") or row.at("Binding").text("Path")
        case RuleKind.NAVIGATION:
            expression = row.at("Resource").text("InternalDisplayName") or row.text("ResourceId")
        case RuleKind.QUERY:
            confidence = row.whole("TargetMatchedConfidenceLevel")
            target = row.text("TargetExpression") or row.at("TargetBinding").text("Path")
            source = row.text("SourceExpression") or row.at("SourceBinding").text("Path")
            expression = " = ".join(filter(None, (target, source)))
    return PropertyRule(
        id=row.own_id("a rule"),
        kind=kind.value,
        resource_type_id=ResourceTypeId(row.id("ResourceTypeId") or ""),
        property=name,
        expression=expression,
        confidence=confidence,
        changed_at=row.moment("WhenChanged"),
        changed_by=row.at("ChangedBy").text("InternalDisplayName"),
    )


def link_rules(role_ids: Sequence[str], *, names: bool) -> Query:
    """Navigation rules of single roles that give a link and do not forbid it."""
    return Query(
        joins=(_LINKED,) if names else (),
        select=(
            *paths("Id", "SingleRoleId", "ResourceId", "IsDenied"),
            *((_LINKED["InternalDisplayName"],) if names else ()),
        ),
        where=one_of("SingleRoleId", [number(one) for one in role_ids]),
    )


def link_rule(row: Row) -> LinkRule | None:
    """None for a rule that forbids a link, or whose link is not shown."""
    linked = row.id("ResourceId")
    if linked is None or row.flag("IsDenied"):
        return None
    return LinkRule(
        row.own_id("a rule"),
        row.id("SingleRoleId") or "",
        ResourceId(linked),
        row.at("Resource").text("InternalDisplayName"),
    )


class RoleRuleKind(StrEnum):
    SINGLE = "single role rule"
    COMPOSITE = "composite role rule"
    TYPE = "resource type rule"


_PARENTS: Final = {
    RoleRuleKind.SINGLE: ("CompositeRole", "CompositeRoleId"),
    RoleRuleKind.COMPOSITE: ("ParentRole", "ParentRoleId"),
    RoleRuleKind.TYPE: ("SingleRole", "SingleRoleId"),
}


def of_roles(role_ids: Sequence[str]) -> Condition:
    return one_of("RoleId", [number(one) for one in role_ids])


def of_roles_named(words: str) -> Condition:
    """Raises NotUnderstood for no words."""
    parts = words.split()[:MOST_WORDS]
    if not parts:
        raise NotUnderstood("Which role? Write words of its name.")
    return all_of(
        *(any_of(*(compare(_ROLE["DisplayName"], Op.CONTAINS, one) for one in spellings(word))) for word in parts)
    )


def role_rules(kind: RoleRuleKind, where: Condition, *, person_type: str, dimensions: bool) -> Query:
    parent = _PARENTS[kind]
    author = Join("ChangedBy", "ch", of_type=person_type)
    joins: list[Join] = [_ROLE, author]
    select = [
        *paths("Id", "RoleId", parent[1], "IsDenied", "WhenChanged"),
        _ROLE["DisplayName"],
        author["InternalDisplayName"],
    ]
    if kind is not RoleRuleKind.TYPE:
        above = Join(parent[0], "up")
        joins.append(above)
        select.append(above["DisplayName"])
        if dimensions:
            joins.append(_DIMENSIONS)
            select += [_DIMENSIONS["Id"], _DIMENSIONS["DimensionId"], _DIMENSIONS["Value"]]
    return Query(select=tuple(select), joins=tuple(joins), where=where)


def role_rule(row: Row, kind: RoleRuleKind) -> RoleRule:
    navigation, key = _PARENTS[kind]
    dimensions = (
        (one.text("DimensionId"), one.text("Value")) for one in row.members("Dimensions") if one.text("Value")
    )
    return RoleRule(
        id=row.own_id("a rule"),
        kind=kind.value,
        role_id=row.id("RoleId") or "",
        role=row.at("Role").text("DisplayName"),
        parent_role_id=row.id(key) or "",
        parent_role=row.at(navigation).text("DisplayName"),
        dimensions=tuple(dimensions),
        denied=bool(row.flag("IsDenied")),
        changed_at=row.moment("WhenChanged"),
        changed_by=row.at("ChangedBy").text("InternalDisplayName"),
    )
