"""Text from outside as data within our tags, which it can neither close nor open.

Source: OWASP LLM01 (text from outside is delimited and declared as data).
"""

import re

TAGS = re.compile(r"<(?=[\s/]*(?:documents?|document_content|source|question|answer|claim)\b)", re.IGNORECASE)


def as_data(text: str) -> str:
    """Return text from outside, which can neither close nor open the tags of our prompts."""
    return TAGS.sub("&lt;", text)
