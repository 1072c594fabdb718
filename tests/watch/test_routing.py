"""The first route that fits decides which channel hears of a job."""

import pytest

from bot.watch.routing import Route, Routes

ROUTES = Routes(
    [
        Route("#hr-feeds", job="HR *"),
        Route("#test", environment="test"),
        Route("#ad", job="ad_provisioning"),
        Route("#late", job="HR Delta"),
    ],
    "#iam-alerts",
)


@pytest.mark.parametrize(
    ("env", "names", "channel"),
    [
        ("production", ("HR_Delta", "HR Delta"), "#hr-feeds"),
        ("production", ("AD_Provisioning", "AD provisioning"), "#ad"),
        ("test", ("AD_Provisioning", "AD provisioning"), "#test"),
        ("test", ("HR_Delta", "hr delta"), "#hr-feeds"),
        ("production", ("SAP_Provisioning",), "#iam-alerts"),
        ("production", (), "#iam-alerts"),
    ],
)
def test_a_job_is_heard_where_its_first_route_leads(env, names, channel):
    assert ROUTES.channel_for(env, *names) == channel
