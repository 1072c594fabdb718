"""The text of a ticket, ready to be copied: made from the same answer, without personal data."""

from bot.desk.contract import moment
from bot.model.answer import Answer


def ticket_of(answer: Answer) -> tuple[str, str]:
    """Title and text."""
    if answer.finding is None:
        return answer.title, "\n".join(part for part in (answer.text, answer.next) if part)
    finding = answer.finding.without_names()
    lines = [f"Environment: {answer.env_label or answer.env}", f"Cause ({finding.certainty.value}): {finding.text}"]
    if finding.evidence:
        lines.append("Evidence:")
        lines += [
            f"- {fact.label}: {fact.value} ({fact.source}{', ' + stamp if (stamp := moment(fact.at)) else ''})"
            for fact in finding.evidence
        ]
    lines += [f"Ruled out: {remark.why}" for remark in finding.ruled_out]
    lines += [f"Not readable: {one.what} ({one.why})" for one in finding.missing]
    if finding.next:
        lines.append(f"Next: {finding.next}")
    if finding.verify:
        lines.append(f"Done when: {finding.verify}")
    if stamp := moment(finding.as_of or answer.as_of):
        lines.append(f"As of {stamp}")
    return finding.title, "\n".join(lines)
