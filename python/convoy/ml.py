"""PySpark wrappers of package convoy.ml: the stages run in the JVM, with the same parameters and defaults.

    from convoy.ml import CnnClassifier
    model = CnnClassifier(featuresCol="content", labelCol="label", epochs=10).fit(frame)
    model.transform(frame).select("prediction")
"""

from pyspark import SparkContext
from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaEstimator, JavaModel, JavaTransformer


class _Stage(JavaMLWritable, JavaMLReadable):
    """A stage whose parameters are declared by the JVM's stage alone."""

    def set(self, **values):
        """Sets parameters by their names: ``set(epochs=3)`` is ``setEpochs(3)`` in Java."""
        for name, value in values.items():
            if isinstance(value, (list, tuple)):
                value = self._array(value)
            getattr(self._java_obj, "set" + name[0].upper() + name[1:])(value)
        return self

    @staticmethod
    def _array(values):
        gateway = SparkContext._gateway
        texts = all(isinstance(value, str) for value in values)
        kind = gateway.jvm.java.lang.String if texts else gateway.jvm.double
        array = gateway.new_array(kind, len(values))
        for i, value in enumerate(values):
            array[i] = value
        return array

    def explain(self):
        """Every parameter with its meaning, default and value."""
        return self._java_obj.explainParams()

    def _transfer_params_to_java(self):
        """They are there already."""


class CnnModel(_Stage, JavaModel):
    """A trained network; see convoy.ml.CnnModel."""

    @property
    def labels(self):
        """Names of the classes, by number."""
        return list(self._java_obj.labels())

    @classmethod
    def load(cls, path):
        """A saved model, or any model or run folder of Convoy's jobs."""
        return cls(SparkContext._jvm.convoy.ml.CnnModel.load(path))


class CnnClassifier(_Stage, JavaEstimator):
    """Trains a convolutional network by parameter averaging; see convoy.ml.CnnClassifier."""

    def __init__(self, **params):
        super().__init__()
        self._java_obj = self._new_java_obj("convoy.ml.CnnClassifier")
        self.set(**params)

    def _create_model(self, java_model):
        return CnnModel(java_model)


class CnnFeaturizer(_Stage, JavaTransformer):
    """What a layer makes of pictures, as vectors; see convoy.ml.CnnFeaturizer."""

    def __init__(self, **params):
        super().__init__()
        self._java_obj = self._new_java_obj("convoy.ml.CnnFeaturizer")
        self.set(**params)
