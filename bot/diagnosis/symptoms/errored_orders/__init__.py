"""Symptom 5: provisioning orders that ended in an error."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.errored_orders.evidence import Evidence, failed_in_run
from bot.diagnosis.symptoms.errored_orders.finding import diagnose
from bot.diagnosis.symptoms.errored_orders.gathering import gather

SYMPTOM: Final = Symptom(5, "errored provisioning orders", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "failed_in_run", "gather"]
