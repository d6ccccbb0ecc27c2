"""The types that a skops file in a bundle may name, fixed for each bundle schema.

skops trusts every scikit-learn type by default. Some of those pass their arrays to native code
unchecked, so this list is short: the types that members and calibrations consist of, each either
pure NumPy when it predicts or checked in `parts.sklearn`.
"""

__all__ = ["ALLOWED", "CONTAINERS", "MOVED", "TREE", "TRUSTED"]

TREE = "sklearn.tree._tree.Tree"
# Names in schema 1, and their names since schema 2
MOVED = {
    "bt_fusion.calibration.ProbabilityMap": "bt_fusion.ensemble.calibration.ProbabilityMap",
    "bt_fusion.svm.RbfSVM": "bt_fusion.ensemble.members.svm.RbfSVM",
}
SKLEARN = (
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._forest.ExtraTreesClassifier",
    "sklearn.ensemble._forest.RandomForestClassifier",
    "sklearn.frozen._frozen.FrozenEstimator",
    "sklearn.isotonic.IsotonicRegression",
    "sklearn.kernel_approximation.Nystroem",
    "sklearn.linear_model._logistic.LogisticRegression",
    "sklearn.linear_model._stochastic_gradient.SGDClassifier",
    "sklearn.model_selection._split.TimeSeriesSplit",
    "sklearn.pipeline.Pipeline",
    "sklearn.preprocessing._data.MinMaxScaler",
    "sklearn.preprocessing._data.RobustScaler",
    "sklearn.preprocessing._data.StandardScaler",
    "sklearn.svm._classes.LinearSVC",
    "sklearn.svm._classes.SVC",
    "sklearn.tree._classes.DecisionTreeClassifier",
    "sklearn.tree._classes.ExtraTreeClassifier",
)
# Pure NumPy when they predict, or made of such parts; for user-defined members
OF_USERS = (
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis",
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis",
    "sklearn.dummy.DummyClassifier",
    "sklearn.ensemble._bagging.BaggingClassifier",
    "sklearn.ensemble._weight_boosting.AdaBoostClassifier",
    "sklearn.naive_bayes.BernoulliNB",
    "sklearn.naive_bayes.GaussianNB",
    "sklearn.neighbors._nearest_centroid.NearestCentroid",
)
LOSSES = (
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn.linear_model._sgd_fast.Hinge",
    "sklearn.linear_model._sgd_fast.ModifiedHuber",
)
SCALARS = ("bool", "float32", "float64", "int32", "int64", "ndarray")
CONTAINERS = {
    "DictNode": "builtins.dict",
    "ListNode": "builtins.list",
    "TupleNode": "builtins.tuple",
}
COMMON = frozenset(
    [
        *CONTAINERS.items(),
        *(("ObjectNode", name) for name in SKLEARN),
        *(("LossNode", name) for name in LOSSES),
        *(("NdArrayNode", f"numpy.{name}") for name in SCALARS),
        *(("TypeNode", f"builtins.{name}") for name in ("str", "int", "float", "bool")),
        ("JsonNode", "builtins.str"),
        ("TreeNode", TREE),
    ]
)
SINCE_2 = COMMON | {("ObjectNode", name) for name in MOVED.values()}
SINCE_3 = SINCE_2 | {("ObjectNode", name) for name in OF_USERS}
ALLOWED: dict[int, frozenset[tuple[str, str]]] = {
    1: COMMON | {("ObjectNode", name) for name in MOVED},
    2: SINCE_2,
    3: SINCE_3,
    4: SINCE_3,
    5: SINCE_3,
}
# Types that skops accepts, after the file was checked against ALLOWED
TRUSTED = [*MOVED.values(), *SKLEARN, *OF_USERS, *LOSSES, TREE]
