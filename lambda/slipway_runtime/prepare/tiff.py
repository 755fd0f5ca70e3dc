"""How many pages a TIFF image has: the length of its chain of directories.

Source: TIFF revision 6.0, "Image File Header" and "Image File Directory".
"""

import struct

# Amazon Textract reads no more. Source: Amazon Textract developer guide, "Set quotas".
MAX_PAGES = 3_000
ENTRY_BYTES = 12


def count_pages(data: bytes) -> int:
    """Return the pages, at least 1 and at most one more than are ever read; a broken chain ends where it breaks."""
    order = "<" if data.startswith(b"II") else ">"
    pages, seen = 0, set[int]()
    try:
        (offset,) = struct.unpack_from(f"{order}I", data, 4)
        while offset and offset not in seen and pages <= MAX_PAGES:
            seen.add(offset)
            (entries,) = struct.unpack_from(f"{order}H", data, offset)
            pages += 1
            (offset,) = struct.unpack_from(f"{order}I", data, offset + 2 + ENTRY_BYTES * entries)
    except struct.error:
        pass
    return max(1, pages)
