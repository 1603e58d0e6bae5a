"""The settings of papers have the sizes that the papers, or their authors' code, tell."""

import pytest
from eegkit_convnets import DeepConvNet, EEGNet, EEGNetV1, ResNet1D, ShallowConvNet


@pytest.mark.parametrize(
    ("kind", "name", "input_shape", "n_classes", "n_parameters"),
    [
        (EEGNet, "lawhern", (22, 1000), 4, 3_444),
        (EEGNet, "lawhern_across_subjects", (22, 1000), 4, 3_444),
        (EEGNetV1, "lawhern", (64, 128), 2, 2_122),
        (ShallowConvNet, "schirrmeister", (22, 1000), 4, 46_084),
        (DeepConvNet, "schirrmeister", (22, 1000), 4, 282_879),
        (DeepConvNet, "motor_imagery", (22, 1000), 4, 541_254),
        (ResNet1D, "resnet18", (22, 1000), 4, 3_855_364),
    ],
)
def test_number_of_parameters(kind, name, input_shape, n_classes, n_parameters):
    net = kind.published(name)
    settings = set(kind.published_settings[name])
    assert set(net.architecture_params()) <= settings <= set(net.get_params())
    module = net.build_module(input_shape, n_classes)
    assert sum(p.numel() for p in module.parameters()) == n_parameters
