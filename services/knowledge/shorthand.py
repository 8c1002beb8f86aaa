"""Spells out the shorthand of people who type while somebody waits: ``pt``, ``rx``, ``rej``, ``pkg``."""

from __future__ import annotations

import re

# Only what can hardly mean anything else in a question to a health-care service.
SHORTHAND = {
    "acct": "account",
    "addr": "address",
    "appt": "appointment",
    "appts": "appointments",
    "auth": "authorization",
    "auths": "authorizations",
    "cust": "customer",
    "deliv": "delivery",
    "docs": "documents",
    "dr": "doctor",
    "drs": "doctors",
    "dx": "diagnosis",
    "erx": "electronic prescription",
    "hrs": "hours",
    "ins": "insurance",
    "med": "medication",
    "meds": "medications",
    "mfr": "manufacturer",
    "pkg": "package",
    "pkgs": "packages",
    "pharm": "pharmacy",
    "pls": "please",
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
    "thru": "through",
    "til": "until",
    "tmrw": "tomorrow",
    "transf": "transfer",
    "vax": "vaccine",
    "w/": "with",
    "w/o": "without",
    "wks": "weeks",
}
_WORD = re.compile(r"(?<![\w-])(w/o|w/|[A-Za-z]{2,6})(?![\w/-])\.?")


def spell_out(text: str) -> str:
    """The text with shorthand replaced by words; everything else stays as it is."""

    def replaced(match: re.Match[str]) -> str:
        return SHORTHAND.get(match.group(1).lower(), match.group())

    return _WORD.sub(replaced, text)
