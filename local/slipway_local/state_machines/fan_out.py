"""Several flows at once: the branches of Parallel and the iterations of an inline Map.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html and
https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html (40 iterations at once)
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any

from slipway_local.state_machines.errors import HaltedError, StatesError, runtime_error
from slipway_local.state_machines.flow import Flow, Visit, settle

INLINE_CONCURRENCY = 40


def parallel(visit: Visit) -> list[Any]:
    """Return the results of a Parallel state's branches, in their order."""
    visit.trail.add("ParallelStateStarted")
    given = visit.data.arguments()

    def start(index: int, block: dict[str, Any]) -> Callable[["Future[None]"], Any]:
        return lambda halt: _joined(visit.flow, visit.flow.branch(block, index, halt), given)

    try:
        blocks = visit.state["Branches"]
        results = fan_out([start(index, block) for index, block in enumerate(blocks)], len(blocks))
    except StatesError:
        visit.trail.add("ParallelStateFailed")
        raise
    visit.trail.add("ParallelStateSucceeded")
    return results


def _joined(parent: Flow, branch: Flow, given: Any) -> Any:
    try:
        return branch.run(given)
    finally:
        parent.trail.last_id = max(parent.trail.last_id, branch.trail.last_id)


def fan_out(jobs: Sequence[Callable[["Future[None]"], Any]], limit: int) -> list[Any]:
    """Return the results of jobs of which `limit` run at once; the first failure sets the future each job is given."""
    halt: Future[None] = Future()
    waiting, lock = list(reversed(list(enumerate(jobs)))), threading.Lock()
    results: list[Any] = [None] * len(jobs)
    failures: list[BaseException] = []

    def work() -> None:
        while True:
            with lock:
                if failures or not waiting:
                    return
                index, job = waiting.pop()
            try:
                results[index] = job(halt)
            except BaseException as error:
                with lock:
                    failures.append(error)
                    if not halt.done():
                        halt.set_result(None)

    workers: list[Future[None]] = [Future() for _ in range(min(limit, len(jobs)))]
    for worker in workers:
        threading.Thread(target=settle, args=(worker, work), daemon=True).start()
    wait(workers)
    for error in failures:
        if not isinstance(error, HaltedError):
            raise error
    if failures:
        raise failures[0]
    return results


def inline_map(visit: Visit, processor: dict[str, Any]) -> list[Any]:
    """Return the results of a Map state's iterations, in the order of its items."""
    items = items_of(visit)
    visit.trail.add("MapStateStarted", length=len(items))
    limit = int(visit.data.value(visit.state, "MaxConcurrency") or INLINE_CONCURRENCY)
    try:
        jobs = [_iteration(visit, processor, index, item) for index, item in enumerate(items)]
        results = fan_out(jobs, min(limit, INLINE_CONCURRENCY))
    except StatesError:
        visit.trail.add("MapStateFailed")
        raise
    visit.trail.add("MapStateSucceeded")
    return results


def items_of(visit: Visit) -> list[Any]:
    """Return what a Map state goes over: ItemsPath or Items, or its input. Raises StatesError if it is no array."""
    items = visit.data.value(visit.state, "Items")
    items = visit.data.input if items is None else items
    if not isinstance(items, list):
        raise runtime_error(f"The items of the Map state '{visit.name}' are not an array but {type(items).__name__}")
    return items


def selected(visit: Visit, index: int, item: Any) -> Any:
    """Return what an iteration is given: ItemSelector (once Parameters) about the item, or the item."""
    selector = visit.state.get("ItemSelector", visit.state.get("Parameters"))
    if selector is None:
        return item
    visit.data.context["Map"] = {"Item": {"Index": index, "Value": item}}
    return visit.data.render(selector, "ItemSelector")


def _iteration(visit: Visit, processor: dict[str, Any], index: int, item: Any) -> Callable[["Future[None]"], Any]:
    given = selected(visit, index, item)
    extra = {"Map": {"Item": {"Index": index, "Value": item}}}
    details = {"name": visit.name, "index": index}

    def run(halt: "Future[None]") -> Any:
        flow = visit.flow.branch(processor, index, halt, extra)
        if flow.progress.done:
            return flow.progress.output
        flow.trail.add("MapIterationStarted", **details)
        try:
            output = _joined(visit.flow, flow, given)
        except HaltedError:
            flow.trail.add("MapIterationAborted", **details)
            raise
        except StatesError:
            flow.trail.add("MapIterationFailed", **details)
            raise
        flow.trail.add("MapIterationSucceeded", **details)
        visit.trail.last_id = max(visit.trail.last_id, flow.trail.last_id)
        return output

    return run
