"""Reading ONNX files without a runtime: the metadata is found, outside references are, garbage is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import write_small_model

from drumbridge.inference.onnx_file import has_external_data, metadata


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return write_small_model(tmp_path_factory.mktemp("onnx") / "m.onnx", manifest_text="{é}").read_bytes()


def test_metadata(content):
    assert metadata(content) == {"drumbridge": "{é}"}
    assert not has_external_data(content)


def test_external_data(tmp_path):
    assert has_external_data(write_small_model(tmp_path / "m.onnx", external=True).read_bytes())


def test_external_data_in_a_subgraph_is_found(tmp_path):
    onnx = pytest.importorskip("onnx", reason="needs the onnx package to build a model with a branch")
    outside = onnx.TensorProto(name="w", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    outside.external_data.add(key="location", value="weights.bin")
    value = onnx.helper.make_tensor_value_info("y", 1, [1])
    branch = onnx.helper.make_graph([onnx.helper.make_node("Constant", [], ["y"], value=outside)], "b", [], [value])
    choice = onnx.helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)
    condition = onnx.helper.make_tensor_value_info("c", 9, [1])
    model = onnx.helper.make_model(onnx.helper.make_graph([choice], "g", [condition], [value]))
    assert has_external_data(model.SerializeToString())


def test_the_small_model_is_valid_onnx(content, tmp_path):
    onnx = pytest.importorskip("onnx", reason="the onnx package checks the model")
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)


@given(cut=st.floats(0, 1, exclude_max=True))
def test_a_truncated_model_is_refused(content, cut):
    # the metadata is written last, so any cut loses it or breaks a field
    with contextlib.suppress(ValueError):
        assert "drumbridge" not in metadata(content[: int(cut * len(content))])


@given(st.binary(max_size=400))
def test_random_bytes_are_refused(content):
    with pytest.raises(ValueError):
        metadata(content)


@given(data=st.data())
def test_a_damaged_model_never_crashes_the_reader(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    for reader in (metadata, has_external_data):
        with contextlib.suppress(ValueError):
            reader(bytes(damaged))
