"""The default installation: connectors, jobs, resource types, roles and rules. Declared, not computed."""

from __future__ import annotations

from typing import Final

TASK_TYPES: Final = {
    "RoleModel": 1,
    "Profiles": 9,
    "Export": 101,
    "Prepare": 102,
    "Synchronize": 103,
    "Expressions": 104,
    "Keys": 105,
    "Generate": 106,
    "Fulfill": 107,
    "Classification": 108,
}

CONNECTORS: Final = {
    "HR": ("Human resources", ("HR_Person", "HR_Organization"), False),
    "AD": ("Active Directory", ("AD_Entry",), True),
    "ENTRA": ("Entra ID", ("ENTRA_User", "Exchange_Mailbox"), True),
    "SAP": ("SAP", ("SAP_User",), False),
    "SQLAPP": ("Application database", ("SQLAPP_User",), False),
}
"""Display name, entity types, whether the system itself computes changes."""

TABLE_OF: Final = {
    "HR_Person": "hr_people",
    "HR_Organization": "hr_organizations",
    "AD_Entry": "ad_entries",
    "ENTRA_User": "entra_users",
    "Exchange_Mailbox": "entra_mailboxes",
    "SAP_User": "sap_users",
    "SQLAPP_User": "sqlapp_users",
}

EACH_QUARTER: Final = "*/15 * * * *"
JOBS: Final = (
    # identifier, display name, connector, kind, cron
    ("HR_Synchronization_Complete", "HR Complete", "HR", "complete", "0 2 * * *"),
    ("HR_Synchronization_Delta", "HR Incremental", "HR", "delta", EACH_QUARTER),
    ("AD_Synchronization_Complete", "AD Complete", "AD", "complete", "0 3 * * *"),
    ("AD_Synchronization_Delta", "AD Incremental", "AD", "delta", EACH_QUARTER),
    ("ENTRA_Synchronization_Complete", "Entra ID Complete", "ENTRA", "complete", "30 3 * * *"),
    ("ENTRA_Synchronization_Delta", "Entra ID Incremental", "ENTRA", "delta", EACH_QUARTER),
    ("SAP_Synchronization_Complete", "SAP Complete", "SAP", "complete", "30 4 * * *"),
    ("SQLAPP_Synchronization_Complete", "Application database Complete", "SQLAPP", "complete", "0 4 * * *"),
    ("SQLAPP_Synchronization_Delta", "Application database Incremental", "SQLAPP", "delta", EACH_QUARTER),
    ("AD_Provisioning", "AD Provisioning", "AD", "provisioning", "10 2 * * *"),
    ("ENTRA_Provisioning", "Entra ID Provisioning", "ENTRA", "provisioning", "20 2 * * *"),
    ("SAP_Provisioning", "SAP Provisioning", "SAP", "provisioning", "30 2 * * *"),
    ("SQLAPP_Provisioning", "Application database Provisioning", "SQLAPP", "provisioning", "40 2 * * *"),
    ("ComputeRoleModel_All", "Compute Role Model", "", "role-model", "0 5 * * *"),
    ("ComputeRoleModel_All_Review", "Compute Role Model (with review)", "", "role-model-review", ""),
)

SYNCHRONIZATION: Final = (
    ("Export",), ("Prepare",), ("Synchronize",), ("Expressions",), ("Keys",), ("RoleModel",), ("Classification",),
)  # fmt: skip
PROVISIONING: Final = (("RoleModel",), ("Generate",), ("Fulfill",))
"""Task kinds by level."""

PERSON_RECORD: Final = {
    "FirstName": "C#:person:return person.FirstName;",
    "LastName": "C#:person:return person.LastName;",
    "Title": "C#:person:return person.Title;",
    "OrganizationCode": "C#:person:return person.OrganizationCode;",
    "CostCentre": "C#:person:return person.CostCentre;",
    "Site": "C#:person:return person.Site;",
    "Country": "C#:person:return person.Country;",
    "ContractType": "C#:person:return person.ContractType;",
    "StartDate": "C#:person:return ParseDate(person.StartDate);",
    "EndDate": "C#:person:return ParseDate(person.EndDate);",
    "ManagerId": "C#:person:return person.ManagerId;",
    "Phone": "C#:person:return person.Phone;",
}
"""HR_Person_To_Directory_UserRecord: how a record is made of the HR row."""

RECORD: Final = {"OrganizationKey": "C#:record:return record.OrganizationCode;"}

PERSON: Final = {
    "FirstName": "C#:user:return user.MainRecord.FirstName;",
    "LastName": "C#:user:return user.MainRecord.LastName;",
    "Mail": 'C#:user:return Address(user.MainRecord.FirstName) + "." + Address(user.MainRecord.LastName) + '
    'user.MailSuffix + "@contoso.com";',
    "Title": "C#:user:return user.MainRecord.Title;",
    "OrganizationCode": "C#:user:return user.MainRecord.OrganizationCode;",
    "Organization": "C#:user:return NameOf(user.Organizations, user.MainRecord.OrganizationCode);",
    "CostCentre": "C#:user:return user.MainRecord.CostCentre;",
    "Site": "C#:user:return user.MainRecord.Site;",
    "Country": "C#:user:return user.MainRecord.Country;",
    "ContractType": "C#:user:return user.MainRecord.ContractType;",
    "StartDate": "C#:user:return user.MainRecord.StartDate;",
    "EndDate": "C#:user:return user.MainRecord.EndDate;",
    "Phone": "C#:user:return user.MainRecord.Phone;",
    "PresenceState": 'C#:user:return If(user.MainRecord.StartDate > user.Today, "Future", '
    'If(Coalesce(user.MainRecord.EndDate, "9999-12-31") < user.Today, "Left", "Present"));',
}

_SITE_OU = '"OU=" + person.Site + ",OU=Sites,DC=contoso,DC=com"'
AD_ACCOUNT: Final = {
    "dn": f'C#:person:return "CN=" + EscapeDn(person.FirstName + " " + person.LastName + person.NameSuffix) + "," + '
    f'If(person.PresenceState == "Left", "OU=Leavers,DC=contoso,DC=com", {_SITE_OU});',
    "cn": 'C#:person:return person.FirstName + " " + person.LastName + person.NameSuffix;',
    "sAMAccountName": "C#:person:return person.Login;",
    "userPrincipalName": 'C#:person:return person.Login + "@contoso.com";',
    "givenName": "C#:person:return person.FirstName;",
    "sn": "C#:person:return person.LastName;",
    "displayName": 'C#:person:return person.LastName + ", " + person.FirstName;',
    "mail": "C#:person:return person.Mail;",
    "title": "C#:person:return person.Title;",
    "department": "C#:person:return person.Organization;",
    "employeeID": "C#:person:return person.Identifier;",
    "l": "C#:person:return person.Site;",
    "telephoneNumber": "C#:person:return person.Phone;",
    "userAccountControl": 'C#:person:return If(person.PresenceState == "Left", "514", "512");',
}
AD_ADMIN_ACCOUNT: Final = {
    "dn": 'C#:person:return "CN=adm-" + person.Login + ",OU=Admin,DC=contoso,DC=com";',
    "cn": 'C#:person:return "adm-" + person.Login;',
    "sAMAccountName": 'C#:person:return "adm-" + person.Login;',
    "userPrincipalName": 'C#:person:return "adm-" + person.Login + "@contoso.com";',
    "displayName": 'C#:person:return person.LastName + ", " + person.FirstName + " (admin)";',
    "userAccountControl": 'C#:person:return If(person.PresenceState == "Left", "514", "512");',
}
AD_TELEPHONY: Final = {"description": 'C#:person:return "Desk phone " + person.Phone;'}
ENTRA_ACCOUNT: Final = {
    "userPrincipalName": "C#:person:return person.Mail;",
    "displayName": 'C#:person:return person.FirstName + " " + person.LastName;',
    "mail": "C#:person:return person.Mail;",
    "mailNickname": "C#:person:return person.Login;",
    "department": "C#:person:return person.Organization;",
    "jobTitle": "C#:person:return person.Title;",
    "usageLocation": 'C#:person:return If(person.Country == "UK", "GB", person.Country);',
    "accountEnabled": 'C#:person:return If(person.PresenceState == "Left", "false", "true");',
    "employeeId": "C#:person:return person.Identifier;",
}
MAILBOX: Final = {
    "guid": 'C#:person:return "mbx-" + person.Identifier;',
    "alias": "C#:person:return person.Login;",
    "primarySmtpAddress": "C#:person:return person.Mail;",
    "displayName": 'C#:person:return person.FirstName + " " + person.LastName;',
}
SAP_ACCOUNT: Final = {
    "BNAME": 'C#:person:return "0" + person.Identifier;',
    "NAME_FIRST": "C#:person:return person.FirstName;",
    "NAME_LAST": "C#:person:return person.LastName;",
    "SMTP_ADDR": "C#:person:return person.Mail;",
    "PERNR": "C#:person:return person.Identifier;",
    "CLASS": "C#:person:return person.OrganizationCode;",
}
SQL_ACCOUNT: Final = {
    "Login": "C#:person:return person.Login;",
    "FullName": 'C#:person:return person.FirstName + " " + person.LastName;',
    "Mail": "C#:person:return person.Mail;",
    "Department": "C#:person:return person.Organization;",
    "Title": "C#:person:return person.Title;",
    "Badge": "C#:person:return person.Identifier;",
}

RESOURCE_TYPES: Final = (
    # identifier, display name, target, connector, scalar rules, (owner property, account property) of the correlation
    ("AD_Entry_NominativeUser", "AD account", "AD_Entry", "AD", AD_ACCOUNT, ("Identifier", "employeeID")),
    ("AD_Entry_AdministrationUser", "AD administration account", "AD_Entry", "AD", AD_ADMIN_ACCOUNT, ("", "")),
    ("AD_Entry_Telephony", "AD telephony attributes", "AD_Entry", "AD", AD_TELEPHONY, ("", "")),
    (
        "ENTRA_User_NominativeUser",
        "Entra ID account",
        "ENTRA_User",
        "ENTRA",
        ENTRA_ACCOUNT,
        ("Identifier", "employeeId"),
    ),
    ("Exchange_Mailbox_NominativeUser", "Mailbox", "Exchange_Mailbox", "ENTRA", MAILBOX, ("Login", "alias")),
    ("SAP_User_NominativeUser", "SAP account", "SAP_User", "SAP", SAP_ACCOUNT, ("Identifier", "PERNR")),
    (
        "SQLAPP_User_NominativeUser",
        "Application account",
        "SQLAPP_User",
        "SQLAPP",
        SQL_ACCOUNT,
        ("Identifier", "Badge"),
    ),
)

SOURCE_TYPE: Final = "HR_Person_To_Directory_UserRecord"

EDIT_TYPE: Final = "Helpdesk_To_Directory_UserRecord"
"""Records that people make or change in a workflow, beside HR's."""

SINGLE_ROLES: Final = (
    # identifier, display name, dimensions (";" between alternatives), gives (resource type or group)
    ("AD_Account_FR", "AD account FR", "Country=FR", "AD_Entry_NominativeUser"),
    ("AD_Account_DE", "AD account DE", "Country=DE", "AD_Entry_NominativeUser"),
    ("AD_Account_ES", "AD account ES", "Country=ES", "AD_Entry_NominativeUser"),
    ("AD_Account_UK", "AD account UK", "Country=UK", "AD_Entry_NominativeUser"),
    ("AD_Admin", "Administration account", "", "AD_Entry_AdministrationUser"),
    ("AD_Telephony", "Desk telephony", "", "AD_Entry_Telephony"),
    ("ENTRA_Account", "Entra ID account", "ContractType=Permanent", "ENTRA_User_NominativeUser"),
    ("Exchange_Mailbox", "Mailbox", "", "Exchange_Mailbox_NominativeUser"),
    ("SAP_Account", "SAP account", "OrganizationCode=FR-210;OrganizationCode=DE-210", "SAP_User_NominativeUser"),
    (
        "SQLAPP_Account",
        "Application account",
        "OrganizationCode=FR-220;OrganizationCode=DE-220",
        "SQLAPP_User_NominativeUser",
    ),
    ("Finance_Share", "Finance share", "Organization=Finance FR;Organization=Finance DE", "GG_Finance_Share"),
    ("Sales_Group", "Sales group", "", "GG_Sales"),
    ("VPN_Full", "VPN – full", "", "GG_VPN_Full"),
    ("Domain_Admins", "Domain Admins", "", "Domain Admins"),
)
COMPOSITE_ROLES: Final = (
    ("Project_Titan", "Project Titan", "", ("VPN_Full",)),
    ("Sales_Pack", "Sales pack", "Organization=Sales FR", ("Sales_Group",)),
)
"""Identifier, display name, dimensions, single roles that it gives."""

GROUPS: Final = ("GG_Finance_Share", "GG_VPN_Full", "Domain Admins", "GG_Sales", "GG_All_Staff")
CONTAINERS: Final = ("Sites", "Leavers", "Groups", "Service", "Admin", "Handmade")
DIMENSIONS: Final = ("Country", "Site", "Organization", "OrganizationCode", "ContractType", "Title")
