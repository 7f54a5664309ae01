"""Max pooling: the largest of each window. A second sweep names the winner.

The first maximum in row-major order wins a tie, as in PyTorch; NaN wins over everything.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from cnnsim.network.fields import Size
from cnnsim.network.layer import Place
from cnnsim.network.pooling import Pool, where, where_back
from cnnsim.network.window import PIXEL_ORIGINS, Window
from cnnsim.steps.sweep import LARGER, SMALLER, Index, Read, Sweep, either


def where_both(cell: Index, tap: Index, p: Window) -> tuple[Index, ...]:
    """The input pixel of a tap and the maximum of its window."""
    return where(cell, tap, p)[0], cell


def place_of_winner(values: tuple[Any, ...], cell: Index, tap: Index, p: Window) -> Any:
    """The pixel's number in its plane, row · width + column, if it is the maximum; else ∞."""
    pixel, largest = values
    (_, _, row, column), _ = where_both(cell, tap, p)
    is_winner = (pixel == largest) | (pixel != pixel)
    return either(is_winner, row * p.in_w + column, np.inf)


def where_won(cell: Index, tap: Index, p: Window) -> tuple[Index, ...]:
    """A window over the pixel: its gradient, and which pixel won it."""
    window = where_back(cell, tap, p)
    return window, window


def if_winner(values: tuple[Any, ...], cell: Index, tap: Index, p: Window) -> Any:
    """The whole gradient of the window if this pixel won it, else 0."""
    dy, winner = values
    return either(winner == cell[2] * p.in_w + cell[3], dy, 0.0)


class MaxPool2d(Pool):
    """The largest of each window."""

    type: Literal["max_pool2d"]
    dilation: Size = (1, 1)

    @property
    def spread(self) -> tuple[int, int]:
        """The window's dilation."""
        return self.dilation

    def sweeps(self, place: Place) -> list[Sweep]:
        """``forward``: cell [n,o,y,x], tap [i,j]; ``winner``: the same taps, the first maximum."""
        window = self.window(place.inputs[0])
        # Padding never wins: it reads as −∞, and as no winner.
        source = Read(place.tensors[0], -np.inf)
        common: dict[str, Any] = {
            "layer": place.name,
            "cells": place.cells,
            "cell_axes": place.axes,
            "taps": self.size,
            "tap_axes": ("i", "j"),
            "params": window,
            "origins": PIXEL_ORIGINS,
        }
        return [
            Sweep(
                name="forward",
                writes=place.tensor("y"),
                reads=(source,),
                where=where,
                fold=LARGER,
                start=-np.inf,
                maps="Y{o} = the largest of each window of X{o}",
                **common,
            ),
            Sweep(
                name="winner",
                writes=place.tensor("winner"),
                reads=(Read(place.tensors[0], None), Read(place.tensor("y"))),
                where=where_both,
                term=place_of_winner,
                fold=SMALLER,
                start=np.inf,
                formula="place if {0} == {1} else ∞",
                **common,
            ),
        ]

    def backward(self, place: Place) -> list[Sweep]:
        """A pixel gets the gradients of the windows it won, added up."""
        winner = Read(place.tensor("winner"), None)
        return [
            self.input_grad(
                place,
                reads=(Read(place.gradient, None), winner),
                where=where_won,
                term=if_winner,
                formula="{0} if {1} == here else 0",
                maps="dX{c} = dY{c}, each number to the winner of its window",
            )
        ]
