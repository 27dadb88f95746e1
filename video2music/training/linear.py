"""Linear read-outs with a penalty, fitted on standardised inputs and folded back onto raw ones."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
LEAST_SPREAD = 1e-6
ROWS_FOR_DIRECTIONS = 700
STEPS = 60  # of L-BFGS; the penalised loss is convex and settles before


@dataclass(frozen=True)
class Linear:
    """y = x @ weight + bias.

    Attributes:
        weight: (inputs, outputs) float32.
        bias: (outputs,) float32.
    """

    weight: FloatArray
    bias: FloatArray

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Return the outputs of (n, inputs) rows."""
        return (inputs @ self.weight + self.bias).astype(np.float32)


@dataclass(frozen=True)
class Scaling:
    """Moves inputs to mean 0, and to the spread that their share in the penalty asks for.

    Attributes:
        mean: (inputs,) float32.
        factor: (inputs,) float32.
    """

    mean: FloatArray
    factor: FloatArray

    @classmethod
    def of(cls, inputs: FloatArray, gain: FloatArray | float = 1.0) -> "Scaling":
        """Standardise (n, inputs) rows; a gain above 1 makes an input cheaper to use under the penalty."""
        spread = np.maximum(inputs.std(axis=0), LEAST_SPREAD)
        return cls(inputs.mean(axis=0).astype(np.float32), (gain / spread).astype(np.float32))

    def __call__(self, inputs: FloatArray) -> FloatArray:
        """Return the scaled rows."""
        return ((inputs - self.mean) * self.factor).astype(np.float32)

    def fold(self, linear: Linear) -> Linear:
        """Return the read-out of raw inputs that equals this one of scaled inputs."""
        weight = linear.weight * self.factor[:, None]
        return Linear(weight.astype(np.float32), (linear.bias - self.mean @ weight).astype(np.float32))


def principal_directions(rows: FloatArray, count: int) -> FloatArray:
    """Return the directions in which rows differ most, from an even choice of at most ROWS_FOR_DIRECTIONS of them.

    Args:
        rows: (n, inputs), centred.
        count: at most so many directions.

    Returns:
        (inputs, k) orthonormal columns, k <= count.
    """
    chosen = rows[:: 1 + len(rows) // ROWS_FOR_DIRECTIONS].astype(np.float64)
    # between the rows, of which there are fewer than inputs
    strengths, sides = np.linalg.eigh(chosen @ chosen.T)
    kept = np.flatnonzero(strengths > LEAST_SPREAD * strengths[-1])[-count:]
    return np.asarray(chosen.T @ sides[:, kept] / np.sqrt(strengths[kept]), dtype=np.float32)


def fit_ridge(inputs: FloatArray, targets: FloatArray, penalty: float, gain: FloatArray | float = 1.0) -> Linear:
    """Fit a ridge regression on raw inputs, which are standardised inside.

    Args:
        inputs: (n, inputs).
        targets: (n, outputs).
        penalty: of the squared weights of standardised inputs, against a sum of squared errors.
        gain: above 1 makes an input cheaper to use under the penalty.

    Returns:
        The read-out of raw inputs.
    """
    from sklearn.linear_model import Ridge

    scaling = Scaling.of(inputs, gain)
    model = Ridge(alpha=penalty).fit(scaling(inputs), targets)
    return scaling.fold(Linear(np.asarray(model.coef_, np.float32).T, np.asarray(model.intercept_, np.float32)))


def fit_softmax(inputs: FloatArray, targets: FloatArray, weights: FloatArray, penalty: float) -> Linear:
    """Fit a multinomial logistic regression on soft targets by L-BFGS.

    Args:
        inputs: (n, inputs), scaled.
        targets: (n, classes) probabilities.
        weights: (n,) importance of each row.
        penalty: of the squared weights, against the mean cross-entropy in nats.

    Returns:
        The read-out to logits.
    """
    rows, wanted = torch.from_numpy(inputs), torch.from_numpy(targets)
    shares = torch.from_numpy(weights / weights.sum())
    weight = torch.zeros(inputs.shape[1], targets.shape[1], requires_grad=True)
    bias = torch.zeros(targets.shape[1], requires_grad=True)
    search = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe", tolerance_grad=1e-6)

    def loss() -> torch.Tensor:
        search.zero_grad()
        likelihood = (shares * (wanted * (rows @ weight + bias).log_softmax(dim=1)).sum(dim=1)).sum()
        cost: torch.Tensor = penalty * weight.square().sum() - likelihood
        cost.backward()  # type: ignore[no-untyped-call]  # PyTorch
        return cost

    search.step(loss)  # type: ignore[no-untyped-call]  # PyTorch
    return Linear(weight.detach().numpy(), bias.detach().numpy())
