"""Symptom 1: a failed export task, or a failed preparation of what it wrote."""

from bot.diagnosis.symptoms.exports.evidence import Evidence, gather
from bot.diagnosis.symptoms.exports.finding import diagnose

__all__ = ["Evidence", "diagnose", "gather"]
