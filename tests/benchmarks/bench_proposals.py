"""The search for proposals: exact planes a second, and a whole search."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from simulation.organ_model import OrganModel
from simulation.proposals.candidate import PlaneBatch, Question
from simulation.proposals.constraints import PlanConstraints
from simulation.proposals.planes import directions_of_sphere
from simulation.proposals.propose import propose
from simulation.proposals.search_space import SearchSpace
from tests.benchmarks.bench import Benchmark
from tests.benchmarks.liver_case import NOTE, liver_twin

_PEER_PLANES = 5


def benchmarks() -> Iterator[Benchmark]:
    """Yield the rows."""
    model = OrganModel.of_twin(liver_twin())
    space = SearchSpace.of_model(model)
    question = Question(space, PlanConstraints())
    batch = _planes(space)
    few = batch.chosen(np.arange(_PEER_PLANES))
    n_voxels = int(np.count_nonzero(model.organ))
    groups = space.group_of_state[model.states]
    ours, theirs = question.count_planes(few), _brute_force(space, groups, few)
    assert np.array_equal(ours.removed[:, 1:], theirs[:, 1:])
    question.count_planes(batch)
    cpu_s = _cpu_s(lambda: question.count_planes(batch))
    propose(model, space=space)
    yield Benchmark(
        f"{_PEER_PLANES} exact candidate planes: volumes by territory, trees cut",
        lambda: question.count_planes(few),
        "NumPy: every voxel, bincount (no trees)",
        lambda: _brute_force(space, groups, few),
        n_voxels,
        f"{len(batch) / cpu_s:.0f} planes a second of CPU time, one thread; counts equal; target 1000 a second; {NOTE}",
    )
    search_s = float(np.median([_cpu_s(lambda: propose(model, space=space)) for _ in range(5)]))
    found = propose(model, space=space)
    prepared_s = _cpu_s(lambda: propose(model))
    yield Benchmark(
        "global search for proposals: planes, sheets, territory sets, wedges",
        lambda: propose(model, space=space),
        voxels=n_voxels,
        note=f"{found.n_planes} planes looked at, {found.n_candidates} candidates counted; {1000 * search_s:.0f} ms of "
        f"CPU time, {1000 * prepared_s:.0f} with its own preparation, made once for a liver; target 500",
    )


def _planes(space: SearchSpace) -> PlaneBatch:
    """Return planes through the middle of the organ, without wedges."""
    normals = directions_of_sphere(2)
    k, j, i = np.nonzero(space.model.organ)
    middle = space.model.grid.lps_from_ijk(np.array([i.mean(), j.mean(), k.mean()]))
    offsets = np.random.default_rng(2).uniform(-30.0, 30.0, (len(normals), 1))
    wedged = np.zeros((len(normals), len(space.lesion_ids)), np.bool_)
    zeros = np.zeros(len(normals))
    return PlaneBatch(normals, middle + offsets * normals, wedged, zeros, zeros.astype(np.int64))


def _brute_force(space: SearchSpace, groups: np.ndarray, batch: PlaneBatch) -> np.ndarray:
    """Return the same counts by NumPy: each plane evaluated at every voxel of the box."""
    nk, nj, ni = groups.shape
    i, j, k = np.arange(ni)[None, None, :], np.arange(nj)[None, :, None], np.arange(nk)[:, None, None]
    found = []
    for origin, normal in zip(batch.origins_lps_mm, batch.normals_lps, strict=True):
        ci, cj, ck, c0 = space.model.plane_coefficients(tuple(origin), tuple(normal))
        removed = ci * i + (cj * j + (ck * k + c0)) > 0
        found.append(np.bincount(groups[removed], minlength=space.n_groups))
    return np.array(found)


def _cpu_s(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start
