"""What a number's first digits say: the country, how it is written at home, and how long it may be.

A line is a country's two letters (ISO 3166), its calling code, the trunk prefix that is dialled at home and nowhere
else (`-`: none), how many digits follow the calling code, and its English name. Lengths are wide where a plan has many.
Sources: ITU-T E.164 (assigned country codes), ITU Operational Bulletin 994 (dialling procedures), national plans that
the ITU publishes.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    code: str
    calling: str
    trunk: str  # empty where there is none
    shortest: int  # digits after the calling code
    longest: int
    name: str

    def takes(self, national: str) -> bool:
        return self.shortest <= len(national) <= self.longest


_TABLE = """
AC 247 - 4-6 Ascension Island
AD 376 - 6-9 Andorra
AE 971 0 7-9 United Arab Emirates
AF 93 0 9-9 Afghanistan
AG 1 1 10-10 Antigua and Barbuda
AI 1 1 10-10 Anguilla
AL 355 0 6-9 Albania
AM 374 0 8-8 Armenia
AO 244 - 9-9 Angola
AR 54 0 10-11 Argentina
AS 1 1 10-10 American Samoa
AT 43 0 4-13 Austria
AU 61 0 5-10 Australia
AW 297 - 7-7 Aruba
AX 358 0 5-12 Åland Islands
AZ 994 0 9-9 Azerbaijan
BA 387 0 8-9 Bosnia and Herzegovina
BB 1 1 10-10 Barbados
BD 880 0 6-10 Bangladesh
BE 32 0 8-9 Belgium
BF 226 - 8-8 Burkina Faso
BG 359 0 6-9 Bulgaria
BH 973 - 8-8 Bahrain
BI 257 - 8-8 Burundi
BJ 229 - 8-10 Benin
BL 590 0 9-9 Saint Barthélemy
BM 1 1 10-10 Bermuda
BN 673 - 7-7 Brunei
BO 591 0 8-9 Bolivia
BQ 599 - 7-7 Caribbean Netherlands
BR 55 0 10-11 Brazil
BS 1 1 10-10 Bahamas
BT 975 - 7-8 Bhutan
BW 267 - 7-8 Botswana
BY 375 80 9-9 Belarus
BZ 501 - 7-7 Belize
CA 1 1 10-10 Canada
CC 61 0 9-9 Cocos Islands
CD 243 0 7-10 Democratic Republic of the Congo
CF 236 - 8-8 Central African Republic
CG 242 - 9-9 Congo
CH 41 0 9-9 Switzerland
CI 225 - 10-10 Côte d'Ivoire
CK 682 - 5-5 Cook Islands
CL 56 - 9-9 Chile
CM 237 - 8-9 Cameroon
CN 86 0 9-12 China
CO 57 0 8-10 Colombia
CR 506 - 8-8 Costa Rica
CU 53 0 6-10 Cuba
CV 238 - 7-7 Cape Verde
CW 599 - 7-8 Curaçao
CX 61 0 9-9 Christmas Island
CY 357 - 8-8 Cyprus
CZ 420 - 9-12 Czechia
DE 49 0 6-13 Germany
DJ 253 - 8-8 Djibouti
DK 45 - 8-8 Denmark
DM 1 1 10-10 Dominica
DO 1 1 10-10 Dominican Republic
DZ 213 0 8-9 Algeria
EC 593 0 8-9 Ecuador
EE 372 - 7-10 Estonia
EG 20 0 8-10 Egypt
EH 212 0 9-9 Western Sahara
ER 291 0 7-7 Eritrea
ES 34 - 9-9 Spain
ET 251 0 9-9 Ethiopia
FI 358 0 5-12 Finland
FJ 679 - 7-7 Fiji
FK 500 - 5-5 Falkland Islands
FM 691 - 7-7 Micronesia
FO 298 - 6-6 Faroe Islands
FR 33 0 9-9 France
GA 241 - 7-8 Gabon
GB 44 0 9-10 United Kingdom
GD 1 1 10-10 Grenada
GE 995 0 9-9 Georgia
GF 594 0 9-9 French Guiana
GG 44 0 9-10 Guernsey
GH 233 0 9-9 Ghana
GI 350 - 8-8 Gibraltar
GL 299 - 6-6 Greenland
GM 220 - 7-9 Gambia
GN 224 - 8-9 Guinea
GP 590 0 9-9 Guadeloupe
GQ 240 - 9-9 Equatorial Guinea
GR 30 - 10-10 Greece
GT 502 - 8-8 Guatemala
GU 1 1 10-10 Guam
GW 245 - 7-9 Guinea-Bissau
GY 592 - 7-7 Guyana
HK 852 - 8-9 Hong Kong
HN 504 - 8-8 Honduras
HR 385 0 7-9 Croatia
HT 509 - 8-8 Haiti
HU 36 06 8-9 Hungary
ID 62 0 7-13 Indonesia
IE 353 0 7-10 Ireland
IL 972 0 8-9 Israel
IM 44 0 10-10 Isle of Man
IN 91 0 10-10 India
IO 246 - 7-7 British Indian Ocean Territory
IQ 964 0 8-10 Iraq
IR 98 0 10-10 Iran
IS 354 - 7-9 Iceland
IT 39 - 6-12 Italy
JE 44 0 10-10 Jersey
JM 1 1 10-10 Jamaica
JO 962 0 8-9 Jordan
JP 81 0 9-10 Japan
KE 254 0 7-10 Kenya
KG 996 0 9-9 Kyrgyzstan
KH 855 0 8-9 Cambodia
KI 686 0 5-8 Kiribati
KM 269 - 7-7 Comoros
KN 1 1 10-10 Saint Kitts and Nevis
KP 850 0 6-10 North Korea
KR 82 0 8-11 South Korea
KW 965 - 7-8 Kuwait
KY 1 1 10-10 Cayman Islands
KZ 7 8 10-10 Kazakhstan
LA 856 0 8-10 Laos
LB 961 0 7-8 Lebanon
LC 1 1 10-10 Saint Lucia
LI 423 0 7-9 Liechtenstein
LK 94 0 9-9 Sri Lanka
LR 231 0 7-9 Liberia
LS 266 - 8-8 Lesotho
LT 370 0 8-8 Lithuania
LU 352 - 4-11 Luxembourg
LV 371 - 8-8 Latvia
LY 218 0 8-9 Libya
MA 212 0 9-9 Morocco
MC 377 0 8-9 Monaco
MD 373 0 8-8 Moldova
ME 382 0 8-9 Montenegro
MF 590 0 9-9 Saint Martin
MG 261 0 9-9 Madagascar
MH 692 1 7-7 Marshall Islands
MK 389 0 8-8 North Macedonia
ML 223 - 8-8 Mali
MM 95 0 6-10 Myanmar
MN 976 0 8-10 Mongolia
MO 853 - 8-8 Macao
MP 1 1 10-10 Northern Mariana Islands
MQ 596 0 9-9 Martinique
MR 222 - 8-8 Mauritania
MS 1 1 10-10 Montserrat
MT 356 - 8-8 Malta
MU 230 - 7-8 Mauritius
MV 960 - 7-7 Maldives
MW 265 0 7-9 Malawi
MX 52 - 10-11 Mexico
MY 60 0 8-10 Malaysia
MZ 258 - 8-9 Mozambique
NA 264 0 8-9 Namibia
NC 687 - 6-6 New Caledonia
NE 227 - 8-8 Niger
NF 672 - 5-6 Norfolk Island
NG 234 0 7-11 Nigeria
NI 505 - 8-8 Nicaragua
NL 31 0 9-11 Netherlands
NO 47 - 8-8 Norway
NP 977 0 8-10 Nepal
NR 674 - 7-7 Nauru
NU 683 - 4-7 Niue
NZ 64 0 8-10 New Zealand
OM 968 - 7-8 Oman
PA 507 - 7-8 Panama
PE 51 0 8-9 Peru
PF 689 - 6-9 French Polynesia
PG 675 - 7-8 Papua New Guinea
PH 63 0 8-10 Philippines
PK 92 0 9-10 Pakistan
PL 48 - 9-9 Poland
PM 508 0 6-9 Saint Pierre and Miquelon
PR 1 1 10-10 Puerto Rico
PS 970 0 8-9 Palestine
PT 351 - 9-9 Portugal
PW 680 - 7-7 Palau
PY 595 0 7-9 Paraguay
QA 974 - 7-8 Qatar
RE 262 0 9-9 Réunion
RO 40 0 9-9 Romania
RS 381 0 6-12 Serbia
RU 7 8 10-10 Russia
RW 250 0 8-9 Rwanda
SA 966 0 8-9 Saudi Arabia
SB 677 - 5-7 Solomon Islands
SC 248 - 7-7 Seychelles
SD 249 0 9-9 Sudan
SE 46 0 7-10 Sweden
SG 65 - 8-8 Singapore
SH 290 - 4-5 Saint Helena
SI 386 0 5-8 Slovenia
SJ 47 - 8-8 Svalbard and Jan Mayen
SK 421 0 6-9 Slovakia
SL 232 0 8-8 Sierra Leone
SM 378 - 6-10 San Marino
SN 221 - 9-9 Senegal
SO 252 0 6-9 Somalia
SR 597 - 6-7 Suriname
SS 211 0 9-9 South Sudan
ST 239 - 7-7 São Tomé and Príncipe
SV 503 - 8-8 El Salvador
SX 1 1 10-10 Sint Maarten
SY 963 0 8-9 Syria
SZ 268 - 8-8 Eswatini
TA 290 - 4-5 Tristan da Cunha
TC 1 1 10-10 Turks and Caicos Islands
TD 235 - 8-8 Chad
TG 228 - 8-8 Togo
TH 66 0 8-9 Thailand
TJ 992 - 9-9 Tajikistan
TK 690 - 4-7 Tokelau
TL 670 - 7-8 Timor-Leste
TM 993 8 8-8 Turkmenistan
TN 216 - 8-8 Tunisia
TO 676 - 5-7 Tonga
TR 90 0 10-10 Turkey
TT 1 1 10-10 Trinidad and Tobago
TV 688 - 5-7 Tuvalu
TW 886 0 8-10 Taiwan
TZ 255 0 9-9 Tanzania
UA 380 0 9-9 Ukraine
UG 256 0 9-9 Uganda
US 1 1 10-10 United States
UY 598 0 7-8 Uruguay
UZ 998 - 9-9 Uzbekistan
VA 39 - 6-12 Vatican City
VC 1 1 10-10 Saint Vincent and the Grenadines
VE 58 0 10-10 Venezuela
VG 1 1 10-10 British Virgin Islands
VI 1 1 10-10 United States Virgin Islands
VN 84 0 9-10 Vietnam
VU 678 - 5-7 Vanuatu
WF 681 - 6-9 Wallis and Futuna
WS 685 - 5-10 Samoa
XK 383 0 8-9 Kosovo
YE 967 0 7-9 Yemen
YT 262 0 9-9 Mayotte
ZA 27 0 9-9 South Africa
ZM 260 0 9-9 Zambia
ZW 263 0 5-10 Zimbabwe
"""


def _read(line: str) -> Country:
    code, calling, trunk, lengths, name = line.split(" ", 4)
    shortest, longest = lengths.split("-")
    return Country(code, calling, trunk.removeprefix("-"), int(shortest), int(longest), name)


COUNTRIES = tuple(_read(line) for line in _TABLE.strip().splitlines())

_NAMED = {name.casefold(): each for each in COUNTRIES for name in (each.code, each.name)}
_BY_CALLING: dict[str, list[Country]] = {}
for _each in COUNTRIES:
    _BY_CALLING.setdefault(_each.calling, []).append(_each)


def country_of(text: str | None) -> Country | None:
    """The country that people entered, by its two letters or its English name; None where it can't be told."""
    return _NAMED.get((text or "").strip().casefold())


def countries_calling(digits: str) -> list[Country]:
    """Those that share the calling code with which digits begin; no code begins with another."""
    found = next((digits[:length] for length in (1, 2, 3) if digits[:length] in _BY_CALLING), None)
    return _BY_CALLING[found] if found is not None else []
