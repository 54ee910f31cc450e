"""A participation process: who asks, what about, from when to when, in which languages, under which privacy terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.core.events import Event
from bot.core.reminders import Lead
from bot.core.survey import Survey
from bot.core.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Privacy:
    """What the law wants said. An empty field is said to be "noch nicht angegeben"; `check --live` refuses it."""

    consent_version: int
    controller: str = ""
    contact: str = ""
    data_protection_officer: str = ""
    legal_basis: Text | None = None
    min_age: int = 0
    retention: Text | None = None


AnswerIntent = Literal["topic", "cost", "who_may_attend", "online_participation", "unknown"]
"""What a known answer is about; "unknown" for one that says what the city does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """An answer that organisers wrote, with questions as people ask them, and where it comes from."""

    id: str
    questions: Mapping[str, tuple[str, ...]]
    answer: Text
    source: str
    valid_until: date | None = None
    intent: AnswerIntent = "topic"

    def holds(self, today: date) -> bool:
        """Whether the answer is still true on this day."""
        return self.valid_until is None or today <= self.valid_until


@dataclass(frozen=True, kw_only=True)
class Process:
    """Everything organisers write about one process. Its first language is spoken until another is chosen."""

    id: str
    title: Text
    organiser: str
    website: str
    languages: tuple[str, ...]
    zone: ZoneInfo
    opens: date
    closes: date
    about: Text
    privacy: Privacy
    accessibility_contact: str
    enforcement_body: str
    survey: Survey
    events: tuple[Event, ...]
    answers: tuple[KnownAnswer, ...]
    leads: tuple[Lead, ...] = ("day", "two_hours")
    """How long before an event people are reminded who have not chosen otherwise."""

    def find_event(self, name: str) -> Event | None:
        """The event with this id, if the process has it."""
        return next((event for event in self.events if event.id == name), None)

    def survey_ends_at(self) -> datetime:
        """The first instant after the last day on which the survey can be taken."""
        return datetime.combine(self.survey.closes + timedelta(days=1), time(), self.zone)

    def ends_at(self) -> datetime:
        """From when on nothing is ahead: no survey and no event."""
        return max([self.survey_ends_at(), *(event.starts_at for event in self.events)])

    elsewhere: tuple[str, ...] = ()
    """Parts of the city and places around it where no event takes place."""

    def stage(self, now: datetime) -> Literal["before", "open", "over"]:
        """Whether the survey can be taken at this instant; its days are days of the process's time zone."""
        today = now.astimezone(self.zone).date()
        return "before" if today < self.survey.opens else "over" if today > self.survey.closes else "open"
