"""Exports small networks by PyTorch's exporter with its defaults: ``python export_torch.py [NAME…]``, by default all.

These are kept; ``reach.py`` exports those of all families and keeps none. Needs torch, onnx and onnxscript. What an
exporter writes about the machine that it ran on is taken out, which
test_exported.py verifies.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import torch
from families import FAMILIES as SMALL
from torch import nn

HERE = Path(__file__).parent
SIZE = (1, 3, 32, 32)


def conv_norm(inputs, outputs, kernel=3, stride=1, groups=1, activation=nn.ReLU):
    """A convolution without a bias, a batch norm and an activation."""
    padding = kernel // 2
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([activation()] if activation else []))


def head(channels):
    """The mean of each channel, and ten classes."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


class Residual(nn.Module):
    """Two convolutions beside a shortcut (He et al., 2015)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = conv_norm(inputs, outputs, stride=stride)
        self.second = conv_norm(outputs, outputs, activation=None)
        self.shortcut = conv_norm(inputs, outputs, 1, stride, activation=None) if stride > 1 else nn.Identity()

    def forward(self, cells):
        return torch.relu(self.second(self.first(cells)) + self.shortcut(cells))


class Inverted(nn.Module):
    """Wider, depthwise with ReLU6, narrower (Sandler et al., 2018)."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        wide = 2 * inputs
        self.layers = nn.Sequential(
            conv_norm(inputs, wide, 1, activation=nn.ReLU6),
            conv_norm(wide, wide, 3, stride, wide, nn.ReLU6),
            conv_norm(wide, outputs, 1, activation=None),
        )
        self.has_shortcut = stride == 1 and inputs == outputs

    def forward(self, cells):
        return cells + self.layers(cells) if self.has_shortcut else self.layers(cells)


class Gate(nn.Module):
    """Channels weighted by what all of them see (Hu et al., 2017)."""

    def __init__(self, channels):
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, channels // 2, 1), nn.Conv2d(channels // 2, channels, 1)

    def forward(self, cells):
        seen = nn.functional.adaptive_avg_pool2d(cells, 1)
        return cells * torch.sigmoid(self.up(torch.relu(self.down(seen))))


class UNet(nn.Module):
    """One level down and up again (Ronneberger et al., 2015)."""

    def __init__(self):
        super().__init__()
        self.top, self.bottom = conv_norm(3, 8), conv_norm(8, 16)
        self.up, self.last, self.classes = nn.ConvTranspose2d(16, 8, 2, 2), conv_norm(16, 8), nn.Conv2d(8, 2, 1)

    def forward(self, cells):
        top = self.top(cells)
        below = self.up(self.bottom(nn.functional.max_pool2d(top, 2)))
        return self.classes(self.last(torch.cat([top, below], 1)))


class Next(nn.Module):
    """A depthwise convolution, then linear layers on channels that come last (Liu et al., 2022)."""

    def __init__(self, channels):
        super().__init__()
        self.spatial, self.norm = nn.Conv2d(channels, channels, 7, padding=3, groups=channels), nn.LayerNorm(channels)
        self.wide, self.narrow = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)

    def forward(self, cells):
        mixed = self.norm(self.spatial(cells).permute(0, 2, 3, 1))
        return cells + self.narrow(nn.functional.gelu(self.wide(mixed))).permute(0, 3, 1, 2)


class Tokens(nn.Module):
    """Patches as tokens, and what they attend to (Dosovitskiy et al., 2020)."""

    def __init__(self, features=16):
        super().__init__()
        self.patches, self.norm = nn.Conv2d(3, features, 8, 8), nn.LayerNorm(features)
        self.attention = nn.Linear(features, 3 * features)
        self.out, self.classes = nn.Linear(features, features), nn.Linear(features, 10)

    def forward(self, cells):
        tokens = self.patches(cells).flatten(2).transpose(1, 2)
        query, key, value = self.attention(self.norm(tokens)).chunk(3, -1)
        weights = torch.softmax(query @ key.transpose(1, 2) / 4, -1)
        return self.classes((tokens + self.out(weights @ value)).mean(1))


FAMILIES = {
    "resnet": nn.Sequential(
        conv_norm(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1), Residual(8, 8, 1), Residual(8, 16, 2), *head(16)
    ),
    "mobilenet": nn.Sequential(
        conv_norm(3, 8, 3, 2, activation=nn.ReLU6), Inverted(8, 8, 1), Inverted(8, 12, 2), *head(12)
    ),
    "unet": UNet(),
    "gated": nn.Sequential(conv_norm(3, 8), Gate(8), *head(8)),
    "next": nn.Sequential(nn.Conv2d(3, 8, 4, 4), Next(8), *head(8)),
    "tokens": Tokens(),
    "vgg": nn.Sequential(
        conv_norm(3, 8),
        nn.MaxPool2d(4),
        conv_norm(8, 8),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(128, 10),
    ),
    **{name: SMALL[name]() for name in ("vision-transformer", "swin", "cross-covariance", "eca")},
}


def macs_of(model, cells):
    """Products with weights of convolutions and linear layers, of a transposed one by its input cells."""
    counts = []

    def count(layer, inputs, output):
        if isinstance(layer, nn.MultiheadAttention):  # it calls no layer for its four products
            counts.append(inputs[0].numel() * 4 * layer.embed_dim)
            return
        each = layer.weight[0].numel()
        counts.append((inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output).numel() * each)

    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.MultiheadAttention)
    hooks = [layer.register_forward_hook(count) for layer in model.modules() if isinstance(layer, kinds)]
    model(cells)
    for hook in hooks:
        hook.remove()
    return sum(counts)


def stripped(path):
    """The model without what the exporter says of its source and its machine."""
    model = onnx.load(path, load_external_data=False)
    model.ClearField("metadata_props")
    model.ClearField("doc_string")
    for each in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        each.ClearField("metadata_props")
        each.ClearField("doc_string")
    for each in (*model.graph.input, *model.graph.output):
        each.ClearField("metadata_props")
        each.ClearField("doc_string")
    path.write_bytes(model.SerializeToString())


def main():
    """Write every model, its counts and its output for the input of ``standard_normal`` with seed 0."""
    torch.manual_seed(0)
    cells = torch.tensor(np.random.default_rng(0).standard_normal(SIZE).astype(np.float32))
    counts, outputs = {}, {}
    if sys.argv[1:]:
        counts |= json.loads((HERE / "torch.json").read_text())
        outputs |= np.load(HERE / "torch.npz")
    for name in sys.argv[1:] or FAMILIES:
        model = FAMILIES[name].eval()
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.5, 2)
        path = HERE / f"torch-{name}.onnx"
        torch.onnx.export(model, (cells,), path)
        stripped(path)
        with torch.no_grad():
            counts[name], outputs[name] = macs_of(model, cells), model(cells).numpy()
    (HERE / "torch.json").write_text(json.dumps(counts, indent=2) + "\n")
    np.savez_compressed(HERE / "torch.npz", **outputs)


if __name__ == "__main__":
    main()
