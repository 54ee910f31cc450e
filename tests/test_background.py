"""Work that nobody waits for: an error in it is never lost, and says nothing but its class."""

import asyncio

import pytest

from bot.background import Background


async def broken() -> None:
    raise ValueError("what somebody wrote")


async def test_an_error_that_work_has_not_seen_to_is_logged_by_its_class_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    background = Background()
    background.begin(broken())
    background.begin(asyncio.sleep(60))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(background.idle(), 0.1)
    await background.close()
    said = capsys.readouterr().out
    assert "background_failed" in said
    assert "ValueError" in said
    assert "wrote" not in said
    assert "CancelledError" not in said
