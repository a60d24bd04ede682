"""Small networks of named families, one function each: what people build, in PyTorch.

Each takes (1, 3, 32, 32), unless :data:`SIZES` says otherwise, and is made with random weights.
"""

# ruff: noqa: E501, N812, PLC3002, RUF059

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

Module = nn.Module
FAMILIES: dict[str, Callable[[], Module]] = {}
SIZES: dict[str, tuple[int, ...]] = {}
"""Of the inputs that are no small picture."""


def family(make: Callable[[], Module] | None = None, *, size: tuple[int, ...] | None = None):
    """Keep a function by its name, with hyphens."""

    def kept(function: Callable[[], Module]) -> Callable[[], Module]:
        name = function.__name__.replace("_", "-")
        FAMILIES[name] = function
        if size:
            SIZES[name] = size
        return function

    return kept(make) if make else kept


class Apply(Module):
    """A function of modules that it holds."""

    def __init__(self, function, *modules):
        super().__init__()
        self.held, self.function = nn.ModuleList(modules), function

    def forward(self, cells):
        return self.function(cells, *self.held)


class Own(Module):
    """A learned tensor."""

    def __init__(self, *shape):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(*shape))

    def forward(self):
        return self.weight


def residual(*layers, shortcut=None, after=F.relu):
    """Layers beside a shortcut."""
    return Apply(lambda x, a, b: after(a(x) + b(x)), nn.Sequential(*layers), shortcut or nn.Identity())


def side_by_side(*branches):
    """Branches joined by channels."""
    return Apply(lambda x, *each: torch.cat([branch(x) for branch in each], 1), *branches)


def conv(i, o, k=3, s=1, g=1, act=nn.ReLU, d=1, norm=nn.BatchNorm2d):
    """A convolution without a bias, a norm and an activation."""
    layers = [nn.Conv2d(i, o, k, s, d * (k // 2), dilation=d, groups=g, bias=False), norm(o)]
    return nn.Sequential(*layers, *([act()] if act else []))


def head(channels, classes=10):
    """The mean of each channel, and classes."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


def gate(c, act=nn.ReLU, end=nn.Sigmoid):
    """Squeeze and excitation (Hu et al., 2017)."""
    inner = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, c // 2, 1), act(), nn.Conv2d(c // 2, c, 1), end())
    return Apply(lambda x, g: x * g(x), inner)


def shuffled(groups):
    """Channels of groups in turn (Zhang et al., 2017)."""

    def mix(x):
        b, c, h, w = x.shape
        return x.view(b, groups, c // groups, h, w).transpose(1, 2).reshape(b, c, h, w)

    return Apply(mix)


def tokens(x):
    """(batch, places, channels) of a picture."""
    return x.flatten(2).transpose(1, 2)


def attended(x, query, key, value, heads=1):
    """Scaled dot-product attention on (batch, places, channels)."""
    b, n, c = x.shape
    q, k, v = (each(x).view(b, n, heads, -1).transpose(1, 2) for each in (query, key, value))
    weights = torch.softmax(q @ k.transpose(-2, -1) / (q.shape[-1] ** 0.5), -1)
    return (weights @ v).transpose(1, 2).reshape(b, n, -1)


# --- classifiers


@family
def lenet():
    return nn.Sequential(
        nn.Conv2d(3, 6, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(6, 8, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Flatten(), nn.Linear(200, 16), nn.Tanh(), nn.Linear(16, 10), nn.Softmax(1),
    )  # fmt: skip


@family
def alexnet():
    return nn.Sequential(
        nn.Conv2d(3, 8, 7, 2, 2), nn.ReLU(), nn.LocalResponseNorm(5), nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 8, 5, padding=2, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.AdaptiveAvgPool2d((3, 3)),
        nn.Flatten(), nn.Dropout(), nn.Linear(72, 10),
    )  # fmt: skip


@family
def vgg():
    return nn.Sequential(
        conv(3, 8), nn.MaxPool2d(4), conv(8, 8), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(), nn.Linear(128, 10)
    )


@family
def network_in_network():
    return nn.Sequential(conv(3, 8, 5), conv(8, 8, 1), nn.MaxPool2d(3, 2, 1, ceil_mode=True), conv(8, 10, 1), *head(10))


@family
def googlenet():
    pooled = nn.Sequential(nn.MaxPool2d(3, 1, 1), conv(8, 4, 1))
    wide = nn.Sequential(conv(8, 4, 1), conv(4, 8, 3))
    return nn.Sequential(conv(3, 8, 3, 2), side_by_side(conv(8, 4, 1), wide, pooled), *head(16))


@family
def inception_v3():
    lines = nn.Sequential(nn.Conv2d(8, 8, (1, 7), padding=(0, 3)), nn.ReLU(), nn.Conv2d(8, 8, (7, 1), padding=(3, 0)))
    pooled = nn.Sequential(nn.AvgPool2d(3, 1, 1), conv(8, 8, 1))
    return nn.Sequential(conv(3, 8, 3, 2), side_by_side(lines, pooled), *head(16))


@family
def resnet():
    down = residual(conv(8, 16, 3, 2), conv(16, 16, act=None), shortcut=conv(8, 16, 1, 2, act=None))
    return nn.Sequential(
        conv(3, 8, 7, 2), nn.MaxPool2d(3, 2, 1), residual(conv(8, 8), conv(8, 8, act=None)), down, *head(16)
    )


@family
def resnet_bottleneck():
    block = residual(conv(16, 4, 1), conv(4, 4), conv(4, 16, 1, act=None))
    return nn.Sequential(conv(3, 16, 7, 2), block, *head(16))


@family
def preactivation_resnet():
    block = residual(
        nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 8, 3, padding=1), after=lambda x: x,
    )  # fmt: skip
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), block, nn.BatchNorm2d(8), nn.ReLU(), *head(8))


@family
def resnext():
    return nn.Sequential(conv(3, 16, 3, 2), residual(conv(16, 16, 3, g=4), conv(16, 16, 1, act=None)), *head(16))


@family
def resnet_group_norm():
    def norm(channels):
        return nn.GroupNorm(2, channels)

    return nn.Sequential(conv(3, 8, norm=norm), residual(conv(8, 8, norm=norm)), *head(8))


@family
def densenet():
    def grown(i):
        return side_by_side(nn.Identity(), nn.Sequential(nn.BatchNorm2d(i), nn.ReLU(), nn.Conv2d(i, 4, 3, padding=1)))

    return nn.Sequential(nn.Conv2d(3, 8, 3, 2), grown(8), grown(12), conv(16, 8, 1), nn.AvgPool2d(2), *head(8))


@family
def squeezenet():
    fire = Apply(
        lambda x, s, a, b: (lambda y: torch.cat([F.relu(a(y)), F.relu(b(y))], 1))(F.relu(s(x))),
        nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1), nn.Conv2d(4, 8, 3, padding=1),
    )  # fmt: skip
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), fire, nn.Conv2d(16, 10, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    )  # fmt: skip


@family
def mobilenet_v1():
    return nn.Sequential(conv(3, 8, 3, 2), conv(8, 8, 3, g=8), conv(8, 16, 1), *head(16))


def inverted(i, o, s=1, act=nn.ReLU6, inner=None):
    wide = 2 * i
    layers = [conv(i, wide, 1, act=act), conv(wide, wide, 3, s, wide, act), *([inner(wide)] if inner else [])]
    layers = nn.Sequential(*layers, conv(wide, o, 1, act=None))
    return residual(layers, after=lambda x: x) if s == 1 and i == o else layers


@family
def mobilenet_v2():
    return nn.Sequential(conv(3, 8, 3, 2, act=nn.ReLU6), inverted(8, 8), inverted(8, 12, 2), *head(12))


@family
def mobilenet_v3():
    def inner(c):
        return gate(c, end=nn.Hardsigmoid)

    return nn.Sequential(conv(3, 8, 3, 2, act=nn.Hardswish), inverted(8, 8, act=nn.Hardswish, inner=inner), *head(8))


@family
def shufflenet_v1():
    unit = residual(conv(8, 8, 1, g=2), shuffled(2), conv(8, 8, 3, g=8, act=None), conv(8, 8, 1, g=2, act=None))
    return nn.Sequential(conv(3, 8, 3, 2), unit, *head(8))


@family
def shufflenet_v2():
    def halves(x, branch, mix):
        left, right = x.chunk(2, 1)
        return mix(torch.cat([left, branch(right)], 1))

    branch = nn.Sequential(conv(4, 4, 1), conv(4, 4, 3, g=4, act=None), conv(4, 4, 1))
    return nn.Sequential(conv(3, 8, 3, 2), Apply(halves, branch, shuffled(2)), *head(8))


@family
def efficientnet():
    return nn.Sequential(
        conv(3, 8, 3, 2, act=nn.SiLU),
        inverted(8, 8, act=nn.SiLU, inner=lambda c: gate(c, act=nn.SiLU)),
        *head(8),
    )


@family
def regnet():
    block = residual(conv(16, 16, 1), conv(16, 16, 3, g=2), gate(16), conv(16, 16, 1, act=None))
    return nn.Sequential(conv(3, 16, 3, 2), block, *head(16))


@family
def ghostnet():
    def ghost(x, main, cheap):
        y = main(x)
        return torch.cat([y, cheap(y)], 1)[:, :7]

    return nn.Sequential(conv(3, 8, 3, 2), Apply(ghost, conv(8, 4, 1), conv(4, 4, 3, g=4)), *head(7))


@family
def xception():
    def separable(i, o):
        return nn.Sequential(nn.Conv2d(i, i, 3, padding=1, groups=i), nn.Conv2d(i, o, 1), nn.BatchNorm2d(o))

    block = residual(
        nn.ReLU(), separable(8, 16), nn.MaxPool2d(3, 2, 1), shortcut=conv(8, 16, 1, 2, act=None), after=lambda x: x
    )
    return nn.Sequential(conv(3, 8), block, *head(16))


@family
def convnext():
    mix = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 32), nn.GELU(), nn.Linear(32, 8))

    def block(x, spatial, channels, scale):
        return x + (scale() * channels(spatial(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)

    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), Apply(block, nn.Conv2d(8, 8, 7, padding=3, groups=8), mix, Own(8)), *head(8)
    )


@family
def convmixer():
    spatial = residual(nn.Conv2d(8, 8, 5, padding="same", groups=8), nn.GELU(), nn.BatchNorm2d(8), after=lambda x: x)
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 4), nn.GELU(), nn.BatchNorm2d(8), spatial, nn.Conv2d(8, 8, 1), nn.GELU(), *head(8)
    )


@family
def repvgg():
    block = Apply(
        lambda x, a, b, c: F.relu(a(x) + b(x) + c(x)), conv(8, 8, act=None), conv(8, 8, 1, act=None), nn.BatchNorm2d(8)
    )
    return nn.Sequential(conv(3, 8, 3, 2), block, *head(8))


@family
def darknet():
    def leaky():
        return nn.LeakyReLU(0.1)

    return nn.Sequential(
        conv(3, 8, act=leaky), nn.MaxPool2d(2), residual(conv(8, 4, 1, act=leaky), conv(4, 8, act=leaky)), *head(8)
    )


@family
def mish_net():
    return nn.Sequential(conv(3, 8, 3, 2, act=nn.Mish), conv(8, 8, act=nn.ELU), conv(8, 8, act=nn.PReLU), *head(8))


@family
def many_activations():
    acts = [nn.SELU(), nn.CELU(), nn.Softplus(), nn.Softsign(), nn.LogSigmoid(), nn.Hardtanh(), nn.GELU("tanh")]
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2), *acts, *head(4), nn.LogSoftmax(1))


@family
def selective_kernels():
    def chosen(x, a, b, fc):
        u, v = a(x), b(x)
        w = torch.softmax(fc((u + v).mean((2, 3))).view(-1, 2, 8, 1, 1), 1)
        return u * w[:, 0] + v * w[:, 1]

    return nn.Sequential(conv(3, 8, 3, 2), Apply(chosen, conv(8, 8), conv(8, 8, d=2), nn.Linear(8, 16)), *head(8))


@family
def cbam():
    def spatial(x, mix):
        seen = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
        return x * torch.sigmoid(mix(seen))

    def channel(x, mlp):
        return x * torch.sigmoid(mlp(F.adaptive_avg_pool2d(x, 1)) + mlp(F.adaptive_max_pool2d(x, 1)))

    mlp = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1))
    return nn.Sequential(conv(3, 8, 3, 2), Apply(channel, mlp), Apply(spatial, nn.Conv2d(2, 1, 7, padding=3)), *head(8))


@family
def eca():
    def attended_channels(x, line):
        y = F.adaptive_avg_pool2d(x, 1).squeeze(-1).transpose(-1, -2)
        return x * torch.sigmoid(line(y).transpose(-1, -2).unsqueeze(-1)).expand_as(x)

    return nn.Sequential(
        conv(3, 8, 3, 2), Apply(attended_channels, nn.Conv1d(1, 1, 3, padding=1, bias=False)), *head(8)
    )


@family
def coordinate_attention():
    def gated(x, one, high, wide):
        h, w = x.mean(3, keepdim=True), x.mean(2, keepdim=True).transpose(2, 3)
        y = F.hardswish(one(torch.cat([h, w], 2)))
        a, b = torch.split(y, [16, 16], 2)
        return x * torch.sigmoid(high(a)) * torch.sigmoid(wide(b.transpose(2, 3)))

    return nn.Sequential(conv(3, 8, 3, 2), Apply(gated, *(nn.Conv2d(8, 8, 1) for _ in range(3))), *head(8))


@family
def non_local():
    def block(x, q, k, v, out):
        b, c, h, w = x.shape
        one, other = q(x).flatten(2).transpose(1, 2), k(x).flatten(2)
        seen = torch.softmax(one @ other, -1) @ v(x).flatten(2).transpose(1, 2)
        return x + out(seen.transpose(1, 2).reshape(b, -1, h, w))

    parts = [*(nn.Conv2d(8, 4, 1) for _ in range(3)), nn.Conv2d(4, 8, 1)]
    return nn.Sequential(conv(3, 8, 3, 4), Apply(block, *parts), *head(8))


@family
def highway():
    return nn.Sequential(
        conv(3, 8, 3, 2),
        Apply(lambda x, h, t: (lambda g: g * F.relu(h(x)) + (1 - g) * x)(torch.sigmoid(t(x))),
              nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)),
        *head(8),
    )  # fmt: skip


@family
def maxout():
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2), Apply(lambda x: x.view(x.shape[0], 2, 8, *x.shape[2:]).amax(1)), *head(8)
    )


@family
def lp_pooled():
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.LPPool2d(2, 2), nn.Flatten(), nn.Linear(1800, 10))


@family
def spatial_pyramid():
    pools = [nn.Sequential(nn.AdaptiveMaxPool2d(n), nn.Flatten()) for n in (1, 2, 4)]
    return nn.Sequential(conv(3, 4, 3, 2), side_by_side(*pools), nn.Linear(84, 10))


# --- detectors, segmentation, pictures from pictures


@family
def yolo():
    def csp(x, a, b, inner, last):
        return last(torch.cat([inner(a(x)), b(x)], 1))

    block = Apply(csp, conv(8, 4, 1, act=nn.SiLU), conv(8, 4, 1, act=nn.SiLU),
                  residual(conv(4, 4, act=nn.SiLU), after=lambda x: x), conv(8, 8, 1, act=nn.SiLU))  # fmt: skip

    def pyramid(x, squeeze, last):
        y = squeeze(x)
        pools = [y]
        for _ in range(3):
            pools.append(F.max_pool2d(pools[-1], 5, 1, 2))
        return last(torch.cat(pools, 1))

    return nn.Sequential(
        conv(3, 8, 6, 2, act=nn.SiLU), block, Apply(pyramid, conv(8, 4, 1, act=nn.SiLU), conv(16, 8, 1, act=nn.SiLU)),
        nn.Conv2d(8, 18, 1),
    )  # fmt: skip


@family
def feature_pyramid():
    def levels(x, low, high, side, top, out):
        a = low(x)
        b = high(a)
        return out(side(a) + F.interpolate(top(b), scale_factor=2.0, mode="nearest"))

    return Apply(
        levels,
        conv(3, 8, 3, 2),
        conv(8, 16, 3, 2),
        nn.Conv2d(8, 8, 1),
        nn.Conv2d(16, 8, 1),
        nn.Conv2d(8, 4, 3, padding=1),
    )


def u_shaped(down, bottom, up, last):
    def joined(x, a, b, c, d):
        top = a(x)
        return d(torch.cat([top, c(b(F.max_pool2d(top, 2)))], 1))

    return Apply(joined, down, bottom, up, last)


@family
def unet():
    return u_shaped(
        conv(3, 8), conv(8, 16), nn.ConvTranspose2d(16, 8, 2, 2), nn.Sequential(conv(16, 8), nn.Conv2d(8, 2, 1))
    )


@family
def unet_bilinear():
    up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
    return u_shaped(conv(3, 8), conv(8, 8), up, nn.Sequential(conv(16, 8), nn.Conv2d(8, 2, 1)))


@family
def attention_unet():
    def joined(x, top, below, up, a, b, psi, last):
        t = top(x)
        u = up(below(F.max_pool2d(t, 2)))
        weight = torch.sigmoid(psi(F.relu(a(u) + b(t))))
        return last(torch.cat([t * weight, u], 1))

    return Apply(joined, conv(3, 8), conv(8, 8), nn.ConvTranspose2d(8, 8, 2, 2), nn.Conv2d(8, 4, 1), nn.Conv2d(8, 4, 1),
                 nn.Conv2d(4, 1, 1), nn.Conv2d(16, 2, 1))  # fmt: skip


@family
def fully_convolutional():
    return nn.Sequential(conv(3, 8, 3, 2), conv(8, 8, 3, 2), nn.Conv2d(8, 4, 1), nn.ConvTranspose2d(4, 4, 8, 4, 2))


@family
def deeplab():
    def pooled(x, one):
        return F.interpolate(one(x.mean((2, 3), keepdim=True)), size=x.shape[2:], mode="bilinear", align_corners=False)

    aspp = side_by_side(conv(8, 4, 1), conv(8, 4, d=2), conv(8, 4, d=4), Apply(pooled, nn.Conv2d(8, 4, 1)))
    up = nn.Upsample(size=(32, 32), mode="bilinear", align_corners=False)
    return nn.Sequential(conv(3, 8, 3, 2), aspp, nn.Conv2d(16, 3, 1), up)


@family
def pyramid_scene():
    def pools(x, *ones):
        made = [F.interpolate(one(F.adaptive_avg_pool2d(x, n)), size=x.shape[2:], mode="bilinear", align_corners=False)
                for n, one in zip((1, 2, 3, 6), ones, strict=True)]  # fmt: skip
        return torch.cat([x, *made], 1)

    return nn.Sequential(conv(3, 8, 3, 2), Apply(pools, *(nn.Conv2d(8, 2, 1) for _ in range(4))), nn.Conv2d(16, 3, 1))


@family
def high_resolution():
    def exchanged(x, a, b, up, down):
        high, low = a(x), b(x)
        return torch.cat(
            [
                F.relu(high + F.interpolate(up(low), scale_factor=2.0)),
                F.interpolate(F.relu(low + down(high)), scale_factor=2.0),
            ],
            1,
        )

    return nn.Sequential(
        conv(3, 8),
        Apply(exchanged, conv(8, 8), conv(8, 8, 3, 2), nn.Conv2d(8, 8, 1), conv(8, 8, 3, 2)),
        nn.Conv2d(16, 2, 1),
    )


@family
def super_resolution_cnn():
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="bicubic"),
        nn.Conv2d(3, 8, 9, padding=4),
        nn.ReLU(),
        nn.Conv2d(8, 3, 5, padding=2),
    )


@family
def sub_pixel():
    return nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.Tanh(), nn.Conv2d(8, 12, 3, padding=1), nn.PixelShuffle(2))


@family
def enhanced_super_resolution():
    block = Apply(
        lambda x, body: x + 0.1 * body(x),
        nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1)),
    )
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        block,
        nn.Conv2d(8, 32, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Conv2d(8, 3, 3, padding=1),
    )


@family
def denoiser():
    return Apply(
        lambda x, body: x - body(x),
        nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), conv(8, 8), nn.Conv2d(8, 3, 3, padding=1)),
    )


@family
def style_transfer():
    block = [nn.ReflectionPad2d(4), nn.Conv2d(3, 8, 9), nn.InstanceNorm2d(8, affine=True), nn.ReLU()]
    return nn.Sequential(*block, nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(8, 3, 3), nn.Tanh())


@family
def cycle_gan():
    block = residual(nn.ReflectionPad2d(1), nn.Conv2d(8, 8, 3), nn.InstanceNorm2d(8), nn.ReLU(), after=lambda x: x)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.InstanceNorm2d(8), nn.ReLU(), block, nn.Conv2d(8, 3, 3, padding=1), nn.Tanh()
    )


@family(size=(1, 16, 1, 1))
def gan_generator():
    return nn.Sequential(
        nn.ConvTranspose2d(16, 8, 4, 1, 0, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.ConvTranspose2d(8, 3, 4, 2, 1, bias=False), nn.Tanh(),
    )  # fmt: skip


@family
def gan_discriminator():
    return nn.Sequential(
        nn.Conv2d(3, 8, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(8, 8, 4, 2, 1),
        nn.BatchNorm2d(8),
        nn.LeakyReLU(0.2),
        nn.Conv2d(8, 1, 8),
        nn.Sigmoid(),
        nn.Flatten(),
    )


@family
def autoencoder():
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(2048, 8), nn.Linear(8, 2048), nn.Unflatten(1, (8, 16, 16)),
        nn.ConvTranspose2d(8, 3, 3, 2, 1, output_padding=1), nn.Sigmoid(),
    )  # fmt: skip


@family
def replicate_padded():
    return nn.Sequential(
        nn.ReplicationPad2d(2),
        nn.Conv2d(3, 4, 5),
        nn.ZeroPad2d((1, 2, 0, 1)),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        *head(4),
    )


@family
def space_to_depth():
    return nn.Sequential(nn.PixelUnshuffle(2), nn.Conv2d(12, 8, 3), nn.ReLU(), *head(8))


# --- signals, volumes, sequences


@family(size=(1, 1, 256))
def sound_m5():
    return nn.Sequential(
        nn.Conv1d(1, 8, 16, 4), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(4), nn.Conv1d(8, 8, 3), nn.ReLU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 5), nn.LogSoftmax(-1),
    )  # fmt: skip


@family(size=(1, 4, 64))
def wavenet():
    def block(x, filtered, gated, out):
        y = F.pad(x, (4, 0))
        return x + out(torch.tanh(filtered(y)) * torch.sigmoid(gated(y)))

    return nn.Sequential(
        Apply(block, nn.Conv1d(4, 4, 3, dilation=2), nn.Conv1d(4, 4, 3, dilation=2), nn.Conv1d(4, 4, 1)),
        nn.ReLU(),
        nn.Conv1d(4, 2, 1),
    )


@family(size=(1, 4, 64))
def temporal():
    def block(x, one, two, side):
        y = F.relu(one(x)[:, :, :-4])
        return F.relu(F.relu(two(y)[:, :, :-4]) + side(x))

    return nn.Sequential(Apply(block, nn.Conv1d(4, 8, 3, padding=4, dilation=2), nn.Conv1d(8, 8, 3, padding=4, dilation=2), nn.Conv1d(4, 8, 1)),
                         Apply(lambda x, fc: fc(x[:, :, -1]), nn.Linear(8, 3)))  # fmt: skip


@family(size=(1, 1, 8, 12, 12))
def volumes():
    return nn.Sequential(
        nn.Conv3d(1, 4, 3, padding=1),
        nn.BatchNorm3d(4),
        nn.ReLU(),
        nn.MaxPool3d(2),
        nn.Conv3d(4, 4, 3),
        nn.ReLU(),
        nn.AdaptiveAvgPool3d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    )


@family(size=(1, 20))
def perceptron():
    return nn.Sequential(
        nn.Linear(20, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, 16), nn.GELU(), nn.Linear(16, 3)
    )


@family
def recurrent_rows():
    def read(x, layer, fc):
        return fc(layer(x.mean(1))[0][:, -1])

    return Apply(read, nn.LSTM(32, 8, batch_first=True), nn.Linear(8, 10))


@family
def gated_recurrent():
    return Apply(lambda x, layer, fc: fc(layer(x.mean(1))[0][:, -1]), nn.GRU(32, 8, batch_first=True), nn.Linear(8, 10))


# --- attention


@family
def single_head_tokens():
    def net(x, patches, norm, qkv, out, classes):
        t = tokens(patches(x))
        q, k, v = qkv(norm(t)).chunk(3, -1)
        return classes((t + out(torch.softmax(q @ k.transpose(1, 2) / 4, -1) @ v)).mean(1))

    return Apply(net, nn.Conv2d(3, 16, 8, 8), nn.LayerNorm(16), nn.Linear(16, 48), nn.Linear(16, 16), nn.Linear(16, 10))


@family
def vision_transformer():
    def net(x, patches, first, places, norm, attention, second, mlp, last):
        t = tokens(patches(x))
        t = torch.cat([first().expand(t.shape[0], -1, -1), t], 1) + places()
        y = norm(t)
        t = t + attention(y, y, y, need_weights=False)[0]
        t = t + mlp(second(t))
        return last(t[:, 0])

    mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
    return Apply(net, nn.Conv2d(3, 16, 8, 8), Own(1, 1, 16), Own(1, 17, 16), nn.LayerNorm(16),
                 nn.MultiheadAttention(16, 4, batch_first=True), nn.LayerNorm(16), mlp, nn.Linear(16, 10))  # fmt: skip


@family
def torch_encoder():
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
    return Apply(lambda x, p, e, fc: fc(e(tokens(p(x))).mean(1)), nn.Conv2d(3, 16, 8, 8), layer, nn.Linear(16, 10))


@family
def heads_by_hand():
    def net(x, patches, q, k, v, out, fc):
        t = tokens(patches(x))
        return fc((t + out(attended(t, q, k, v, 4))).mean(1))

    return Apply(net, nn.Conv2d(3, 16, 8, 8), *(nn.Linear(16, 16) for _ in range(4)), nn.Linear(16, 10))


@family
def sdpa():
    def net(x, patches, qkv, fc):
        t = tokens(patches(x))
        b, n, c = t.shape
        q, k, v = qkv(t).reshape(b, n, 3, 2, c // 2).permute(2, 0, 3, 1, 4).unbind(0)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c)
        return fc(y.mean(1))

    return Apply(net, nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 48), nn.Linear(16, 10))


@family
def swin():
    def net(x, patches, norm, q, k, v, fc):
        t = norm(patches(x).permute(0, 2, 3, 1))
        b, h, w, c = t.shape
        t = torch.roll(t, (-1, -1), (1, 2))
        windows = t.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        y = attended(windows, q, k, v).view(b, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
        return fc((t + y).mean((1, 2)))

    return Apply(net, nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8), *(nn.Linear(8, 8) for _ in range(3)), nn.Linear(8, 10))


@family
def mlp_mixer():
    def net(x, patches, norm, places, other, channels, fc):
        t = tokens(patches(x))
        t = t + places(norm(t).transpose(1, 2)).transpose(1, 2)
        return fc((t + channels(other(t))).mean(1))

    def mlp(size):
        return nn.Sequential(nn.Linear(size, 24), nn.GELU(), nn.Linear(24, size))

    return Apply(net, nn.Conv2d(3, 16, 8, 8), nn.LayerNorm(16), mlp(16), nn.LayerNorm(16), mlp(16), nn.Linear(16, 10))


@family
def gated_mlp():
    def net(x, patches, one, norm, places, two, fc):
        t = tokens(patches(x))
        u, v = one(t).chunk(2, -1)
        v = places(norm(v).transpose(1, 2)).transpose(1, 2)
        return fc((t + two(u * v)).mean(1))

    return Apply(
        net,
        nn.Conv2d(3, 16, 8, 8),
        nn.Linear(16, 32),
        nn.LayerNorm(16),
        nn.Linear(16, 16),
        nn.Linear(16, 16),
        nn.Linear(16, 10),
    )


@family
def pool_former():
    mix = Apply(
        lambda x, norm: x + (lambda y: F.avg_pool2d(y, 3, 1, 1, count_include_pad=False) - y)(norm(x)),
        nn.GroupNorm(1, 8),
    )
    return nn.Sequential(nn.Conv2d(3, 8, 4, 4), mix, *head(8))


@family
def mobile_vit():
    def block(x, local, q, k, v, join):
        y = local(x)
        b, c, h, w = y.shape
        p = (
            y.reshape(b * c * h // 2, 2, w // 2, 2)
            .transpose(1, 2)
            .reshape(b, c, h * w // 4, 4)
            .transpose(1, 3)
            .reshape(b * 4, -1, c)
        )
        p = p + attended(p, q, k, v)
        p = (
            p.view(b, 4, h * w // 4, c)
            .transpose(1, 3)
            .reshape(b * c * h // 2, w // 2, 2, 2)
            .transpose(1, 2)
            .reshape(b, c, h, w)
        )
        return join(torch.cat([x, p], 1))

    return nn.Sequential(
        conv(3, 8, 3, 4), Apply(block, conv(8, 8), *(nn.Linear(8, 8) for _ in range(3)), conv(16, 8)), *head(8)
    )


@family
def linear_attention():
    def net(x, q, k, v):
        b, c, h, w = x.shape
        one, two, three = (each(x).flatten(2) for each in (q, k, v))
        return x + (three @ torch.softmax(two, -1).transpose(1, 2) @ torch.softmax(one, 1)).reshape(b, c, h, w)

    return nn.Sequential(conv(3, 8, 3, 4), Apply(net, *(nn.Conv2d(8, 8, 1) for _ in range(3))), *head(8))


@family
def cross_covariance():
    def net(x, p, q, k, v, t, fc):
        y = tokens(p(x))
        one, two, three = (each(y).transpose(1, 2) for each in (q, k, v))
        weights = torch.softmax(F.normalize(one, dim=-1) @ F.normalize(two, dim=-1).transpose(1, 2) * t(), -1)
        return fc((weights @ three).mean(2))

    return Apply(net, nn.Conv2d(3, 8, 8, 8), *(nn.Linear(8, 8) for _ in range(3)), Own(1, 1, 1), nn.Linear(8, 10))


@family
def rms_normed():
    def net(x, p, norm, a, b, c, fc):
        t = norm(tokens(p(x)))
        return fc((t + c(F.silu(a(t)) * b(t))).mean(1))

    return Apply(
        net,
        nn.Conv2d(3, 16, 8, 8),
        nn.RMSNorm(16),
        nn.Linear(16, 32),
        nn.Linear(16, 32),
        nn.Linear(32, 16),
        nn.Linear(16, 10),
    )


@family
def capsules():
    def squashed(x, primary, fc):
        u = primary(x).view(x.shape[0], -1, 4)
        norm = (u * u).sum(-1, keepdim=True)
        return fc((u * norm / (1 + norm) / torch.sqrt(norm + 1e-8)).mean(1))

    return Apply(squashed, nn.Conv2d(3, 8, 9, 4), nn.Linear(4, 10))


@family
def weight_standardised():
    def net(x, conv, fc):
        w = conv.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / (w.std((1, 2, 3), keepdim=True) + 1e-5)
        return fc(F.relu(F.conv2d(x, w, conv.bias, padding=1)).mean((2, 3)))

    return Apply(net, nn.Conv2d(3, 8, 3), nn.Linear(8, 10))
