"""PySpark wrappers of convoy.ml: the stages run in the JVM, with the same parameters and defaults.

    from convoy.ml import CnnClassifier
    model = CnnClassifier(featuresCol="content", labelCol="label", epochs=10).fit(frame)
    model.transform(frame).select("prediction")
"""

from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaEstimator, JavaModel, JavaTransformer


class _Stage:
    """Parameters go straight to the JVM's stage, so that they are declared once."""

    def _set_all(self, values):
        for name, value in values.items():
            self.set_param(name, value)
        return self

    def set_param(self, name, value):
        """Sets a parameter by its name, as ``setEpochs(3)`` does in Java."""
        setter = "set" + name[0].upper() + name[1:]
        if isinstance(value, (list, tuple)):
            gateway = self._java_obj_gateway()
            array = gateway.new_array(gateway.jvm.java.lang.String, len(value))
            for i, text in enumerate(value):
                array[i] = text
            value = array
        getattr(self._java_obj, setter)(value)
        return self

    @staticmethod
    def _java_obj_gateway():
        from pyspark import SparkContext

        return SparkContext._gateway

    def explain_params(self):
        """Every parameter with its meaning, default and value."""
        return self._java_obj.explainParams()


class CnnModel(_Stage, JavaModel, JavaMLWritable, JavaMLReadable):
    """A trained network; see convoy.ml.CnnModel."""

    @property
    def labels(self):
        """Names of the classes, by number."""
        return list(self._java_obj.labels())

    @classmethod
    def load(cls, path):
        """A saved model, or any model or run folder of Convoy's jobs."""
        from pyspark import SparkContext

        return cls(SparkContext._jvm.convoy.ml.CnnModel.load(path))

    def _transfer_params_to_java(self):
        pass


class CnnClassifier(_Stage, JavaEstimator, JavaMLWritable, JavaMLReadable):
    """Trains a convolutional network by parameter averaging; see convoy.ml.CnnClassifier."""

    def __init__(self, **params):
        super().__init__()
        self._java_obj = self._new_java_obj("convoy.ml.CnnClassifier")
        self._set_all(params)

    def _create_model(self, java_model):
        return CnnModel(java_model)

    def _transfer_params_to_java(self):
        pass


class CnnFeaturizer(_Stage, JavaTransformer, JavaMLWritable, JavaMLReadable):
    """What a layer makes of pictures, as vectors; see convoy.ml.CnnFeaturizer."""

    def __init__(self, **params):
        super().__init__()
        self._java_obj = self._new_java_obj("convoy.ml.CnnFeaturizer")
        self._set_all(params)

    def _transfer_params_to_java(self):
        pass
