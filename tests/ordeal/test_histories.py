"""Whatever people, staff, networks and operators do in whatever order: everybody's answers are what they said last.

The engine alone, without storage, repeats or restarts, says what has to come out; the whole bot has to agree with it.
"""

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from bot.core import interview, recognition
from bot.core.conversation import Vocabulary
from bot.core.interview import Answered
from bot.core.messages import Address, Incoming
from bot.core.questions.several import SeveralQuestion
from bot.core.survey import Progress, Survey
from bot.core.texts import Texts
from bot.core.values import Missing, Value
from tests.conftest import Figures
from tests.ordeal.canary import CANARY
from tests.ordeal.measured import counted
from tests.ordeal.scale import scaled
from tests.staff import joined
from tests.talk import BEISPIELSTADT, BEISPIELSTADT_OPEN, config_in, talking
from tests.test_engine_properties import as_stored

T = TypeVar("T")
HISTORIES, STEPS = scaled(500, 8), scaled(50, 30)
PEOPLE = ("anna", "berta")
TYPED = (
    *("1", "7", "0", "Nein", "Ja", "Rutsche", "Schatten, Bänke", "Toiletten", "gut", "schlecht", "2026-02-01"),
    *(f"Ein langer {CANARY}", "zurück", "überspringen", "weiter"),
)
NAMES = st.sampled_from(PEOPLE)
VIEWERS = {"analyst", "admin"}
"""Roles that may read statistics."""


@dataclass
class Somebody:
    """One person as the engine alone has them; `progress` is None before the survey and after it."""

    user: str
    progress: Progress | None = None
    submitted: bool = False
    typed: list[str] = field(default_factory=list)
    """The network's ids of what they typed."""


class Model:
    """What has to come out of a message, by the engine alone."""

    def __init__(self, survey: Survey, t: Texts, vocabulary: Vocabulary) -> None:
        self.survey = survey
        self.responses: list[dict[str, list[tuple[str, bool]]]] = []
        self._t = t
        self._vocabulary = vocabulary

    def take(self, one: Somebody, message: Incoming) -> str | None:
        """One message of somebody; the text of the question that it leads to, where it is an answer."""
        if one.progress is None:
            return None
        if message.choice is not None:
            return self._tapped(one, one.progress, message.choice)
        if message.kind == "edit":
            last, question = ([("", ""), *one.progress.said.items()])[-1]
            again = self.survey.reopen(one.progress, question)
            if last != message.target or again is None:
                return None
            one.progress = again
        return self._typed(one, one.progress, message)

    def _typed(self, one: Somebody, progress: Progress, message: Incoming) -> str | None:
        question = self.survey.current(progress)
        if question is None and (word := self._vocabulary.control(message.text)):
            one.progress = interview.advance(self.survey, progress, word, self._t).progress
            return None
        if question is None and message.text == "1":
            self.responses.append({asked.id: as_stored(value) for asked, value in self.survey.answered(progress)})
            one.progress, one.submitted = None, True
            return None
        move = interview.read(self.survey, progress, recognition.clean(message.text), self._vocabulary, self._t)
        if move is None:
            return None
        after = interview.advance(self.survey, progress, move, self._t).progress
        if isinstance(move, Answered) and question is not None:
            one.progress = after.said_in(message.target, question.id)
            return self._asked(one.progress)
        one.progress = after
        return None

    def _tapped(self, one: Somebody, progress: Progress, key: str) -> str | None:
        _, _, name, option = key.split(":")
        question = self.survey.find(name)
        assert question is not None
        offered = any(option == choice.key for choice in question.choices(self._t))
        value: Value | None = question.read(option, self._t) if offered else None
        if (
            progress.question == name
            and isinstance(question, SeveralQuestion)
            and value not in {None, Missing.NO_ANSWER}
        ):
            ticked = self.survey.tick(progress, option)
            if question.at_most is None or len(ticked.ticked) <= question.at_most:
                one.progress = ticked
        elif progress.question == name and value is not None:
            one.progress = self.survey.record(progress, value).progress
            return self._asked(one.progress)
        elif name in progress.answers and progress.answers[name] != value:
            one.progress = self.survey.reopen(progress, name) or progress
        return None

    def _asked(self, progress: Progress) -> str | None:
        question = self.survey.current(progress)
        return self._t.of(question.text) if question is not None and "{" not in self._t.of(question.text) else None


class Histories(RuleBasedStateMachine):
    """One bot, two people who answer, and one who is on the staff at times."""

    prepared: Path
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(self.prepared, self.folder, dirs_exist_ok=True)
        self.stack = AsyncExitStack()
        self.open()
        app = self.talk.app
        self.model = Model(app.process.survey, app.languages["de"], Vocabulary(app.languages.values(), ()))
        self.people = {name: Somebody(name) for name in PEOPLE}
        self.received: list[Incoming] = []
        self.role = ""
        self.ids = count(1)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def open(self) -> None:
        config = config_in(self.folder, BEISPIELSTADT)
        self.talk = self.do(self.stack.enter_async_context(talking(config, BEISPIELSTADT_OPEN)))

    def teardown(self) -> None:
        self.do(self.stack.aclose())
        failed = self.do(counted(self.folder, "dead_letters"))
        self.runner.close()
        shutil.rmtree(self.folder)
        assert failed == {}, "a handler has failed"

    def incoming(self, one: Somebody, text: str = "", choice: str | None = None, edits: str | None = None) -> Incoming:
        """Something that somebody does, as a network hands it over."""
        number = next(self.ids)
        if text and not edits:
            one.typed.append(f"n{number}")
        return Incoming(
            id=f"h{number}",
            sender=Address("terminal", one.user, one.user),
            sent_at=BEISPIELSTADT_OPEN,
            kind="edit" if edits else "message",
            target=edits or f"n{number}",
            text=text,
            choice=choice,
            language="de",
        )

    def receive(self, *batch: Incoming) -> None:
        """Hand over a batch: the model takes each message once, and each person's replies are in its order."""
        asked: dict[str, list[str]] = {}
        for message in batch:
            if message not in self.received:
                self.received.append(message)
                one = next(one for one in self.people.values() if one.user == message.sender.user)
                if question := self.model.take(one, message):
                    asked.setdefault(one.user, []).append(question)
        before = len(self.talk.heard)
        self.do(self.talk.receive(*batch))
        for user, questions in asked.items():
            said = iter(message.text for to, message in self.talk.heard[before:] if to.user == user)
            assert all(any(question in text for text in said) for question in questions), "not in order"

    @initialize()
    def begin(self) -> None:
        for one in self.people.values():
            self.begin_survey(one)

    def begin_survey(self, one: Somebody) -> None:
        self.do(self.talk.receive(self.incoming(one, "/umfrage"), self.incoming(one, choice="m:consent:yes")))
        one.progress = self.model.survey.begin()

    @rule(name=NAMES, text=st.sampled_from(TYPED))
    def type(self, name: str, text: str) -> None:
        self.receive(self.incoming(self.people[name], text))

    @rule(name=NAMES)
    def type_1_until_the_review(self, name: str) -> None:
        one = self.people[name]
        while one.progress is not None and (waiting := self.model.survey.current(one.progress)) is not None:
            self.receive(self.incoming(one, "2026-02-01" if waiting.type == "date" else "1"))

    @rule(name=NAMES, data=st.data())
    def tap(self, name: str, data: st.DataObject) -> None:
        """A button of any question, as old as it may be; oftener one of the question that waits."""
        one, survey = self.people[name], self.model.survey
        waiting = one.progress.question if one.progress else None
        asked = data.draw(
            st.sampled_from([*[waiting or survey.questions[0].id] * 9, *(q.id for q in survey.questions)])
        )
        question = survey.find(asked)
        assert question is not None
        options = [choice.key for choice in question.choices(self.talk.app.languages["de"])]
        option = data.draw(st.sampled_from([*options, "forged"]))
        self.receive(self.incoming(one, choice=f"q:{survey.version}:{asked}:{option}"))

    @rule(name=NAMES, data=st.data(), text=st.sampled_from(TYPED))
    def edit(self, name: str, data: st.DataObject, text: str) -> None:
        if (one := self.people[name]).typed:
            target = data.draw(st.sampled_from([one.typed[-1], *one.typed]))
            self.receive(self.incoming(one, text, edits=target))

    @rule(data=st.data())
    def everything_together(self, data: st.DataObject) -> None:
        """A batch of both people, in which some messages are handed over twice."""
        batch = []
        for name, text in data.draw(st.lists(st.tuples(NAMES, st.sampled_from(TYPED)), min_size=2, max_size=6)):
            batch.append(self.incoming(self.people[name], text))
            if data.draw(st.booleans()):
                batch.append(data.draw(st.sampled_from(batch)))
        self.receive(*batch)

    @rule(data=st.data(), times=st.integers(1, 3))
    def hand_over_again(self, data: st.DataObject, times: int) -> None:
        """What was handled is not handled again: nothing is said, nothing changes."""
        if self.received:
            again = data.draw(st.lists(st.sampled_from(self.received), min_size=times, max_size=times))
            assert self.do(self.talk.receive(*again)) == []

    @rule()
    def restart(self) -> None:
        self.do(self.stack.aclose())
        self.open()

    @rule(name=NAMES)
    def stop_and_go_on(self, name: str) -> None:
        one = self.people[name]
        self.do(self.talk.receive(self.incoming(one, "/stop"), self.incoming(one, "/umfrage")))

    @rule(name=NAMES)
    def erase(self, name: str) -> None:
        """Nothing is left; who has not taken part begins anew."""
        one = self.people[name]
        self.do(self.talk.receive(self.incoming(one, "/loeschen"), self.incoming(one, choice="m:erase:yes")))
        assert not self.do(self.known()).get(one.user)
        self.received = [message for message in self.received if message.sender.user != one.user]
        one.progress = None
        if not one.submitted:
            self.begin_survey(one)

    @rule(name=NAMES)
    def somebody_new_comes(self, name: str) -> None:
        if self.people[name].submitted:
            self.people[name] = Somebody(f"{name}{next(self.ids)}")
            self.begin_survey(self.people[name])

    @rule(role=st.sampled_from(["analyst", "admin", "editor", ""]))
    def staff_change(self, role: str) -> None:
        for member in self.do(self.talk.app.memory.staff()):
            self.do(self.talk.app.memory.remove_staff(member.id, BEISPIELSTADT_OPEN))
        self.role = role
        if role:
            self.do(joined(self.talk, "carla", role))

    @rule()
    def ask_for_statistics(self) -> None:
        said = self.do(self.talk.another("carla").say("/statistik"))
        unknown = self.do(self.talk.another("carla").say("/gibtesnicht"))
        assert (said[0].text == unknown[0].text) == (self.role not in VIEWERS)

    async def known(self) -> dict[str, Progress | None]:
        """Whom the bot knows, and how far they have come."""
        addresses = [Address("terminal", one.user, one.user) for one in self.people.values()]
        found = await self.talk.app.memory.known("terminal", [], addresses)
        return {address.user: person.draft for address, person in found.people.items()}

    @invariant()
    def everybody_is_where_the_engine_has_them(self) -> None:
        known = self.do(self.known())
        for one in self.people.values():
            assert known.get(one.user) == one.progress
        Histories.steps += 1

    @invariant()
    def every_response_is_there_once(self) -> None:
        if self.model.responses:
            stored = [dict(response.answers) for response in self.do(self.talk.app.memory.results.responses())]
            assert sorted(map(repr, map(ordered, stored))) == sorted(map(repr, map(ordered, self.model.responses)))


def ordered(response: Mapping[str, Sequence[tuple[str, bool]]]) -> list[tuple[str, list[tuple[str, bool]]]]:
    """A response in an order that does not depend on where it comes from."""
    return sorted((question, sorted(answers)) for question, answers in response.items())


def test_whatever_happens_in_whatever_order_everybody_is_where_they_should_be(tmp_path: Path, figures: Figures) -> None:
    async def prepare() -> None:
        async with talking(config_in(tmp_path, BEISPIELSTADT), BEISPIELSTADT_OPEN):
            pass

    asyncio.run(prepare())
    Histories.prepared = tmp_path
    often = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Histories, settings=often)
    figures(
        f"{HISTORIES} histories of up to {STEPS} steps, {Histories.steps:,} in all, each as the engine alone has it"
    )
