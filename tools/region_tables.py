"""Write cli/slipway_cli/preflights/regions.json: what preflight needs to know of each region and cannot read quickly.

    .venv/bin/python tools/region_tables.py

Zones: those that cfn-lint knows. Image accounts: AWS's deep learning containers, of the CDK's region-info.
"""

import datetime
import json
from importlib.metadata import version
from pathlib import Path

from aws_cdk.region_info import RegionInfo
from cfnlint.helpers import AVAILABILITY_ZONES

FILE = Path(__file__).parents[1] / "cli" / "slipway_cli" / "preflights" / "regions.json"


def main() -> None:
    """Read both packages, and write the table with their versions and the day."""
    regions = {
        region: {"zones": sorted(zones), "image_account": RegionInfo.get(region).dlc_repository_account}
        for region, zones in sorted(AVAILABILITY_ZONES.items())
    }
    table = {
        "sources": {name: version(name) for name in ("cfn-lint", "aws-cdk-lib")},
        "written_on": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "regions": regions,
    }
    FILE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    print(f"{FILE.name}: {len(regions)} regions")


if __name__ == "__main__":
    main()
