"""Symptom 6: values that are provisioned wrongly (troubleshooting 2.6)."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.wrong_values.evidence import gather
from bot.diagnosis.symptoms.wrong_values.finding import diagnose
from bot.diagnosis.symptoms.wrong_values.seen import Evidence

SYMPTOM: Final = Symptom(6, "incorrect provisioned values", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
