"""Decides whether what somebody believes about events is so."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.events import Event
from bot.core.reading.question import Question
from bot.core.reading.reading import Premise


@dataclass(frozen=True, slots=True)
class Premises:
    """What a question takes for granted."""

    question: Question

    def wrong(self, named: Sequence[Event]) -> Premise:
        """What somebody says about these events and is not so."""
        question = self.question
        days = {event.starts_at.date() for event in named}
        spans = [one for day in question.days if day.every is None for one in (day.span, day.span.other) if one]
        if spans and not any(day in span for day in days for span in spans):
            return "date"
        return self.wrong_time(named)

    def wrong_time(self, named: Sequence[Event]) -> Premise:
        question = self.question
        times = [(hour % 24, minute) for hour, minute in question.times()]
        starts = {(event.starts_at.hour, event.starts_at.minute) for event in named}
        starts |= {(hour % 12, minute) for hour, minute in starts if question.has("afternoon")}
        if times and not starts & {*times, *((hour + 12, minute) for hour, minute in times if hour < 12)}:
            return "time"
        return ""

    def confirmed(self, named: Sequence[Event], premise: Premise) -> bool:
        """Whether somebody asked for a yes, and it is one."""
        question = self.question
        said = bool(question.days or question.times())
        return said and not premise and len(named) == 1 and not question.has("when", "where", "late")
