"""Citizens who take Hannover's survey at random, and remember what they said, to be held against the export."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot import content, locales
from bot.core.survey import Survey
from bot.core.values import Missing, Value
from bot.paths import CONTENT, LOCALES
from tests.channels.citizen import Citizen, Seen
from tests.channels.fake_telegram import FakeTelegram

WISH, OWN_WORDS = "Wunsch von Nummer", "eigene Worte"
SAID = (WISH, OWN_WORDS)
"""Words that each of them says: canaries, for they may stand in no log."""
PATIENCE = 120.0
"""Seconds until somebody who gets no answer counts as stuck: longer than some restarts in a row on a busy machine."""


def hannover() -> Survey:
    """The survey that the crowd takes."""
    return content.load_process(CONTENT, locales.available(LOCALES)).survey


class Resident:
    """One citizen with a will of their own; `said` is what they last answered to each question."""

    def __init__(self, citizen: Citizen, number: int, leisure: float) -> None:
        self.citizen = citizen
        self._leisure = leisure
        self.wish = f"{WISH} {number}"
        self.said: dict[str, Value] = {}
        self._chance = random.Random(number)  # noqa: S311 - the same crowd in every run

    async def take_the_survey(self) -> None:
        """From the first message to the deletion code."""
        await self.citizen.say("/start survey")
        acted_on = 0
        while (shown := await self._next(acted_on)) is not None:
            acted_on = shown.message_id
            await self._act(shown)

    async def _next(self, acted_on: int) -> Seen | None:
        """The newest question since the last one, read at leisure; None once the deletion code is there."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while loop.time() < began + PATIENCE:
            await asyncio.sleep(self._leisure)
            said = [message for message in self.citizen.screen if not message.mine and message.message_id > acted_on]
            if any(message.text.startswith("Ihr Löschcode") for message in said):
                return None
            # A question that was just answered may come again after a crash; the next one follows it.
            newest = next((message for message in reversed(said) if message.keyboard), None)
            if newest and self._question(newest) not in self.said:
                return newest
        raise AssertionError("\n".join(["stuck:", *self.citizen.transcript[-8:]]))

    @staticmethod
    def _keys(shown: Seen) -> list[str]:
        rows = shown.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return [button["callback_data"] for row in rows for button in row]

    def _question(self, shown: Seen) -> str:
        return next((key.split(":")[1] for key in self._keys(shown) if key.startswith("c:")), "")

    async def _act(self, shown: Seen) -> None:
        keys, question = self._keys(shown), self._question(shown)
        options = [key for key in keys if key.startswith("q:")]
        if f"c:{question}:done" in keys:
            await self._choose_several(shown, question, options)
        elif options:
            await self._choose(shown, options)
        elif question:
            await self._write(question)
        else:
            await self.citizen.tap_data(keys[0], shown.message_id)  # consent, or the review's "Absenden"

    async def _choose(self, shown: Seen, options: list[str]) -> None:
        number = self._chance.randrange(len(options))
        _, _, question, option = options[number].split(":")
        if self._chance.random() < 0.3:
            await self.citizen.say(str(number + 1))
        else:
            for _ in range(2 if self._chance.random() < 0.2 else 1):  # now and then a second, quick tap
                await self.citizen.tap_data(options[number], shown.message_id)
        self.said[question] = Missing.NO_ANSWER if option == "no_answer" else option

    async def _choose_several(self, shown: Seen, question: str, options: list[str]) -> None:
        ids = [key.rpartition(":")[2] for key in options if not key.endswith(":no_answer")]
        most = {"priorities": 3}.get(question, len(ids))
        chosen = sorted(self._chance.sample(range(len(ids)), self._chance.randint(1, min(most, 3))))
        if self._chance.random() < 0.5:
            await self.citizen.say(", ".join(str(number + 1) for number in chosen))
        else:
            for number in chosen:
                if not await self._ticked(options[number], shown.message_id):
                    break
            else:
                await self.citizen.tap_data(f"c:{question}:done", shown.message_id)
                self.said[question] = tuple(ids[number] for number in chosen)
                return
            # The question came again while it was answered: what is ticked is not to be seen, so that all is typed.
            await self.citizen.say(", ".join(str(number + 1) for number in chosen))
        self.said[question] = tuple(ids[number] for number in chosen)

    async def _ticked(self, option: str, message_id: int) -> bool:
        """Tap one of several options; whether its tick is shown. A question that comes again stands below it."""
        place = self.citizen.private
        edits, sent = len(place.edits), len(place.sent)
        await self.citizen.tap_data(option, message_id)
        await place.until(lambda: message_id in place.edits[edits:] or len(place.sent) > sent, PATIENCE)
        return message_id in place.edits[edits:]

    async def _write(self, question: str) -> None:
        if question == "wish":
            self.said[question] = self.wish
        else:
            self.said[question] = f"{OWN_WORDS} {self._chance.randrange(10**6)}"
        await self.citizen.say(str(self.said[question]))


async def crowd(
    telegram: FakeTelegram,
    people: int,
    at_once: int,
    leisure: float = 0.02,
    more: Callable[[], bool] = lambda: False,
) -> list[Resident]:
    """So many residents take the survey, so many of them at a time, each reading for `leisure` seconds.

    Others follow them as long as `more` says so. Raises where one is stuck.
    """
    residents: list[Resident] = []

    async def one_after_the_other() -> None:
        while len(residents) < people or more():
            number = len(residents)
            residents.append(Resident(telegram.citizen(f"resident{number}"), number, leisure))
            await residents[number].take_the_survey()

    async with asyncio.TaskGroup() as all_of_them:
        for _ in range(min(people, at_once)):
            all_of_them.create_task(one_after_the_other())
    return residents


def differences(residents: Sequence[Resident], exported: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where the export is not what was said: nothing lost, nothing counted twice, every answer on the path."""
    survey = hannover()
    found = []
    by_wish: dict[str, list[Mapping[str, Any]]] = {}
    for response in exported:
        by_wish.setdefault(str(response["answers"].get("wish")), []).append(response["answers"])
    for resident in residents:
        answers = by_wish.get(resident.wish, [])
        expected = {question.id: _exported(resident.said[question.id]) for question in survey.path(resident.said)}
        if answers != [expected]:
            found.append(f"{resident.wish}: said {expected}, exported {answers}")
    if len(exported) != len(residents):
        found.append(f"{len(exported)} responses of {len(residents)} people")
    return found


def _exported(value: Value) -> object:
    if isinstance(value, Missing):
        return value.value
    return list(value) if isinstance(value, tuple) else value
