"""What a question was understood to ask."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.core.events import Event

Intent = Literal[
    "event_list",
    "event_next",
    "event_when",
    "event_where",
    "event_on_date",
    "online_participation",
    "cost",
    "who_may_attend",
    "topic",
    "unknown",
]
Premise = Literal["date", "time", "place", ""]
Scope = Literal["all", "coming", "past", "span", "start", ""]
Said = Literal["today", "tomorrow", "weekday", "date", "span"]


@dataclass(frozen=True, slots=True)
class Span:
    """Some days, first to last. `said` is how they were named; `other` is what they could mean as well."""

    first: date
    last: date
    said: Said = "span"
    other: "Span | None" = None

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A question understood. `language` is the one it was asked in.

    `events` are in date order; `span` is the days that were asked about, where there are any. `wrong_premise` is what
    the asker believes and is not so; `confirmed` that it is so. `declined` are subjects that were asked about and are
    not known, `nowhere` a place where no event is. `answer` is the id of a known answer. `scope` is what a list is of.
    """

    intent: Intent
    language: str
    events: tuple[Event, ...] = ()
    span: Span | None = None
    scope: Scope = ""
    wrong_premise: Premise = ""
    confirmed: bool = False
    declined: tuple[str, ...] = ()
    nowhere: str = ""
    answer: str = ""
    mentioned: tuple[Event, ...] = ()
    """Events that were named beside what is declined."""
    beside: str = ""
    """What was said beside the dates, about the bot or in courtesy; its language is then that of the reading."""
    openly: bool = False
    """Whether it asks what there is, and not whether there is anything."""
    asks: bool = False
    """Whether the text clearly asks something, rather than tells."""
