"""The shape of the project: who may import whom, what the rules may touch, and which files may say what."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("api", "schema", "domain", "adapters", "migrations")
ROOMS = (
    "domain/channels",
    "domain/contacts",
    "domain/conversations",
    "domain/events",
    "domain/files",
    "domain/moderation",
    "domain/outbound",
    "domain/quota",
    "domain/rows",
    "domain/tickets",
    "domain/use_cases",
    "domain/use_cases/inbound",
    "domain/use_cases/outbound",
    "adapters/clamd",
    "adapters/db",
    "adapters/media",
    "adapters/memory",
    "adapters/redis",
    "adapters/sounds",
    "adapters/whatsapp",
    "schema/context",
    "schema/engine",
    "schema/execution",
    "schema/gates",
    "schema/live",
    "schema/loaders",
    "schema/mutation",
    "schema/operations",
    "schema/query",
    "schema/subscription",
    "schema/types",
)
"""Those that contracts name."""

# Clocks, chance and ids come through ports; a module's name forbids everything in it.
FORBIDDEN = re.compile(
    r"""
      datetime\.datetime\.(now|utcnow|today) | datetime\.date\.today
    | time\.(time|monotonic|perf_counter|process_time|clock_gettime|localtime|gmtime|ctime|sleep)(_ns)?
    | uuid\.(uuid\d+|getnode) | os\.(urandom|getrandom)
    | (random|secrets)(\..+)?
    | importlib\.(import_module|__import__) | __import__
    """,
    re.VERBOSE,
)

# Put together from pieces, so that this file does not name them either.
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("archive", "ubuntu", "com"),
    )
]
MACHINE_PATH = re.compile(r"(?<![\w.$}~:-])/(work|root|home|Users|tmp)/(?=\w)")


# What the rules may touch


def test_the_rules_import_only_the_standard_library_and_read_no_clock() -> None:
    modules = sorted((ROOT / "domain").rglob("*.py"))

    found = [f"{path.relative_to(ROOT)}:{offence}" for path in modules for offence in offences(path.read_text())]

    assert modules
    assert found == []


@pytest.mark.parametrize(
    ("source", "offence"),
    [
        ("import orjson", "1: imports orjson"),
        ("import os, starlette.routing as routing", "1: imports starlette.routing"),
        ("from adapters.db import store", "1: imports adapters.db"),
        ("from . import quota", "1: imports relatively"),
        ("def late():\n    import httpx", "2: imports httpx"),
        ("from datetime import UTC, datetime\nat = datetime.now(UTC)", "2: uses datetime.datetime.now"),
        ("import datetime as dt\nat = dt.datetime.utcnow()", "2: uses datetime.datetime.utcnow"),
        ("from datetime import date\nday = date.today()", "2: uses datetime.date.today"),
        ("import time\nat = time.time()", "2: uses time.time"),
        ("from time import monotonic as tick\nat = tick()", "2: uses time.monotonic"),
        ("from uuid import uuid4\nfield = make(default_factory=uuid4)", "2: uses uuid.uuid4"),
        ("import uuid\nid = uuid.uuid7()", "2: uses uuid.uuid7"),
        ("import random", "1: imports random"),
        ("from secrets import token_hex", "1: imports secrets"),
        ("orjson = __import__('orjson')", "1: uses __import__"),
        ("import importlib\nimportlib.import_module('orjson')", "2: uses importlib.import_module"),
    ],
)
def test_a_rule_that_reaches_outside_is_found(source: str, offence: str) -> None:
    assert offence in offences(source)


def test_a_rule_that_handles_times_and_ids_it_was_given_is_left_alone() -> None:
    source = """
from datetime import datetime, time, timedelta
from uuid import UUID
from domain.ids import ThreadId
import domain.conversations.sessions

def closes(at: datetime, clock: Clock, id: UUID, random: int, noon: time) -> datetime:
    return max(at, clock.now(), datetime.combine(at, time(12))) + timedelta(hours=random)
"""

    assert offences(source) == []


def test_what_a_transaction_decides_on_is_read_through_it() -> None:
    """A reader beside it takes a connection of its own while one is held, and may see what the transaction doesn't."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "domain" / "use_cases").rglob("*.py"))
        for line in read_beside(path.read_text())
    ]

    assert found == []


def test_a_reader_within_a_transaction_is_found() -> None:
    source = """
async def use_case(ports):
    await ports.reader.head(A)
    async with ports.store.transaction(A) as tx:
        await tx.threads([])
        await ports.reader.head(A)
"""
    assert read_beside(source) == [6]


def read_beside(source: str) -> list[int]:
    """Lines within `async with ….transaction(…)` that ask `….reader`."""
    return [
        node.lineno
        for block in ast.walk(ast.parse(source))
        if isinstance(block, ast.AsyncWith) and any(".transaction(" in ast.unparse(item) for item in block.items)
        for node in ast.walk(block)
        if isinstance(node, ast.Attribute) and node.attr == "reader"
    ]


INSIDE = {"Transaction", "Look", "Work", "Batch", "Reading"}  # who is given one of these runs inside a transaction
TAKES_NO_PORTS = ["**/*.py"]  # of the use cases


def test_what_runs_within_a_transaction_is_not_given_the_network() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for pattern in TAKES_NO_PORTS
        for path in sorted((ROOT / "domain" / "use_cases").glob(pattern))
        for line in given_both(path.read_text())
    ]

    assert found == []


def test_a_function_that_is_given_a_transaction_and_the_ports_is_found() -> None:
    source = """
def use_case(ports: Ports, actor: Actor): ...
async def saved(ports: Ports, tx: Transaction): ...
def noted(work: Work, message: Message): ...
"""
    assert given_both(source) == [3]


def given_both(source: str) -> list[int]:
    """Lines of functions that take all ports and something of a transaction."""
    return [
        node.lineno
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if "Ports" in (types := {ast.unparse(arg.annotation) for arg in node.args.args if arg.annotation is not None})
        and types & INSIDE
    ]


def offences(source: str) -> list[str]:
    """What a module of the rules does and may not, as "line: what"."""
    tree = ast.parse(source)
    return [f"{line}: {what}" for line, what in sorted({*foreign_imports(tree), *forbidden_uses(tree)})]


def foreign_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                imported = [alias.name for alias in names]
            case ast.ImportFrom(level=0, module=str(module)):
                imported = [module]
            case ast.ImportFrom():
                yield node.lineno, "imports relatively"
                continue
            case _:
                continue
        yield from ((node.lineno, f"imports {name}") for name in imported if not may_be_imported(name))


def may_be_imported(module: str) -> bool:
    top = module.partition(".")[0]
    return (top == "domain" or top in sys.stdlib_module_names) and not FORBIDDEN.fullmatch(module)


def forbidden_uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Uses and not only calls: a clock handed on as a default factory is read all the same."""
    meanings = imported_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            used = full_name(node, meanings)
            if used is not None and FORBIDDEN.fullmatch(used):
                yield node.lineno, f"uses {used}"


def imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `dt` for `datetime`, `tick` for `time.monotonic`."""
    meanings = {"__import__": "__import__"}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                tops = [alias.name.partition(".")[0] for alias in names if alias.asname is None]
                meanings |= dict(zip(tops, tops, strict=True))
                meanings |= {alias.asname: alias.name for alias in names if alias.asname}
            case ast.ImportFrom(module=module, names=names):
                meanings |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in names}
            case _:
                pass
    return meanings


def full_name(node: ast.expr, meanings: dict[str, str]) -> str | None:
    match node:
        case ast.Name(id=name):
            return meanings.get(name)
        case ast.Attribute(value=value, attr=attribute):
            owner = full_name(value, meanings)
            return owner and f"{owner}.{attribute}"
        case _:
            return None


# Who may import whom


def test_imports_go_one_way() -> None:
    answer = lint_imports(ROOT)

    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("domain", "import schema"),
        ("domain", "import adapters"),
        ("domain", "import migrations"),
        ("schema", "import adapters"),
        ("schema", "import api"),
        ("schema", "import migrations"),
        ("adapters", "import schema"),
        ("adapters", "import api"),
        ("migrations", "import api"),
        ("migrations", "import schema"),
        ("domain/use_cases/inbound", "import domain.use_cases.outbound"),
        ("domain/use_cases/outbound", "import domain.use_cases.inbound"),
        ("adapters/redis", "import adapters.memory"),
        ("adapters/whatsapp", "import adapters.media"),
        ("schema/engine", "import schema.types"),
        ("schema/engine", "import schema.context"),
        ("schema/engine", "import schema.operations"),
        ("schema/engine", "import domain.conversations"),
        ("schema/engine", "import domain.tickets"),
    ],
)
def test_an_import_the_wrong_way_breaks_the_contract(package: str, line: str, tmp_path: Path) -> None:
    for name in (*PACKAGES, *ROOMS):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    (tmp_path / package / "wrong.py").write_text(f"{line}\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    answer = lint_imports(tmp_path)

    assert answer.returncode == 1
    assert "BROKEN" in answer.stdout


def test_no_circle_but_that_of_the_nouns_of_graphql() -> None:
    """What is imported for types only is left out: it is gone when the code runs."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    one = {module: "schema.types" if module.startswith("schema.types") else module for module in graph.modules}
    arrows: dict[str, set[str]] = {}
    for module in graph.modules:
        imported = {one[each] for each in graph.find_modules_directly_imported_by(module)}
        arrows.setdefault(one[module], set()).update(imported - {one[module]})

    assert len(arrows) > 300
    TopologicalSorter(arrows).prepare()  # raises CycleError, which names the circle


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    """The import contracts of pyproject.toml over the packages in `root`."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, timeout=60)


def test_journeys_go_in_by_the_door() -> None:
    """They know the desk as its users do: what they import of an adapter, they would not notice when it broke."""
    journeys = sorted((ROOT / "tests" / "journeys").rglob("*.py"))

    assert journeys
    assert [path.name for path in journeys if "adapters" in _tops(path)] == []


# What a process loads


def test_a_worker_alone_loads_nothing_of_the_api() -> None:
    """It takes as long as everything else, and as much memory."""
    asked = "import sys, api.cli, api.http.server, api.http.working, api.wiring; print(*sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert {"schema", "strawberry", "graphql"}.isdisjoint(done.stdout.split())


# Generated and committed files


def test_the_committed_schema_is_the_one_the_code_makes() -> None:
    from schema.sdl import sdl  # here, so that a schema that fails to load fails this test alone

    committed = (ROOT / "schema" / "schema.graphql").read_text()

    assert committed == sdl(), "run ./dev schema, and review the difference"


def test_no_file_names_a_package_registry_or_a_place_on_one_machine() -> None:
    files = project_files()

    found = [f"{path}: {words}" for path in files for words in private_words(ROOT / path)]

    assert "pyproject.toml" in files
    assert found == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"https://{REGISTRY_HOSTS[0]}/simple", [REGISTRY_HOSTS[0]]),
        ("cd /" + "home/ada/deskline", ["/" + "home/"]),
        ('open("/' + 'tmp/x")', ["/" + "tmp/"]),
        ("GET /webhooks/whatsapp, https://example.org/work/item, ./tmp/x, sqlite:////absolute.db", []),
    ],
)
def test_private_words_are_found_where_they_stand(text: str, found: list[str], tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(text)

    assert private_words(tmp_path / "page.md") == found


NAMED = re.compile(r"`((?:api|schema|domain|adapters|tests|web|docs|migrations|benchmarks|changelog\.d)/[\w/.-]*)`")
LINK = re.compile(r"\]\(([^)#]+)")
MADE = ("api/page",)  # by `./dev web`
HISTORY = ("CHANGELOG.md", "docs/releases/")  # told as it was at its time


def pages() -> list[str]:
    return [name for name in project_files() if name.endswith(".md") and not name.startswith("web/node_modules")]


def test_files_and_folders_that_pages_name_are_there() -> None:
    files = project_files()
    there = {*files, *(str(folder) for file in files for folder in Path(file).parents), *MADE}
    named = {page: NAMED.findall((ROOT / page).read_text()) for page in pages() if not page.startswith(HISTORY)}

    assert all(named[page] for page in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "docs/glossary.md"))
    assert [(page, file) for page, told in named.items() for file in told if file.rstrip("/") not in there] == []


WITHIN = re.compile(r"((?:`\w+`(?:,| and) )*`\w+`)\s+in `([\w/]+\.py)`")


def test_names_that_pages_say_are_in_a_file_are_in_it() -> None:
    named = {page: WITHIN.findall((ROOT / page).read_text()) for page in pages() if not page.startswith(HISTORY)}

    assert len(named["ARCHITECTURE.md"]) > 8
    assert [
        (page, name, file)
        for page, found in named.items()
        for names, file in found
        for name in re.findall(r"\w+", names.replace(" and ", " "))
        if re.search(rf"^\s*(?:(?:async )?def |class )?{name}\b", (ROOT / file).read_text(), re.MULTILINE) is None
    ] == []


def test_links_of_pages_lead_somewhere() -> None:
    links = {page: LINK.findall((ROOT / page).read_text()) for page in pages()}

    assert {"ARCHITECTURE.md", "CONTRIBUTING.md", "docs/glossary.md", "docs/style.md"} <= {*links["README.md"]}
    assert [
        (page, link)
        for page, found in links.items()
        for link in found
        if not link.startswith(("http:", "https:")) and not (ROOT / page).parent.joinpath(link).exists()
    ] == []


MOST_PARAMETERS = 6
MORE_PARAMETERS = {
    "schema/query.py:threads": "the arguments of a GraphQL field are the parameters of its resolver",
}


def test_functions_of_many_parameters_take_the_noun_that_they_are() -> None:
    many = {
        f"{file}:{function}"
        for file in project_files()
        if file.startswith(("api/", "schema/", "domain/", "adapters/")) and file.endswith(".py")
        for function, count in parameters(ast.parse((ROOT / file).read_text()))
        if count > MOST_PARAMETERS
    }

    assert many == MORE_PARAMETERS.keys()


def parameters(module: ast.Module) -> Iterator[tuple[str, int]]:
    """Each function with how many it takes; `self` and what a star gathers are not counted."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            named = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            yield node.name, len([name for name in named if name not in ("self", "cls")])


MOST_FILES = 12
MOST_LINES = 400
FLAT = ("migrations/", "docs/decisions/", "changelog.d/")  # read in the order of their names


def test_a_folder_of_more_than_a_dozen_files_of_a_kind_has_rooms() -> None:
    """Of one kind are those that end alike; tests are another kind than what helps them."""
    kinds = Counter(
        (str(Path(file).parent), Path(file).suffix, Path(file).name.startswith("test_"))
        for file in project_files()
        if file.endswith((".py", ".ts", ".tsx", ".css", ".md"))
        if not file.startswith(FLAT) and not file.endswith("__init__.py")
    )

    assert len(kinds) > 60
    assert {folder: count for (folder, *_), count in kinds.items() if count > MOST_FILES} == {}


def test_no_file_of_the_product_is_long() -> None:
    """Those of migrations stay as they were written, however long they are."""
    lengths = {
        file: (ROOT / file).read_text().count("\n")
        for file in project_files()
        if file.endswith((".py", ".ts", ".tsx")) and not file.startswith(("tests/", "migrations/"))
    }

    assert len(lengths) > 400
    assert {file: lines for file, lines in lengths.items() if lines > MOST_LINES} == {}


def test_the_glossary_is_in_the_order_of_its_words() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)

    assert len(words) > 50
    assert words == sorted(words)


def test_locks_hold_hashes_and_no_addresses() -> None:
    python = (ROOT / "requirements.lock").read_text()
    node = json.loads((ROOT / "web" / "package-lock.json").read_text())["packages"]

    assert "http" not in re.sub(r"^(httpx|httpcore|httptools)==", "", python, flags=re.MULTILINE)
    assert len(re.findall(r"^[a-z0-9-]+==", python, flags=re.MULTILINE)) == len(python_entries(python))
    assert all("--hash=sha256:" in entry for entry in python_entries(python))
    assert [name for name, package in node.items() if "resolved" in package] == []
    assert [name for name, package in node.items() if name and "integrity" not in package] == []


IMPORTED_BY_OTHERS = {
    "httptools": "what uvicorn reads requests with",
    "rich": "what the command line and the log for reading write with",
    "tzdata": "the time zones, on systems that have none of their own",
}


def test_every_package_that_is_asked_for_is_imported_somewhere() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {_plain(re.split(r"[\[<>=!;~ ]", each, maxsplit=1)[0]) for each in asked}
    modules = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    brought = packages_distributions()
    imported = {_plain(name) for path in modules for top in _tops(path) for name in brought.get(top, ())}

    assert names - imported == set(IMPORTED_BY_OTHERS)


def _tops(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                yield from (name.name.partition(".")[0] for name in names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]
            case _:
                pass


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def python_entries(lock: str) -> list[str]:
    """One text a package: its pin and the hashes under it."""
    return [entry for entry in re.split(r"^(?=\S)", lock, flags=re.MULTILINE) if entry]


def project_files() -> list[str]:
    """Committed ones, and those a commit of everything would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def private_words(path: Path) -> list[str]:
    text = path.read_bytes().decode(errors="replace")
    return [host for host in REGISTRY_HOSTS if host in text] + [found[0] for found in MACHINE_PATH.finditer(text)]
