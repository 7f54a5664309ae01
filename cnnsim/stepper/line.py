"""The slope of an objective along one line: the analytic one beside differences, in float64.

A difference says nothing where the function has a kink: a ReLU at 0, a maximum that moves. There
the two one-sided slopes differ, a much smaller step agrees, or the gradient is right on both sides
of it; such places are told apart from wrong gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

#: The largest relative error of a right gradient.
TOLERANCE = 1e-6
#: The steps of a difference, relative to the entry where that is above 1. A small one crosses fewer
#: kinks, a large one suffers less from rounding: a gradient is right where one of them says so.
STEPS = (1e-4, 1e-5, 1e-6)
_STEP, _CLOSE = STEPS[0], STEPS[-1]
#: Steps so small that nothing but rounding makes the objective leave its tangent, and how much
#: further than there it may leave it elsewhere.
_TINY, _FURTHER = (-2e-12, -1e-12, 1e-12, 2e-12), 16.0
#: One-sided slopes that differ by more than this have a kink between them.
_KINK = 1e-3
#: What close by, where rounding limits a difference, counts as agreement.
_NEAR = 1e-4


@dataclass(frozen=True, slots=True)
class SlopeCheck:
    """An analytic slope beside its difference."""

    analytic: float
    numeric: float
    relative_error: float
    is_kink: bool

    @property
    def ok(self) -> bool:
        """Both agree."""
        return self.relative_error <= TOLERANCE


class Line:
    """An objective along a line through the point to check, which is at 0.

    `objective` and `slope`, its analytic derivative, take how far along the line; errors are
    relative to the slope, or to `scale` where that is larger.
    """

    def __init__(
        self, objective: Callable[[float], float], slope: Callable[[float], float], scale: float
    ) -> None:
        self._objective = cache(objective)
        self._slope = slope
        self._scale = scale
        self._is_rounding_known = False

    def check(self, steps: list[float]) -> SlopeCheck:
        """Compare the slope at 0 with differences.

        `steps` are tried in their order; the one that settled it is moved to the front, for the
        next line is likely to be of the same kind.
        """
        analytic = self._slope(0.0)
        for step in tuple(steps):
            numeric = self._central(step)
            error = self._relative(analytic, numeric)
            if error > TOLERANCE and not self._is_rounding_known:
                self._allow_for_rounding(analytic)
                error = self._relative(analytic, numeric)
            if error <= TOLERANCE:
                steps.sort(key=lambda other: other != step)
                return SlopeCheck(analytic, numeric, error, False)
            if not (np.isfinite(analytic) and np.isfinite(numeric)):
                return SlopeCheck(analytic, numeric, float("inf"), False)
            # A kink right here makes the one-sided slopes differ however close one looks.
            left, right = self._sides(_CLOSE)
            if self._relative(left, right) > _KINK:
                return SlopeCheck(analytic, numeric, error, True)
        # Few objectives bend so much along one number that they need the fourth order.
        numeric = self._richardson(_STEP)
        error = self._relative(analytic, numeric)
        if error <= TOLERANCE:
            return SlopeCheck(analytic, numeric, error, False)
        # With kinks further away, but within the step, the difference depends on the step and a
        # right gradient agrees close by; in a mere bend a wrong one does not.
        agrees = self._relative(analytic, (left + right) / 2) <= _NEAR
        moves = self._relative(numeric, self._richardson(_STEP / 8)) > error / 10
        is_kink = (agrees and moves) or self._is_right_on_both_sides(error)
        return SlopeCheck(analytic, numeric, error, is_kink)

    def _allow_for_rounding(self, slope: float) -> None:
        """Have errors relative to no less than what rounding makes of a difference.

        It can be much more than that of the objective itself: batch norm of equal numbers divides
        their last digits by √epsilon.
        """
        self._is_rounding_known = True
        here = self._objective(0.0)
        rounding = max(abs(self._objective(step) - here - slope * step) for step in _TINY)
        if np.isfinite(rounding):
            self._scale = max(self._scale, _FURTHER * rounding / _STEP / TOLERANCE)

    def _is_right_on_both_sides(self, error: float) -> bool:
        """Whether the slope, `error` off at 0, is right to the left and to the right of it.

        Where several maxima are tied, as on a blank background, their kinks can cancel until the
        one-sided slopes nearly agree. A formula that is wrong is as wrong beside the point.
        """
        enough = max(TOLERANCE, error / 10)
        return any(
            all(
                self._relative(self._slope(at), self._central(step / 2, at)) <= enough
                for at in (-step, step)
            )
            for step in STEPS
        )

    def _sides(self, step: float) -> tuple[float, float]:
        """The slopes to the left and to the right of 0."""
        here = self._objective(0.0)
        return (here - self._objective(-step)) / step, (self._objective(step) - here) / step

    def _central(self, step: float, at: float = 0.0) -> float:
        """The slope at `at` to the second order."""
        return (self._objective(at + step) - self._objective(at - step)) / (2 * step)

    def _richardson(self, step: float) -> float:
        """The slope at 0 to the fourth order, from two central differences."""
        return (4 * self._central(step / 2) - self._central(step)) / 3

    def _relative(self, one: float, other: float) -> float:
        if not (np.isfinite(one) and np.isfinite(other)):
            return float("inf")
        return abs(one - other) / max(abs(one), abs(other), self._scale)
