"""Whom an announcement is for: a choice among those who want to hear news."""

from dataclasses import dataclass
from typing import Literal, get_args

Stage = Literal["not_begun", "unfinished", "finished"]
"""How far somebody has come in the survey."""
STAGES: tuple[Stage, ...] = get_args(Stage)
Rooms = Literal["none", "too", "only"]
"""Whether rooms that asked for news hear it: no, beside the people, or they alone."""
ROOMS: tuple[Rooms, ...] = get_args(Rooms)
FEW = 5
"""Fewer than this are not counted out loud: whoever knows the people could tell who it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """A choice of people and rooms; an empty field chooses nobody out. `event` is one they want to be reminded of."""

    channel: str = ""
    language: str = ""
    stage: Stage | Literal[""] = ""
    event: str = ""
    rooms: Rooms = "none"

    @property
    def people(self) -> bool:
        """Whether it is for people at all."""
        return self.rooms != "only"


@dataclass(frozen=True, slots=True)
class Count:
    """How many of one channel and language there are; `room` counts rooms."""

    channel: str
    language: str
    many: int
    room: bool = False


def total(counts: tuple[Count, ...] | list[Count]) -> int:
    """How many people and rooms altogether."""
    return sum(count.many for count in counts)


def shown(many: int) -> str:
    """A number of people as it may be said: below five only that it is so."""
    return f"< {FEW}" if 0 < many < FEW else str(many)
