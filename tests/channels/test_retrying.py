"""The pauses between two tries at a network that fails."""

from bot.channels.retrying import SLOWEST, back_off


def test_the_pause_grows_and_has_an_end_however_long_a_network_fails() -> None:
    assert 1.0 <= back_off(1) < 2.0 <= back_off(2) < 4.0
    assert SLOWEST <= back_off(100_000) <= SLOWEST * 1.25
