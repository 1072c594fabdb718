"""How Entra ID, SAP and SQL Server word their refusals."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.identity_manager.world.systems.access import Access


@dataclass(frozen=True, slots=True)
class Dialect:
    """The error texts of one kind of system. `{...}` are filled in by the account system."""

    credentials: dict[str, str]
    denied: str
    duplicate: str
    not_found: str
    too_long: str
    missing: str
    invalid: str
    throttled: str = ""
    network: str = ""
    address: str = ""
    longest: int = 100

    def credential(self, condition: str, access: Access) -> str:
        return self.credentials.get(condition, self.credentials["wrong"]).format(account=access.credential.account)


ENTRA = Dialect(
    credentials={
        "expired": "AADSTS7000222: The provided client secret keys for app '{account}' are expired. Visit the Azure portal to "
        "create new keys for your app: https://aka.ms/NewClientSecret",
        "wrong": "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
        "value, not the client secret ID, for a secret added to app '{account}'.",
        "missing": "AADSTS700016: Application with identifier '{account}' was not found in the directory 'Contoso'.",
        "disabled": "AADSTS7000112: Application '{account}' is disabled.",
    },
    denied="Code: Authorization_RequestDenied Message: Insufficient privileges to complete the operation.",
    duplicate="Code: Request_BadRequest Message: Another object with the same value for property {column} already exists. "
    "ObjectConflict",
    not_found="Code: Request_ResourceNotFound Message: Resource '{key}' does not exist or one of its queried reference-property "
    "objects are not present.",
    too_long="Code: Request_BadRequest Message: Property value of '{column}' exceeds the maximum allowed length of {limit}.",
    missing="Code: Request_BadRequest Message: A value is required for property '{column}' of resource 'User'.",
    invalid="Code: Request_BadRequest Message: Invalid value specified for property '{column}' of resource 'User'.",
    throttled="Response status code does not indicate success: 429 (Too Many Requests). Retry-After: {retry_after}",
    longest=256,
)

SAP = Dialect(
    credentials={
        "wrong": "SAP.Middleware.Connector.RfcLogonException: RFC_LOGON_FAILURE: Name or password is incorrect (repeat logon)",
        "expired": "SAP.Middleware.Connector.RfcLogonException: RFC_LOGON_FAILURE: Password logon no longer possible - password "
        "has expired for user {account}",
        "locked": "SAP.Middleware.Connector.RfcLogonException: User {account} is locked. Please notify the person responsible "
        "(administrator)",
    },
    denied="SAP.Middleware.Connector.RfcAbapRuntimeException: No RFC authorization for function module BAPI_USER_{operation}.",
    duplicate="BAPI_USER_CREATE1: 01/224 User {value} already exists",
    not_found="BAPI_USER_CHANGE: 01/124 User {key} does not exist",
    too_long="BAPI_USER_CREATE1: Field {column} is longer than {limit}",
    missing="BAPI_USER_CREATE1: 01/491 Required field {column} is empty: value is mandatory",
    invalid="BAPI_USER_CHANGE: Value not allowed in field {column}: invalid value",
    network="SAP.Middleware.Connector.RfcCommunicationException: LOCATION CPIC (TCP/IP) on local host ERROR partner "
    "'{address}' not reached: network path was not found",
    longest=40,
)

SQL = Dialect(
    credentials={
        "wrong": "Microsoft.Data.SqlClient.SqlException (0x80131904): Login failed for user '{account}'. "
        "Error Number:18456,State:1,Class:14",
        "expired": "Microsoft.Data.SqlClient.SqlException (0x80131904): Login failed for user '{account}'. Reason: The password "
        "of the account has expired. Error Number:18487,State:1,Class:14",
    },
    denied="Microsoft.Data.SqlClient.SqlException (0x80131904): The {operation} permission was denied on the object 'Users', "
    "database 'SQLAPP', schema 'dbo'.",
    duplicate="Microsoft.Data.SqlClient.SqlException (0x80131904): Violation of UNIQUE KEY constraint 'UQ_Users_{column}'. Cannot "
    "insert duplicate key in object 'dbo.Users'. The duplicate key value is ({value}).",
    not_found="Microsoft.Data.SqlClient.SqlException (0x80131904): User '{key}' not found.",
    too_long="Microsoft.Data.SqlClient.SqlException (0x80131904): String or binary data would be truncated in table "
    "'SQLAPP.dbo.Users', column '{column}'.",
    missing="Microsoft.Data.SqlClient.SqlException (0x80131904): Cannot insert the value NULL into column '{column}', table "
    "'SQLAPP.dbo.Users'; column does not allow nulls. INSERT fails.",
    invalid="Microsoft.Data.SqlClient.SqlException (0x80131904): Conversion failed when converting the value of column '{column}'.",
    network="Microsoft.Data.SqlClient.SqlException (0x80131904): A network-related or instance-specific error occurred while "
    "establishing a connection to SQL Server. The server was not found or was not accessible. ({address})",
    address='Microsoft.Data.SqlClient.SqlException (0x80131904): Cannot open database "SQLAPP" requested by the login. The login '
    "failed. Login failed for user '{account}'.",
    longest=60,
)
