"""Converts the layers of Keras models to operators of an ONNX graph, one method per kind of layer."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from inkread.errors import ModelFormatError
from inkread.export.graph import MovingGraph, Value
from inkread.export.to_keras import keras
from inkread.models.graph import single
from inkread.models.layers import GLYPH
from inkread.pipeline.classifier import Classifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from inkread.evaluation.external_onnx import Scores

BRIGHTEST = 255
"""The value of full ink for a model that begins with a ``Rescaling`` by a small factor; otherwise it is 1."""

SMALL = 1 / 16
"""Largest ``Rescaling`` factor that implies pixels up to 255.

Scaling to -1..1 uses 1/127.5, and 1 inverts pixels up to 1.
"""

LARGEST_DIAGONAL = 1024
"""Maximum number of values whose batch norm becomes a dense layer; beyond, megabytes of zeros."""

INACTIVE = ("InputLayer", "Identity", "GaussianNoise", "ActivityRegularization")
"""Layers that act only in training, like all dropouts, and all named "Random…" except ``RandomCrop``."""


class KerasLayers:
    """Converts layers, in a chain or with branches, to operators of one graph.

    Attributes:
        source: the name of the model, for errors.
        graph: the graph.
        brightest: the model's value of full ink, as far as is known: 1 or 255.
        scores: the kind of output, as far as is known.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.graph = MovingGraph()
        self.brightest = 1
        self.scores: Scores = "logits"

    def model(self, model: Any, value: Value) -> Value:
        """Converts the layers of a model, or of a nested model."""
        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                value = self.layer(layer, [value])
            return value
        values: dict[str, Value] = {}
        for layer, config in zip(model.operations, model.get_config()["layers"], strict=True):
            if len(config["inbound_nodes"]) > 1:
                self.refuse(layer, "is used more than once")
            inputs = [values[name] for name in _inputs(config["inbound_nodes"])]
            value = values[layer.name] = self.layer(layer, inputs or [value])
        return value

    def layer(self, layer: Any, values: list[Value]) -> Value:
        """Converts one layer, or a nested model, given its inputs."""
        kind = type(layer).__name__
        if kind in INACTIVE or "Dropout" in kind or (kind.startswith("Random") and kind != "RandomCrop"):
            return values[0]
        if self.scores != "logits":
            self.refuse(layer, "follows the softmax, which must come last")
        if kind in MERGERS and len(values) > 1:
            return MERGERS[kind](self, layer, values)
        if len(values) == 1 and isinstance(layer, keras.Model):
            return self.model(layer, values[0])
        if len(values) > 1 or kind not in READERS or not isinstance(layer, keras.Layer):
            self.refuse(layer, "cannot be imported")
        return READERS[kind](self, layer, values[0])

    def refuse(self, layer: Any, problem: str) -> NoReturn:
        """Raises an error that names the layer."""
        problem = f"has a layer {layer.name!r} ({type(layer).__name__}) that {problem}"
        remedy = f"use layers of these kinds: {', '.join([*READERS, *MERGERS])}"
        raise ModelFormatError(self.source, problem, remedy)

    # Inputs and shapes

    def _rescaling(self, layer: Any, value: Value) -> Value:
        """Applies a factor and an offset; at the start of a model, they show how bright its ink is."""
        scale, offset = (np.asarray(each, np.float64) for each in (layer.scale, layer.offset))
        if value.name == Classifier.takes[0] and self.brightest == 1 and np.abs(scale).max() <= SMALL:
            self.brightest = BRIGHTEST
            scale = scale * BRIGHTEST
        return self._affine(value, scale, offset)

    def _reshape(self, layer: Any, value: Value) -> Value:
        return dataclasses.replace(value, shape=tuple(layer.compute_output_shape((None, *value.shape))[1:]))

    def _flatten(self, layer: Any, value: Value) -> Value:
        """Flattens all axes, with the channels varying fastest, even if they come first."""
        if layer.data_format == "channels_first" and len(value.shape) > 1:
            value = self._permuted(value, (*range(1, len(value.shape)), 0))
        return dataclasses.replace(value, shape=(math.prod(value.shape),))

    def _permute(self, layer: Any, value: Value) -> Value:
        return self._permuted(value, tuple(axis - 1 for axis in layer.dims))

    def _permuted(self, value: Value, order: tuple[int, ...]) -> Value:
        if tuple(value.held[axis] for axis in value.axes) != value.shape:
            value = self.graph.in_order(value)
        axes, shape = (tuple(each[axis] for axis in order) for each in (value.axes, value.shape))
        return dataclasses.replace(value, axes=axes, shape=shape)

    def _zero_padding(self, layer: Any, value: Value) -> Value:
        """Adds zeros around a picture; a following convolution does this by itself."""
        value = self._channels_first(layer, value)
        (top, bottom), (left, right) = layer.padding
        name = self.graph.add("Pad", value.name, np.array([0, 0, top, left, 0, 0, bottom, right]))
        channels, rows, columns = value.held
        return self._resized(value, name, channels, (rows + top + bottom, columns + left + right))

    # Convolutions and dense layers

    def _convolution(self, layer: Any, value: Value) -> Value:
        weight = np.asarray(layer.kernel).transpose(3, 2, 0, 1)
        return self._activated(layer, self._convolved(layer, value, weight, groups=layer.groups))

    def _depthwise(self, layer: Any, value: Value) -> Value:
        weight = _by_channel(layer.kernel)
        return self._activated(layer, self._convolved(layer, value, weight, groups=np.shape(layer.kernel)[2]))

    def _separable(self, layer: Any, value: Value) -> Value:
        """``SeparableConv2D``: convolves each channel separately, then mixes them pixel by pixel."""
        weight = _by_channel(layer.depthwise_kernel)
        channels = np.shape(layer.depthwise_kernel)[2]
        value = self._convolved(layer, value, weight, groups=channels, bias=np.zeros(len(weight)))
        weight = single(np.asarray(layer.pointwise_kernel).transpose(3, 2, 0, 1))
        name = self.graph.add("Conv", value.name, weight, _bias(layer, len(weight)), kernel_shape=[1, 1])
        return self._activated(layer, self._resized(value, name, len(weight), value.held[1:]))

    def _convolved(
        self,
        layer: Any,
        value: Value,
        weight: NDArray[np.floating],
        *,
        groups: int,
        bias: NDArray[np.floating] | None = None,
    ) -> Value:
        value = self._channels_first(layer, value)
        strides, dilations = tuple(layer.strides), tuple(layer.dilation_rate)
        windows = [(size - 1) * gap + 1 for size, gap in zip(weight.shape[2:], dilations, strict=True)]
        pads, sides = self._pads(layer, value, windows, strides)
        name = value.name
        if padding := self.graph.maker(name, "Pad"):
            name = padding.input
            before = padding.weights[0]
            pads = [own + more for own, more in zip(pads, before[[2, 3, 6, 7]].tolist(), strict=True)]
        bias = _bias(layer, len(weight)) if bias is None else single(bias)
        options: dict[str, Any] = {"strides": strides, "pads": pads, "dilations": dilations}
        if groups > 1:
            options["group"] = groups
        name = self.graph.add("Conv", name, single(weight), bias, kernel_shape=weight.shape[2:], **options)
        return self._resized(value, name, len(weight), sides)

    def _dense(self, layer: Any, value: Value) -> Value:
        kernel = np.asarray(layer.kernel)
        outputs = kernel.shape[1]
        bias = _bias(layer, outputs)
        if len(value.shape) > 1:
            value = self.graph.in_order(value)
            name = self.graph.add("Add", self.graph.add("MatMul", value.name, kernel), bias)
            shape = (*value.shape[:-1], outputs)
            return self._activated(layer, Value(name, shape, value.axes, shape))
        name = self._flat(value)
        weight = np.empty((outputs, len(kernel)), np.float32)
        weight[:, value.places] = kernel.T
        name = self.graph.add("Gemm", name, weight, bias, transB=1)
        return self._activated(layer, Value(name, (outputs,), (0,), (outputs,)))

    def _batch_norm(self, layer: Any, value: Value) -> Value:
        (axis,) = [layer.axis] if isinstance(layer.axis, int) else layer.axis
        shape = [1] * len(value.shape)
        shape[axis if axis < 0 else axis - 1] = -1
        variance = np.asarray(layer.moving_variance, np.float64)
        scale = 1 / np.sqrt(variance + layer.epsilon)
        scale = scale * np.asarray(layer.gamma) if layer.scale else scale
        shift = -np.asarray(layer.moving_mean) * scale
        shift = shift + np.asarray(layer.beta) if layer.center else shift
        return self._affine(value, scale.reshape(shape), shift.reshape(shape))

    def _affine(self, value: Value, scale: NDArray[np.floating], shift: NDArray[np.floating]) -> Value:
        """Scales and shifts each number: folded into the layer before, as a layer of its own, or as is."""
        if np.allclose(scale, 1, rtol=0, atol=1e-7) and not shift.any():
            return value
        if value.held == GLYPH and value.is_in_order and scale.size == shift.size == 1:
            name = self.graph.add("Unsqueeze", value.name, np.array([1]))
            value = Value(name, (1, *GLYPH), (0, 1, 2), value.shape)
        scale, shift = value.arranged(scale), value.arranged(shift)
        operator = "Conv" if len(value.held) == 3 else "Gemm"
        each = [array.reshape(len(array), -1) for array in (scale, shift)]
        factor, summand = (array[:, 0] for array in each)
        by_channel = len(value.held) in (1, 3) and all((array == array[:, :1]).all() for array in each)
        folded = self.graph.scaled(value.name, operator, factor, summand) if by_channel else None
        if folded:
            name = folded
        elif by_channel and len(factor) <= LARGEST_DIAGONAL:
            weight = single(np.diag(factor))
            weight = weight[:, :, None, None] if operator == "Conv" else weight
            attributes = {"kernel_shape": [1, 1]} if operator == "Conv" else {"transB": 1}
            name = self.graph.add(operator, value.name, weight, single(summand), **attributes)
        else:
            name = self.graph.add("Add", self.graph.add("Mul", value.name, single(scale)), single(shift))
        return dataclasses.replace(value, name=name)

    # Poolings

    def _pooling(self, layer: Any, value: Value) -> Value:
        value = self._channels_first(layer, value)
        size, strides = tuple(layer.pool_size), tuple(layer.strides)
        pads, sides = self._pads(layer, value, size, strides)
        padding: dict[str, Any] = {"pads": pads} if any(pads) else {}
        operator = "MaxPool" if "Max" in type(layer).__name__ else "AveragePool"
        if operator == "AveragePool" and pads[:2] != pads[2:]:
            # TensorFlow excludes the padding from the mean, and Keras's PyTorch backend includes it.
            self.refuse(layer, "averages over padding that is wider on one side")
        name = self.graph.add(operator, value.name, kernel_shape=size, strides=strides, **padding)
        return self._resized(value, name, value.held[0], sides)

    def _global_pooling(self, layer: Any, value: Value) -> Value:
        value = self._channels_first(layer, value)
        channels, *window = value.held
        operator = "MaxPool" if "Max" in type(layer).__name__ else "AveragePool"
        name = self.graph.add(operator, value.name, kernel_shape=window, strides=window)
        value = self._resized(value, name, channels, (1, 1))
        return value if layer.keepdims else dataclasses.replace(value, shape=(channels,))

    def _pads(
        self, layer: Any, value: Value, windows: Sequence[int], strides: Sequence[int]
    ) -> tuple[list[int], list[int]]:
        """Returns the zeros at the top, left, bottom, and right, and the rows and columns of the output."""
        sides = value.held[1:]
        around = [(0, 0), (0, 0)]
        if layer.padding == "same":
            around = [_same(*each) for each in zip(sides, windows, strides, strict=True)]
        found = [
            (side + sum(pad) - window) // stride + 1
            for side, pad, window, stride in zip(sides, around, windows, strides, strict=True)
        ]
        (top, bottom), (left, right) = around
        return [top, left, bottom, right], found

    # Activations

    def _rectifier(self, layer: Any, value: Value) -> Value:
        if layer.threshold or (layer.negative_slope and layer.max_value is not None):
            self.refuse(layer, "has a threshold, or both a slope and a maximum value")
        if layer.max_value is not None:
            return self._each(value, "Clip", np.float32(0), np.float32(layer.max_value))
        if layer.negative_slope:
            return self._each(value, "LeakyRelu", alpha=float(layer.negative_slope))
        return self._each(value, "Relu")

    def _leaky(self, layer: Any, value: Value) -> Value:
        return self._each(value, "LeakyRelu", alpha=float(layer.negative_slope))

    def _elu(self, layer: Any, value: Value) -> Value:
        return self._each(value, "Elu", alpha=float(layer.alpha))

    def _prelu(self, layer: Any, value: Value) -> Value:
        return self._each(value, "PRelu", single(value.arranged(np.asarray(layer.alpha))))

    def _softmax(self, layer: Any, value: Value) -> Value:
        """Drops the final softmax, which the reader computes itself."""
        if len(value.shape) != 1:
            self.refuse(layer, "is a softmax over something other than ten classes")
        is_logarithm = getattr(layer, "activation", None) is keras.activations.log_softmax
        self.scores = "log-probabilities" if is_logarithm else "probabilities"
        return value

    def _activated(self, layer: Any, value: Value) -> Value:
        """Applies a layer's activation, which may itself be a layer."""
        activation = layer.activation
        if isinstance(activation, keras.Layer):
            return self.layer(activation, [value])
        name = getattr(activation, "__name__", type(activation).__name__)
        if name in ("softmax", "log_softmax"):
            return self._softmax(layer, value)
        if name == "silu":
            return self._times(value, self.graph.add("Sigmoid", value.name))
        if name == "gelu":
            error = self.graph.add("Erf", self.graph.add("Mul", value.name, np.float32(0.5**0.5)))
            half = self.graph.add("Mul", self.graph.add("Add", error, np.float32(1)), np.float32(0.5))
            return self._times(value, half)
        if name not in ACTIVATIONS:
            self.refuse(layer, f"has the activation {name}, which cannot be imported")
        operator, attributes = ACTIVATIONS[name]
        return self._each(value, operator, **attributes) if operator else value

    def _each(self, value: Value, operator: str, *weights: Any, **attributes: Any) -> Value:
        return dataclasses.replace(value, name=self.graph.add(operator, value.name, *weights, **attributes))

    def _times(self, value: Value, factor: str) -> Value:
        return dataclasses.replace(value, name=self.graph.add("Mul", value.name, factor))

    # Merging branches

    def _merged(self, layer: Any, values: list[Value]) -> Value:
        operator = MERGED[type(layer).__name__]
        if len({len(value.shape) for value in values}) > 1:
            self.refuse(layer, "merges tensors with different numbers of axes")
        alike = len({(value.held, value.axes, value.shape) for value in values}) == 1
        values = values if alike else [self.graph.in_order(value) for value in values]
        name, *others = [value.name for value in values]
        for other in others:
            name = self.graph.add(operator, name, other)
        if type(layer).__name__ == "Average":
            name = self.graph.add("Mul", name, np.float32(1 / len(values)))
        if alike:
            return dataclasses.replace(values[0], name=name)
        shape = np.broadcast_shapes(*(value.shape for value in values))
        return Value(name, shape, tuple(range(len(shape))), shape)

    def _concatenated(self, layer: Any, values: list[Value]) -> Value:
        axis = layer.axis - 1 if layer.axis > 0 else layer.axis + len(values[0].shape)
        direct = all(tuple(each.held[i] for i in each.axes) == each.shape for each in values)
        if not direct or len({value.axes for value in values}) > 1:
            values = [self.graph.in_order(value) for value in values]
        first = values[0]
        place = first.axes[axis]
        name = self.graph.add("Concat", *(value.name for value in values), axis=1 + place)
        total = sum(value.shape[axis] for value in values)
        held = (*first.held[:place], total, *first.held[place + 1 :])
        return Value(name, held, first.axes, (*first.shape[:axis], total, *first.shape[axis + 1 :]))

    # Axes

    def _channels_first(self, layer: Any, value: Value) -> Value:
        return self.graph.channels_first(value, channel=0 if layer.data_format == "channels_first" else 2)

    def _resized(self, value: Value, name: str, channels: int, sides: Sequence[int]) -> Value:
        """Returns a channels-first picture of the graph with changed channels and sides."""
        held = (channels, *sides)
        return Value(name, held, value.axes, tuple(held[axis] for axis in value.axes))

    def _flat(self, value: Value) -> str:
        return value.name if len(value.held) == 1 else self.graph.add("Flatten", value.name)


READERS: dict[str, Callable[[KerasLayers, Any, Value], Value]] = {
    "Rescaling": KerasLayers._rescaling,
    "Reshape": KerasLayers._reshape,
    "Permute": KerasLayers._permute,
    "Flatten": KerasLayers._flatten,
    "Conv2D": KerasLayers._convolution,
    "DepthwiseConv2D": KerasLayers._depthwise,
    "SeparableConv2D": KerasLayers._separable,
    "ZeroPadding2D": KerasLayers._zero_padding,
    "BatchNormalization": KerasLayers._batch_norm,
    "MaxPooling2D": KerasLayers._pooling,
    "AveragePooling2D": KerasLayers._pooling,
    "GlobalMaxPooling2D": KerasLayers._global_pooling,
    "GlobalAveragePooling2D": KerasLayers._global_pooling,
    "Dense": KerasLayers._dense,
    "Activation": KerasLayers._activated,
    "ReLU": KerasLayers._rectifier,
    "LeakyReLU": KerasLayers._leaky,
    "ELU": KerasLayers._elu,
    "PReLU": KerasLayers._prelu,
    "Softmax": KerasLayers._softmax,
}
"""The method that converts a layer, by class name."""

MERGED = {
    "Add": "Add",
    "Subtract": "Sub",
    "Multiply": "Mul",
    "Average": "Add",
    "Maximum": "Max",
    "Minimum": "Min",
}
"""ONNX's binary operator for a layer that merges its inputs element by element."""

MERGERS: dict[str, Callable[[KerasLayers, Any, list[Value]], Value]] = {
    **dict.fromkeys(MERGED, KerasLayers._merged),
    "Concatenate": KerasLayers._concatenated,
}
"""The method that converts a layer of several inputs, by class name."""

ACTIVATIONS: dict[str, tuple[str, dict[str, float]]] = {
    "linear": ("", {}),
    "relu": ("Relu", {}),
    "tanh": ("Tanh", {}),
    "sigmoid": ("Sigmoid", {}),
    "elu": ("Elu", {"alpha": 1.0}),
    "selu": ("Selu", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "softplus": ("Softplus", {}),
    "softsign": ("Softsign", {}),
    "exponential": ("Exp", {}),
}
"""ONNX's operator for an activation by name; the defaults agree, or are given here."""


def _same(side: int, window: int, stride: int) -> tuple[int, int]:
    """Returns the padding that Keras's "same" adds before and after a side."""
    total = max((-(-side // stride) - 1) * stride + window - side, 0)
    return total // 2, total - total // 2


def _by_channel(kernel: Any) -> NDArray[np.float32]:
    """Converts a depthwise kernel (rows, columns, channels, filters each) to ONNX's grouped kernel."""
    rows, columns, channels, each = np.shape(kernel)
    return np.asarray(kernel, np.float32).transpose(2, 3, 0, 1).reshape(channels * each, 1, rows, columns)


def _bias(layer: Any, outputs: int) -> NDArray[np.float32]:
    return np.asarray(layer.bias, np.float32) if layer.use_bias else np.zeros(outputs, np.float32)


def _inputs(nodes: Any) -> list[str]:
    """Lists the layers whose outputs a layer is called with, at any depth in its configuration."""
    if isinstance(nodes, dict):
        history = nodes.get("keras_history")
        return [history[0]] if history else _inputs(list(nodes.values()))
    return [name for each in nodes for name in _inputs(each)] if isinstance(nodes, list | tuple) else []
