"""A corpus on Spark by Glue, then, the setting changed in place, by EMR Serverless: the same bytes, policies enforced.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-emr-serverless.html
"""

from collections.abc import Iterator
from typing import Any

import pytest

from slipway_cli import corpus
from slipway_cli.target import Target
from slipway_local import cloud
from support import trial
from support.corpus import mixed
from support.corpus_cloud import SETTINGS, bucket, has_java, lines, upload

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not has_java(), reason="Spark needs Java 17, which is not here"),
]
GLUE = SETTINGS.replace("map: true", "map: false").replace("BATCH", "20").replace("OCR", "none")
GLUE = GLUE.replace("SEARCHED", "true")
CASES = mixed(60, office=2, bad=1)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Target, dict[str, Any], dict[str, Any]]]:
    """The cloud, and the reports of a run by either engine over the same bucket."""
    folder = tmp_path_factory.mktemp("engines")
    state = folder / "state"
    try:
        target = trial.up(_made(folder, "glue"), GLUE, state=state)
        upload(target, CASES)
        by_glue = corpus.run(target, "spark", prefix="", run_id="by-glue")
        changed = GLUE.replace("spark: glue", "spark: emr_serverless")
        target = trial.up(_made(folder, "emr"), changed, state=state)
        yield target, by_glue, corpus.run(target, "spark", prefix="", run_id="by-emr")
    finally:
        cloud.down(state)


def _made(folder: Any, name: str) -> Any:
    (folder / name).mkdir()
    return folder / name


@pytest.mark.capability("D8")
def test_emr_serverless_writes_the_bytes_that_glue_wrote(
    reports: tuple[Target, dict[str, Any], dict[str, Any]],
) -> None:
    target, by_glue, by_emr = reports

    assert by_emr["in"] == len(CASES) == by_emr["out"] + by_emr["duplicates"] + sum(by_emr["rejects"].values())
    assert {**by_emr, "run_id": ""} == {**by_glue, "run_id": ""}
    for written in ("corpus", "corpus-rejects", "corpus-duplicates"):
        assert lines(target, written, "by-emr") == lines(target, written, "by-glue")
    assert len(lines(target, "corpus", "by-emr")) == by_emr["out"] > 0
    assert bucket(target, "curated").keys("corpus-staged/by-emr/") == []


@pytest.mark.capability("O14")
def test_the_run_is_shown_as_emr_serverless_shows_it_and_glue_s_job_is_gone(
    reports: tuple[Target, dict[str, Any], dict[str, Any]],
) -> None:
    """https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_JobRun.html"""
    target, emr = reports[0], reports[0].client("emr-serverless")
    application = target.parameter("corpus/application-id")
    (listed,) = emr.list_job_runs(applicationId=application)["jobRuns"]
    run = emr.get_job_run(applicationId=application, jobRunId=listed["id"])["jobRun"]

    assert run["state"] == "SUCCESS"
    assert "--run-id=by-emr" in run["jobDriver"]["sparkSubmit"]["entryPointArguments"]
    role = target.client("iam").get_role(RoleName=run["executionRole"].rsplit("/", 1)[-1])["Role"]
    assert "emr-serverless.amazonaws.com" in str(role["AssumeRolePolicyDocument"])
    assert target.client("glue").list_jobs()["JobNames"] == []
