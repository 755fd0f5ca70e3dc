"""What reading a settings file says is wrong with it."""

from pathlib import Path

import pytest

from stacks.settings_file import SettingsError, read_settings


def errors(tmp_path: Path, content: str | bytes) -> list[str]:
    """The lines of the error, without the path in front; fails if the content is accepted."""
    path = tmp_path / "dev.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
