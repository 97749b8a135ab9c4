"""Two-layer ReLU networks f(x) = V relu(W x + b) + output_bias, in floats or in exact rationals."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

SKLEARN = "MLPRegressor with one hidden layer and activation 'relu', by itself"
NARROW = ("bfloat16", "float8_e4m3fn", "float8_e5m2")  # float types that NumPy knows from packages only
POINTS = 64  # of sizes from 1e-2 to 1e4, at which a module is compared with what its layers say
AGREEMENT = 1e-5  # of the terms of an output: a weight that is itself computed comes out a few float32 roundings off in float64


def number_array(array, name: str, ndim: int) -> np.ndarray:
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
    """f(x) = V relu(W x + b) + output_bias; node k has weight W[k], bias b[k] and fan-out V[:, k].

    W            (K, d)   weights, one node a row
    b            (K,)     biases
    V            (C, K)   fan-outs, one node a column
    output_bias  (C,)     biases of the outputs, 0 by default: the paper's networks have none, most trained ones do

    Entries are float64, or `fractions.Fraction` throughout if any entry of that array is one.
    Raises ValueError where shapes do not fit or a number is not finite.   Source: Section 3.2.

    >>> absolute = TwoLayer(W=[[1], [-1]], b=[0, 0], V=[[1, 1]])
    >>> absolute([[-3], [2]]).tolist()
    [[3.0], [2.0]]
    """

    W: np.ndarray
    b: np.ndarray
    V: np.ndarray
    output_bias: Any = None  # an array from the constructor on

    def __post_init__(self):
        for name, ndim in (("W", 2), ("b", 1), ("V", 2)):
            object.__setattr__(self, name, number_array(getattr(self, name), name, ndim))
        given = number_array(np.zeros(len(self.V)) if self.output_bias is None else self.output_bias, "output_bias", 1)
        zero = all(x == 0 for x in given)  # the same network, and the same file, whoever wrote the zeros
        object.__setattr__(self, "output_bias", number_array(np.zeros(len(given)), "output_bias", 1) if zero else given)
        width = self.W.shape[0]
        if width == 0 or self.W.shape[1] == 0:
            raise ValueError(f"W needs at least one row and one column; got shape {self.W.shape}")
        if self.b.shape != (width,):
            raise ValueError(f"W has {width} rows, so b needs shape ({width},); got {self.b.shape}")
        if self.V.shape[0] == 0 or self.V.shape[1] != width:
            raise ValueError(f"W has {width} rows, so V needs shape (C, {width}); got {self.V.shape}")
        if self.output_bias.shape != (len(self.V),):
            raise ValueError(
                f"V has {len(self.V)} rows, so output_bias needs shape ({len(self.V)},); got {self.output_bias.shape}"
            )

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
        return any(array.dtype == object for array in self.arrays.values())

    @property
    def has_output_bias(self) -> bool:
        """True if some output has a bias other than zero."""
        return any(x != 0 for x in self.output_bias)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """W, b, V and, unless it is zero, output_bias: the numbers that a file lists."""
        named = {"W": self.W, "b": self.b, "V": self.V}
        return named | {"output_bias": self.output_bias} if self.has_output_bias else named

    def preactivations(self, x):
        """W x + b.   (..., d) -> (..., K)"""
        return np.asarray(x) @ self.W.T + self.b

    def activations(self, x):
        """relu(W x + b); a node at its kink is off.   (..., d) -> (..., K)"""
        z = self.preactivations(x)
        return z * (z > 0)

    def __call__(self, x):
        """Output of the network.   (..., d) -> (..., C)"""
        hidden = self.activations(x) @ self.V.T
        return hidden + self.output_bias if self.has_output_bias else hidden  # float zeros would make Fractions floats

    def exact(self) -> TwoLayer:
        """The same network in Fractions."""
        return TwoLayer(*map(as_fractions, (self.W, self.b, self.V, self.output_bias)))

    def floats(self) -> TwoLayer:
        """The same network in float64, each number rounded to nearest."""
        return TwoLayer(*map(as_floats, (self.W, self.b, self.V, self.output_bias)))

    def nodes(self, keep) -> TwoLayer:
        """The network of the chosen hidden nodes, in the chosen order, with the same output bias."""
        keep = np.asarray(keep)
        return TwoLayer(self.W[keep], self.b[keep], self.V[:, keep], self.output_bias)

    @classmethod
    def from_numpy(cls, W, b, V, output_bias=None, *, columns: bool = False) -> TwoLayer:
        """The network of arrays of any float type, every entry exactly; a bias of None is zero.

        columns  False: one node a row of W, as here and in PyTorch, W (K, d) and V (C, K); True: one node a column of W, as
                 scikit-learn, Keras and JAX keep them, W (d, K) and V (K, C)
        """
        W, V = (_exact_floats(x).T if columns else _exact_floats(x) for x in (W, V))
        b, rest = (None if x is None else _exact_floats(x) for x in (b, output_bias))
        return cls(W, np.zeros(len(W)) if b is None else b, V, rest)

    @classmethod
    def from_sklearn(cls, model) -> TwoLayer:
        """The network of a fitted scikit-learn `MLPRegressor` with one hidden layer, every weight exactly.

        Raises ValueError for any other model, a regressor that is not fitted, and another activation than relu.
        """
        kind = type(model).__name__
        if "MLPRegressor" not in [base.__name__ for base in type(model).__mro__]:
            raise ValueError(f"{kind} is not supported; supported: {SKLEARN}")
        if not hasattr(model, "coefs_"):
            raise ValueError(f"{kind} needs to be fitted before its weights are read")
        hidden, activation, out = len(model.coefs_) - 1, model.activation, model.out_activation_
        if hidden != 1 or (activation, out) != ("relu", "identity"):
            layers = f"{hidden} hidden layers, activation {activation!r} and output {out!r}"
            raise ValueError(f"{kind} with {layers} is not supported; supported: {SKLEARN}")
        (W, V), (b, rest) = model.coefs_, model.intercepts_
        return cls.from_numpy(W, b, V, rest, columns=True)

    @classmethod
    def from_torch(cls, module) -> TwoLayer:
        """The network of an `nn.Sequential(Linear, ReLU, Linear)`; every weight keeps its exact value, bfloat16 too.

        A module that holds exactly one such stack is read too if that is what it computes: its own output, in float64, is
        compared with the network's at random points. Identity, Flatten and Dropout (off, as in evaluation) count for nothing.
        Raises ValueError for any other module, naming what is not supported.

        >>> from torch import nn
        >>> module = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2))
        >>> TwoLayer.from_torch(module)
        TwoLayer(K=5, d=3, C=2)
        """
        from torch import nn

        layers = [x for x in _leaves(module) if not isinstance(x, (nn.Identity, nn.Flatten, nn.Dropout))]
        names = ", ".join(type(layer).__name__ for layer in layers)
        odd = [type(layer).__name__ for layer in layers if not isinstance(layer, (nn.Linear, nn.ReLU))]
        if odd or [isinstance(x, nn.ReLU) for x in layers] != [False, True, False]:
            what = f"{odd[0]} is not supported; " if odd else ""
            raise ValueError(f"{what}expected nn.Sequential(Linear, ReLU, Linear), or a module that holds one; got {names}")
        hidden, _, out = layers
        arrays = [None if x is None else _from_tensor(x) for x in (hidden.weight, hidden.bias, out.weight, out.bias)]
        network = cls.from_numpy(*arrays)
        _same_function(module, network)
        return network

    def to_torch(self):
        """The same network as an `nn.Sequential(Linear, ReLU, Linear)` in float64; Fractions are rounded to nearest.

        The last layer has a bias where the network has an output bias.
        """
        import torch

        net = self.floats()
        hidden = torch.nn.Linear(self.inputs, self.width, dtype=torch.float64)
        out = torch.nn.Linear(self.width, self.outputs, bias=self.has_output_bias, dtype=torch.float64)
        with torch.no_grad():
            for parameter, values in (
                (hidden.weight, net.W),
                (hidden.bias, net.b),
                (out.weight, net.V),
                (out.bias, net.output_bias),
            ):
                if parameter is not None:
                    parameter.copy_(torch.tensor(values))
        return torch.nn.Sequential(hidden, torch.nn.ReLU(), out)

    def __repr__(self) -> str:
        return f"TwoLayer(K={self.width}, d={self.inputs}, C={self.outputs})"


def _exact_floats(array) -> np.ndarray:
    """An array with its float types widened to float64; object arrays (of Fractions) as they are."""
    values = np.asarray(array)
    if values.dtype.kind == "f" and values.dtype.itemsize > 8:
        raise ValueError(f"weights need a float type of at most 64 bits, to be read exactly; got {values.dtype}")
    return values.astype(np.float64) if values.dtype.kind == "f" or values.dtype.name in NARROW else values


def _leaves(module) -> list:
    """The layers that a torch module is made of, in the order in which it holds them."""
    from torch import nn

    if not isinstance(module, nn.Module):
        raise ValueError(f"expected a torch module; got {type(module).__name__}")
    parts = [part for part in module._modules.values() if part is not None]  # `children` leaves out what comes twice
    if not parts or isinstance(module, (nn.Linear, nn.ReLU)):
        return [module]
    return [layer for part in parts for layer in _leaves(part)]


def _from_tensor(tensor) -> np.ndarray:
    if not tensor.is_floating_point():
        raise ValueError(f"weights need to be of a float type; got {tensor.dtype}")
    return tensor.detach().cpu().double().numpy()


def _same_function(module, network: TwoLayer) -> None:
    """ValueError unless a torch module computes a network: a stack is not all that a module's forward may use."""
    import copy

    import torch

    rng = np.random.default_rng(0)
    points = rng.normal(size=(POINTS, network.inputs)) * 10.0 ** rng.uniform(-2, 4, size=(POINTS, 1))
    try:
        with torch.no_grad():
            answers = copy.deepcopy(module).cpu().double().eval()(torch.tensor(points)).numpy()
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"the module needs to map points (n, {network.inputs}) to outputs; got {error!r:.80}") from None
    values = network(points)
    sizes = network.activations(points) @ np.abs(network.V).T + np.abs(network.output_bias)
    if answers.shape != values.shape or not (np.abs(answers - values) <= AGREEMENT * sizes).all():
        raise ValueError("the module does more than its layers Linear, ReLU, Linear say: its outputs are not theirs")


def hidden_gradient(teacher: TwoLayer, student: TwoLayer, x):
    """g_1: gradient of the squared loss that reaches the student's hidden nodes, up to the sign.

    g_1,k(x) = 1[w_k . x + b_k > 0]  v_k . (f*(x) - f(x)); a node at its kink is off.   (..., d) -> (..., K)

    Source: Section 3.2 and Lemma 1 of Tian (2019), quoted in Appendix A.8.
    """
    residual = teacher(x) - student(x)
    return (student.preactivations(x) > 0) * (residual @ student.V)
