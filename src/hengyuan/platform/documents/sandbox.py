"""Templates that people upload or type: few words of Jinja, held to what the document is filled
with, so that none can compute, call, include, loop without end or reach into the program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

_FILTERS = frozenset({"default", "e", "escape", "length", "lower", "trim", "upper"})
_TESTS = frozenset({"defined", "none"})
_LOOP_PARTS = frozenset({"index", "first", "last", "length"})
_ALLOWED: frozenset[type[nodes.Node]] = frozenset(
    {
        nodes.Template,
        nodes.Output,
        nodes.TemplateData,
        nodes.Name,
        nodes.Getattr,
        nodes.Const,
        nodes.For,
        nodes.If,
        nodes.CondExpr,
        nodes.Compare,
        nodes.Operand,
        nodes.And,
        nodes.Or,
        nodes.Not,
        nodes.Concat,
        nodes.Filter,
        nodes.Test,
        nodes.Keyword,
    }
)

Schema = Mapping[str, frozenset[str]]


class GuardedEnvironment(ImmutableSandboxedEnvironment):
    """Compiles a template only when it keeps to `schema`; else notes why in `problems`.

    A template with problems renders as its own source, so that one pass over a Word file finds
    those of its body, headers, footers and properties together.
    """

    def __init__(self, schema: Schema, autoescape: bool) -> None:
        super().__init__(autoescape=autoescape, undefined=StrictUndefined, extensions=[])
        self.globals.clear()
        self.schema = schema
        self.problems: list[str] = []

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        try:
            tree = super()._parse(source, name, filename)
        except TemplateSyntaxError as error:
            self._note(_("A placeholder is not written correctly: %s") % error.message)
            return self._as_it_is(source)
        except RecursionError:
            self._note(_("A placeholder is nested too deeply."))
            return self._as_it_is(source)
        found = list(problems_of(tree, self.schema))
        for problem in found:
            self._note(problem)
        return self._as_it_is(source) if found else tree

    def _note(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _as_it_is(self, source: str) -> nodes.Template:
        plain = nodes.Output([nodes.TemplateData(source)], lineno=1)
        tree = nodes.Template([plain], lineno=1)
        tree.set_environment(self)
        return tree


def problems_of(tree: nodes.Node, schema: Schema) -> Iterator[str]:
    """Everything in a parsed template that is not allowed, or that the document does not have."""
    yield from _walk(tree, schema, {})


def _walk(node: nodes.Node, schema: Schema, loops: dict[str, frozenset[str]]) -> Iterator[str]:
    if isinstance(node, nodes.For):
        yield from _walk_loop(node, schema, loops)
        return
    if isinstance(node, nodes.Getattr):
        yield from _check_part(node, loops)
        return
    if isinstance(node, nodes.Name):
        yield from _check_name(node.name, schema, loops)
    elif type(node) not in _ALLOWED:
        yield _("Not allowed in a template: %s") % _word_for(node)
        return
    elif isinstance(node, nodes.Output):
        yield from _check_printed(node, schema)
    elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        yield _("Unknown filter: %s") % node.name
    elif isinstance(node, nodes.Test) and node.name not in _TESTS:
        yield _("Unknown test: %s") % node.name
    for child in node.iter_child_nodes():
        yield from _walk(child, schema, loops)


def _walk_loop(node: nodes.For, schema: Schema, loops: dict[str, frozenset[str]]) -> Iterator[str]:
    if not isinstance(node.target, nodes.Name) or not isinstance(node.iter, nodes.Name):
        yield _("A loop reads: for unit in units")
        return
    rows, row = node.iter.name, node.target.name
    columns = schema.get(rows, frozenset())
    if not columns:
        yield _("There is nothing to loop over in: %s") % rows
        return
    if loops or node.recursive:
        # the work stays proportional to the document
        yield _("A loop inside a loop is not possible.")
        return
    inner = {row: columns, "loop": _LOOP_PARTS}
    for child in (*node.body, *node.else_, *([node.test] if node.test else ())):
        yield from _walk(child, schema, inner)


def _check_name(name: str, schema: Schema, loops: dict[str, frozenset[str]]) -> Iterator[str]:
    if name not in schema and name not in loops:
        yield _("Unknown variable: %s") % name


def _check_printed(node: nodes.Output, schema: Schema) -> Iterator[str]:
    for printed in node.nodes:
        if isinstance(printed, nodes.Name) and schema.get(printed.name):
            yield _("Rows are printed one by one, in a loop: %s") % printed.name


def _check_part(node: nodes.Getattr, loops: dict[str, frozenset[str]]) -> Iterator[str]:
    written = f"{_written(node.node)}.{node.attr}"
    if not isinstance(node.node, nodes.Name) or node.attr not in loops.get(
        node.node.name, frozenset()
    ):
        yield _("Unknown variable: %s") % written


def _written(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_written(node.node)}.{node.attr}"
    return "…"


def _word_for(node: nodes.Node) -> str:
    if isinstance(node, nodes.Call):
        return f"{_written(node.node)}( )"
    if isinstance(node, nodes.Assign | nodes.AssignBlock):
        return "set"
    if isinstance(node, nodes.Scope | nodes.EvalContextModifier):
        return "autoescape"
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        return str(node.operator)
    return type(node).__name__.lower()


def render_text(source: str, content: Mapping[str, Any], schema: Schema) -> str:
    """A text block filled in; ValueError lists what is wrong with it."""
    environment = GuardedEnvironment(schema, autoescape=False)
    template = environment.from_string(source)
    if environment.problems:
        raise ValueError(" ".join(environment.problems))
    return template.render(content)


def text_problems(source: str, schema: Schema) -> list[str]:
    """What keeps a text block from being used; empty for a good one."""
    environment = GuardedEnvironment(schema, autoescape=False)
    environment.from_string(source)
    return environment.problems
