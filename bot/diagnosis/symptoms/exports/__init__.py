"""Symptom 1: a failed export task, or a failed preparation of what it wrote."""

from typing import Final

from bot.diagnosis.symptom import Symptom
from bot.diagnosis.symptoms.exports.evidence import Evidence, gather
from bot.diagnosis.symptoms.exports.finding import diagnose

SYMPTOM: Final = Symptom(1, "failed export", gather, diagnose)

__all__ = ["SYMPTOM", "Evidence", "diagnose", "gather"]
