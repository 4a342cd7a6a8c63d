"""The command `prove`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from app.engine.cli.session import async_command, settings_of
from app.engine.prove.run import Plan, ProgressCallback, Proof, choose_seed, run_proof
from app.engine.prove.verdict import counts

MAX_EXAMPLES = 4
REPORT_INTERVAL_SECONDS = 2


@async_command
async def prove(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(help="Seconds to write.", min=1)] = 8,
    writers: Annotated[int, typer.Option(help="Writer processes; one of them is killed.", min=2, max=32)] = 4,
    followers: Annotated[int, typer.Option(help="Follower processes.", min=2, max=32)] = 4,
    seed: Annotated[int | None, typer.Option(help="Seed of the random choices, to repeat a run.")] = None,
    sabotage: Annotated[
        Literal["lock", "sequence"] | None,
        typer.Option(help="Break the store first, to see the proof fail.", hidden=True),
    ] = None,
) -> None:
    """Prove in a scratch database that no event is lost, duplicated or out of order."""
    console = Console(highlight=False, soft_wrap=True)
    plan = Plan(
        seconds=seconds, writers=writers, followers=followers, seed=choose_seed(seed), sabotage=sabotage
    )

    def print_start() -> None:
        console.print(
            f"proving with {plan.writers} writers, one of them killed, and {plan.followers} followers; seed {plan.seed}"
        )

    with _progress(console, plan.seconds) as on_progress:
        proof = await run_proof(settings_of(context), plan, print_start, on_progress)
    _print_proof(console, proof, plan)
    if not proof.holds:
        raise typer.Exit(1)


@contextmanager
def _progress(console: Console, seconds: float) -> Generator[ProgressCallback]:
    """Show a bar with the rate in a terminal, and a line every two seconds elsewhere."""
    if not console.is_terminal:
        printed_at = 0.0

        def print_progress(elapsed: float, head: int) -> None:
            nonlocal printed_at
            if elapsed - printed_at >= REPORT_INTERVAL_SECONDS or elapsed >= seconds > printed_at:
                printed_at = elapsed
                console.print(f"{elapsed:5.1f} s  {head:>9,} events  {head / max(elapsed, 0.1):>7,.0f}/s")

        yield print_progress
        return
    columns = (TextColumn("proving"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=seconds, note="starting")
        yield lambda elapsed, head: bar.update(
            task, completed=elapsed, note=f"{head:,} events, {head / max(elapsed, 0.1):,.0f}/s"
        )


def _print_proof(console: Console, proof: Proof, plan: Plan) -> None:
    """Print the counts, the failed claims and the verdict."""
    for name, number in counts(proof.evidence).items():
        console.print(f"{number:>11,} {name}")
    failed = [claim for claim in proof.claims if not claim.holds]
    if not failed:
        console.print(
            f"proved: {len(proof.evidence.log):,} events of {plan.writers} writers, one of them killed, reached each of"
            f" {plan.followers} followers once and in order. All {len(proof.claims)} claims hold"
        )
        return
    console.print(
        f"NOT proved: {len(failed)} of {len(proof.claims)} claims fail; repeat the run with --seed {plan.seed}"
    )
    for claim in failed:
        console.print(f"  false: {claim.text}")
        hidden = len(claim.counterexamples) - MAX_EXAMPLES
        more = [f"and {hidden:,} more"] if hidden > 0 else []
        for example in (*claim.counterexamples[:MAX_EXAMPLES], *more):
            console.print(f"    {example}", markup=False)
