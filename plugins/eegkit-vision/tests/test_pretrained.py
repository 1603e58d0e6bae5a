"""Weights trained elsewhere: read from a file, adapted, and not asked for again."""

import pickle

import huggingface_hub.constants
import numpy as np
import pytest
import timm
import torch
from eegkit_vision import CNNTransformer, EfficientNet, Swin, ViT
from safetensors.torch import save_file
from sklearn.base import clone

import eegkit

N_CHANNELS = 5
X = np.random.default_rng(0).normal(size=(6, N_CHANNELS, 40, 33)).astype(np.float32)
y = ["left", "right"] * 3
# The smallest model of each family, under the names of timm, and what begins with it.
NETS = {
    "test_vit": ViT(variant="test_vit"),
    "test_efficientnet": EfficientNet(variant="test_efficientnet"),
    "test_resnet": CNNTransformer(backbone="test_resnet", hidden_size=16, n_layers=1),
}
FIRST = {
    "test_vit": "patch_embed.proj.weight",
    "test_efficientnet": "conv_stem.weight",
    "test_resnet": "conv1.0.weight",
}


@pytest.fixture
def weights(tmp_path):
    """A function that writes the weights of a model of timm, and gives their path and them."""

    def write(name, drop=(), **params):
        torch.manual_seed(7)
        state = timm.create_model(name, **params).state_dict()
        state = {key: value for key, value in state.items() if not key.startswith(tuple(drop))}
        path = tmp_path / f"{name}.safetensors"
        save_file(state, path)
        return path, state

    with torch.random.fork_rng():
        yield write


def build(net, **params):
    return clone(net).set_params(**params).build_module(X.shape[1:], 2)


@pytest.mark.parametrize("name", NETS)
def test_weights_of_a_file_are_taken_over(weights, name):
    path, state = weights(name)
    module = build(NETS[name], pretrained=str(path))
    parts = {
        key.removeprefix("net.").removeprefix("patch_embed.backbone.model."): value
        for key, value in module.state_dict().items()
    }
    first = FIRST[name]
    # timm's rule for other than 3 channels: repeat the filters, and scale them by 3 / channels.
    repeated = state[first].repeat(1, 2, 1, 1)[:, :N_CHANNELS] * (3 / N_CHANNELS)
    torch.testing.assert_close(parts.pop(first), repeated)
    same = [
        key
        for key, value in parts.items()
        if key in state and value.shape == state[key].shape and value.dim() > 1
    ]
    assert len(same) >= 8
    for key in same:
        if key != "pos_embed":
            torch.testing.assert_close(parts[key], state[key])


@pytest.mark.parametrize("name", NETS)
def test_loaded_net_needs_no_file(weights, tmp_path, name):
    path, _ = weights(name)
    net = clone(NETS[name]).set_params(pretrained=path, max_epochs=1, random_state=0)
    net.fit(X, y)
    expected = net.predict_proba(X)
    eegkit.save(net, tmp_path / "net.eegkit")
    pickled = pickle.dumps(net)
    path.unlink()
    for loaded in (pickle.loads(pickled), eegkit.load(tmp_path / "net.eegkit")):
        np.testing.assert_array_equal(loaded.predict_proba(X), expected)
        assert loaded.pretrained == path


def test_swin_fits_windows_to_the_image(weights):
    variant = "swin_tiny_patch4_window7_224"
    path, state = weights(variant)
    module = build(Swin(variant=variant), pretrained=str(path))
    parts = module.state_dict()
    key = "layers.0.blocks.0.attn.qkv.weight"
    torch.testing.assert_close(parts[f"net.{key}"], state[key])
    # 40 x 33 are 10 x 9 patches, so the second stage is 5 x 5 and its windows shrink.
    key = "net.layers.1.blocks.0.attn.relative_position_bias_table"
    assert parts[key].shape == (9 * 9, 6)


def test_file_that_lacks_some_weights_is_told(weights):
    path, _ = weights("test_vit", drop=["blocks.0.attn.qkv.weight"])
    with pytest.warns(UserWarning, match=r"lacks blocks\.0\.attn\.qkv\.weight; they begin"):
        build(NETS["test_vit"], pretrained=path)


@pytest.mark.parametrize("name", NETS)
def test_file_of_another_net_is_refused(weights, name):
    path, _ = weights("test_convnext")
    with pytest.raises(ValueError, match=r"holds none of the weights|cannot be read as weights"):
        build(NETS[name], pretrained=path)


def test_file_that_is_no_file_of_weights_is_refused(tmp_path):
    net = NETS["test_efficientnet"]
    with pytest.raises(ValueError, match="there is no such file"):
        build(net, pretrained=tmp_path / "absent.safetensors")
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"no weights")
    with pytest.raises(ValueError, match=r"broken.safetensors' cannot be read as weights"):
        build(net, pretrained=path)


def test_weights_that_cannot_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(OSError, match=r"The weights of test_vit could not be fetched .* file that"):
        build(NETS["test_vit"], pretrained=True)


def test_fetched_weights_are_those_of_timm(monkeypatch, weights):
    path, state = weights("test_efficientnet")
    monkeypatch.setattr(
        timm.models._builder, "load_state_dict_from_hf", lambda *args, **kwargs: dict(state)
    )
    fetched = build(NETS["test_efficientnet"], pretrained=True).state_dict()
    read = build(NETS["test_efficientnet"], pretrained=path).state_dict()
    for key in fetched:
        if "classifier" not in key:
            torch.testing.assert_close(fetched[key], read[key])


def test_net_without_weights_is_told():
    with pytest.raises(ValueError, match=r"timm has no weights of 'efficientnet_b7'"):
        EfficientNet(variant="efficientnet_b7", pretrained=True).build_module(X.shape[1:], 2)
