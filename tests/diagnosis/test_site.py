"""What the settings say of one installation."""

from bot.diagnosis.site import Site


def test_a_corrected_rule_is_tried_on_the_test_users_first():
    assert (
        Site(test_users=("TEST001", "TEST002")).tried_first == " A changed rule is tried on TEST001 or TEST002 first."
    )


def test_without_test_users_nobody_is_named():
    assert Site().tried_first == ""
