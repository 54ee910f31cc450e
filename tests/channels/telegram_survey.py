"""A citizen who taps through Beispielstadt's survey on Telegram."""

from tests.channels.citizen import Citizen, Seen


async def taps(citizen: Citizen, *labels: str) -> list[Seen]:
    """Tap buttons one after the other; what the bot says to the last."""
    said: list[Seen] = []
    for label in labels:
        await citizen.tap(label)
        said = await citizen.answers()
    return said


async def to_the_survey(citizen: Citizen) -> Seen:
    """From the first message to the first question."""
    await citizen.say("/start")
    await citizen.answers()
    await taps(citizen, "1 Umfrage beginnen")
    await citizen.tap("1 Ja, einverstanden")
    return (await citizen.answers(2))[-1]
