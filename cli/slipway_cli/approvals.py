"""`slipway approvals`: what waits for a person's word, with its evidence."""

import getpass
import json
from typing import Annotated, Any

import typer
from rich.markup import escape

from slipway_cli.errors import CommandError
from slipway_cli.options import AsJson, Environment, InAws
from slipway_cli.output import answers, people, print_json
from slipway_cli.project import project
from slipway_cli.target import Target, find_target

app = typer.Typer(help="Approve what waits for a person, or reject it.", no_args_is_help=True)
Run = Annotated[str, typer.Argument(help="The run, as `slipway approvals list` shows it.")]
By = Annotated[str, typer.Option("--by", help="Who decides; left out: your login.")]
Comment = Annotated[str, typer.Option(help="Why; it is kept with the model.")]


def ask(target: Target, action: str, **more: str) -> Any:
    """Return the answer of the environment's function. Raises: CommandError with what it refuses."""
    function = target.parameter("training/approvals-function-name")
    body = json.dumps({"action": action, **more})
    answer = target.client("lambda").invoke(FunctionName=function, Payload=body)
    found = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise CommandError(str(found.get("errorMessage", found)))
    return found


@app.command("list")
def list_(env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """List the approvals, newest first."""
    found = ask(find_target(project(), env, aws=aws), "list")
    if as_json:
        print_json(found)
        return
    for one in found:
        by = f" by {one['decided_by']}" if one.get("decided_by") else ""
        answers.print(
            escape(f"{one['run_id']}  {one['status']}{by}, asked for by {one['requested_by']}"), highlight=False
        )
    people.print(f"{sum(one['status'] == 'pending' for one in found)} waiting")


@app.command()
def show(run: Run, env: Environment = "dev", aws: InAws = False, as_json: AsJson = False) -> None:
    """Show an approval with its evidence: data, figures, gate, cost."""
    found = ask(find_target(project(), env, aws=aws), "show", run_id=run)
    if as_json:
        print_json(found)
        return
    evidence = found["evidence"]
    lines = {
        "status": found["status"],
        "asked for by": found["requested_by"],
        "gate": evidence["gate"]["reason"],
        "data": f"{evidence['frozen']['examples']['train']} examples, SHA-256 {evidence['frozen']['sha256']['train']}",
        "base": evidence["request"]["base"],
        "image": evidence["trained"]["image"],
        "cost": f"estimated {_dollars(evidence['estimate'])}, measured {_dollars(evidence['measured'])}",
        "files": evidence["files"],
    }
    for name, value in lines.items():
        answers.print(f"{name:>12}  {escape(str(value))}", highlight=False)


@app.command()
def approve(
    run: Run, by: By = "", comment: Comment = "", env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """Approve: the run registers its model."""
    _decide("approve", run, by, comment, find_target(project(), env, aws=aws), as_json=as_json)


@app.command()
def reject(
    run: Run, by: By = "", comment: Comment = "", env: Environment = "dev", aws: InAws = False, as_json: AsJson = False
) -> None:
    """Reject: the run ends, and its model is not registered."""
    _decide("reject", run, by, comment, find_target(project(), env, aws=aws), as_json=as_json)


def _decide(action: str, run: str, by: str, comment: str, target: Target, *, as_json: bool) -> None:
    found = ask(target, action, run_id=run, by=by or getpass.getuser(), comment=comment)
    print_json(found) if as_json else answers.print(f"{run}: {found['status']} by {escape(found['decided_by'])}")


def _dollars(found: dict[str, Any]) -> str:
    return "unknown" if found["dollars"] is None else f"${found['dollars']:.4f}"
