"""``cnnsim replay``: the tour of a scenario, checked; or any range of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cnnsim.amounts import counted
from cnnsim.cli.main import complain
from cnnsim.cli.options import Csv, Json, Settings
from cnnsim.cli.output import console, emit
from cnnsim.cli.progress import Narrator
from cnnsim.cli.source import read
from cnnsim.cli.streams import has_colour, output, style
from cnnsim.errors import CnnsimError, UsageError, printable

if TYPE_CHECKING:
    from cnnsim.stepper.replay import Check, Visit
    from cnnsim.stepper.stepper import Stepper


def replay(
    *scenarios: Annotated[str, Parameter(name="SCENARIO", help="Bundled names, paths, or -.")],
    steps: Annotated[bool, Parameter(name="--steps", help="Print steps, not the tour.")] = False,
    start: Annotated[
        str | None,
        Parameter(name="--from", metavar="ADDRESS", help='First step: conv1, "mac 12", 50%.'),
    ] = None,
    stop: Annotated[
        str | None,
        Parameter(name="--to", metavar="ADDRESS", help="Last step, included."),
    ] = None,
    find: Annotated[
        str | None,
        Parameter(
            name="--find",
            metavar="WHAT",
            help='Print the steps where this happens: "sign change", padding, "relu closes", '
            '"winner changes", nan, infinity, largest, smallest, cell, "> 2.5".',
        ),
    ] = None,
    everything: Annotated[
        bool, Parameter(name="--all", help="Print even more than a million steps.")
    ] = False,
    json: Json = False,
    csv: Csv = False,
    settings: Settings = (),
) -> int:
    """Visit every stop of the tour and check what it expects; exit 1 if a check fails."""
    if not scenarios:
        raise UsageError("which scenario?", "for example cnnsim replay sobel; cnnsim list has all")
    steps = steps or find is not None
    if not steps:
        options = {"--from": start is not None, "--to": stop is not None, "--all": everything}
        for option, given in {**options, "--csv": csv}.items():
            if given:
                raise UsageError(
                    f"{option} goes with --steps or --find", f"add one, or drop {option}"
                )
    if json and csv:
        raise UsageError("--json and --csv exclude each other", "choose one")
    # Where it is closed that is said once, not of every scenario.
    output()
    report = Report(json)
    code = 0
    for source in scenarios:
        try:
            if steps:
                from cnnsim.cli.steps import print_steps

                print_steps(source, settings, start, stop, find, everything, json, csv)
            else:
                report.visit(source, settings)
        except CnnsimError as error:
            # The others still run.
            code = max(code, complain(error))
    if not steps:
        report.sum_up()
    return code or int(report.failed > 0)


class Report:
    """Prints tours stop by stop, and counts."""

    def __init__(self, json: bool) -> None:
        self.json = json
        self.scenarios = 0
        self.stops = 0
        self.checks = 0
        self.failed = 0

    def visit(self, source: str, settings: Sequence[str]) -> None:
        """Replay the tour of one scenario. Raises CnnsimError where it cannot be read."""
        from cnnsim.stepper.replay import visit
        from cnnsim.stepper.stepper import Stepper

        with Narrator("drawing the weights"):
            stepper = Stepper(read(source, settings))
        scenario = stepper.scenario
        self.scenarios += 1
        if not self.json:
            self._head(scenario.name, scenario.title, len(scenario.tour))
        for number, stop in enumerate(scenario.tour):
            step = stepper.find(stop.at)
            iteration = stepper.trace.position(step).iteration
            needed = [*stepper.sweep(step).tensors, *stop.expect.get("tensors", ())]
            with Narrator(f"computing {needed[-1]}") as narrator:
                stepper.iterations.at(iteration, narrator).compute(needed, narrator)
            found = visit(stepper, number, stop)
            self.stops += 1
            self.checks += len(found.checks)
            self.failed += sum(not check.ok for check in found.checks)
            if self.json:
                emit(found.as_dict(scenario.name))
            else:
                self._tell(stepper, found)

    def sum_up(self) -> None:
        """Print the totals."""
        if self.json:
            counts = {"scenarios": self.scenarios, "stops": self.stops, "checks": self.checks}
            emit({"kind": "summary", **counts, "failed": self.failed})
        elif self.scenarios:
            out = output()
            end = style(f"{self.failed} failed", "1;31", out) if self.failed else "all as expected"
            end = end if self.checks else "nothing to check"
            print(
                ", ".join(
                    [
                        *([counted(self.scenarios, "scenario")] if self.scenarios > 1 else []),
                        counted(self.stops, "stop"),
                        counted(self.checks, "check"),
                        end,
                    ]
                ),
                file=out,
            )

    def _head(self, name: str, title: str, stops: int) -> None:
        out = output()
        nothing = "" if stops else "   (no tour)"
        print(
            f"{style(printable(name), '1', out)}   {' '.join(title.split())}{nothing}\n", file=out
        )

    def _tell(self, stepper: Stepper, found: Visit) -> None:
        from cnnsim.cli.sentence import sentence

        out = output()
        reading = found.reading
        mac = "" if reading.mac is None else f"   mac {reading.mac:,}"
        number = f"{found.number + 1}/{len(stepper.scenario.tour)}"
        address = style(reading.address, "1", out)
        print(f"{number}   {address}   step {reading.step:,}{mac}", file=out)
        if found.stop.ask:
            print(f"    ? {printable(found.stop.ask, 2000)}", file=out)
            print(file=out)
        if found.stop.say:
            _note(found.stop.say)
            print(file=out)
        print(f"    {sentence(stepper.sweep(reading.step), reading)}", file=out)
        for check in found.checks:
            mark = style("✓", "32", out) if check.ok else style("✗", "1;31", out)
            print(f"    {mark} {_verdict(check)}", file=out)
        print(file=out)


def _note(text: str) -> None:
    """The note, indented; its Markdown drawn where there is a terminal for it."""
    if has_colour(output()):
        from rich.markdown import Markdown
        from rich.padding import Padding

        console().print(Padding(Markdown(text.strip(), hyperlinks=False), (0, 4)))
        return
    for line in text.strip().split("\n"):
        print(f"    {line}".rstrip(), file=output())


def _verdict(check: Check) -> str:
    if check.ok:
        whole = isinstance(check.expected, list) and check.what not in ("cell", "tap")
        return f"{check.what} as expected" if whole else f"{check.what} = {_shown(check.found)}"
    return f"{check.what}: expected {_shown(check.expected)}, found {_shown(check.found)}"


def _shown(value: Any) -> str:
    """A value of a check, with all of its digits."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0").replace("inf", "∞").replace("nan", "NaN")
    return printable(str(value), 2000)
