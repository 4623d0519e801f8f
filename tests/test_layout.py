"""The rules of docs/architecture.md that a machine can hold: sizes, names, catalogues, state, and who imports whom."""

from __future__ import annotations

import ast
import fnmatch
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "guiapp").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60
NAMES_THAT_SAY_NOTHING = {"utils.py", "util.py", "helpers.py", "helper.py", "manager.py", "misc.py", "common.py"}
DOTTED = {".ci", ".editorconfig", ".git", ".gitattributes", ".gitignore"}
PAPERS = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md"}
SETTINGS = {"Makefile", "build.spec", "constraints.txt", "pyproject.toml"}
FOLDERS = {"docs", "guiapp", "resources", "tests"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def where(path: Path, node: ast.AST | None = None) -> str:
    return f"{path.relative_to(ROOT)}" + (f":{node.lineno}" if isinstance(node, ast.stmt | ast.expr) else "")


def none(problems: list[str]) -> None:
    assert not problems, "\n".join(problems)


# --------------------------------------------------------------------------------------------------- sizes and names


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES + TESTS}
    none([f"{where(path)}: {n} lines, not {LINES_OF_A_FILE}" for path, n in lengths.items() if n > LINES_OF_A_FILE])


def test_functions_are_short() -> None:
    functions = [(path, f) for path in SOURCES + TESTS for f in ast.walk(tree(path)) if isinstance(f, Function)]
    lengths = [(path, f, (f.end_lineno or f.lineno) - f.lineno + 1) for path, f in functions]
    none([f"{where(path, f)}: {f.name} has {n} lines" for path, f, n in lengths if n > LINES_OF_A_FUNCTION])


def test_names_say_something() -> None:
    none([where(path) for path in SOURCES + TESTS if path.name in NAMES_THAT_SAY_NOTHING])


def test_top_level_holds_only_what_belongs_there() -> None:
    patterns = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()]
    ignored = {path.name for path in ROOT.iterdir() if any(fnmatch.fnmatch(path.name, p) for p in patterns)}
    none(sorted({path.name for path in ROOT.iterdir()} - ignored - DOTTED - PAPERS - SETTINGS - FOLDERS))


def test_every_folder_of_resources_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["data-files"]
    installed = {
        (target, found.name) for target, globs in listed.items() for glob in globs for found in ROOT.glob(glob)
    }
    wanted = [path for path in (ROOT / "resources").rglob("*") if path.is_file()]
    missing = [
        path for path in wanted if (f"share/elboscope/{path.parent.relative_to(ROOT)}", path.name) not in installed
    ]
    none([f"{where(path)}: no pattern of [tool.setuptools.data-files] finds it" for path in missing])


def test_pins_lie_in_the_ranges() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    versions = {name.lower(): version for name, version in pins.items()}
    texts = sum(project["optional-dependencies"].values(), project["dependencies"])
    ranges = [wanted for text in texts if (wanted := Requirement(text)).name != project["name"]]
    none([str(wanted) for wanted in ranges if versions[wanted.name.lower()] not in wanted.specifier])


def test_the_program_imports_only_what_it_declares() -> None:
    """What the tests alone need is not in the packaged program."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    formats = [text for extra in ("tensorboard", "parquet", "onnx") for text in project["optional-dependencies"][extra]]
    declared = {Requirement(text).name.lower().replace("_", "-") for text in project["dependencies"] + formats}
    declared.add("shiboken6")  # PySide6's own foundation
    packages = packages_distributions()
    imported = {(path, node, name) for path in SOURCES for node in ast.walk(tree(path)) for name in top_names(node)}
    none(
        [
            f"{where(path, node)}: {name} is no dependency of the program"
            for path, node, name in imported
            if name not in sys.stdlib_module_names | {"guiapp"}
            and not declared & {package.lower().replace("_", "-") for package in packages.get(name, [])}
        ]
    )


def top_names(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "guiapp").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


# ----------------------------------------------------------------------------------------------- state and catalogues


def test_an_init_file_holds_a_catalogue_or_nothing() -> None:
    allowed = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    for path in SOURCES:
        if path.name == "__init__.py":
            body = tree(path).body[1 if ast.get_docstring(tree(path)) is not None else 0 :]
            none([f"{where(path, node)}: more than a catalogue" for node in body if not isinstance(node, allowed)])


def is_mutable(value: ast.expr | None) -> bool:
    literals = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
    makers = {"list", "dict", "set", "bytearray", "deque", "defaultdict", "Counter", "OrderedDict", "count", "cycle"}
    name = getattr(value.func, "id", getattr(value.func, "attr", "")) if isinstance(value, ast.Call) else ""
    return isinstance(value, literals) or name in makers


def is_constant(node: ast.Assign | ast.AnnAssign) -> bool:
    """`NAME: Final = {...}`, or `__all__`."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    final = isinstance(node, ast.AnnAssign) and "Final" in ast.unparse(node.annotation)
    return names == ["__all__"] or (final and all(name.isupper() for name in names))


def test_no_mutable_state_in_modules() -> None:
    advice = "state of a module; a tuple, a MappingProxyType, or NAME: Final = ... if it never changes"
    for path in SOURCES:
        assigned = [node for node in tree(path).body if isinstance(node, ast.Assign | ast.AnnAssign)]
        guilty = [node for node in assigned if is_mutable(node.value) and not is_constant(node)]
        none([f"{where(path, node)}: {advice}" for node in guilty])
        none([f"{where(path, node)}: global" for node in ast.walk(tree(path)) if isinstance(node, ast.Global)])


def test_no_test_sleeps() -> None:
    for path in TESTS:
        calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
        names = [(node, ast.unparse(node.func)) for node in calls]
        sleeps = [(node, name) for node, name in names if name.split(".")[-1] in {"sleep", "qWait", "qSleep", "msleep"}]
        sleeps += [(node, name) for node, name in names if name == "qtbot.wait"]
        none([f"{where(path, node)}: {name}: wait for a condition instead" for node, name in sleeps])


# -------------------------------------------------------------------------------------------------- who imports whom

QT = ("PySide6", "shiboken6", "pyqtgraph", "superqt", "qtpy")
SIDES = ("guiapp.engine", "guiapp.headless", "guiapp.gui", "guiapp.cli", "guiapp.bench")

# Part of the program: what it may not import anywhere, and what it may import only inside a function.
RULES: dict[tuple[str, ...], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("engine", "headless"): ((*QT, "guiapp.gui", "guiapp.cli", "guiapp.bench"), ()),
    ("export",): ((*QT, "guiapp.gui", "guiapp.cli", "guiapp.bench"), ()),
    ("gui",): (("torch", "guiapp.engine", "guiapp.headless", "guiapp.cli", "guiapp.bench"), ()),
    ("trainer_process",): ((*QT, "guiapp.gui"), ("torch", "guiapp.engine")),
    ("__main__", "cli"): ((), ("torch", *QT, *SIDES)),
    ("bench",): (("guiapp.cli",), ()),  # and no file of it both sides: see below
}
COMMON: tuple[tuple[str, ...], tuple[str, ...]] = (("torch", *QT, *SIDES), ())  # theory, data, spec, messages...


def imports(path: Path) -> Iterator[tuple[ast.stmt, str, bool]]:
    """Every imported module by its full name, and whether the import waits inside a function."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    lazy = {id(n) for f in ast.walk(tree(path)) if isinstance(f, Function) for n in ast.walk(f)}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name, id(node) in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) + "." if node.level else ""
            stem = f"{base}{node.module or ''}".strip(".")
            yield from ((node, f"{stem}.{alias.name}", id(node) in lazy) for alias in node.names)


def is_one_of(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def test_import_rules() -> None:
    problems = []
    for path in SOURCES:
        part = path.relative_to(ROOT / "guiapp").with_suffix("").parts[0]
        never, late = next((rule for parts, rule in RULES.items() if part in parts), COMMON)
        problems += [f"{where(path, node)}: {name}" for node, name, _ in imports(path) if is_one_of(name, never)]
        hasty = [(node, name) for node, name, is_lazy in imports(path) if not is_lazy and is_one_of(name, late)]
        problems += [f"{where(path, node)}: {name}: only inside a function" for node, name in hasty]
    none(problems)


def test_a_benchmark_stands_on_one_side() -> None:
    sides = (("torch", "guiapp.engine", "guiapp.headless"), (*QT, "guiapp.gui"))
    for path in (ROOT / "guiapp" / "bench").rglob("*.py"):
        at_once = [name for _, name, is_lazy in imports(path) if not is_lazy]
        assert not all(any(is_one_of(name, side) for name in at_once) for side in sides), where(path)


@pytest.mark.parametrize(("one", "other"), [("views", "labs"), ("labs", "views")])
def test_views_and_labs_are_strangers(one: str, other: str) -> None:
    strangers = (f"guiapp.gui.{other}", *(f"guiapp.gui.{name}" for name in ("session", "main_window", "app")))
    for path in (ROOT / "guiapp" / "gui" / one).rglob("*.py"):
        none([f"{where(path, node)}: {name}" for node, name, _ in imports(path) if is_one_of(name, strangers)])


def test_import_linter() -> None:
    """The contracts of pyproject.toml, which follow chains of imports; this file's own check sees one step, but the
    whole program."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    result = subprocess.run([sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
