"""Folders of modules of campaigns: whose are used, and what is said of others."""

import os
import sys
from pathlib import Path

import pytest

from wilks.campaign import Ledger, plan_toys, run_campaign, run_toys
from wilks.campaign.modules import NAMED, confirmed_folders, named_folders, naming_folders, use_modules
from wilks.campaign.shard import run_stored_shard
from wilks.campaign.submit import BACKENDS, JobOptions, submit_missing
from wilks.errors import InputError, StoreError
from wilks.hypotheses import Generator, Null

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")


@pytest.fixture
def listed(tmp_path):
    """A campaign that lists a folder which is nowhere else, with the words of its ``campaign.json``."""
    campaign, modules = tmp_path / "toys", tmp_path / "modules"
    for folder in (campaign, modules):
        folder.mkdir(mode=0o755)
    (campaign / "campaign.json").write_text("{}")
    (campaign / "campaign.json").chmod(0o644)
    return campaign, {"module_folders": [str(modules)]}, modules


@pytest.fixture
def ledger(listed, make_analysis) -> Ledger:
    """A campaign of two toys whose plan lists that folder."""
    campaign, more, _ = listed
    (campaign / "campaign.json").unlink()
    found = plan_toys(make_analysis(Generator("campaign_generators:gated")), Null(), n_toys=2, seed=1, folder=campaign)
    found.document |= more
    found.save()
    return Ledger.open(campaign)


def test_the_own_campaign_is_trusted(listed):
    campaign, document, modules = listed
    assert confirmed_folders(campaign, document) == [str(modules)]


@pytest.mark.parametrize("which", ["campaign", "plan", "modules"])
@pytest.mark.parametrize(
    ("mode", "said"), [(0o777, "every user can write {}"), (0o775, r"its group \(.+\) can write {}")]
)
def test_what_others_can_write_is_not(listed, which, mode, said, monkeypatch):
    campaign, document, modules = listed
    path = {"campaign": campaign, "plan": campaign / "campaign.json", "modules": modules}[which]
    path.chmod(mode)
    monkeypatch.setattr("wilks.campaign.modules._is_of_one", lambda path, status: False)
    with pytest.raises(StoreError, match=said.format(path)) as caught:
        confirmed_folders(campaign, document)
    assert f"give --module-folder {modules}, or set {NAMED}" in str(caught.value)


def test_a_group_of_one_user_may_write(listed, monkeypatch):
    """The usual umask of 002; not where the file's group is another, or an access list lets others in."""
    campaign, document, modules = listed
    for path in (campaign, campaign / "campaign.json", modules):
        path.chmod(0o775)
    status = campaign.stat()
    if status.st_gid == status.st_uid and hasattr(os, "listxattr"):
        assert confirmed_folders(campaign, document) == [str(modules)]
        monkeypatch.setattr(os, "listxattr", lambda path: ["system.posix_acl_access"])
    with pytest.raises(StoreError, match="can write"):
        confirmed_folders(campaign, document)


def test_what_others_own_is_not(listed, monkeypatch):
    """Whoever runs is another user than the one who made all three; root's folders of modules pass."""
    campaign, document, modules = listed
    owner, stranger = modules.stat().st_uid, modules.stat().st_uid + 1
    monkeypatch.setattr(os, "getuid", lambda: stranger)
    with pytest.raises(StoreError, match=rf"{campaign} belongs to .*\(?uid {owner}\)?; .*campaign.json belongs to"):
        confirmed_folders(campaign, document)


def test_where_files_have_no_owners_folders_are_named(listed, monkeypatch):
    campaign, document, modules = listed
    monkeypatch.delattr(os, "getuid")
    with pytest.raises(StoreError, match="this system does not tell whose"):
        confirmed_folders(campaign, document)
    assert confirmed_folders(campaign, document, known=[str(modules)]) == [str(modules)]


def test_folders_that_are_named_or_on_the_path_are_used(listed, tmp_path, monkeypatch):
    campaign, document, modules = listed
    campaign.chmod(0o777)
    monkeypatch.setenv(NAMED, os.pathsep.join([str(tmp_path), str(modules)]))
    assert confirmed_folders(campaign, document) == [str(modules)]
    monkeypatch.setenv(NAMED, str(tmp_path))  # the folder above is another one
    with pytest.raises(StoreError, match="every user"):
        confirmed_folders(campaign, document)
    with monkeypatch.context() as patch:
        patch.chdir(modules)
        patch.setattr(sys, "path", [*sys.path, ""])
        assert confirmed_folders(campaign, document) == [str(modules)]
    link = tmp_path / "link"
    link.symlink_to(modules)
    assert confirmed_folders(campaign, {"module_folders": [str(link)]}, known=[str(modules)]) == [str(modules)]


def test_folders_that_are_not_there_are_not_used(listed, tmp_path):
    """Whoever makes them later would be imported."""
    campaign, _, _ = listed
    campaign.chmod(0o777)
    assert confirmed_folders(campaign, {"module_folders": [str(tmp_path / "later")]}) == []
    assert confirmed_folders(campaign, {}) == []


@pytest.mark.parametrize("value", ["/tmp", [1], None, {"/tmp": 1}])
def test_what_is_no_list_of_paths_is_refused(listed, value):
    with pytest.raises(StoreError, match=r"module_folders of .* must be a list of paths"):
        confirmed_folders(listed[0], {"module_folders": value})


def test_modules_come_after_installed_ones(listed, monkeypatch):
    campaign, document, modules = listed
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = list(sys.path)
    for _ in range(2):
        use_modules(campaign, document)
        assert sys.path == [*before, str(modules)]


def test_naming_is_undone(tmp_path, monkeypatch):
    monkeypatch.delenv(NAMED, raising=False)
    with naming_folders([tmp_path]):
        assert named_folders() == [str(tmp_path)]
        with naming_folders([tmp_path / ".." / tmp_path.name]):
            assert named_folders() == [str(tmp_path)] * 2
        assert named_folders() == [str(tmp_path)]
    assert NAMED not in os.environ
    for wrong in (tmp_path / "nowhere", Path(__file__)):
        with pytest.raises(InputError, match="a folder of modules must be there"), naming_folders([wrong]):
            pass


def test_it_is_said_before_any_toy(ledger, listed, monkeypatch):
    """By whoever hands shards out, by a job, by whoever submits jobs; nothing is on the path afterwards."""
    campaign, _, modules = listed
    campaign.chmod(0o777)

    class Never:
        def submit(self, *arguments):
            raise AssertionError("a shard was handed out")

    with pytest.raises(StoreError, match="every user can write"):
        run_campaign(ledger, executor=Never())
    with pytest.raises(StoreError, match="every user can write"):
        submit_missing(ledger, BACKENDS["slurm"], is_dry_run=True)
    assert not (campaign / "jobs").exists()
    with pytest.raises(StoreError, match="every user can write"):
        run_stored_shard(str(campaign), 0)
    assert str(modules) not in sys.path and "every user can write" in ledger.failures()[0]["error"]


def test_jobs_know_what_was_named(ledger, listed):
    campaign, _, modules = listed
    campaign.chmod(0o777)
    with naming_folders([modules]):
        (script,) = submit_missing(ledger, BACKENDS["slurm"], options=JobOptions(), is_dry_run=True).files
    assert f"export {NAMED}={modules}\n" in script.read_text()


def test_what_is_confirmed_travels_to_workers(ledger, listed, one_process):
    """The process of the worker began before the folder was named."""
    campaign, _, modules = listed
    campaign.chmod(0o777)
    assert run_campaign(ledger, executor=one_process, module_folders=[str(modules)]).num_rows == 2


def test_modules_that_this_process_has_imported_are_known(tmp_path, make_analysis, one_process):
    """A folder for all users: the plan may list what this process has found by itself, and nothing more."""
    analysis, folder = make_analysis(Generator("campaign_generators:gated")), tmp_path / "toys"
    folder.mkdir()
    folder.chmod(0o777)
    assert run_toys(analysis, Null(), n_toys=1, seed=1, store=folder, executor=one_process).n_toys == 1
    ledger = Ledger.open(folder)
    ledger.document["module_folders"] = [str(tmp_path)]
    ledger.save()
    with pytest.raises(StoreError, match=rf"modules in {tmp_path} would run as you"):
        run_toys(analysis, Null(), n_toys=2, seed=1, store=folder, executor=one_process)
