"""The platform's own client of the database behind the local RDS Data API."""

import time

from slipway_runtime.operate.retry import Backoff
from slipway_runtime.retrieve.stores.aurora.data_api import DataApi
from support.served import CLUSTER_ARN, SECRET_ARN, ServedDataApi


def database(served: ServedDataApi, sleeps: list[float] | None = None) -> DataApi:
    """The database; with `sleeps`, waiting between attempts is noted there and shortened."""

    def sleep(seconds: float) -> None:
        if sleeps is not None:
            sleeps.append(seconds)
        time.sleep(min(seconds, 0.05))

    return DataApi(
        client=served.client(),
        cluster_arn=CLUSTER_ARN,
        secret_arn=SECRET_ARN,
        database="slipway",
        backoff=Backoff(base_seconds=0.05, max_attempts=1_000, sleep=sleep),
    )
