"""langchain: its general splitter, by characters; it knows no headings, so a chunk may span two sections."""

from langchain_text_splitters import RecursiveCharacterTextSplitter


def run(documents: list[str]) -> list[list[str]]:
    """Return the chunks of each document."""
    splitter = RecursiveCharacterTextSplitter(chunk_size=1_200, chunk_overlap=150)
    return [splitter.split_text(text) for text in documents]
