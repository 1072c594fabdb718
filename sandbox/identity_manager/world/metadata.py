"""The entity types of the sandbox installation."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.identity_manager.resources import EntityTypeSpec, PropertySpec


@dataclass(frozen=True, slots=True)
class Shape:
    """What the engine knows of an entity type:

    its key, its text values, its references and its links (name -> target).
    """

    identifier: str
    display_name: str
    connector: str
    key: str
    label: str
    values: tuple[str, ...]
    references: dict[str, str]
    links: dict[str, str]


_INVERSES = {
    ("AD_Entry", "memberOf"): "member",
    ("AD_Entry", "parentdn"): "children",
    ("AD_Entry", "manager"): "directReports",
    ("Directory_UserRecord", "User"): "Records",
    ("Directory_User", "Manager"): "Reports",
    ("HR_Person", "Organization"): "Persons",
}
_INDEXED = {
    "Login",
    "Mail",
    "EmployeeId",
    "LastName",
    "FirstName",
    "sAMAccountName",
    "userPrincipalName",
    "employeeID",
    "dn",
}

_DECLARED: tuple[tuple[str, str, str, str, str, str], ...] = (
    # identifier, display name, connector, key, naming property, further properties (> to one, * to many)
    ("HR_Person", "HR person", "HR", "EmployeeId", "", """
        FirstName LastName Title OrganizationCode CostCentre Site Country ContractType StartDate EndDate ManagerId Phone
        Organization>HR_Organization"""),
    ("HR_Organization", "HR organisation", "HR", "Code", "Name", "Name ParentCode CostCentre"),
    ("Directory_UserRecord", "Person record", "", "Identifier", "", """
        FirstName LastName Title OrganizationCode OrganizationKey CostCentre Site Country ContractType StartDate EndDate
        ManagerId Phone User>Directory_User"""),
    ("Directory_User", "Person", "", "Identifier", "", """
        Login Mail FirstName LastName Title Organization OrganizationCode CostCentre Site Country ContractType
        StartDate EndDate PresenceState Phone MainRecord>Directory_UserRecord Manager>Directory_User"""),
    ("AD_Entry", "AD entry", "AD", "objectGUID", "cn", """
        dn objectClass cn sAMAccountName userPrincipalName givenName sn displayName mail title department company
        employeeID l telephoneNumber userAccountControl description parentdn>AD_Entry manager>AD_Entry
        memberOf*AD_Entry"""),
    ("ENTRA_User", "Entra ID user", "ENTRA", "id", "displayName", """
        userPrincipalName displayName mail mailNickname department jobTitle usageLocation accountEnabled employeeId"""),
    ("Exchange_Mailbox", "Mailbox", "ENTRA", "guid", "displayName", "alias primarySmtpAddress displayName"),
    ("SAP_User", "SAP user", "SAP", "BNAME", "BNAME", "NAME_FIRST NAME_LAST SMTP_ADDR PERNR CLASS"),
    ("SQLAPP_User", "Application user", "SQLAPP", "Login", "FullName", "FullName Mail Department Title Badge"),
)  # fmt: skip


def _shape(identifier: str, display_name: str, connector: str, key: str, label: str, words: str) -> Shape:
    values = [key, *(w for w in words.split() if ">" not in w and "*" not in w)]
    pairs = [w.replace("*", ">").partition(">") for w in words.split() if ">" in w or "*" in w]
    return Shape(
        identifier,
        display_name,
        connector,
        key,
        label,
        tuple(dict.fromkeys(values)),
        {name: target for name, _, target in pairs if f"{name}>" in words},
        {name: target for name, _, target in pairs if f"{name}*" in words},
    )


SHAPES: dict[str, Shape] = {declared[0]: _shape(*declared) for declared in _DECLARED}

OWNER_TYPE = "Directory_User"


def specs() -> list[EntityTypeSpec]:
    """The declarations that the store needs."""
    return [
        EntityTypeSpec(
            shape.identifier,
            [
                *([PropertySpec("Identifier", is_key=True)] if shape.key == "Identifier" else []),
                PropertySpec("InternalDisplayName"),
                *(
                    PropertySpec(v, is_key=v == shape.key, indexed=v in _INDEXED)
                    for v in shape.values
                    if v != "Identifier"
                ),
                *(
                    PropertySpec(name, target=target, inverse=_INVERSES.get((shape.identifier, name), ""))
                    for name, target in shape.references.items()
                ),
                *(
                    PropertySpec(name, target=target, many=True, inverse=_INVERSES.get((shape.identifier, name), ""))
                    for name, target in shape.links.items()
                ),
            ],
            shape.display_name,
            shape.connector,
        )
        for shape in SHAPES.values()
    ]


def label_of(entity_type: str, values: dict[str, str | None]) -> str:
    """InternalDisplayName of a resource."""
    shape = SHAPES[entity_type]
    if not shape.label:
        name = f"{values.get('LastName') or ''} {values.get('FirstName') or ''}".strip()
        return name or str(values.get(shape.key))
    return values.get(shape.label) or values.get("dn") or str(values.get(shape.key))
