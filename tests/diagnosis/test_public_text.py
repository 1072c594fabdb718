"""An error text in a channel names nobody (safety rules 14 and 16)."""

import pytest

from bot.diagnosis.grouping import public_text
from bot.model.finding import Certainty, Fact, Finding, Group


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "ENTRY_EXISTS (sAMAccountName 'zgauthier' is already in use)",
            "ENTRY_EXISTS (sAMAccountName '…' is already in use)",
        ),
        (
            "value for property 'userPrincipalName' of 'ana@contoso.com'",
            "value for property 'userPrincipalName' of '…'",
        ),
        ("cannot delete CN=Leroy\\, Anne,OU=Leavers,DC=contoso", "cannot delete CN=…,OU=Leavers,DC=contoso"),
        ("no such mailbox: anne.leroy@contoso.com", "no such mailbox: …"),
        (
            "00000005: SecErr: DSID-031, problem 4003 (INSUFF_ACCESS_RIGHTS)",
            "00000005: SecErr: DSID-031, problem 4003 (INSUFF_ACCESS_RIGHTS)",
        ),
    ],
)
def test_what_names_somebody_is_left_out_and_the_error_stays(text, shown):
    assert public_text(text) == shown


def test_a_finding_without_names_shows_the_public_text_and_sample():
    fact = Fact("Error text", "login 'zgauthier' taken", "order 1", value_public="login '…' taken")
    group = Group(
        key="k",
        error_class="data/duplicate",
        cause="5e",
        certainty=Certainty.LIKELY,
        count=1,
        exact=True,
        resource_type="T",
        change_type="create",
        sample="login 'zgauthier' taken",
        sample_public="login '…' taken",
        evidence=(fact,),
    )
    finding = Finding(5, "5e", Certainty.LIKELY, "t", "x", groups=(group,))

    assert "zgauthier" not in str(finding.without_names())
    assert "zgauthier" in str(finding)
