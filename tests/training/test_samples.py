"""Samples: the order of an epoch, shifts, and the digest that tells others apart."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from nets import EVERYTHING

from cnnsim.scenario.reader import parse_scenario
from cnnsim.training.batches import Batches, epoch_of, shifted
from cnnsim.training.load import load
from cnnsim.training.samples import Samples, Split


def numbered(count: int) -> Samples:
    pictures = np.zeros((count, 1, 3, 3), np.float32)
    pictures[:, 0, 1, 1] = np.arange(count)
    return Samples(pictures, np.arange(count))


def all_of(batches: Batches, epoch: int, most: int) -> list[list[int]]:
    found: list[list[int]] = []
    at = epoch * batches.each
    while at < (epoch + 1) * batches.each:
        piece = batches.piece(at, most)
        found += piece.classes[piece.batches].tolist()
        at += len(piece.batches)
    return found


def test_every_picture_once_in_an_epoch_whatever_the_pieces() -> None:
    batches = Batches(numbered(23), 5, seed=3)
    first, second = all_of(batches, 0, 100), all_of(batches, 1, 100)
    assert [len(batch) for batch in first] == [5, 5, 5, 5, 3]
    assert sorted(chain(*first)) == list(range(23))
    assert first != second
    assert all_of(Batches(numbered(23), 5, seed=3), 1, 2) == second
    assert all_of(Batches(numbered(23), 5, seed=4), 0, 2) != first
    plain = Batches(numbered(23), 5, seed=3, shuffle=False)
    assert [*chain(*all_of(plain, 7, 2))] == list(range(23))


def test_an_epoch_of_several_runs_is_that_of_their_pieces() -> None:
    """What an engine takes that trains many models at once, the small last batch too."""
    every = [Batches(numbered(23), 5, seed=seed, shift=1) for seed in (3, 8)]
    for epoch in (0, 4):
        found = epoch_of(every, epoch)
        assert found.batches.shape == (2, 5, 5)
        for batches, rows, moves in zip(every, found.batches, found.moves, strict=True):
            for number, row in enumerate(rows, epoch * batches.each):
                piece = batches.piece(number, 1)
                chosen = row[: batches.size(number)]
                assert batches.samples.classes[chosen].tolist() == piece.classes.tolist()
                moved = shifted(batches.samples.pictures[chosen], moves[chosen])
                np.testing.assert_array_equal(moved, piece.pictures)
    assert epoch_of([Batches(numbered(23), 5, seed=3)], 0).moves.shape == (1, 0, 2)


def test_shifts_move_pictures_and_bring_in_zeros() -> None:
    pictures = np.arange(1, 13, dtype=np.float32).reshape(1, 1, 3, 4).repeat(4, axis=0)
    moves = np.array([[0, 0], [1, 0], [-1, 2], [3, 0]])
    found = shifted(pictures, moves)
    for picture, (down, right) in zip(found[:, 0], moves.tolist(), strict=True):
        for y in range(3):
            for x in range(4):
                inside = 0 <= y - down < 3 and 0 <= x - right < 4
                expected = pictures[0, 0, y - down, x - right] if inside else 0
                assert picture[y, x] == expected


def test_shifts_do_not_depend_on_the_pieces() -> None:
    def seen(most: int) -> list[bytes]:
        batches = Batches(numbered(23), 5, seed=3, shift=1)
        found: list[bytes] = []
        at = 0
        while at < 2 * batches.each:
            piece = batches.piece(at, most)
            found += [piece.pictures[batch].tobytes() for batch in piece.batches]
            at += len(piece.batches)
        return found

    assert seen(1) == seen(3) == seen(50)


@pytest.mark.parametrize("count", [40, 1000])
def test_a_digest_notices_other_pictures(count: int) -> None:
    samples = numbered(count)
    digest = Split(samples, samples, ("a",)).digest
    for number in (0, 1, count // 2 + 1, count - 1):
        pictures = samples.pictures.copy()
        pictures[number, 0, 2, 0] = 0.5
        one = Samples(pictures, samples.classes)
        assert Split(one, samples, ("a",)).digest != digest
        assert Split(samples, one, ("a",)).digest != digest
    other = Samples(samples.pictures * 2, samples.classes)
    assert Split(other, samples, ("a",)).digest != digest
    assert Split(samples, Samples(samples.pictures, samples.classes[::-1]), ("a",)).digest != digest
    assert (
        load(parse_scenario("t", EVERYTHING)).digest == load(parse_scenario("t", EVERYTHING)).digest
    )
