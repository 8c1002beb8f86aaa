"""Spells out the shorthand of people who type while somebody waits, and says what a brand name stands for."""

from __future__ import annotations

import re

from services.knowledge.drug_names import substance

# Only what can hardly mean anything else in a question to a health-care service.
SHORTHAND = {
    "acct": "account",
    "addr": "address",
    "appt": "appointment",
    "appts": "appointments",
    "auth": "authorization",
    "auths": "authorizations",
    "bp": "blood pressure",
    "cust": "customer",
    "deliv": "delivery",
    "dob": "date of birth",
    "docs": "documents",
    "dr": "doctor",
    "drs": "doctors",
    "dx": "diagnosis",
    "erx": "electronic prescription",
    "hrs": "hours",
    "inj": "injection",
    "ins": "insurance",
    "med": "medication",
    "meds": "medications",
    "mfr": "manufacturer",
    "otc": "over the counter",
    "pa": "prior authorization",
    "pas": "prior authorizations",
    "pkg": "package",
    "pkgs": "packages",
    "pharm": "pharmacy",
    "pls": "please",
    "poa": "power of attorney",
    "ppl": "people",
    "prev": "previous",
    "pt": "patient",
    "pts": "patients",
    "qty": "quantity",
    "rej": "reject code",
    "rph": "pharmacist",
    "rx": "prescription",
    "rxs": "prescriptions",
    "sched": "schedule",
    "script": "prescription",
    "scripts": "prescriptions",
    "scrip": "prescription",
    "sig": "directions",
    "tabs": "tablets",
    "thru": "through",
    "til": "until",
    "tmrw": "tomorrow",
    "transf": "transfer",
    "vax": "vaccine",
    "w/": "with",
    "w/o": "without",
    "wks": "weeks",
}
_WORD = re.compile(r"(?<![\w-])(w/o|w/|[A-Za-z]{2,12})(?![\w/-])\.?")


def spell_out(text: str) -> str:
    """The text with shorthand replaced by words and brand names explained behind them; the rest stays as it is."""

    def replaced(match: re.Match[str]) -> str:
        word = match.group(1)
        if (meaning := substance(word)) is not None:
            return f"{word} ({meaning}){match.group()[len(word) :]}"
        return SHORTHAND.get(word.lower(), match.group())

    return _WORD.sub(replaced, text)
