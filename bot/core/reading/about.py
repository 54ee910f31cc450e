"""Decides whether a question is about the events at all: what speaks for it, against what means nothing to the bot."""

from dataclasses import dataclass

from bot.core.reading.question import Question

LONG, MIDDLE, SHORT, TOLD = 25, 15, 8, 5
"""Words up to which a message without the name of an event may be about one: much, some or little says so."""
WHETHER = ("exist", "anything", "go", "where", "ahead", "start", "what_time", "afterwards", "list", "all", "remaining")
GOING = (
    "next",
    "start",
    "comes",
    "go",
    "ahead",
    "always",
    "exist",
    "more",
    "afterwards",
    "all",
    "list",
    "you",
    "remaining",
)
ASKING = ("when", "where", "next", "list", "all", "more", "request", "remaining", "ahead")


@dataclass(frozen=True, slots=True)
class About:
    """The signs in a question that it is about the events."""

    question: Question

    def events(self, strong: float) -> bool:
        """Whether it is about them; the fewer words say so, the fewer may be strange, `strong` where one names them."""
        question = self.question
        if question.has("event", "events", "evening"):
            strange, length = question.strange(), question.length()
            return self._asks_of_events() and strange <= min(strong, (length + 1) // 3) and length <= 40
        if question.has("who_else"):
            return False
        if question.told and not (question.days and question.has("when", "where") and question.length() <= TOLD):
            return False
        return self._of_days() if question.days else self._of_none()

    def _asks_of_events(self) -> bool:
        question = self.question
        if question.marked or question.has("request", "when", "where"):
            return True
        if question.has(*ASKING):
            return not question.told or question.length() <= SHORT
        days = bool(question.days) and not question.has("past")
        return not question.told and (question.length() <= 6 or days or question.has("exist"))

    def _of_days(self) -> bool:
        """A day is named and no event. In this bot, a day by itself asks what is then."""
        question = self.question
        strange, length = question.strange(), question.length()
        addressed = question.has("you")
        if question.has(*WHETHER):
            sure = question.has("exist") or (question.has("anything") and question.has("afterwards"))
            return strange <= (1 if sure else 0.5) and length <= LONG
        if question.has("when") and not question.has("what_time", "start"):
            # "wann ist Weihnachten", "welcher Tag ist heute"
            return addressed and strange < 1 and length <= MIDDLE
        return strange <= 0.5 and length <= (MIDDLE if question.marked or addressed else SHORT) and self._now()

    def _now(self) -> bool:
        """Whether nothing is told of the past: "gestern war schön"."""
        return self.question.marked or not self.question.has("past")

    def _of_none(self) -> bool:
        """Neither an event nor a day is named."""
        question = self.question
        strange, length = question.strange(), question.length()
        named = {hit.start for hit in question.of("office")}
        if any({hit.end, hit.end + 1} & named for hit in question.of("next")):
            return False  # "das nächste Bürgeramt"
        if question.has("when", "where"):
            if question.has(*GOING):
                return strange <= (1 if question.has("next", "you") else 0.5) and length <= MIDDLE
            return strange == 0 and length <= 2
        if strange > 1:
            return False
        if question.has("ahead", "what_time") or (
            question.has("list", "all", "what") and question.has("request", "remaining", "you")
        ):
            return length <= MIDDLE
        if question.has("late", "missed") and question.has("all"):
            return length <= SHORT
        elsewhere = question.has("survey", "online", "participate")
        begun = question.has("late", "start") or (question.has("remaining") and question.has("number"))
        if begun and question.marked and strange == 0 and length <= 6 and not elsewhere:
            return True  # "Hat es schon angefangen?", "Nur noch einer?"
        if question.has("gone") and question.has("list", "all"):
            return length <= MIDDLE
        if question.has("list") and question.has("all"):
            return strange == 0 and length <= SHORT
        if sum(map(bool, self.hourly())) > 1:
            return length <= MIDDLE
        following = question.has("next") or (question.has("more") and question.has("anything", "exist", "comes"))
        return length <= SHORT and following

    def hourly(self) -> tuple[object, ...]:
        """Signs of a question about the hour at which all begin; two of them are enough."""
        return self.question.has("start"), self.question.has("always"), self.question.times()
