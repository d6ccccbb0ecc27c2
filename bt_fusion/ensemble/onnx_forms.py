"""The few forms of ONNX graph used for members, so that a reader can know all of them.

Trees or a linear model, on rows with or without standardisation, and a link from their sums to
probabilities.
"""

from dataclasses import dataclass, field

__all__ = ["DEEPEST", "DOUBLE", "FORMS", "IR_VERSION", "LARGEST", "OPSETS", "Form", "Step"]

OPSETS = {"": 13, "ai.onnx.ml": 3}
IR_VERSION = 8
DEEPEST = 1_000  # levels of a tree: onnxruntime recurses, and crashes at 100,000
LARGEST = 256 * 2**20  # bytes of a file; a fully grown forest on 44,000 rows takes 91 million
FLOAT, DOUBLE = 1, 11  # number types of ONNX


@dataclass(frozen=True)
class Step:
    """One node of a graph.

    Attributes
    ----------
    operator : str
    inputs : tuple of str
        Outputs of earlier nodes, constants, or `rows`.
    output : str
    attributes : dict of str to int
        Without those of a tree ensemble.
    domain : str
    """

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: dict[str, int] = field(default_factory=dict)
    domain: str = ""


@dataclass(frozen=True)
class Form:
    """The parts of a graph.

    Attributes
    ----------
    core : {"trees", "linear"}
    link : {"mean", "logistic", "softmax", "share", "shares"}
        The function from the core's sums to probabilities.
    scaled : bool
        Whether rows are standardised first.
    """

    core: str
    link: str
    scaled: bool

    @property
    def steps(self) -> list[Step]:
        """Nodes, in order."""
        return [*(SCALING[self.core] if self.scaled else ()), *self._core(), *LINKS[self.link]]

    @property
    def constants(self) -> list[str]:
        """Names of the constants, in order."""
        names = ["mean", "scale"] if self.scaled else []
        names += ["coef", "intercept"] if self.core == "linear" else []
        return [*names, "one"] if self.of_two else names

    @property
    def of_two(self) -> bool:
        """Whether the core gives one sum, for the probability of the second of two classes."""
        return self.link in ("logistic", "share")

    def _core(self) -> list[Step]:
        columns = SCALING[self.core][-1].output if self.scaled else "rows"
        if self.core == "linear":
            return [
                Step("MatMul", (columns, "coef"), "product"),
                Step("Add", ("product", "intercept"), "total"),
            ]
        return [
            Step("TreeEnsembleRegressor", (columns,), "sum", domain="ai.onnx.ml"),
            Step("Cast", ("sum",), "total", {"to": DOUBLE}),
        ]


STANDARDISED = (
    Step("Sub", ("rows", "mean"), "centred"),
    Step("Div", ("centred", "scale"), "scaled"),
)
# A forest after a scaler receives its output cast to float32
AS_FLOAT32 = (
    Step("Cast", ("scaled",), "single", {"to": FLOAT}),
    Step("Cast", ("single",), "columns", {"to": DOUBLE}),
)
SCALING = {"linear": STANDARDISED, "trees": (*STANDARDISED, *AS_FLOAT32)}
OF_TWO = (
    Step("Sub", ("one", "up"), "down"),
    Step("Concat", ("down", "up"), "probabilities", {"axis": 1}),
)
LINKS = {
    "mean": [Step("Identity", ("total",), "probabilities")],
    "softmax": [Step("Softmax", ("total",), "probabilities", {"axis": 1})],
    "logistic": [
        Step("Sigmoid", ("total",), "up"),
        *OF_TWO,
    ],
    "share": [
        Step("Relu", ("total",), "up"),
        *OF_TWO,
    ],
    "shares": [
        Step("Relu", ("total",), "positive"),
        Step("LpNormalization", ("positive",), "probabilities", {"axis": 1, "p": 1}),
    ],
}
FORMS = tuple(
    Form(core, link, scaled)
    for core, links in (("trees", tuple(LINKS)), ("linear", ("logistic", "softmax")))
    for link in links
    for scaled in (False, True)
)
