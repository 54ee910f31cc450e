"""Made-up personal details in made-up wishes, the same for the same seed; and wishes that have none."""

from collections.abc import Callable, Iterator

from faker import Faker

PLACES = ("de_DE", "de_AT", "de_CH", "en_GB", "tr_TR", "pl_PL")
FRAMES: dict[str, tuple[str, ...]] = {
    "email": (
        "Bitte antworten Sie mir an {}, danke.",
        "Mehr Termine! {}",
        "Schreiben Sie {} wenn es so weit ist",
        "You can reach me at {}.",
        "Meine Adresse im Internet: {}",
    ),
    "phone": (
        "Rufen Sie mich bitte an: {}",
        "Meine Nummer ist {}, am besten abends.",
        "Mehr Personal am Telefon. Tel. {}",
        "Please call {} about this.",
        "Ich warte seit Wochen auf einen Rückruf unter {}.",
    ),
    "account": (
        "Die Gebühr bitte zurück auf {}.",
        "Mein Konto {} wurde doppelt belastet.",
        "IBAN {}",
        "Refund my fee to {}, please",
    ),
    "address": (
        "Ich wohne {} und komme ohne Auto nicht hin.",
        "Ein Bürgeramt in der Nähe von {} wäre gut.",
        "Bitte schicken Sie den Ausweis an {}.",
        "Meine Mutter, {}, kann nicht mehr laufen.",
    ),
    "handle": (
        "Schreiben Sie mir auf Telegram: {}",
        "Ich bin {} und wünsche mir mehr Termine.",
        "Kontakt {}",
    ),
    "name": (
        "Ich heiße {} und bin 70 Jahre alt.",
        "Mein Name ist {}. Ich wünsche mir kürzere Wege.",
        "Die Mitarbeiterin Frau {} war sehr unfreundlich.",
        "Herr {} hat mir toll geholfen.",
        "Mehr Online-Angebote. Viele Grüße, {}",
        "Bitte längere Öffnungszeiten.\nMit freundlichen Grüßen\n{}",
        "My name is {} and I need help with forms.",
        "gez. {}",
        "Dr. {} sagt, das dauert zu lange.",
    ),
}


def _handle(fake: Faker) -> str:
    name = fake.user_name()
    return fake.random_element((f"@{name}", f"@{name}:{fake.domain_name()}", f"t.me/{name}", f"@{name}_99"))


def _street(fake: Faker) -> str:
    return fake.random_element((fake.street_address(), fake.address().replace("\n", ", ")))


def _iban(fake: Faker) -> str:
    iban = fake.iban()
    return fake.random_element((iban, " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))))


def _email(fake: Faker) -> str:
    email = fake.email()
    return fake.random_element((email, email, email.replace("@", " (at) "), email.replace("@", "[at]")))


MADE: dict[str, Callable[[Faker], str]] = {
    "email": _email,
    "phone": lambda fake: fake.phone_number(),
    "account": _iban,
    "address": _street,
    "handle": _handle,
    "name": lambda fake: fake.random_element(
        (fake.name(), f"{fake.first_name()} {fake.last_name()}", fake.last_name())
    ),
}
OF_GERMANY = {"phone": ("de_DE", "de_AT"), "address": ("de_DE",), "account": ("de_DE", "de_AT", "pl_PL", "en_GB")}
"""Telephones and streets are those of people who live here; names come from anywhere."""


def seeded(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Wishes with a personal detail each: its kind, and the wish."""
    fakes = {place: Faker(place) for place in PLACES}
    for number, fake in enumerate(fakes.values()):
        fake.seed_instance(seed + number)
    kinds = list(FRAMES)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        places = OF_GERMANY.get(kind, PLACES)
        fake = fakes[places[number // len(kinds) % len(places)]]
        frame = FRAMES[kind][number // len(kinds) % len(FRAMES[kind])]
        yield kind, frame.format(MADE[kind](fake))


def full_names(count: int, seed: int) -> Iterator[str]:
    """Wishes with a first and a last name that nothing introduces: the hardest kind."""
    fake = Faker("de_DE")
    fake.seed_instance(seed)
    for _ in range(count):
        yield f"Bitte fragen Sie {fake.first_name()} {fake.last_name()} aus dem Bürgeramt."


ORDINARY = """
Bitte öffnen Sie auch samstags.
Ich wünsche mir Termine am Abend, zum Beispiel bis 20 Uhr.
Ein Termin in 3 Tagen statt in 6 Wochen.
Mehr Personal im Bürgeramt Aegi.
Das Bürgeramt Linden soll bleiben.
Im Bürgeramt Döhren war alles sehr gut organisiert.
Bitte mehr Bänke im Wartebereich am Schützenplatz.
Ich möchte meinen Reisepass komplett online beantragen.
Der Personalausweis kostet 37 Euro, das ist zu viel.
Die Formulare sind zu schwer. Bitte in einfacher Sprache.
Ein mobiles Bürgeramt für Misburg und Anderten.
Bitte einen Aufzug einbauen, ich sitze im Rollstuhl.
Ich bin Rentnerin und habe kein Internet.
Ich bin Student und ziehe oft um.
Frau am Schalter war sehr freundlich.
Die Mitarbeiterin war sehr nett und kompetent.
Der Herr an der Information hat mir gut geholfen.
Weniger Bürokratie, mehr Menschlichkeit!
Eine App für alle Dienste der Stadt.
Die Website ist langsam und unübersichtlich.
Online-Termine sollten auch kurzfristig möglich sein.
Terminvergabe per Telefon ist eine Katastrophe.
Am Dienstag war ich dort und musste 2 Stunden warten.
Im November 2025 bekam ich erst nach 8 Wochen einen Termin.
Am 13.11.2025 um 18:00 Uhr war ich bei der Veranstaltung in Mühlenberg.
Öffnungszeiten von 7 bis 19 Uhr wären gut.
Montag bis Freitag 8-18 Uhr, Samstag 9-13 Uhr.
Ich brauche Hilfe auf Arabisch oder Türkisch.
Übersetzer vor Ort wären wichtig.
Bitte keine Videoanrufe, ich möchte mit Menschen sprechen.
Abholboxen wie bei der Post fände ich praktisch.
100 Prozent digital, aber bitte auch 100 Prozent barrierefrei.
Zwischen 2020 und 2025 ist es schlechter geworden.
Warum dauert ein Führerschein 12 Wochen?
Seit 30 Jahren wohne ich in Hannover und es wird nicht besser.
Für 10000 Menschen reicht ein Bürgeramt nicht.
Mehr als 545.000 Einwohner brauchen mehr als 9 Bürgerämter.
Die Stadt Hannover soll sich an Hamburg orientieren.
Wie in Estland: alles online.
Bitte mehr Parkplätze für Fahrräder.
Der Bus 120 fährt zu selten zum Bürgeramt.
Ein Bürgeramt im Einkaufszentrum wäre toll.
Kinderecke im Wartebereich!
Kostenloses WLAN.
Wickeltisch und Toilette für alle.
Klare Wegweiser und größere Schrift.
Gebärdensprache bei Beratungen anbieten.
Termine für Berufstätige nach 17 Uhr.
Danke für die gute Arbeit!
Alles gut so, weiter so.
Keine Ahnung.
Nichts.
???
Digital First, aber nicht Digital Only.
Die Behörde soll auf Augenhöhe mit uns reden.
Das Führungszeugnis sollte automatisch kommen.
Ummelden mit einem Klick.
Bitte die Daten nur einmal abfragen (Once Only).
Ich möchte eine Rückmeldung, wann mein Ausweis fertig ist.
SMS oder E-Mail, wenn der Pass da ist.
Vor Ort mit EC-Karte zahlen können.
Auch Apple Pay und Google Pay annehmen.
Lieber 5 Minuten warten als 5 Wochen.
Schulungen für Senioren zum Online-Ausweis.
Den Online-Ausweis besser erklären.
Bessere Erreichbarkeit am Telefon.
Nicht immer in der Warteschleife hängen.
Sahlkamp und Vahrenheide brauchen ein Bürgeramt mit mehr Zeit.
Ich finde den Stadtteiltreff Sahlkamp gut.
In der Region Hannover sollte man überall hingehen können.
Man sollte im Rathaus wieder ohne Termin etwas erledigen können.
Mehr Service, weniger Papier.
Einheitliche Formulare für ganz Niedersachsen.
Neue Software, die funktioniert.
Bitte Gendern lassen.
Bitte gendern.
Respekt für die Mitarbeitenden!
Personal besser bezahlen.
Die Ampel vor dem Bürgeramt Herrenhausen ist zu kurz.
Hilfe beim Ausfüllen, besonders für ältere Menschen.
Longer opening hours, please.
I would like to book appointments in English.
More staff and shorter waiting times.
The website should work on my phone.
It takes 6 weeks to get an appointment, that is too long.
Please offer forms in Ukrainian and Arabic.
Everything online, like in Denmark.
Thank you for asking!
I am new in Hannover and did not know where to go.
I am a student and move often.
Help with the online forms at home.
A place where kids can play.
Die Beratung war super, Note 1.
Ich musste 3 mal kommen wegen 1 Formular.
Bitte Termine auch um 6:30 Uhr.
Die Gebühr von 60 Euro für den Pass ist hoch.
Der Automat für Fotos war kaputt.
Fotos direkt im Bürgeramt machen.
Nummern ziehen wie früher, ohne Termin.
Mein Mann hat keinen Termin bekommen.
Meine Mutter ist 85 Jahre alt und kann nicht kommen.
Hausbesuche für Menschen, die nicht mobil sind.
Ein Chatbot ist eine gute Idee.
Bürgerämter in den Bibliotheken.
Der Weg vom Kröpcke ist weit.
Ich wohne in der Nordstadt und arbeite in Laatzen.
Ich wohne in Linden-Süd.
""".strip().splitlines()
"""Wishes as people write them, without anything personal."""
