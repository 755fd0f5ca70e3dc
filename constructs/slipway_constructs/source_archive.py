"""The code of a SageMaker job as one archive in S3: the `source_dir` that a training container unpacks and runs.

Creates: an asset.   Grants: none.
The archive depends on the files alone, so that equal code gives an equal asset; `version` is its hash.
Source: https://sagemaker.readthedocs.io/en/stable/overview.html#prepare-a-training-script (source_dir)
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets
from constructs import Construct


class SourceArchive(Construct):
    """The archive at `address`, its object's ARN as `arn`, and `version`, 16 hexadecimal digits.

    `files`: by the name in the archive.   `cache`: a folder where the archive is made.
    """

    def __init__(self, scope: Construct, construct_id: str, *, files: Mapping[str, Path], cache: Path) -> None:
        super().__init__(scope, construct_id)
        data = archive(files)
        self.version = hashlib.sha256(data).hexdigest()[:16]
        path = cache / f"{self.version}.tar.gz"
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        asset = assets.Asset(self, "Archive", path=str(path))
        self.address = asset.s3_object_url
        self.arn = cdk.Stack.of(self).format_arn(
            service="s3", region="", account="", resource=asset.s3_bucket_name, resource_name=asset.s3_object_key
        )


def archive(files: Mapping[str, Path]) -> bytes:
    """Return a .tar.gz of the files, the same bytes for the same content."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, path in sorted(files.items()):
            content = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(plain.getvalue(), mtime=0)


def python_files(folder: Path, prefix: str = "") -> dict[str, Path]:
    """Return the Python files and requirements.txt below a folder by their names in an archive."""
    found = [*folder.rglob("*.py"), *folder.glob("requirements.txt")]
    return {f"{prefix}{path.relative_to(folder).as_posix()}": path for path in found}
