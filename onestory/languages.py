"""Languages: their codes (ISO 639-1, 639-3 where there is no other) and English names."""

import re

__all__ = ["LANGUAGE_NAMES", "language_code", "language_name"]

CODE_PATTERN = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,4})?")

LANGUAGE_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "gl": "Galician", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic", "it": "Italian", "ja": "Japanese", "ka": "Georgian",
    "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ms": "Malay", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
    "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "und": "unknown",
    "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def language_name(code: str) -> str:
    """The name of a language, or its code if the name is unknown."""
    return LANGUAGE_NAMES.get(code, code)


def language_code(typed: str) -> str:
    """The code of a language given by its code or English name. Raises ValueError."""
    wanted = typed.strip().lower()
    by_name = {name.lower(): code for code, name in LANGUAGE_NAMES.items()}
    if wanted in by_name:
        return by_name[wanted]
    if CODE_PATTERN.fullmatch(wanted):
        return wanted
    raise ValueError(
        f"{typed.strip()[:40]!r} is not a known language; give a code such as en, or a name such as English"
    )
