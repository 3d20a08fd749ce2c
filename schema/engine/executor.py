"""graphql-core's execution, in turns: it stops between objects where it has held the event loop for long enough."""

# pyright: reportUnknownMemberType=false
# graphql-core leaves its wrapped types and resolve infos without their type arguments; they are passed on as they come.

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeAlias

from graphql import GraphQLError, GraphQLObjectType, get_argument_values
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path

from schema.engine import limits
from schema.engine.answers import LONGEST_MESSAGE
from schema.engine.api_error import bad_request
from schema.engine.turns import TurnTaker

Unnamed: TypeAlias = Any

UNREADABLE = "An argument cannot be read."


class InTurns(Executor[None]):
    """Needs a context with a `turn_taker`. What fits into one turn runs as it would without.

    Lists of objects hold objects: no resolver here answers with a list of what has to be awaited.
    """

    @property
    def _turn_taker(self) -> TurnTaker:
        return self.context_value.turn_taker

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: None,
    ) -> AwaitableOrValue[dict[str, Any]]:
        self._turn_taker.count(len(grouped_field_set))
        return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: FieldDetailsList,
        path: Path,
        position_context: None,
    ) -> AwaitableOrValue[Any]:
        """Arguments that do not fit are told apart here: once the resolver runs, whatever goes wrong is ours."""
        node = field_details_list[0].node
        definition = self.schema.get_field(parent_type, node.name.value)
        if definition and node.arguments:
            try:
                get_argument_values(definition, node, self.variable_values, None, self.hide_suggestions)
            except Exception as error:
                mistake = bad_request(
                    error.message[:LONGEST_MESSAGE] if isinstance(error, GraphQLError) else UNREADABLE
                )
                self.handle_field_error(mistake, definition.type, field_details_list, path)
                return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    async def complete_awaitable_value(
        self,
        return_type: Unnamed,
        field_details_list: FieldDetailsList,
        info: Unnamed,
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        return await super().complete_awaitable_value(
            return_type, field_details_list, info, path, self._in_turn(result), position_context
        )

    async def _in_turn(self, result: Awaitable[Any]) -> Any:
        try:
            if self._turn_taker.is_over:
                await self._turn_taker.next_turn(1)
        except asyncio.CancelledError:
            if asyncio.iscoroutine(result):
                result.close()
            raise
        self._turn_taker.count(1)
        resolved = await result
        if self._turn_taker.is_over:
            await self._turn_taker.next_turn(limits.FIELDS_OF_ONE)
        return resolved

    def complete_iterable_value(
        self,
        item_type: Unnamed,
        field_details_list: FieldDetailsList,
        info: Unnamed,
        path: Path,
        items: Iterable[Any],
        position_context: None,
    ) -> AwaitableOrValue[list[Any]]:
        whole = list(items)
        if not _has_selection(field_details_list):
            return super().complete_iterable_value(item_type, field_details_list, info, path, whole, position_context)
        completed: list[Any] = []
        later: list[int] = []  # places of those that have to be awaited

        def one_more() -> None:
            index = len(completed)
            if self.complete_list_item_value(
                whole[index],
                completed,
                item_type,
                field_details_list,
                info,
                path.add_key(index, None),
                position_context,
            ):
                later.append(index)

        try:
            while len(completed) < len(whole) and not self._turn_taker.is_over:
                one_more()
        except Exception:
            if later:
                self.settle_in_background([completed[index] for index in later])
            raise
        if len(completed) == len(whole) and not later:
            return completed
        return self._complete_rest(len(whole), completed, later, one_more)

    async def _complete_rest(
        self, count: int, completed: list[Any], later: list[int], one_more: Callable[[], None]
    ) -> list[Any]:
        begun: list[asyncio.Future[Any]] = []
        try:
            begun += [asyncio.ensure_future(completed[index]) for index in later]
            while len(completed) < count:
                await self._turn_taker.next_turn()
                while len(completed) < count and not self._turn_taker.is_over:
                    one_more()
                begun += [asyncio.ensure_future(completed[index]) for index in later[len(begun) :]]
            values = await asyncio.gather(*begun)
        except Exception:
            self.settle_in_background([*begun, *(completed[index] for index in later[len(begun) :])])
            raise
        except asyncio.CancelledError:
            for each in begun:
                each.cancel()
            await asyncio.gather(*begun, return_exceptions=True)
            raise
        for index, value in zip(later, values, strict=True):
            completed[index] = value
        return completed


def _has_selection(field_details_list: FieldDetailsList) -> bool:
    return field_details_list[0].node.selection_set is not None
