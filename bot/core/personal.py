"""Notices what could name somebody in a text that may be published: a hint for people, never a verdict.

Rather one hint too many than one too few: it costs a look. Numbers of accounts and telephones are told by libraries
that know their rules; the rest by how people write such things.
"""

import re
from collections.abc import Iterable
from typing import Literal

from bot.core.first_names import FIRST_NAMES

Kind = Literal["email", "phone", "account", "address", "handle", "name", "birth"]

_WORD = r"[^\W\d_a-zß-öø-ÿ][^\W\d_]*(?:['’-][^\W\d_]+)*"
"""A word with a capital letter, such as "Müller-Lüdenscheidt" or "O'Neill"."""
_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:\s?@\s?|\s?[\[(]\s?(?:at|ät|@)\s?[\])]\s?|\s(?:at|ät|AT)\s)"
    r"[\w-]+(?:(?:\.|\s?[\[(]\s?(?:dot|punkt)\s?[\])]\s?|\s(?:dot|punkt|DOT)\s)[\w-]+)+"
)
_HANDLE = re.compile(
    r"(?<![\w@.])@[a-z0-9._=/+-]+:[a-z0-9-]+(?:\.[a-z0-9-]+)+|(?<![\w@./])@[a-z]\w{2,31}\b|"
    r"\b(?:t\.me|wa\.me|matrix\.to|instagram\.com|facebook\.com|tiktok\.com|linkedin\.com/in|x\.com|twitter\.com)/\S+|"
    r"\b(?:telegram|instagram|insta|tiktok|snapchat|discord|twitter|facebook|signal|nutzername|username)"
    r"(?:\s+(?:ist|is|heißt|name))?\s*[:=]\s*\S{3,}",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"\b[a-z]{2}\s?\d{2}(?:[\s.-]?[a-z0-9]{2,4}){3,8}(?:[\s.-]?[a-z0-9]{1,3})?\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.,-])(?:\+|00|\(?0)[\d\s()/.-]{5,22}\d(?!\w)")
_CALLED = re.compile(
    r"\b(?:tel|telefon|telefonnummer|handy|handynummer|mobil|mobilnummer|festnetz|fax|phone|mobile|whatsapp|rufnummer|"
    r"nummer|number|durchwahl)\b[^\d\n]{0,15}(\d(?:[\s/.-]?\d){4,14})",
    re.IGNORECASE,
)
_STREET = re.compile(
    r"\b[^\W\d_]{0,40}?(?:straße|strasse|str\.|weg|allee|platz|gasse|ring|damm|ufer|chaussee|kamp|wall|"
    r"markt|stieg|steig|pfad|brink|winkel|graben|redder|twiete|zeile|promenade|siedlung|hof|berg|garten|höhe)"
    r"\s*\d{1,3}(?:\s?[a-z]\b|\s?[-/]\s?\d{1,3})?(?!\s*(?:uhr|%|prozent|minuten|euro|€|[.:]\d))",
    re.IGNORECASE,
)
_AT_A_PLACE = re.compile(
    r"\b(?:Am|An der|An den|Im|In der|In den|Auf der|Auf dem|Beim|Zum|Zur|Unter den|Hinter der|Hinter dem|Vor der|"
    rf"Alte|Alter|Neue|Neuer|Große|Kleine|Lange|Hohe|Obere|Untere)\s+(?!(?:\w+tag|Januar|Februar|März|April|Mai|Juni|"
    rf"Juli|August|September|Oktober|November|Dezember|Jahr|Alter|Umkreis|Schnitt)\b){_WORD}(?:\s{_WORD})?"
    r"\s\d{1,3}\s?[a-z]?\b(?!\s*(?:Uhr|%|Prozent|Minuten|Stunden|Tage|Euro|€|[.:]\d))"
)
_NUMBER_FIRST = re.compile(rf"\b\d{{1,4}}[a-z]?\s(?:{_WORD}\s){{1,3}}(?:Street|Road|Avenue|Lane|St|Rd|Ave)\b")
_POSTCODE = re.compile(
    rf"\b(?:D-)?(?!\d\d000\b)\d{{5}}\s(?!(?:Menschen|Euro|Einwohner\w*|Bürger\w*|Leute|Personen|Haushalte|Kinder)\b){_WORD}"
)
_TITLE = r"(?:(?:Dr|Prof|Dipl|Ing|med|jur)\.?[\s-]*)*"
_TITLED = re.compile(
    rf"\b(?:Frau|Herrn?|Hr\.|Fr\.|Familie|Fam\.|Mrs?\.?|Ms\.?|Miss|(?:Dr|Prof)\.)\s{_TITLE}"
    rf"(?!(?:Oberbürgermeister\w*|Bürgermeister\w*|Onay|Doktor|Professor\w*)\b){_WORD}"
)
_INTRODUCED = re.compile(
    r"(?i:\bich hei(?:ß|ss)e|\b(?:mein|unser|der|ihr|sein)\w* (?:voller |ganzer )?(?:vor|nach)?name (?:ist|lautet|war)|"
    r"\b(?:vor|nach|familien)?name\s?:|\bmy (?:full |first |last )?name(?: is|'s|:)|\bi am called|\bthey call me|"
    r"\bman nennt mich|\bgenannt|\bnamens|\bgez\.?|\bunterschrift:?|\bunterzeichnet:?|"
    r"\bhier (?:spricht|schreibt) (?:der |die )?|"
    r"\b(?:viele|liebe|schöne|beste|herzliche|freundliche\w*|sonnige) gr(?:ü|ue)(?:ß|ss)e\w*(?: (?:von|vom|aus \w+))?|"
    r"\bmit freundliche[mn] gr(?:u|ü|ue)(?:ß|ss)e?n?|\b(?:vg|lg|mfg|bg)\b|\bgru(?:ß|ss)(?: von)?|\bhochachtungsvoll|"
    r"\b(?:kind |best |warm )?regards|\bsincerely|\byours(?: truly)?|\bcheers)"
    rf"[\s,:.!-]{{1,4}}(?:Frau |Herr )?{_TITLE}{_WORD}"
)
_HERE_I_AM = re.compile(
    rf"\b(?:[Ii]ch bin|[Ii] am|[Ii]'m|[Tt]his is|[Hh]ier ist)\s(?:der |die )?({_WORD})(?:\s({_WORD}))?"
)
_PAIR = re.compile(rf"\b(?=({_WORD})\s+(?:(?:von|van|de|der|den|zu|al|el|bin)\s+)*{_WORD})")
"""Looked for at every word: the first of two may be the second of another two."""
_BIRTH = re.compile(
    r"\b(?:geb\.|geboren|geburtsdatum|geburtstag|born|birthday|date of birth)[^\d\n]{0,20}\d{1,4}[.\s/-]",
    re.IGNORECASE,
)


def hints(text: str, public: Iterable[str] = ()) -> tuple[Kind, ...]:
    """What kinds of personal details may stand in a text; `public` are addresses that everybody may know."""
    for known in sorted(public, key=len, reverse=True):
        text = re.sub(re.escape(known), "…", text, flags=re.IGNORECASE) if known else text
    found: list[Kind] = []
    if _EMAIL.search(text):
        found.append("email")
        text = _EMAIL.sub("…", text)
    if _account(text):
        found.append("account")
        text = _ACCOUNT.sub("…", text)
    if _phone(text):
        found.append("phone")
    if any(rule.search(text) for rule in (_STREET, _AT_A_PLACE, _NUMBER_FIRST, _POSTCODE)):
        found.append("address")
    if _HANDLE.search(text):
        found.append("handle")
    if _name(text):
        found.append("name")
    if _BIRTH.search(text):
        found.append("birth")
    return tuple(found)


def _account(text: str) -> bool:
    """An IBAN; a German one also where a figure of it is wrong."""
    from stdnum import iban  # noqa: PLC0415 - loaded with the first text that has such a number

    for one in _ACCOUNT.finditer(text):
        number = re.sub(r"[\s.-]", "", one[0]).upper()
        if re.match(r"DE\d{16,22}", number) or any(iban.is_valid(number[:end]) for end in range(15, len(number) + 1)):
            return True
    return False


def _phone(text: str) -> bool:
    """A telephone number, national or international."""
    if _CALLED.search(text):
        return True
    for one in _PHONE.finditer(text):
        if 7 <= len(re.sub(r"\D", "", one[0])) <= 15 and not re.fullmatch(r"0?\d\.\d{1,2}\.\d{2,4}", one[0].strip()):
            return True
    if not re.search(r"\d{3}", text):
        return False
    import phonenumbers  # noqa: PLC0415 - as above

    return phonenumbers.PhoneNumberMatcher(text, "DE").has_next()


def _name(text: str) -> bool:
    """Somebody who names themselves or another person."""
    if _TITLED.search(text) or _INTRODUCED.search(text):
        return True
    for one in _HERE_I_AM.finditer(text):
        if one[1].casefold() in FIRST_NAMES or (one[2] and one[1][0].isupper()):
            return True
    return any(one[1].casefold().partition("-")[0] in FIRST_NAMES for one in _PAIR.finditer(text))
