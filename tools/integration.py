"""Ask a deployed environment: what the pipeline runs after each deployment, and anybody may run at any time.

    .venv/bin/python -m tools.integration --env dev --ingest
    .venv/bin/python -m tools.integration --env prod --aws

Without --ingest it writes nothing: the gateway must answer, grounded or not. With it, two of the project's own
documents are brought in, and the questions about them must be answered from them and cited. Exit code 1 else.
"""

import argparse
import sys

from slipway_cli.errors import CommandError
from slipway_cli.gateway import Gateway
from slipway_cli.output import answers, people
from slipway_cli.project import project
from slipway_cli.target import Target, find_target
from tools.demo import OWN_QUESTIONS, ask_all, bring_in

DOCUMENTS = ("docs/documents.md", "docs/operations.md")


def check(target: Target, *, ingest: bool) -> None:
    """Ask. Raises: CommandError if an answer is not what it has to be."""
    if ingest:
        root = project().root
        bring_in(target, [str(root / document) for document in DOCUMENTS])
        ask_all(target, [])
        return
    answer = Gateway(target.gateway_url, target.api_key).ask(OWN_QUESTIONS[0][0], model="default")
    if not answer["choices"][0]["message"]["content"]:
        raise CommandError("the gateway answered without a word")
    answers.print(f"The gateway answered, {'grounded' if answer['slipway']['grounded'] else 'not grounded'}.")


def main() -> None:
    """Run the check; exits 1 with the reason if it fails."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--env", default="dev", help="the environment")
    parser.add_argument("--aws", action="store_true", help="in an AWS account, not in the local cloud")
    parser.add_argument("--ingest", action="store_true", help="bring in documents first, and expect cited answers")
    given = parser.parse_args()
    try:
        check(find_target(project(), given.env, aws=given.aws), ingest=given.ingest)
    except CommandError as error:
        people.print(f"[red]integration:[/red] {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
