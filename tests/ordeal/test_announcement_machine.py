"""Whatever staff, citizens, operators and time do in whatever order: nothing is sent that a second person has not seen.

Neither an announcement, however it came about, nor that an event has changed.
"""

import asyncio
import re
import shutil
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot import app as application
from bot.administration import Request
from bot.core.announcement import Announcement
from bot.core.messages import Address, Incoming, Outgoing
from bot.paths import CONTENT
from handlers.announcements import STEPS
from tests.ordeal.canary import CANARY
from tests.ordeal.scale import scaled
from tests.staff import joined
from tests.talk import FrozenClock, Talk, config_in, talking

STAFF = {"erika": "editor", "otto": "sender", "ada": "admin", "ben": "admin"}
CITIZENS = ("anna", "carl")
EVERYBODY = st.sampled_from([*STAFF, *CITIZENS])
TYPED = st.sampled_from(
    [
        *("1", "2", "3", "/rundnachricht", "Freigeben", "Zur Freigabe geben", "ja", "zurück", "abbrechen", "/hilfe"),
        *("/neu_laden ja", "/umfrage", "/neuigkeiten", "/stop", "Neue Rundnachricht", "!rundnachricht", "Vorschau"),
    ]
)
TOKEN = re.compile(rf"{CANARY}\d+")
PLACE = re.compile(r"neuer Ort: [^,]*, (ORT\d+)")
MISFIT = "Bitte wählen Sie"
TELLERS = {"sender", "admin"}
OPERATOR = "the operator"
ADDRESS = "Seckbruchstraße 20"
"""Where the event is before anybody changes it."""


@dataclass
class Actor:
    """Somebody, the screen that they were last shown with all that came under it, and the last buttons."""

    talk: Talk
    role: str = "citizen"
    number: int = 0
    shown: str = ""
    choices: tuple[str, ...] = ()


@dataclass
class Watched:
    """What the test itself knows of an announcement: its words, who wrote last, and whether somebody agreed since."""

    author: str = ""
    tokens: set[str] = field(default_factory=set)
    agreed: bool = False


class Announcing(RuleBasedStateMachine):
    """One bot with four of staff and two citizens."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.folder = tempfile.TemporaryDirectory()
        self.actors: dict[str, Actor] = {}
        self.keys: list[str] = []
        self.known: dict[int, Watched] = {}
        self.entries = 0
        self.read = 0
        self.words = 0
        self.place = ADDRESS
        self.wanted: dict[str, set[str]] = {}
        """Who wants which place told, by the place."""
        self.told: set[str] = set()
        """The places that two want told."""

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    @initialize()
    def begin(self) -> None:
        self.do(self._begin())

    async def _begin(self) -> None:
        folder = Path(self.folder.name)
        shutil.copytree(CONTENT, folder / "content")
        self.anna = await self.stack.enter_async_context(talking(config_in(folder, folder / "content")))
        for name, role in STAFF.items():
            self.actors[name] = Actor(await joined(self.anna, name, role), role)
        for name in CITIZENS:
            self.actors[name] = Actor(self.anna.another(name))
            await self.actors[name].talk.say("/neuigkeiten ja")
            await self.actors[name].talk.say("/erinnern misburg")
        await self._in_room("ada", "/neuigkeiten", by_admin=True)
        self.entries, self.read = len(await self.anna.app.memory.audit()), len(self.anna.heard)
        for member in await self.anna.app.memory.staff():
            self.actors[member.address.user].number = member.id

    async def _in_room(self, user: str, text: str, *, by_admin: bool) -> None:
        message = self.actors[user].talk.incoming(text=text)
        room = Address("terminal", user, "room")
        said = Incoming(
            id=message.id, sender=room, sent_at=message.sent_at, text=text, private=False, by_admin=by_admin, link="x"
        )
        await self.anna.receive(said)

    async def _acts(self, name: str, message: Incoming, wrote: str = "") -> None:
        actor = self.actors[name]
        before = actor.shown
        heard = len(self.anna.heard)
        if message.text == "/neu_laden ja" and actor.role in TELLERS:
            self._wants(name)
        await self.anna.receive(message)
        said = [told for to, told in self.anna.heard[heard:] if to.user == name]
        if said:
            text = "\n".join(told.text for told in said)
            actor.choices = tuple(choice.key for told in said for choice in told.choices)
            # A help, or the question once more, stands under what was shown before.
            another = any(key.startswith("a:") for key in actor.choices) and not text.startswith(MISFIT)
            actor.shown = text if another else f"{actor.shown}\n{text}"
        self._see(said)
        await self._look(name, before, wrote)

    def _wants(self, name: str) -> None:
        """Somebody wants told what the files say now."""
        wanted = self.wanted.setdefault(self.place, set())
        wanted.add(name)
        if len({one for one in wanted if one == OPERATOR or self.actors[one].role in TELLERS}) > 1:
            self.told.add(self.place)

    def _see(self, said: list[Outgoing]) -> None:
        self.keys += [choice.key for told in said for choice in told.choices if choice.key.startswith("a:")]
        self.keys = self.keys[-40:]

    async def _look(self, name: str, before: str, wrote: str) -> None:
        """What the audit log says has happened, held against who was there and what they had seen."""
        entries = await self.anna.app.memory.audit()
        for entry in entries[self.entries :]:
            if not entry.subject.startswith("announcement "):
                continue
            watched = self.known.setdefault(int(entry.subject.split()[1]), Watched())
            if entry.actor.startswith("staff ") and entry.action.startswith("announcement_"):
                actor = self.actors[name]
                assert entry.actor == f"staff {actor.number}", "somebody acted for somebody else"
                assert actor.role != "citizen"
            match entry.action:
                case "announcement_confirmed":
                    assert self.actors[name].role in {"sender", "admin"}
                    assert watched.author != name, "one person alone"
                    assert watched.tokens, "nothing to be sent"
                    assert all(token in before for token in watched.tokens), "words that were not seen before"
                    assert "so viele Personen" in before
                    watched.agreed = True
                case "announcement_dropped":
                    assert "wirklich verwerfen?" in before, "thrown away without a second word"
                case "announcement_stopped":
                    assert "wirklich beenden?" in before, "ended without a second word"
                case "announcement_written" | "announcement_offered" | "announcement_audience" | "announcement_timed":
                    watched.author, watched.agreed = name, False
                    watched.tokens |= {wrote} if wrote and entry.action == "announcement_written" else set()
                    if entry.action == "announcement_written":
                        watched.tokens = {wrote}
                case "announcement_taken_back" | "announcement_refused" | "announcement_void":
                    watched.agreed = False
        self.entries = len(entries)

    @rule(name=EVERYBODY, typed=TYPED)
    def types(self, name: str, typed: str) -> None:
        self.do(self._acts(name, self.actors[name].talk.incoming(text=typed)))

    @rule(name=st.sampled_from([*STAFF]))
    def writes(self, name: str) -> None:
        """New words, where the bot asks for them; elsewhere they are just something that is said."""
        self.words += 1
        word = f"{CANARY}{self.words}"
        self.do(self._acts(name, self.actors[name].talk.incoming(text=f"Es gibt {word}"), word))

    @rule(name=st.sampled_from([*STAFF]))
    def begins(self, name: str) -> None:
        """The whole way to a draft that waits for somebody else."""
        message = self.actors[name].talk.incoming(text="/rundnachricht")
        self.do(self._acts(name, message))
        new = next((key for key in self.actors[name].choices if key.startswith("a:0:")), "")
        if new:
            self.do(self._acts(name, self.actors[name].talk.incoming(choice=new)))
        self.writes(name)
        offer = next((key for key in self.actors[name].choices if key.endswith(":offer")), "")
        if offer:
            self.do(self._acts(name, self.actors[name].talk.incoming(choice=offer)))

    @rule(name=st.sampled_from([*STAFF]))
    def agrees(self, name: str) -> None:
        """The whole way to a confirmation, with a button made by hand where none is offered."""
        self.do(self._acts(name, self.actors[name].talk.incoming(text="/rundnachricht")))
        for ending in (":show", ":confirm"):
            choices = [key for key in self.actors[name].choices if key.startswith("a:")]
            made = [f"{key.rpartition(':')[0]}{ending}" for key in choices]
            key = next((key for key in choices if key.endswith(ending)), next(iter(made), ""))
            if key:
                self.do(self._acts(name, self.actors[name].talk.incoming(choice=key)))

    @rule(author=st.sampled_from(["erika", "ada"]), second=st.sampled_from(["otto", "ben", "erika", "ada"]))
    def goes_the_whole_way(self, author: str, second: str) -> None:
        """As it is meant to be, up to the minute in which it can be taken back."""
        self.begins(author)
        self.agrees(second)

    @rule(author=st.sampled_from(["erika", "ada"]), second=st.sampled_from(["otto", "ben", "erika", "ada"]))
    def is_confirmed_unseen(self, author: str, second: str) -> None:
        """Somebody confirms with a button made by hand, without having been shown what."""
        self.begins(author)
        self.do(self._forge(second, "confirm", 0))

    @rule(name=EVERYBODY, which=st.integers(0, 30))
    def taps_what_is_shown(self, name: str, which: int) -> None:
        choices = self.actors[name].choices
        if choices:
            self.do(self._acts(name, self.actors[name].talk.incoming(choice=choices[which % len(choices)])))

    @rule(name=EVERYBODY, step=st.sampled_from(["drop", "stop"]), surely=st.booleans())
    def ends_it(self, name: str, step: str, surely: bool) -> None:
        """A draft is thrown away or what is being sent is ended, by a slip or surely; a yes comes late as well."""
        self.do(self._forge(name, step, 0))
        if surely:
            self.do(self._forge(name, f"{step}=yes", 0))
        else:
            self.do(self._acts(name, self.actors[name].talk.incoming(text="1")))
            self.do(self._forge(name, f"{step}=yes", 0))

    @rule(
        name=EVERYBODY,
        step=st.sampled_from([*STEPS, "confirm", "confirm", "drop=yes", "stop=yes"]),
        ahead=st.sampled_from([0, 0, -1, 1]),
    )
    def taps_by_hand(self, name: str, step: str, ahead: int) -> None:
        """A button made by somebody who knows all numbers, as no program of Telegram's would offer it."""
        self.do(self._forge(name, step, ahead))

    async def _forge(self, name: str, step: str, ahead: int) -> None:
        known = await self.anna.app.memory.newsroom.of_interest(self.anna.app.clock.now())
        if known:
            key = f"a:{known[0].id}:{known[0].revision + ahead}:{step}"
            await self._acts(name, self.actors[name].talk.incoming(choice=key))

    @rule(name=EVERYBODY, which=st.integers(0, 39))
    def taps_what_somebody_else_saw(self, name: str, which: int) -> None:
        if self.keys:
            self.do(self._acts(name, self.actors[name].talk.incoming(choice=self.keys[which % len(self.keys)])))

    @rule(name=EVERYBODY, typed=TYPED)
    def says_in_a_room(self, name: str, typed: str) -> None:
        self.do(self._in_room(name, typed, by_admin=False))
        self.do(self._look(name, "", ""))

    @rule()
    def announces_on_the_command_line(self) -> None:
        self.words += 1
        self.do(self._offer(f"{CANARY}{self.words}"))

    async def _offer(self, word: str) -> None:
        await self.anna.app.duties.announcing.offer(Announcement(texts={"de": f"Es gibt {word}"}), None)
        number = int((await self.anna.app.memory.audit())[-1].subject.split()[1])
        self.known[number] = Watched("command line", {word})
        self.entries = len(await self.anna.app.memory.audit())
        self._see([told for to, told in self.anna.heard[-4:]])

    @rule()
    def changes_the_files(self) -> None:
        """Somebody writes another address of the event; nothing reads it yet."""
        self.words += 1
        file, place = Path(self.folder.name) / "content" / "events.toml", f"ORT{self.words}"
        file.write_text(file.read_text(encoding="utf-8").replace(self.place, place), encoding="utf-8")
        self.place = place

    @rule(confirm=st.booleans())
    def reloads_on_the_command_line(self, confirm: bool) -> None:
        """`mitreden reload`, with `--confirm` or without."""
        self.do(self._reload(confirm))

    async def _reload(self, confirm: bool) -> None:
        if confirm:
            self._wants(OPERATOR)
        config = config_in(Path(self.folder.name), Path(self.folder.name) / "content")
        await application.carried_out(self.anna.app, config, Request("reload", confirm=confirm))

    @rule(name=EVERYBODY, confirm=st.booleans())
    def reloads_in_the_chat(self, name: str, confirm: bool) -> None:
        self.do(self._acts(name, self.actors[name].talk.incoming(text="/neu_laden ja" if confirm else "/neu_laden")))

    @rule(first=st.sampled_from(["otto", "ada", "ben", OPERATOR]), second=st.sampled_from(["otto", "ada", "ben"]))
    def two_want_a_change_told(self, first: str, second: str) -> None:
        """As it is meant to be, where they are two."""
        self.changes_the_files()
        if first == OPERATOR:
            self.reloads_on_the_command_line(confirm=True)
        else:
            self.reloads_in_the_chat(first, confirm=True)
        self.reloads_in_the_chat(second, confirm=True)

    @rule(name=st.sampled_from([*STAFF]), role=st.sampled_from(["editor", "sender", "admin"]))
    def gets_another_code(self, name: str, role: str) -> None:
        """A second code, for another task: the same person."""
        if self.actors[name].role != "citizen":
            self.do(self._another_code(name, role))

    async def _another_code(self, name: str, role: str) -> None:
        await joined(self.anna, name, role)
        self.actors[name].role = role
        self.entries = len(await self.anna.app.memory.audit())

    @rule(name=st.sampled_from(["otto", "ada"]))
    def erases_everything(self, name: str) -> None:
        """A member of staff has everything erased that is kept about them, and is still the same member."""
        self.do(self._erase(name))

    async def _erase(self, name: str) -> None:
        for text in ("/loeschen", "1"):
            await self._acts(name, self.actors[name].talk.incoming(text=text))

    @rule(
        name=st.sampled_from(["ada", "otto"]),
        between=st.sampled_from(["another code", "everything erased", "off the staff"]),
        second=st.sampled_from(["the same", "ben"]),
        about=st.sampled_from(["announcement", "change"]),
    )
    def something_happens_between_two_words(self, name: str, between: str, second: str, about: str) -> None:
        """The first word is somebody's who is then no longer what they were; the second theirs or another's."""
        if about == "change":
            self.changes_the_files()
            self.reloads_in_the_chat(name, confirm=True)
        else:
            self.begins(name)
        if between == "another code":
            self.gets_another_code(name, "sender")
        elif between == "everything erased":
            self.erases_everything(name)
        else:
            self.loses_the_role(name)
        again = name if second == "the same" else second
        if about == "change":
            self.reloads_in_the_chat(again, confirm=True)
        else:
            self.agrees(again)

    @rule(name=st.sampled_from(["otto", "ada"]))
    def loses_the_role(self, name: str) -> None:
        self.do(self._removed(name))

    async def _removed(self, name: str) -> None:
        await self.anna.app.memory.remove_staff(self.actors[name].number, self.anna.app.clock.now())
        self.actors[name].role = "citizen"
        self.entries = len(await self.anna.app.memory.audit())

    @rule()
    def reads_the_content_anew(self) -> None:
        self.do(self.anna.app.content.agree())

    @rule(seconds=st.sampled_from([1, 30, 61, 61, 700, 40_000, 90_000]))
    def waits(self, seconds: int) -> None:
        self.do(self._wait(seconds))

    async def _wait(self, seconds: int) -> None:
        clock = self.anna.app.clock
        assert isinstance(clock, FrozenClock)
        clock.pass_time(seconds=seconds)
        await self.anna.app.duties.all_at_once()
        self._see([told for _, told in self.anna.heard[-8:]])
        await self._look("", "", "")

    @invariant()
    def nothing_is_sent_that_was_not_agreed_on(self) -> None:
        if not self.actors:
            return
        for to, told in self.anna.heard[self.read :]:
            if to.user in CITIZENS or to.room == "room":
                if told.text.startswith("Ein Termin hat sich geändert"):
                    for place in PLACE.findall(told.text):
                        assert place in self.told, f"{place} was told to {to.user} on one person's word"
                for token in TOKEN.findall(told.text):
                    watched = [one for one in self.known.values() if token in one.tokens]
                    assert any(one.agreed for one in watched), f"{token} was sent to {to.user or to.room}"
        self.read = len(self.anna.heard)

    def teardown(self) -> None:
        self.runner.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


Announcing.TestCase.settings = settings(
    max_examples=scaled(500, 20),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestAnnouncing = Announcing.TestCase
