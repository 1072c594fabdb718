import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.diagnosis.masking import LONGEST_SAMPLE, MASK, is_private, masked, sample, shown_value


@pytest.mark.parametrize(
    "text",
    [
        "password=Hunter2!",
        'login failed, pwd = "Hunter2! x"',
        "client_secret=Hunter2!&grant_type=client_credentials",
        "clientSecret: 'Hunter2!'",
        '{"access_token":"Hunter2!"}',
        "Authorization: Basic Hunter2!",
        "Authorization: Bearer Hunter2!Hunter2",
        "header Bearer Hunter2Hunter2",
        "unicodePwd: Hunter2!",
        "DefaultEndpointsProtocol=https;AccountName=hr;AccountKey=Hunter2==;EndpointSuffix=core.windows.net",
        "Server=sql1;Database=HR;User Id=svc;Password=Hunter2!;Encrypt=True",
        "https://svc:Hunter2!@hr.example.com/api",
        "-----BEGIN PRIVATE KEY-----\nHunter2\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nHunter2 cut off",
        "key Hunter2AAAABBBBCCCCDDDDEEEEFFFFGGGGHHHHIIIIJJJJ==",
        "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJIdW50ZXIyIn0.Hunter2sig",
        "SharedAccessKey=Hunter2!",
        "-Password Hunter2".replace(" ", "="),
    ],
)
def test_no_secret_survives(text):
    assert "Hunter2" not in masked(text)
    assert MASK in masked(text)


def test_a_connection_string_keeps_server_and_database_only():
    text = "Cannot open: Data Source=sql1;Initial Catalog=HR;User ID=svc_nim;Password=x;Encrypt=True"
    assert masked(text) == f"Cannot open: Data Source=sql1;Initial Catalog=HR;{MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "The user has insufficient access rights. 00000005: SecErr: DSID-03152501, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0",
        "AADSTS7000222: The provided client secret keys for app 'ccc25fb8-d83b-4225-b4b7-5f31bfb007be' are expired.",
        "ORA-28001: the password has expired",
        "No such host is known. (hr-api.contoso.local:443)",
        "CN=Doe\\, John,OU=Leavers,OU=Accounts,DC=contoso,DC=com is protected",
        "Access to the path 'ExportOutput\\hr_people.csv' is denied.",
    ],
)
def test_what_explains_an_error_is_left_as_it_is(text):
    assert masked(text) == text


def test_a_sample_has_an_end():
    assert len(sample("x " * 2000)) == LONGEST_SAMPLE


@pytest.mark.parametrize(
    "name", ["unicodePwd", "MainRecord.BirthDate", "Private_Phone", "InitialPassword2", "apiSecret"]
)
def test_private_properties_are_known_however_they_are_spelt(name):
    assert is_private(name)
    assert shown_value(name, "1990-01-01") == MASK


def test_an_installation_can_add_to_the_deny_list():
    assert not is_private("Badge")
    assert is_private("Badge", frozenset({"badge"}))


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text):
    assert masked(masked(text)) == masked(text)
