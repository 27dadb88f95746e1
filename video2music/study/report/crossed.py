"""Linear mixed models whose random effects cross, fitted by REML.

statsmodels fits crossed effects only as one group with dense matrices: minutes for 200 participants. This is the
profiled criterion that lme4 minimises for scalar random effects (Bates, Mächler, Bolker & Walker 2015, equations 34 to
42), with lmerTest's degrees of freedom (Kuznetsova, Brockhoff & Christensen 2017). The tests compare it with what lme4
and the analysis of variance give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse
from statsmodels.tools.numdiff import approx_fprime, approx_hess

Vector = NDArray[np.float64]

RESTARTS = 6
STARTS = (0.3, 1.0)
"""Relative variances from which the criterion is minimised; both must lead to the same place."""

SAME_DEVIANCE = 1e-3
ENOUGH = 1e-8
SMALLEST_RELATIVE_SD = 1e-4
SMALLEST_EIGENVALUE = 1e-6


@dataclass(frozen=True)
class _Solution:
    coefficients: Vector
    inverse: Vector  # (p, p): covariance of the coefficients divided by the residual variance
    residual: float  # penalised residual sum of squares
    log_determinant: float


class _Problem:
    """Cross products of the data; the component with most levels comes first because its own block is diagonal."""

    def __init__(self, outcome: Vector, fixed: Vector, groups: Sequence[NDArray[np.intp]]) -> None:
        first, *others = groups
        indicators = [_indicator(group) for group in others]
        data = sparse.hstack([*indicators, sparse.csr_array(np.column_stack([fixed, outcome]))], format="csr")
        self.rows, self.fixed = fixed.shape
        self.counts = np.bincount(first).astype(float)
        self.products = (data.T @ data).toarray()
        self.between = sparse.csr_array(_indicator(first).T @ data)
        self.owner = np.repeat(np.arange(1, len(groups)), [matrix.shape[1] for matrix in indicators]).astype(np.intp)

    def solve(self, theta: Vector) -> _Solution:
        """Solve the penalised least-squares problem.

        Args:
            theta: (components,) standard deviations divided by the residual one.
        """
        weights = theta[0] ** 2 / (1 + theta[0] ** 2 * self.counts)
        products = self.products - (self.between.T @ sparse.diags_array(weights) @ self.between).toarray()
        random = len(self.owner)
        scale = theta[self.owner]
        lower = np.linalg.cholesky(scale[:, None] * products[:random, :random] * scale + np.eye(random))
        carried = linalg.solve_triangular(lower, scale[:, None] * products[:random, random:], lower=True)
        rest = products[random:, random:] - carried.T @ carried
        within = np.linalg.cholesky(rest[:-1, :-1])
        projected = linalg.solve_triangular(within, rest[:-1, -1], lower=True)
        logs = np.log1p(theta[0] ** 2 * self.counts).sum() + 2 * np.log(np.diag(lower)).sum()
        inverse = linalg.cho_solve((within, True), np.eye(self.fixed))
        return _Solution(
            coefficients=linalg.cho_solve((within, True), rest[:-1, -1]),
            inverse=inverse,
            residual=float(rest[-1, -1] - projected @ projected),
            log_determinant=float(logs + 2 * np.log(np.diag(within)).sum()),
        )

    def criterion(self, ratios: Vector) -> float:
        """Return the REML criterion with the residual variance profiled out.

        Args:
            ratios: (components,) variances divided by the residual one. Over standard deviations the criterion is
                even, so that a minimiser that once touched zero would stay there.
        """
        solution = self.solve(np.sqrt(ratios))
        free = float(self.rows - self.fixed)
        return solution.log_determinant + free * float(1 + np.log(2 * np.pi * solution.residual / free))

    def full_criterion(self, parameters: Vector) -> float:
        """Return the REML criterion at relative standard deviations, followed by the residual one."""
        solution = self.solve(parameters[:-1])
        variance = float(parameters[-1]) ** 2
        free = float(self.rows - self.fixed)
        return solution.log_determinant + free * float(np.log(2 * np.pi * variance)) + solution.residual / variance


@dataclass(frozen=True)
class Estimate:
    """A linear combination of coefficients.

    Attributes:
        value: of the combination.
        error: standard error.
        df: Satterthwaite's degrees of freedom.
    """

    value: float
    error: float
    df: float


@dataclass(frozen=True)
class CrossedFit:
    """A fitted model.

    Attributes:
        coefficients: (p,) fixed effects.
        covariance: (p, p) of them.
        deviations: standard deviation of every component.
        residual: residual standard deviation.
        criterion: REML criterion, minus twice the restricted log-likelihood.
        converged: whether every start led to the same minimum.
    """

    coefficients: Vector
    covariance: Vector
    deviations: Mapping[str, float]
    residual: float
    criterion: float
    converged: bool
    problem: _Problem
    theta: Vector

    @property
    def singular(self) -> tuple[str, ...]:
        """Components whose variance is estimated as zero."""
        return tuple(name for name, sd in self.deviations.items() if sd <= SMALLEST_RELATIVE_SD * self.residual)

    @cached_property
    def _parameters(self) -> Vector:
        return np.append(self.theta, self.residual)

    @cached_property
    def _parameter_covariance(self) -> Vector:
        """Of standard deviations: twice the inverse of the criterion's Hessian, flat directions left out."""
        hessian = approx_hess(self._parameters, self.problem.full_criterion)
        values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
        kept = values > SMALLEST_EIGENVALUE
        covariance: Vector = 2 * (vectors[:, kept] / values[kept]) @ vectors[:, kept].T
        return covariance

    def estimate(self, combination: Vector) -> Estimate:
        """Estimate a linear combination of the coefficients.

        Args:
            combination: (p,) weights.

        Returns:
            The value with its standard error and degrees of freedom (Satterthwaite 1946).
        """
        variance = float(combination @ self.covariance @ combination)

        def of(parameters: Vector) -> Vector:
            inverse = self.problem.solve(parameters[:-1]).inverse
            return np.array([parameters[-1] ** 2 * combination @ inverse @ combination])

        gradient = np.ravel(approx_fprime(self._parameters, of, centered=True))
        spread = float(gradient @ self._parameter_covariance @ gradient)
        df = 2 * variance**2 / spread if spread > 0 else float(self.problem.rows - self.problem.fixed)
        return Estimate(float(combination @ self.coefficients), variance**0.5, df)


def fit_crossed(outcome: Vector, fixed: Vector, groups: Mapping[str, Sequence[object]]) -> CrossedFit:
    """Fit a linear mixed model with any number of crossed or nested scalar random effects.

    Args:
        outcome: (n,) ratings.
        fixed: (n, p) design of the fixed effects, of full rank.
        groups: for every component the level of each row.

    Returns:
        The fit by REML.

    Raises:
        numpy.linalg.LinAlgError: the design has not full rank.
        ValueError: fewer rows than coefficients and components need, or no variance.
    """
    if not groups or len(outcome) <= fixed.shape[1] + 1:
        raise ValueError("too few ratings")
    codes = {
        name: np.unique([str(level) for level in levels], return_inverse=True)[1] for name, levels in groups.items()
    }
    names = sorted(codes, key=lambda name: -int(codes[name].max()))
    problem = _Problem(outcome, fixed, [codes[name] for name in names])
    if problem.solve(np.full(len(names), STARTS[0])).residual <= 1e-12 * max(1.0, float(outcome @ outcome)):
        raise ValueError("no variance")
    fits = [_minimise(problem, np.full(len(names), start)) for start in STARTS]
    best = min(fits, key=lambda fit: float(fit.fun))
    theta = np.sqrt(np.maximum(best.x, 0))
    solution = problem.solve(theta)
    residual = (solution.residual / (problem.rows - problem.fixed)) ** 0.5
    return CrossedFit(
        coefficients=solution.coefficients,
        covariance=residual**2 * solution.inverse,
        deviations={name: float(theta[names.index(name)]) * residual for name in groups},
        residual=residual,
        criterion=float(best.fun),
        converged=bool(max(fit.fun for fit in fits) - best.fun < SAME_DEVIANCE),
        problem=problem,
        theta=theta,
    )


def _minimise(problem: _Problem, start: Vector) -> optimize.OptimizeResult:
    """Minimise, and begin again where it ended until that changes nothing: a single run may stop on a slope."""
    bounds = [(0, None)] * len(start)
    best = optimize.minimize(problem.criterion, start, method="L-BFGS-B", jac="2-point", bounds=bounds)
    for _ in range(RESTARTS):
        found = optimize.minimize(
            problem.criterion, best.x, method="L-BFGS-B", jac="3-point", bounds=bounds, options={"ftol": 1e-13}
        )
        gain, best = best.fun - found.fun, found
        if gain < ENOUGH:
            break
    return best


def _indicator(group: NDArray[np.intp]) -> sparse.csr_array:
    rows = np.arange(len(group))
    return sparse.csr_array((np.ones(len(group)), (rows, group)), shape=(len(group), int(group.max()) + 1))
