"""The networks among the examples: their published figures."""

from __future__ import annotations

import pytest

from convcalc.request.request import read_request
from convcalc.request.resolve import resolve
from network_files import EXAMPLES, outputs


def test_the_table_of_keras_comes_out():
    """2,400, 4,896, 1,989 and 819 parameters, 10,104 together, every output 28×28."""
    network = resolve(read_request(str(EXAMPLES / "keras-table.yaml")))
    assert [stage.layer.parameters for stage in network.stages] == [2400, 4896, 1989, 819]
    assert network.parameters == 10104
    assert [stage.layer.output_shape[1:] for stage in network.stages] == [(28, 28)] * 4


def test_two_layers_follow_each_other():
    """The output of the first layer is 24 to 36 and 96 to 144, that of the second 270 and 1080."""
    found = resolve(read_request(str(EXAMPLES / "two-layers.yaml")))
    first, second = outputs(found).values()
    assert first.tolist() == [[[[24, 27], [33, 36]], [[96, 108], [132, 144]]]]
    assert second.tolist() == [[[[270]], [[1080]]]]


PUBLISHED = [
    ("lenet-5", {"C1": 156, "C3": 2416, "C5": 48120, "F6": 10164, "output": 850}),
    ("alexnet", {"conv1": 34944, "conv2": 307456, "conv3": 885120, "conv4": 663936, "conv5": 442624,
                 "fc6": 37752832, "fc7": 16781312, "fc8": 4097000}),
    ("vgg-16", {"conv1_1": 1792, "conv1_2": 36928, "conv2_1": 73856, "conv2_2": 147584, "conv3_1": 295168,
                "conv3_2": 590080, "conv3_3": 590080, "conv4_1": 1180160, "conv4_2": 2359808, "conv4_3": 2359808,
                "conv5_1": 2359808, "conv5_2": 2359808, "conv5_3": 2359808,
                "fc6": 102764544, "fc7": 16781312, "fc8": 4097000}),
    ("resnet-18-stem", {"conv1": 9408, "bn1": 128, "layer1.0.conv1": 36864, "layer1.0.bn1": 128,
                        "layer1.0.conv2": 36864, "layer1.0.bn2": 128}),
    ("mobilenet-block", {"conv1": 864, "batch-norm1": 64, "depthwise1": 288, "batch-norm2": 64, "pointwise1": 2048,
                         "batch-norm3": 128}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED)
def test_known_networks_have_their_published_parameters(name, parameters):
    """Every layer that learns has as many parameters as the literature says; the totals are in the files."""
    network = resolve(read_request(str(EXAMPLES / f"{name}.yaml")))
    assert {stage.name: stage.layer.parameters for stage in network.stages if stage.layer.parameters} == parameters


def test_vgg_16_sees_212_cells_at_its_last_pool():
    """Its receptive field at pool5 is 212 cells with a jump of 32 (Araujo, Norris & Sim, 2019)."""
    network = resolve(read_request(str(EXAMPLES / "vgg-16.yaml")))
    assert network.fields(network.number("pool5")) == ((212, 32), (212, 32))


def test_multiplications_of_known_networks():
    """VGG-16 takes 15,470,264,320 of them, conv1 of ResNet-18 118,013,952, MobileNet's two 3,612,672 and 25,690,112."""
    macs = {}
    for name in ("vgg-16", "resnet-18-stem", "mobilenet-block"):
        network = resolve(read_request(str(EXAMPLES / f"{name}.yaml")))
        macs[name] = {stage.name: stage.layer.work.macs for stage in network.stages}
    assert sum(macs["vgg-16"].values()) == 15_470_264_320
    assert macs["resnet-18-stem"]["conv1"] == 118_013_952
    assert (macs["mobilenet-block"]["depthwise1"], macs["mobilenet-block"]["pointwise1"]) == (3_612_672, 25_690_112)
