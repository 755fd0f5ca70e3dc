"""Embeddings for many callers at once: the model loads on the first call, concurrent texts share a batch."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import threading
from collections import OrderedDict
from concurrent.futures import Future
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .minilm import Array, MiniLM

_BATCH = 4  # texts; beyond it a layer's values leave the core's cache
_REMEMBERED = 4096  # vectors, 1.5 KB each
_Job = tuple[list[int], "Future[Array]"]


class Embedder:
    """MiniLM behind one worker per processor. Safe to call from any thread.

    A worker takes what waits, up to four texts, and never waits for more: batches form by themselves under load. Each
    worker multiplies on its own core, since numpy's BLAS splits such small matrices badly.
    """

    def __init__(self, *, workers: int | None = None) -> None:
        self._workers = workers or os.cpu_count() or 1
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._known: OrderedDict[str, Array] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    def embed(self, texts: Sequence[str]) -> list[Array]:
        """Return one unit vector of 384 values per text, from memory where the text was seen lately."""
        found = {text: vector for text in texts if (vector := self._recall(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        # Longest first, so that no worker is left with a long text at the end.
        tokens = sorted(zip(missing, self.model.tokens(missing), strict=True), key=lambda item: -len(item[1]))
        pending: dict[str, Future[Array]] = {text: Future() for text in missing}
        for text, ids in tokens:
            self._jobs.put((ids, pending[text]))
        for text, future in pending.items():
            found[text] = future.result()
            self._remember(text, found[text])
        return [found[text] for text in texts]

    def count_tokens(self, text: str) -> int:
        """Return the number of MiniLM tokens in `text`, without the marks around it."""
        return len(self.model.tokens([text])[0]) - 2

    @property
    def model(self) -> MiniLM:
        """The model, loaded on first use in about half a second."""
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> MiniLM:
        from .minilm import MiniLM

        _one_blas_thread()
        model = MiniLM()
        for _ in range(self._workers):
            threading.Thread(target=self._work, args=(model,), daemon=True).start()
        return model

    def _work(self, model: MiniLM) -> None:
        while True:
            batch = [self._jobs.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < _BATCH:
                    batch.append(self._jobs.get_nowait())
            try:
                vectors = model.encode([ids for ids, _ in batch])
            except Exception as error:  # the callers wait: each of them must hear of it
                for _, future in batch:
                    future.set_exception(error)
            else:
                for (_, future), vector in zip(batch, vectors, strict=True):
                    future.set_result(vector)

    def _recall(self, text: str) -> Array | None:
        with self._lock:
            if text in self._known:
                self._known.move_to_end(text)
            return self._known.get(text)

    def _remember(self, text: str, vector: Array) -> None:
        with self._lock:
            self._known[text] = vector
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _one_blas_thread() -> None:
    """Keep numpy's OpenBLAS to one thread per caller; where numpy has another BLAS, nothing changes."""
    import numpy as np

    for library in Path(np.__file__).parent.with_name("numpy.libs").glob("*openblas64*"):
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(str(library)).scipy_openblas_set_num_threads64_(1)
