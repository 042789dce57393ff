import re
from html.parser import HTMLParser
from pathlib import Path

import matplotlib
import pytest

from wilks.errors import InputError, StoreError, WilksWarning
from wilks.reports import write_report

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Collects tags and text, and checks that what is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.open_tags, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert not self.open_tags

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.texts))


@pytest.fixture(scope="module")
def full(calibration, make_fit, analysis, data, toys, tmp_path_factory):
    """A report with everything in it."""
    path = tmp_path_factory.mktemp("full") / "report.html"
    result = calibration.evaluate(make_fit())
    assert write_report(result, path, analysis=analysis, data=data, toys=toys) == path
    return path.read_text(encoding="utf-8")


def test_the_page_is_well_formed_and_self_contained(full):
    page = Page(full)
    assert len(full) < 3_000_000
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 7
    assert all(image["src"].startswith("data:image/") and image["alt"] for image in images)
    assert not [tag for tag, attributes in page.tags if "href" in attributes or tag in ("script", "link", "iframe")]


def test_what_came_from_outside_is_escaped(full):
    page = Page(full)
    assert "<script" not in full
    assert "Search <script>alert('x')</script>&\"{{ 7*7 }}" in page.text


def test_the_page_says_what_was_tested(full, calibration, make_fit):
    text = Page(full).text
    assert calibration.evaluate(make_fit()).p_text in text
    for words in (
        "t = \u22122 min L[w]",
        "The factor \u22122",
        "Newton decrement",
        "KKT residual",
        "Read this first",
        "chi-square",
    ):
        assert words in text


@pytest.mark.usefixtures("cheap_figures")
def test_two_arguments_are_enough(calibration, make_fit, tmp_path):
    write_report(calibration.evaluate(make_fit()), tmp_path / "report.html")
    text = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert "The fit and its certificates" in text and "Null distribution" in text


@pytest.mark.usefixtures("cheap_figures")
def test_a_calibration_alone_can_be_written(calibration, tmp_path):
    path = write_report(calibration, "sub/../calibration.html", title="Before the data", folder=tmp_path / "sub" / "..")
    assert Page(path.read_text(encoding="utf-8")).text.strip().startswith("Before the data")


@pytest.mark.parametrize("path", ["../report.html", "/tmp/report.html", "a/../../report.html"])
def test_a_path_outside_the_folder_is_refused(calibration, tmp_path, path):
    folder = tmp_path / "output"
    (folder / "a").mkdir(parents=True)
    with pytest.raises(StoreError, match="must stay inside"):
        write_report(calibration, path, folder=folder)
    assert not (tmp_path / "report.html").exists()


def test_a_link_that_leads_outside_is_refused(calibration, tmp_path):
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "link").symlink_to(tmp_path)
    with pytest.raises(StoreError, match="must stay inside"):
        write_report(calibration, "link/report.html", folder=tmp_path / "output")


@pytest.mark.usefixtures("cheap_figures")
def test_a_linked_report_is_replaced_and_its_target_kept(calibration, tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("keep")
    (tmp_path / "report.html").symlink_to(precious)
    write_report(calibration, tmp_path / "report.html")
    assert precious.read_text() == "keep"
    assert not (tmp_path / "report.html").is_symlink()


@pytest.mark.parametrize("name", ["data.root", "report", "report.html.txt"])
def test_other_files_are_never_overwritten(calibration, tmp_path, name):
    (tmp_path / name).write_text("keep")
    with pytest.raises(InputError, match=r"does not end on \.html"):
        write_report(calibration, tmp_path / name)
    assert (tmp_path / name).read_text() == "keep"


def test_a_missing_folder_is_said_before_anything_is_drawn(calibration, tmp_path):
    with pytest.raises(StoreError, match="does not; create it first"):
        write_report(calibration, tmp_path / "none" / "report.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(StoreError, match="is a folder; give another name"):
        write_report(calibration, tmp_path / "folder.html")


@pytest.mark.usefixtures("cheap_figures")
def test_a_write_that_breaks_off_leaves_the_old_report(calibration, tmp_path, monkeypatch):
    def refuse(self, target):
        raise OSError(28, "No space left on device")

    old = '<meta name="generator" content="wilks">old'
    (tmp_path / "report.html").write_text(old)
    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StoreError, match="No space left on device"):
        write_report(calibration, tmp_path / "report.html")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == old


@pytest.mark.usefixtures("cheap_figures")
@pytest.mark.parametrize("content", ["<html>my own page</html>", "\x00" * 100_000, "wilks"])
def test_a_page_of_somebody_else_stays(calibration, tmp_path, content):
    path = tmp_path / "report.html"
    path.write_text(content)
    with pytest.raises(StoreError, match="a report replaces reports of wilks alone"):
        write_report(calibration, path)
    assert path.read_text() == content
    path.write_text("")
    write_report(calibration, path)
    write_report(calibration, path)  # its own


def test_data_need_their_analysis(calibration, make_fit, data, tmp_path):
    with pytest.raises(InputError, match="give analysis="):
        write_report(calibration.evaluate(make_fit()), tmp_path / "report.html", data=data)


@pytest.mark.usefixtures("cheap_figures")
def test_a_figure_that_fails_costs_that_figure_alone(calibration, make_fit, tmp_path, monkeypatch):
    def fail(*args, **more):
        raise ValueError("input sequence must be strictly ascending\n<b>")

    whole = write_report(calibration.evaluate(make_fit()), tmp_path / "whole.html").read_text(encoding="utf-8")
    monkeypatch.setattr("wilks.reports.pictures.plots.qq", fail)
    with pytest.warns(WilksWarning, match=r"a figure could not be drawn \(ValueError\): Quantile-quantile plot"):
        path = write_report(calibration.evaluate(make_fit()), tmp_path / "report.html")
    page = path.read_text(encoding="utf-8")
    assert page.count("<img") == whole.count("<img") - 1 > 0
    assert "This figure could not be drawn (ValueError: input sequence must be strictly ascending)." in Page(page).text


def test_settings_of_the_user_do_not_change_a_report(calibration, tmp_path):
    plain = write_report(calibration, tmp_path / "plain.html").read_text(encoding="utf-8")
    with matplotlib.rc_context({"text.usetex": True, "axes.grid": True, "savefig.bbox": "tight", "font.size": 30}):
        own = write_report(calibration, tmp_path / "own.html").read_text(encoding="utf-8")
    pictures = re.compile(r"<img[^>]*>")
    assert pictures.findall(own) == pictures.findall(plain) != []
