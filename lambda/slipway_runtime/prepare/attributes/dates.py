"""Dates as filters compare them: seconds since 1970, as in OpenAI's attribute filters."""

import re
from datetime import UTC, datetime

ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?[ ]?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
# Source: ISO 32000-1, 7.9.4 "Dates": D:YYYYMMDDHHmmSSOHH'mm, everything after the year may be missing.
PDF = re.compile(
    r"D:([0-9]{4})([0-9]{2})?([0-9]{2})?(?:([0-9]{2})([0-9]{2})([0-9]{2})?)?(?:Z|([+-][0-9]{2})'?([0-9]{2})?)?.{0,6}"
)


def seconds(text: str) -> int | None:
    """Return the seconds since 1970 of an ISO 8601 date or time, UTC where it names no zone; None if it is none."""
    match = ISO.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    zone = match[7] or "Z"
    offset = 0 if zone == "Z" else int(f"{zone[0]}1") * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return int(at.timestamp()) - offset


def from_pdf(text: str) -> str:
    """Return a PDF's date as ISO 8601, or "" if it is none."""
    match = PDF.fullmatch(text.strip())
    if match is None:
        return ""
    year, month, day, hour, minute, second, zone_hours, zone_minutes = match.groups()
    zone = f"{zone_hours}:{zone_minutes or '00'}" if zone_hours else "Z"
    return f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}{zone}"
