"""One gate: what runs before a commit is a part of `./dev check`, and what runs in CI is `./dev test`."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def hooks() -> dict[str, list[str]]:
    """The command of each hook, by its name."""
    text = (ROOT / ".pre-commit-config.yaml").read_text()
    found = re.findall(r"^ +name: (.+)\n +entry: (.+)$", text, re.MULTILINE)
    assert len(found) == text.count("- id: ")
    return {name: entry.split() for name, entry in found}


def steps() -> dict[str, list[str]]:
    """The commands of `./dev check`, by their names, as they are from the project's folder."""
    (check,) = (
        node
        for node in ast.parse((ROOT / "dev").read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name == "check"
    )
    tables = [each.value for each in check.body if isinstance(each, ast.AnnAssign) and isinstance(each.value, ast.Dict)]
    assert tables, "what is run at once is a table of commands"
    return {
        ast.literal_eval(name): [spelled(word) for word in command.elts]
        for table in tables
        for name, command in zip(table.keys, table.values, strict=True)
        if name is not None and isinstance(command, ast.List)
    }


def spelled(word: ast.expr) -> str:
    if isinstance(word, ast.Name):
        return {"PYTHON": ".venv/bin/python", "VENV": ".venv"}.get(word.id, word.id)
    if isinstance(word, ast.BinOp):
        return f"{spelled(word.left)}/{spelled(word.right)}"
    return str(ast.literal_eval(word))


def test_each_hook_is_a_step_of_the_check_under_the_same_name() -> None:
    """But for what it is told to look at: a hook formats the files of the commit, the check looks at all of them."""
    assert len(hooks()) >= 4
    for name, command in hooks().items():
        assert steps()[name][: len(command)] == command, name


def test_ci_and_the_handbook_run_the_same_gate() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text()

    assert (ROOT / ".ci" / "run").read_text().split()[-3:] == ["exec", "./dev", "test"]
    assert all(f"`{each}`" in contributing for each in ("./dev test", "./dev check", ".pre-commit-config.yaml"))
