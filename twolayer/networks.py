"""Two-layer ReLU networks f(x) = V relu(W x + b), in floats or in exact rationals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np


def numbers(array, name: str, ndim: int) -> np.ndarray:
    """A float64 array, or an object array of Fractions if any entry is one.

    Raises ValueError if the shape is ragged, has other than `ndim` axes, or an entry is not a finite number.
    """
    try:
        values = np.asarray(array)
    except ValueError:
        raise ValueError(f"{name} needs rows of equal length; got rows of different lengths") from None
    if values.size == 0 and values.ndim != ndim:
        values = values.reshape((0,) * ndim)
    if values.ndim != ndim:
        raise ValueError(f"{name} needs {ndim} {'axis' if ndim == 1 else 'axes'}; got shape {values.shape}")
    if values.dtype == object:
        for x in values.flat:
            if not isinstance(x, (Fraction, int, float, np.integer, np.floating)):
                raise ValueError(f"{name} needs numbers; got {type(x).__name__}")
        if any(isinstance(x, Fraction) for x in values.flat):
            exact = np.empty(values.shape, dtype=object)
            for index, x in np.ndenumerate(values):
                exact[index] = _fraction(x, name)
            exact.setflags(write=False)
            return exact
    elif values.dtype.kind not in "biuf":
        raise ValueError(f"{name} needs numbers; got dtype {values.dtype}")
    try:
        floats = np.array(values, dtype=np.float64)
    except OverflowError:
        raise ValueError(f"{name} needs numbers within the range of floats, or Fractions; got a larger one") from None
    if not np.isfinite(floats).all():
        raise ValueError(f"{name} needs finite numbers; got a NaN or an infinity")
    floats.setflags(write=False)
    return floats


def _fraction(x, name: str) -> Fraction:
    """A Fraction of Python's own integers: NumPy's would overflow silently."""
    if isinstance(x, (Fraction, int, np.integer)):
        return Fraction(int(x.numerator), int(x.denominator))
    if not np.isfinite(x):
        raise ValueError(f"{name} needs finite numbers; got a NaN or an infinity")
    return Fraction(float(x))


def as_fractions(array: np.ndarray) -> np.ndarray:
    """The same array in Fractions: every finite float is a rational."""
    out = np.empty(array.shape, dtype=object)
    for index, x in np.ndenumerate(array):
        out[index] = Fraction(x)
    return out


def as_floats(array: np.ndarray) -> np.ndarray:
    """The same array in float64, each entry rounded to nearest."""
    out = np.empty(array.shape)
    for index, x in np.ndenumerate(array):
        out[index] = float(x)
    return out


@dataclass(frozen=True, eq=False)
class TwoLayer:
    """f(x) = V relu(W x + b); node k has weight W[k], bias b[k] and fan-out V[:, k].

    W   (K, d)   weights, one node a row
    b   (K,)     biases
    V   (C, K)   fan-outs, one node a column

    Entries are float64, or `fractions.Fraction` throughout if any entry of that array is one.
    Raises ValueError where shapes do not fit or a number is not finite.   Source: Section 3.2.

    >>> absolute = TwoLayer(W=[[1], [-1]], b=[0, 0], V=[[1, 1]])
    >>> absolute([[-3], [2]]).tolist()
    [[3.0], [2.0]]
    """

    W: np.ndarray
    b: np.ndarray
    V: np.ndarray

    def __post_init__(self):
        for name, ndim in (("W", 2), ("b", 1), ("V", 2)):
            object.__setattr__(self, name, numbers(getattr(self, name), name, ndim))
        width = self.W.shape[0]
        if width == 0 or self.W.shape[1] == 0:
            raise ValueError(f"W needs at least one row and one column; got shape {self.W.shape}")
        if self.b.shape != (width,):
            raise ValueError(f"W has {width} rows, so b needs shape ({width},); got {self.b.shape}")
        if self.V.shape[0] == 0 or self.V.shape[1] != width:
            raise ValueError(f"W has {width} rows, so V needs shape (C, {width}); got {self.V.shape}")

    @property
    def width(self) -> int:
        """Number of hidden nodes K."""
        return self.W.shape[0]

    @property
    def inputs(self) -> int:
        """Input dimension d."""
        return self.W.shape[1]

    @property
    def outputs(self) -> int:
        """Output dimension C."""
        return self.V.shape[0]

    @property
    def is_exact(self) -> bool:
        """True if some weight, bias or fan-out is held as a Fraction."""
        return any(array.dtype == object for array in (self.W, self.b, self.V))

    def preactivations(self, x):
        """W x + b.   (..., d) -> (..., K)"""
        return np.asarray(x) @ self.W.T + self.b

    def activations(self, x):
        """relu(W x + b); a node at its kink is off.   (..., d) -> (..., K)"""
        z = self.preactivations(x)
        return z * (z > 0)

    def __call__(self, x):
        """Output of the network.   (..., d) -> (..., C)"""
        return self.activations(x) @ self.V.T

    def exact(self) -> TwoLayer:
        """The same network in Fractions."""
        return TwoLayer(*(as_fractions(array) for array in (self.W, self.b, self.V)))

    def floats(self) -> TwoLayer:
        """The same network in float64, each number rounded to nearest."""
        return TwoLayer(*(as_floats(array) for array in (self.W, self.b, self.V)))

    def nodes(self, keep) -> TwoLayer:
        """The network of the chosen hidden nodes, in the chosen order."""
        keep = np.asarray(keep)
        return TwoLayer(self.W[keep], self.b[keep], self.V[:, keep])

    @classmethod
    def from_torch(cls, module) -> TwoLayer:
        """The network of an `nn.Sequential(Linear, ReLU, Linear)`; every weight keeps its exact value.

        The last layer may have no bias other than zero: f has none, and a node that stood for it would be counted by
        bounds that count nodes. Raises ValueError for any other module.

        >>> from torch import nn
        >>> module = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2, bias=False))
        >>> TwoLayer.from_torch(module)
        TwoLayer(K=5, d=3, C=2)
        """
        layers = [(type(layer).__name__, layer) for layer in module] if hasattr(module, "__iter__") else []
        if [name for name, _ in layers] != ["Linear", "ReLU", "Linear"]:
            found = ", ".join(name for name, _ in layers) or type(module).__name__
            raise ValueError(f"expected nn.Sequential(Linear, ReLU, Linear); got {found}")
        hidden, out = layers[0][1], layers[2][1]
        if out.bias is not None and bool((out.bias != 0).any()):
            raise ValueError("the last layer needs a bias of zero, or none; train it with bias=False")
        W, V = (layer.weight.detach().cpu().double().numpy() for layer in (hidden, out))
        b = np.zeros(len(W)) if hidden.bias is None else hidden.bias.detach().cpu().double().numpy()
        return cls(W, b, V)

    def to_torch(self):
        """The same network as an `nn.Sequential(Linear, ReLU, Linear)` in float64; Fractions are rounded to nearest."""
        import torch

        net = self.floats()
        hidden = torch.nn.Linear(self.inputs, self.width, dtype=torch.float64)
        out = torch.nn.Linear(self.width, self.outputs, bias=False, dtype=torch.float64)
        with torch.no_grad():
            for parameter, values in ((hidden.weight, net.W), (hidden.bias, net.b), (out.weight, net.V)):
                parameter.copy_(torch.tensor(values))
        return torch.nn.Sequential(hidden, torch.nn.ReLU(), out)

    def __repr__(self) -> str:
        return f"TwoLayer(K={self.width}, d={self.inputs}, C={self.outputs})"


def hidden_gradient(teacher: TwoLayer, student: TwoLayer, x):
    """g_1: gradient of the squared loss that reaches the student's hidden nodes, up to the sign.

    g_1,k(x) = 1[w_k . x + b_k > 0]  v_k . (f*(x) - f(x)); a node at its kink is off.   (..., d) -> (..., K)

    Source: Section 3.2 and Lemma 1 of Tian (2019), quoted in Appendix A.8.
    """
    residual = teacher(x) - student(x)
    return (student.preactivations(x) > 0) * (residual @ student.V)
