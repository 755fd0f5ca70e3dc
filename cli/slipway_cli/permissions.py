"""How `slipway local permissions` shows its report."""

from typing import Any

from rich.markup import escape

from slipway_cli.output import answers


def print_permissions(report: dict[str, Any], *, everything: bool) -> None:
    """Print, for each role, the denied calls and the statements that nothing has used.

    Roles that deploy are judged by nobody here: they are counted, and listed last for `everything`.
    """
    if not report["enforcing"]:
        answers.print("Policies are not evaluated: `slipway local up --enforce-iam` switches it on.")
    of_bootstrap = [role for role in report["roles"] if role["deploys"]]
    for role in [role for role in report["roles"] if not role["deploys"]] + of_bootstrap * everything:
        answers.print(
            f"[bold]{escape(role['role'].rsplit('/', 1)[-1])}[/bold]  {role['used']} permissions used", emoji=False
        )
        for call in role["denied"]:
            what = f"{call['action']} on {call['resource']} {call['reason']}"
            answers.print(f"  denied {call['count']} ×: {escape(what)}", style="red", soft_wrap=True, emoji=False)
        for one in role["unused"]:
            what = f"{one['action']} on {one['resource']} ({one['policy']}, statement {one['statement']})"
            answers.print(f"  never used: {escape(what)}", style="dim", soft_wrap=True, emoji=False)
    if of_bootstrap and not everything:
        answers.print(f"{len(of_bootstrap)} roles of the CDK's bootstrap are administrators here; --all lists them.")
