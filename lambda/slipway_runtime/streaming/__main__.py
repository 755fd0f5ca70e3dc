"""`python -m slipway_runtime.streaming`: what the wrapper script starts in place of the managed runtime's client."""

import sys
from pathlib import Path

# Where Lambda puts layers. Its own client adds them to the path, and this one stands in its place.
LAYERS = ("/opt/python", f"/opt/python/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages")


def main() -> None:
    """Run the loop."""
    sys.path[1:1] = [folder for folder in LAYERS if Path(folder).is_dir() and folder not in sys.path]
    from slipway_runtime.streaming import loop  # noqa: PLC0415 - what it imports may lie in a layer

    loop.main()


if __name__ == "__main__":
    main()
