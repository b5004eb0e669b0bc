# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What is loaded into a container, by calls of its parts: where it is cancelled, and what it logs.

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, TypeAlias

import pytest
from rclpy.logging import get_logger, get_logger_effective_level
from rclpy.node import Node

from aiorcl import ThreadCallbackGroup
from aiorcl._program.container import components
from aiorcl._program.container.components import Components
from aiorcl._program.container.executor import ComponentExecutor
from aiorcl._program.container.load_error import LoadError
from aiorcl._serving.destroyed import is_destroyed
from tests.support.walk import cancel_everywhere

Run = Callable[..., Any]
Capture: TypeAlias = pytest.CaptureFixture[str]


class Waits(Node):
    """A coroutine of it runs until it is cancelled, and takes some turns of the loop to end."""

    def __init__(self) -> None:
        super().__init__("waits", start_parameter_services=False)
        self.begun = asyncio.Event()
        self.create_timer(0.0, self.wait)  # type: ignore[arg-type]

    async def wait(self) -> None:
        """Wait."""
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(3):
                await asyncio.sleep(0)


class Clings(Waits):
    """Its coroutine ends when it likes to."""

    let_go: asyncio.Event

    async def wait(self) -> None:
        """Wait, whoever cancels it."""
        self.begun.set()
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                pass


class Raises(Node):
    """Raises in a callback of one kind."""

    kind = ""

    def __init__(self) -> None:
        super().__init__("raises", start_parameter_services=False)
        self.gone = asyncio.Event()
        group = ThreadCallbackGroup(1) if self.kind == "worker" else None
        callback: Any = self.coroutine if self.kind == "coroutine" else self.plain
        self.create_timer(0.0, callback, group)

    def plain(self) -> None:
        """Raise."""
        raise OSError("on purpose")

    async def coroutine(self) -> None:
        """Raise later."""
        await asyncio.sleep(0)
        self.plain()

    def destroy_node(self) -> None:
        """Tell of it."""
        super().destroy_node()
        self.gone.set()


class Fails(Node):
    """Raises in its constructor."""

    def __init__(self) -> None:
        super().__init__("fails", start_parameter_services=False)
        raise ValueError("never whole")


def request(node_class: type[Node], **fields: Any) -> Any:
    """Make what asks for a node of a class of this module."""
    plugin = f"{node_class.__module__}::{node_class.__qualname__}"
    texts = dict.fromkeys(("package_name", "node_name", "node_namespace"), "")
    lists = {name: [] for name in ("remap_rules", "parameters", "extra_arguments")}
    return SimpleNamespace(**{"plugin_name": plugin, "log_level": 0, **texts, **lists, **fields})


@pytest.fixture
def loaded() -> Components:
    """What holds components."""
    return Components(get_logger("container"))


def executor_for(loaded: Components) -> ComponentExecutor:
    """Make the executor of a container on the running loop."""

    def on_error(node: Node | None, error: BaseException, origin: str) -> None:
        loaded.failed(node, error, origin, executor)

    executor = ComponentExecutor(on_error, asyncio.get_running_loop())
    return executor


def test_an_unload_may_be_cancelled_anywhere(run: Run, loaded: Components) -> None:
    """The node is destroyed, and its coroutines end, all the same."""

    async def main() -> None:
        async with executor_for(loaded) as executor:

            async def once() -> None:
                component = loaded.load(request(Waits), executor)
                assert isinstance(component.node, Waits)
                await component.node.begun.wait()
                try:
                    await loaded.unload(component.unique_id, executor)
                finally:
                    assert is_destroyed(component.node)

            def left() -> object:
                for component in loaded.loaded():  # it was cancelled before it came to the unload
                    executor.create_task(loaded.unload, component.unique_id, executor)
                return len(executor.get_nodes())

            assert (
                await cancel_everywhere(once, left, ends=(asyncio.CancelledError, LookupError)) >= 4
            )

    run(main)


def test_a_coroutine_that_does_not_end_is_waited_for_so_long(
    run: Run, loaded: Components, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    """Then its node is destroyed, and named."""
    monkeypatch.setattr(components, "_PATIENCE_SEC", 0.01)

    async def main() -> None:
        Clings.let_go = asyncio.Event()
        async with executor_for(loaded) as executor:
            component = loaded.load(request(Clings), executor)
            assert isinstance(component.node, Clings)
            await component.node.begun.wait()
            await loaded.unload(component.unique_id, executor)
            assert is_destroyed(component.node)
            Clings.let_go.set()

    run(main)
    assert "Coroutines of node '/waits' have not ended" in capfd.readouterr().err


@pytest.mark.parametrize("kind", ["plain", "coroutine", "worker"])
def test_what_a_callback_raises_unloads_its_node(
    run: Run, loaded: Components, kind: str, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    """Whatever kind of callback it is; the log names it, and a node beside it is left alone."""
    monkeypatch.setattr(Raises, "kind", kind)

    async def main() -> None:
        async with executor_for(loaded) as executor:
            beside = loaded.load(request(Waits), executor)
            raising = loaded.load(request(Raises), executor)
            assert isinstance(raising.node, Raises)
            await raising.node.gone.wait()
            assert loaded.loaded() == [beside]
            assert executor.get_nodes() == [beside.node]

    run(main)
    said = capfd.readouterr().err
    name = "coroutine" if kind == "coroutine" else "plain"
    assert f"Exception in timer 'Raises.{name}' of node '/raises', which is unloaded" in said
    assert said.count("OSError: on purpose") == 1


def test_what_belongs_to_no_component_is_logged(run: Run) -> None:
    """And unloads nothing."""

    def raises() -> None:
        raise OSError("on purpose")

    async def main() -> None:
        said = asyncio.get_running_loop().create_future()
        logger: Any = SimpleNamespace(error=said.set_result, info=print)
        loaded = Components(logger)
        async with executor_for(loaded) as executor:
            beside = loaded.load(request(Waits), executor)
            executor.create_task(raises)
            assert (await said).startswith(f"Exception in task '{raises.__qualname__}'\nTraceback")
            assert loaded.loaded() == [beside]

    run(main)


def test_a_log_level_goes_with_its_node(run: Run, loaded: Components) -> None:
    """Also with one that was never whole, or that has destroyed itself."""

    async def main() -> None:
        async with executor_for(loaded) as executor:
            usual = get_logger_effective_level("waits")
            component = loaded.load(request(Waits, log_level=40), executor)
            assert get_logger_effective_level("waits") == 40
            component.node.destroy_node()
            assert loaded.loaded() == []
            assert get_logger_effective_level("waits") == usual
            with pytest.raises(LoadError, match="never whole"):
                loaded.load(request(Fails, log_level=40), executor)
            assert get_logger_effective_level("fails") == usual

    run(main)
