"""A file has one role, by whatever name it comes."""

import os

import numpy as np
import pytest

from wilks.config import load_config, read_sources
from wilks.config.roles import check_roles
from wilks.errors import ConfigError, SampleError
from wilks.samples import file_identity, find_files

HEADER = "features: [x]\nmodel: {mlp: {hidden: [2]}}\n"


@pytest.fixture
def loaded(tmp_path):
    """Load an analysis file beside r.npz, p.npz and d.npz, which are there."""
    for seed, name in enumerate("rpd"):
        np.savez(tmp_path / f"{name}.npz", x=np.random.default_rng(seed).normal(size=50))

    def load(text):
        path = tmp_path / "analysis.yaml"
        path.write_text(HEADER + text)
        return load_config(path)

    return load


def test_three_files_have_three_roles(loaded):
    check_roles(loaded("reference: {files: r.npz}\ntoys: {pool: {files: p.npz}}\ndata: {files: d.npz}\n"))


@pytest.mark.parametrize("link", [os.link, os.symlink, None])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("reference: {files: r.npz}\ndata: {files: NAME}\n", r"analysis.yaml:4: data.files: .* also in `reference`"),
        (
            "reference: {files: [p.npz, r.npz]}\ntoys: {pool: {files: [d.npz, NAME]}}\n",
            r"analysis.yaml:4: toys.pool.files: .* also in `reference`",
        ),
        (
            "reference: {files: p.npz}\ntoys: {unselected: {files: r.npz}}\ndata: {files: NAME}\n",
            r"analysis.yaml:5: data.files: .* also in `toys.unselected`",
        ),
    ],
)
def test_a_file_in_two_roles_is_refused_before_it_is_read(loaded, tmp_path, link, text, message):
    name = "r.npz"
    if link is not None:
        name = "other.npz"
        found = loaded(text.replace("NAME", name))
        link(tmp_path / "r.npz", tmp_path / name)
    else:
        found = loaded(text.replace("NAME", name))
    (tmp_path / "r.npz").write_bytes(b"nothing that can be read")
    with pytest.raises(ConfigError, match=message):
        read_sources(found)


@pytest.mark.parametrize(
    ("reference", "data", "is_refused"),
    [
        ("", "", True),
        ("tree: mc", "tree: mc", True),
        ("tree: mc", "tree: mc;2", True),
        ("tree: mc", "", True),
        ("tree: mc", "tree: data", False),
    ],
)
def test_two_tables_of_one_file_may_have_two_roles(loaded, tmp_path, reference, data, is_refused):
    (tmp_path / "both.root").write_bytes(b"")
    found = loaded(f"reference: {{files: both.root, {reference}}}\ndata: {{files: both.root, {data}}}\n")
    if is_refused:
        with pytest.raises(ConfigError, match="a file must have one role"):
            check_roles(found)
    else:
        check_roles(found)


def test_files_that_are_not_there_are_left_to_the_reader(loaded):
    check_roles(loaded("reference: {files: r.npz}\ndata: {files: nowhere.npz}\n"))


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_a_link_in_one_list_is_the_file_itself(loaded, tmp_path, link):
    link(tmp_path / "r.npz", tmp_path / "again.npz")
    assert file_identity(tmp_path / "r.npz") == file_identity(tmp_path / "again.npz")
    with pytest.raises(SampleError, match=r"given once, but .*r\.npz comes twice, the first time as .*again\.npz"):
        find_files(str(tmp_path / "[ar]*.npz"))
