"""The house: arrows between modules point one way, held by reading every import statement.

A directory that does not exist (a wing that was taken away, or is not built yet) has nothing to violate.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
WINGS = ("twolayer", "cifar", "proofs")

# A module or package of twolayer and what it may import of ours, itself aside.
CORE = {"files", "exact", "networks", "linear", "regions", "samples", "instances"}
PROBLEM = CORE | {"restriction"}
METRICS = {"arrays", "streaming", "metrics"}
ARROWS = {
    "files": set(),
    "process": {"files"},
    "exact": set(),
    "arrays": set(),
    "streaming": {"arrays"},
    "metrics": {"arrays", "streaming"},
    "workers": {"files"},
    "drawing": set(),
    "networks": set(),
    "linear": {"exact"},
    "regions": {"exact", "networks"},
    "samples": {"exact", "networks", "regions"},
    "instances": {"files", "exact", "networks", "regions", "linear", "samples"},
    "restriction": {"files", "exact", "linear", "regions", "instances"},
    "certify": PROBLEM | {"workers"},
    "statements": PROBLEM | METRICS | {"certify", "workers"},
    "synthetic": PROBLEM | METRICS | {"certify"},
    "plotting": {"statements", "drawing"},
    "study": PROBLEM | METRICS | {"certify", "statements", "synthetic", "drawing", "plotting", "workers", "process"},
    "cli": {"__init__", "files", "process", "instances", "statements", "study"},
    "__main__": {"cli"},
    "__init__": PROBLEM | METRICS | {"certify", "statements"},
}

# What cifar may import of twolayer: the formulas, their sums and number types; the look of figures; files; how a command ends.
SHARED = METRICS | {"drawing", "files", "process"}

# The same for cifar: who may import whom, floor by floor.
CIFAR_FLOORS = (
    {"__init__"},
    {"files", "settings", "devices"},
    {"data", "networks"},
    {"attacks"},
    {"measures", "training"},
    {"runs"},
    {"experiments", "bench"},
    {"report"},
    {"kept"},
    {"commands"},
    {"__main__"},
)


def files(*places: str) -> list[Path]:
    """Python files under directories (or the files named) of the repository."""
    paths = []
    for place in places:
        path = ROOT / place
        paths += [path] if path.is_file() else sorted(path.rglob("*.py")) if path.is_dir() else []
    return paths


def module_of(path: Path) -> tuple[str, ...]:
    """twolayer/certify/zero.py -> (twolayer, certify, zero); a package's __init__.py is the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def is_module(parts: tuple[str, ...]) -> bool:
    path = ROOT.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").is_file()


def imports(path: Path, *, only_at_import_time: bool = False) -> Iterator[tuple[str, ...]]:
    """Every module that a file imports, absolute, wherever the statement stands.

    `from package import name` counts as package.name where that is a module of ours.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module_of(path) if path.name == "__init__.py" else module_of(path)[:-1]
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:
                yield (*base, alias.name) if is_module((*base, alias.name)) else base
        if not (only_at_import_time and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))):
            nodes += ast.iter_child_nodes(node)


def part(module: tuple[str, ...]) -> str:
    """(twolayer, certify, zero) -> certify; the package itself -> __init__."""
    return module[1] if len(module) > 1 else "__init__"


def reached(start: Path, **kind) -> set[tuple[str, ...]]:
    """Everything a file imports, directly or through files of ours, packages' __init__ included."""
    seen: set[tuple[str, ...]] = set()
    waiting = list(imports(start, **kind))
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        if module[0] in WINGS:
            waiting += [module[:n] for n in range(1, len(module))]
            path = ROOT.joinpath(*module)
            source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if source.is_file():
                waiting += imports(source, **kind)
    return seen


def here(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", files("twolayer"), ids=here)
def test_a_module_of_the_theory_wing_imports_only_what_lies_below_it(path):
    room = part(module_of(path))
    assert room in ARROWS, f"{room} needs a place in the table of arrows"
    for module in imports(path):
        assert module[0] not in ("cifar", "proofs", "tests"), f"{here(path)} imports {'.'.join(module)}"
        if module[0] == "twolayer" and part(module) != room:
            assert part(module) in ARROWS[room], f"{here(path)} imports {'.'.join(module)}"


def file_of(module: tuple[str, ...]) -> str:
    path = ROOT.joinpath(*module)
    return here(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """The nodes of some circle of arrows, and of what lies between circles; empty if there is none."""
    above = {name: below & arrows.keys() for name, below in arrows.items()}
    while above:
        ends = {name for name, below in above.items() if not below & above.keys()}
        ends |= above.keys() - set().union(*above.values())
        if not ends:
            return sorted(above)
        above = {name: below for name, below in above.items() if name not in ends}
    return []


@pytest.mark.parametrize("wing", WINGS)
def test_no_two_files_import_each_other_in_a_circle(wing):
    """Imports inside functions and imports for types included."""
    assert not circle({here(path): {file_of(m) for m in imports(path) if m[0] == wing} for path in files(wing)})


def test_the_table_of_arrows_has_no_circle():
    assert not circle(ARROWS)


def test_a_circle_of_files_is_found():
    arrows = {
        "cli": {"report"},
        "report": {"sections"},
        "sections": {"verify"},
        "verify": {"tables", "report"},
        "tables": set(),
    }
    assert circle(arrows) == ["report", "sections", "verify"]
    assert circle({name: below - {"verify"} for name, below in arrows.items()}) == []


@pytest.mark.parametrize("path", files("cifar"), ids=here)
def test_the_empirical_wing_imports_of_ours_what_is_shared_only(path):
    for module in imports(path):
        assert module[0] not in ("proofs", "tests")
        core = module[0] == "twolayer" and part(module) in SHARED
        assert module[0] != "twolayer" or core, f"{here(path)}: {'.'.join(module)}"


@pytest.mark.parametrize("path", files("cifar"), ids=here)
def test_a_chapter_of_the_empirical_wing_imports_only_what_lies_below_it(path):
    chapter = part(module_of(path))
    floors = {name: floor for floor, names in enumerate(CIFAR_FLOORS) for name in names}
    assert chapter in floors, f"{chapter} needs a place among the floors of cifar"
    for module in imports(path):
        if module[0] == "cifar" and part(module) != chapter:
            assert floors[part(module)] < floors[chapter], f"{here(path)} imports {'.'.join(module)}"


@pytest.mark.parametrize("path", files("proofs"), ids=here)
def test_the_checker_shares_no_code_with_the_searcher(path):
    for module in reached(path):
        assert module[0] != "cifar"
        if module[0] == "twolayer" and len(module) > 1:
            searching = module[1] in ("certify", "statements", "study", "cli")
            assert not searching, f"{here(path)} reaches {'.'.join(module)}"


CHECKER = [
    f"proofs/{name}.py"
    for name in ("__main__", "commands", "process", "check", "certificate", "local", "verdicts", "sides", "kernel")
]


@pytest.mark.parametrize("path", files(*CHECKER), ids=here)
def test_checking_a_certificate_loads_the_standard_library_and_python_flint_only(path):
    for module in reached(path, only_at_import_time=True):
        allowed = module[0] in sys.stdlib_module_names or module[0] in ("flint", "proofs")
        assert allowed, f"{here(path)} reaches {'.'.join(module)}"


def test_all_evidence_of_a_certificate_is_read_by_two_files_of_fewer_than_500_lines():
    """The statements' sides get proved numbers: their files import nothing that reads weights, trees or centres."""
    pytest.importorskip("proofs", reason="the checker was taken away")
    checker, local, *others = (ROOT / "proofs" / f"{name}.py" for name in ("certificate", "local", "verdicts", "sides"))
    lengths = [len(file.read_text(encoding="utf-8").splitlines()) for file in (checker, local)]
    assert max(lengths) < 400 and sum(lengths) < 500
    names = {
        alias.name
        for file in others
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "certificate"
        for alias in node.names
    }
    reads = {"weights", "raised", "added", "top", "numbers", "over_vertices", "over_tree", "one_sign", "Problem"}
    assert "Proved" in names and not names & reads


@pytest.mark.parametrize("path", files(*WINGS), ids=here)
def test_only_studies_and_figures_import_matplotlib(path):
    may = here(path).startswith(("twolayer/study/", "twolayer/plotting.py", "twolayer/drawing.py", "cifar/report/figures"))
    assert may or not any(module[0] == "matplotlib" for module in imports(path))


PUBLIC = ("twolayer", "twolayer.certify", "twolayer.exact", "twolayer.metrics", "twolayer.plotting", "twolayer.synthetic")


@pytest.mark.parametrize("path", files("examples"), ids=here)
def test_an_example_imports_public_names_alone(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(WINGS):
            module = import_module(node.module)
            assert node.module in PUBLIC, f"{here(path)} imports from {node.module}"
            for alias in node.names:
                public = alias.name in module.__all__ or f"{node.module}.{alias.name}" in PUBLIC
                assert public, f"{here(path)} imports {node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            assert not any(alias.name.startswith(WINGS) for alias in node.names), here(path)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_exists_and_says_what_it_is(name):
    module = import_module(name)
    assert module.__doc__ and len(set(module.__all__)) == len(module.__all__)
    for public in module.__all__:
        thing = getattr(module, public)
        assert not callable(thing) or thing.__doc__, f"{name}.{public}"


SIDE_BY_SIDE, LINES = 16, 430  # modules of a room, lines of a file
CATALOGUES = {"proofs/lemmas", "proofs/counterexamples"}  # one file an entry, as many as there are


@pytest.mark.parametrize("wing", ("twolayer", "cifar", "proofs"))
def test_a_room_has_few_modules_and_a_file_few_lines(wing):
    rooms = {path.parent for path in files(wing)}
    assert not [here(room) for room in rooms if here(room) not in CATALOGUES and len(list(room.glob("*.py"))) > SIDE_BY_SIDE]
    assert not [here(path) for path in files(wing) if len(path.read_text().splitlines()) > LINES]


@pytest.mark.parametrize("path", files("twolayer"), ids=here)
def test_the_theory_wing_does_not_need_torch(path):
    converts = here(path) == "twolayer/networks.py"  # inside to_torch alone: test_api sees that a check loads no torch
    assert converts or not any(module[0] == "torch" for module in imports(path))


@pytest.mark.parametrize("path", files("twolayer"), ids=here)
def test_only_studies_and_commands_print(path):
    """The command line, or the `main` of a module that is a command of its own."""
    if here(path).startswith("twolayer/study/") or path.name in ("cli.py", "process.py"):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tree.body = [node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == "main")]
    for node in ast.walk(tree):
        prints = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        assert not prints, f"{here(path)}:{node.lineno} prints"
        writes = isinstance(node, ast.Attribute) and node.attr == "stdout"
        assert not writes, f"{here(path)}:{node.lineno} uses stdout"


# The reader of imports itself, on files whose imports are known.


@pytest.mark.parametrize(
    ("place", "source", "expected"),
    [
        ("twolayer/certify/zero.py", "from .. import exact", {("twolayer", "exact")}),
        ("twolayer/certify/zero.py", "from . import trees", {("twolayer", "certify", "trees")}),
        ("twolayer/certify/zero.py", "from .trees import Tree", {("twolayer", "certify", "trees")}),
        ("twolayer/certify/zero.py", "from ..restriction.domains import Domain", {("twolayer", "restriction", "domains")}),
        ("twolayer/regions.py", "from . import exact, cli", {("twolayer", "exact"), ("twolayer", "cli")}),
        ("twolayer/__init__.py", "from .exact import solve", {("twolayer", "exact")}),
        ("cifar/data.py", "def f():\n    import twolayer.certify.lp as lp", {("twolayer", "certify", "lp")}),
        ("cifar/data.py", "from twolayer import Instance", {("twolayer",)}),
        ("cifar/data.py", "if True:\n    from twolayer import metrics", {("twolayer", "metrics")}),
    ],
)
def test_imports_are_read_whatever_their_form(monkeypatch, place, source, expected):
    path = ROOT / place
    monkeypatch.setattr(Path, "read_text", lambda self, encoding=None: source)
    assert set(imports(path)) == expected
    if source.startswith("def"):
        assert not list(imports(path, only_at_import_time=True))
