"""The bundled scenarios say nothing false: every check of every tour, and oracles of their own."""

from __future__ import annotations

import tomllib

import pytest
from bundles import opened
from checks import check_file, visit_tour
from PIL import Image

from cnnsim.scenario.bundled import bundled_folder, bundled_names
from cnnsim.scenario.reader import read_scenario

NAMES = bundled_names()
LESSONS = [name for name in NAMES if read_scenario(name).model.type == "lesson"]


def test_the_named_scenarios_are_there():
    expected = {"toy_2x2", "sobel", "conv_layer", "modes", "pooling"}
    expected |= {"lenet5", "simplecnn", "alexnet", "alexnet_2012"}
    assert expected <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_no_mistakes(name):
    assert check_file(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_every_stop_of_the_tour_is_as_it_says(name):
    visits = list(visit_tour(opened(name)))
    failed = [(v.reading.address, c) for v in visits for c in v.checks if not c.ok]
    assert visits
    assert failed == []


@pytest.mark.parametrize("name", NAMES)
def test_every_stop_has_a_short_note_and_a_check(name):
    for stop in read_scenario(name).tour:
        assert 0 < len(stop.say) <= 400, stop.at
        assert stop.expect, stop.at


@pytest.mark.parametrize("name", NAMES)
def test_the_home_screen_has_all_it_needs(name):
    model = read_scenario(name).model
    assert model.about.strip()
    assert model.goal
    assert model.needs
    assert model.minutes > 0


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_has_a_handful_of_stops(name):
    assert 5 <= len(read_scenario(name).tour) <= 12


def test_no_two_scenarios_have_the_same_place_or_title():
    models = [read_scenario(name).model for name in NAMES]
    assert len({model.order for model in models}) == len(models)
    assert len({model.title for model in models}) == len(models)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scenario_needs_comes_before_it(name):
    model = read_scenario(name).model
    for word in model.needs.split(", "):
        if word in NAMES:
            assert read_scenario(word).model.order < model.order


@pytest.mark.parametrize(
    ("picture", "size", "most"),
    [("lenet5.png", (28, 28), 2_000), ("alexnet.png", (227, 227), 40_000)],
)
def test_pictures_are_there_and_small(picture, size, most):
    path = bundled_folder() / picture
    assert path.stat().st_size <= most
    with Image.open(path) as image:
        image.load()
        assert image.size == size


def test_every_picture_is_used():
    documents = [tomllib.loads((bundled_folder() / f"{n}.toml").read_text("utf-8")) for n in NAMES]
    used = {document["input"].get("image") for document in documents}
    assert {path.name for path in bundled_folder().glob("*.png")} <= used
