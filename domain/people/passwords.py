"""Passwords that are too easily guessed are not taken.

Who guesses over the network has some thousands of tries a day: what keeps a password is that it is not among the first.
Length and not being common are all that is asked (OWASP ASVS 5.0.0, 6.2.1 and 6.2.4).
"""

import re
from collections.abc import Collection
from itertools import pairwise

PASSWORD_MIN = 8
PASSWORD_MAX = 1024
DIFFERENT_MIN = 4  # characters
AROUND_MAX = 6  # digits and marks around a word, such as in summer2026!
SHORTEST_WORD = 3

_WRITTEN_ALIKE = str.maketrans("01345789@$!|", "oleastbgasil")

# What comes first on every published list of passwords that were lost, as words without what is put around them.
_WORDS = """
aaaaaa abcabc abcd abcde abcdef abcdefg abcdefgh access admin administrator alexander amanda andrea andrew angel
anthony apple arsenal asdf asdfasdf asdfgh asdfghjkl ashley august autumn azerty bailey banana barcelona baseball
basketball batman benjamin butterfly changeit changeme charlie cheese chelsea chocolate company computer cookie
corvette cowboys daniel december default demo diamond dragon eagles elizabeth everton facebook february ferrari
flower football freedom friday george ginger google guest hannah harley hello helpdesk heather hockey hunter
iloveyou inbox internet jackson january jasmine jennifer jessica jordan joseph joshua justin killer letmein
liverpool login london lovely loveme maggie manager manchester marina marlboro martin master matrix matthew
melissa mercedes michael michelle minecraft monday monkey mustang naruto nicole nirvana november october office
oliver orange pass passer passwort password patrick pepper phoenix player please pokemon princess private purple
qazwsx qwe qweasd qweasdzxc qwer qwert qwerty qwertyuiop qwertz qwertzuiop rainbow ranger robert root samantha
samsung saturday secret secure security september service shadow silver soccer spiderman spring starwars steelers
summer sunday sunshine superman superstar support system taylor tennis test testing thomas thunder thursday tigger
trustno tuesday user victoria wednesday welcome whatever whatsapp william winner winter yankees yellow zaqwsx
zxcvbn zxcvbnm deskline contrasena contraseña hallo motdepasse parola senha wachtwoord haslo geheim bonjour soleil
"""

_ROWS_OF_KEYS = """
1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 3rjs1la7qe 18atcskd2w 123qweasd 12qwaszx a1b2c3d4 a123456789
abcd1234 abc12345 aa123456 aa12345678 asdf1234 g_czechout q1w2e3r4 q1w2e3r4t5 qwe123456 qwer1234 qwerty12 zaq12wsx
zxcv1234 zaq1zaq1 1g2w3e4r gwerty123 p@ssw0rd 147258369 123123123 12341234 11223344 87654321 987654321 741852963
789456123 159753456 12344321 13131313 19871987 20202020 31415926 14725836 10203040 123654789 11112222 123456789a
1234qwer 123abc456
"""


_COMMON = frozenset(_WORDS.split())
_COMMON_AS_THEY_ARE = frozenset(_ROWS_OF_KEYS.split())


def password_fault(password: str, known: Collection[str] = ()) -> str | None:
    """Why this password is not taken, in a sentence that tells the rule; None where it is.

    `known` is what anybody would try first: names and addresses of the person and the organization.
    """
    if len(password) < PASSWORD_MIN:
        return f"A password has at least {PASSWORD_MIN} characters."
    if len(password) > PASSWORD_MAX:
        return f"A password has at most {PASSWORD_MAX} characters."
    folded = password.casefold().strip()
    if len(set(folded)) < DIFFERENT_MIN:
        return f"A password has at least {DIFFERENT_MIN} different characters."
    if _is_a_row(folded):
        return "A password is no row of characters, such as 12345678."
    words = _words(folded)
    if folded in _COMMON_AS_THEY_ARE or words & _COMMON:
        return "This password is one of the most common ones, which are guessed first. Take some words of your own."
    if words & {part for text in known for part in _parts(text)}:
        return "A password is no name or address of the person or the organization. Take some words of your own."
    return None


def _words(folded: str) -> set[str]:
    """The word in it, where there is little around it: as it is, and with the letters its digits stand for."""
    letters = [at for at, character in enumerate(folded) if character.isalpha()]
    bare = folded[letters[0] : letters[-1] + 1] if letters else ""
    cores = [folded] if len(folded) - len(bare) > AROUND_MAX else [folded, bare]
    cores += [core.translate(_WRITTEN_ALIKE) for core in cores]
    return {_plain(core) for core in cores} - {""}


def _parts(text: str) -> set[str]:
    """A name or an address, whole and its parts: of ada@acme.example `ada`, `acme` and `acme.example` too."""
    folded = text.casefold().strip()
    pieces = [folded, *folded.split("@"), *re.split(r"[\s@.,_-]+", folded)]
    return {piece for piece in map(_plain, pieces) if len(piece) >= SHORTEST_WORD}


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", "", text)


def _is_a_row(folded: str) -> bool:
    """Each character the next of the one before, or the one before: 12345678, 90123456, zyxwvuts."""
    steps = {(ord(after) - ord(before)) for before, after in pairwise(folded)}
    return steps <= {1, -9} or steps <= {-1, 9}
