"""Running heads and feet: lines that repeat on most pages at the same place."""

import re
from collections import Counter

DIGITS = re.compile(r"\d+")
MIN_PAGES = 4
SHARE = 0.6


def drop_page_furniture(pages: list[str]) -> list[str]:
    """Return the pages without the first and last lines that at least 60 % of them share, page numbers counted as
    equal.

    Documents of fewer than 4 pages come back as they are: there repetition proves nothing.
    """
    if len(pages) < MIN_PAGES:
        return pages
    lines = [page.strip().split("\n") for page in pages]
    for place in (0, -1):
        counts = Counter(_shape(page[place]) for page in lines)
        common = {shape for shape, count in counts.items() if shape and count >= SHARE * len(pages)}
        for page in lines:
            # A page of one line keeps it: there it is the content.
            if len(page) > 1 and _shape(page[place]) in common:
                del page[place]
    return ["\n".join(page) for page in lines]


def _shape(line: str) -> str:
    return DIGITS.sub("0", line.strip())
