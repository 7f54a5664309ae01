"""How functions become machine code: Numba's pipeline, less what kernels have no use for.

Numba optimises every function with all that it calls, makes machine code of it, and does both again
with each function that calls it. A kernel is dozens of functions, of which one is called from
outside: its entry. So the others, its parts, are tidied up by themselves only; they are linked,
optimised and made machine code of once: with the entry.
"""

from __future__ import annotations

from typing import Any

from llvmlite.binding import Linkage
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from cnnsim.frames import with_room

_builder: Any = DefaultPassBuilder
_register: Any = register_pass

#: Passes for what no kernel has: closures, comprehensions, `with`, whole-array arithmetic, loops
#: over tuples of several types. By name: a release of Numba may lack some.
_UNUSED = {
    "DumpParforDiagnostics", "FindLiterallyCalls", "InlineClosureLikes", "InlineInlinables",
    "InlineOverloads", "LiteralPropagationSubPipelinePass", "LiteralUnroll",
    "MakeFunctionToJitFunction", "NopythonRewrites", "WithLifting",
}  # fmt: skip


class _PartCode(JITCodeLibrary):
    """Code that is in memory only as a piece of others. What it calls is only named in it."""

    def __init__(self, codegen: Any, name: str) -> None:
        super().__init__(codegen, name)  # type: ignore[no-untyped-call]
        #: The environments that Numba wants to have set, by their names.
        self.environments: dict[str, Any] = {}

    @property
    def codegen(self) -> Any:
        """Who is told the environment: an entry sets it."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """Keep an environment for an entry."""
        self.environments[name] = env

    def finalize(self) -> None:
        """Nothing is added from here on."""
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage is Linkage.external:
                # So that several others may have it.
                function.linkage = "linkonce_odr"
        self._finalized = True

    def alone(self) -> Any:
        """The module without what it calls."""
        return self._final_module

    def _get_module_for_linking(self) -> Any:
        # Whatever is no entry wants it whole.
        module = self.alone().clone()
        for library in _called_by(self):
            is_part = isinstance(library, _PartCode)
            called = library.alone() if is_part else library._get_module_for_linking()
            module.link_in(called, preserve=True)
        return module

    def get_pointer_to_function(self, name: str) -> int:
        """0: there is no machine code."""
        self._ensure_finalized()  # type: ignore[no-untyped-call]
        return 0


class _EntryCode(JITCodeLibrary):
    """Code with all that it calls."""

    def finalize(self) -> None:
        """Link everything, optimise it, and make machine code of it."""
        called = _called_by(self)
        parts = [library for library in called if isinstance(library, _PartCode)]
        for part in parts:
            self._final_module.link_in(part.alone(), preserve=True)
        self._linking_libraries = [library for library in called if library not in parts]
        super().finalize()  # type: ignore[no-untyped-call]
        memory: Any = self._codegen
        for part in parts:
            for name, environment in part.environments.items():
                if memory._engine.is_symbol_defined(name):
                    memory.set_env(name, environment)

    def _optimize_final_module(self) -> None:
        super()._optimize_final_module()  # type: ignore[no-untyped-call]
        for function in self._final_module.functions:
            if not function.is_declaration and function.linkage is Linkage.linkonce_odr:
                # Names of parts are numbered anew in each process: loaded together, two kernels
                # that were compiled in different ones would take each other's.
                function.linkage = "internal"


def _called_by(code: JITCodeLibrary) -> list[Any]:
    """What `code` calls, by itself or through its parts.

    Callers are ahead of what they call: LLVM does not link what nobody has asked for yet.
    """
    seen: set[Any] = set()
    found: list[Any] = []

    def visit(library: Any) -> None:
        seen.add(library)
        if library is code or isinstance(library, _PartCode):
            for other in library._linking_libraries:
                if other not in seen:
                    visit(other)
        found.append(library)

    visit(code)
    return found[-2::-1]


class _Lowering(NativeLowering):
    """Lowers a function into code of a kind of ours."""

    code: type[JITCodeLibrary]

    def run_pass(self, state: Any) -> Any:
        """Fill ``state.library`` and ``state.cr``."""
        state.library = self.code(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().run_pass(state)  # type: ignore[no-untyped-call]


@_register(mutates_CFG=True, analysis_only=False)
class _EntryLowering(_Lowering):
    _name: Any = "entry_lowering"
    code = _EntryCode


@_register(mutates_CFG=True, analysis_only=False)
class _PartLowering(_Lowering):
    _name: Any = "part_lowering"
    code = _PartCode


class _Pipeline(CompilerBase):
    """Compiles a function of a kernel."""

    lowering: type[_Lowering]

    @with_room
    def compile_extra(self, func: Any) -> Any:
        """Compile `func`, and whatever it calls that is not compiled yet."""
        return super().compile_extra(func)  # type: ignore[no-untyped-call]

    def define_pipelines(self) -> list[Any]:
        """Numba's passes without those that are not used, and with our lowering."""
        pipeline = _builder.define_nopython_pipeline(self.state)
        pipeline.passes = [
            (self.lowering if found is NativeLowering else found, words)
            for found, words in pipeline.passes
            if found.__name__ not in _UNUSED
        ]
        pipeline.finalize()
        return [pipeline]


class EntryPipeline(_Pipeline):
    """For ``njit(pipeline_class=EntryPipeline)``: a function that is called from outside."""

    lowering = _EntryLowering


class PartPipeline(_Pipeline):
    """The same for a function that only compiled code calls."""

    lowering = _PartLowering
