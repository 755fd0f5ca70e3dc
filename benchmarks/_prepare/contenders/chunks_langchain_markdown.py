"""langchain: the headings first, then the Markdown separators within each section, as its documentation shows."""

from langchain_text_splitters import MarkdownHeaderTextSplitter, MarkdownTextSplitter

HEADERS = [("#" * level, str(level)) for level in range(1, 7)]


def run(documents: list[str]) -> list[list[str]]:
    """Return the chunks of each document."""
    sections = MarkdownHeaderTextSplitter(HEADERS, strip_headers=False)
    pieces = MarkdownTextSplitter(chunk_size=1_200, chunk_overlap=150)
    return [[piece.page_content for piece in pieces.split_documents(sections.split_text(text))] for text in documents]
