"""Hints for personal details: nearly every one is noticed, and ordinary wishes are left alone."""

from collections import Counter

import pytest

from bot.core.personal import hints
from tests.personal_details import ORDINARY, full_names, seeded

COUNT, SEED = 500, 2025


def test_of_500_personal_details_at_least_98_in_100_are_noticed() -> None:
    wishes = list(seeded(COUNT, SEED))
    missed = [(kind, wish) for kind, wish in wishes if not hints(wish)]
    assert len(wishes) == COUNT
    assert len(missed) <= COUNT * 0.02, missed


def test_another_500_with_another_seed_are_noticed_as_well() -> None:
    missed = [wish for _, wish in seeded(COUNT, 77) if not hints(wish)]
    assert len(missed) <= COUNT * 0.02, missed


def test_the_kind_is_mostly_told_right() -> None:
    right = Counter(kind for kind, wish in seeded(COUNT, SEED) if kind in hints(wish))
    assert min(right.values()) >= COUNT / 6 * 0.9, right


def test_full_names_that_nothing_introduces_are_noticed_where_the_first_name_is_a_common_one() -> None:
    """Faker draws rare names as often as common ones; among people who live here the share is far higher."""
    noticed = sum("name" in hints(wish) for wish in full_names(200, SEED))
    assert noticed >= 70, noticed


def test_ordinary_wishes_raise_few_alarms() -> None:
    alarmed = [(wish, kinds) for wish in ORDINARY if (kinds := hints(wish))]
    assert len(alarmed) <= len(ORDINARY) * 0.03, alarmed


@pytest.mark.parametrize("public", ["Seckbruchstraße 20", "Am Schützenplatz 1", "Mühlenberger Markt 1"])
def test_the_address_of_an_event_is_no_secret(public: str) -> None:
    assert hints(f"Der Abend {public} war gut.") == ("address",)
    assert hints(f"Der Abend {public} war gut.", [public]) == ()


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ("meine nummer 0 1 7 6 - 1 2 3 4 5 6 7 8", "phone"),
        ("+49 (0)511 / 168-0", "phone"),
        ("max punkt muster at web punkt de", "email"),
        ("DE89370400440532013001", "account"),
        ("geboren am 3.4.1951 in Linden", "birth"),
        ("LG Anna", "name"),
        ("@anna:matrix.org", "handle"),
        ("Bitte an Lange-Hop-Str. 17b, 30559 Hannover", "address"),
    ],
)
def test_details_as_people_write_them(wish: str, kind: str) -> None:
    assert kind in hints(wish)


def test_a_long_text_takes_no_time() -> None:
    for part in ("a" * 3000, "Am " * 1000, "1 " * 1500, "Frau " * 600, "Ö-" * 1500, "@a." * 1000, "DE12 " * 600):
        hints(part)
