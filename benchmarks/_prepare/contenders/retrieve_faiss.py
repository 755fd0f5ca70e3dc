"""faiss's HNSW index in memory, with the store's settings."""

import time
from typing import Any

import faiss
import numpy as np

faiss.omp_set_num_threads(1)


def run(documents: list[str]) -> dict[str, Any]:
    """Return the ten nearest rows of each query, and the times of the searches."""
    data = np.load(documents[0])
    index = faiss.IndexHNSWFlat(data["vectors"].shape[1], 16, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = 128, 80
    index.add(data["vectors"])
    times, rows = [], []
    for query in data["queries"]:
        began = time.perf_counter()
        rows.append(index.search(query[None, :], 10)[1][0].tolist())
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    return {"rows": rows, "p50_ms": round(p50, 3), "p99_ms": round(p99, 3)}
