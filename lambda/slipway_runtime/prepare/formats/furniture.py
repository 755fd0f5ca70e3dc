"""Running heads and feet: lines that repeat on most pages at the same place."""

import re
from collections import Counter

MIN_PAGES = 4
SHARE = 0.6
# A number counts as the page's where it says so or stands alone, and grows with the pages: "Article 1" to "Article 5"
# at the head of five pages are headings, and totals at their feet are content.
WORDS = (
    r"pages?|pg\.?|pp?\.|seite|s\.|página|pagina|pág\.|pag\.|blatt|strona|str\.|strana|sida|side|sivu|oldal|sayfa|"
    r"страница|стр\.|с\.|сторінка|σελίδα|σελ\.|صفحة|עמוד|halaman|trang|第"
)
NAMED = re.compile(rf"(?<!\w)(?:{WORDS})\s?([0-9]{{1,5}})(?![0-9])", re.IGNORECASE)
ALONE = re.compile(
    r"[\s(\[|–—-]{0,5}([0-9]{1,5})(?:\s?(?:/|of|von|de|di|van|av|af|z|из)\s?[0-9]{1,5})?[\s)\]|–—-]{0,5}"
)


def drop_page_furniture(pages: list[str]) -> tuple[list[str], int]:
    """Return the pages without the first and last lines that at least 60 % of them share, and how many lines went.

    Lines are the same that differ only in the number of their page. Documents of fewer than 4 pages come back as they
    are: there repetition proves nothing.
    """
    if len(pages) < MIN_PAGES:
        return pages, 0
    lines = [page.strip().split("\n") for page in pages]
    dropped = 0
    for place in (0, -1):
        shapes = [_shape(page[place].strip(), number) for number, page in enumerate(lines)]
        counts = Counter(shapes)
        for page, shape in zip(lines, shapes, strict=True):
            # A page of one line keeps it: there it is the content.
            if len(page) > 1 and page[place].strip() and counts[shape] >= SHARE * len(pages):
                del page[place]
                dropped += 1
    return ["\n".join(page) for page in lines], dropped


def _shape(line: str, page: int) -> tuple[str, int]:
    """Return the line without its page number, and by how much that differs from the page's place."""
    match = NAMED.search(line) or ALONE.fullmatch(line)
    if match is None:
        return line, 0
    return f"{line[: match.start(1)]}\0{line[match.end(1) :]}", int(match[1]) - page
