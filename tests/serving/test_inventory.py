# Copyright 2026 The aiorcl authors
# SPDX-License-Identifier: Apache-2.0
# What has come to a node or gone, found without a walk over the rest, however it came and went.

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from rclpy.node import Node

from aiorcl._serving.inventory import Inventory


class Thing:
    """What a node may have."""

    def destroy(self) -> None:
        """Be destroyed with the node."""


class CountingList(list[Any]):
    """A list that counts what it hands out."""

    handed_out = 0

    def __getitem__(self, where: Any) -> Any:
        found = super().__getitem__(where)
        self.handed_out += len(found) if isinstance(where, slice) else 1
        return found

    def __iter__(self) -> Any:
        self.handed_out += len(self)
        return super().__iter__()

    def copy(self) -> Any:
        """Hand out all."""
        self.handed_out += len(self)
        return super().copy()


@pytest.fixture
def listed(lone: Node) -> Iterator[CountingList]:
    """The list behind the timers of a node."""
    timers = CountingList()
    setattr(lone, "_timers", timers)
    yield timers
    timers.clear()  # newer rclpy waits for those that it destroys to leave


@pytest.fixture
def inventory(lone: Node, listed: CountingList) -> Inventory:
    """The inventory of these timers."""
    return Inventory(lone, "timers")


class Follower:
    """Does what an inventory says."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.known: dict[int, Any] = {}

    def look(self, *, search: bool = False) -> tuple[list[Any], list[Any]]:
        """Return what has come and what has gone, after striking out and entering it."""
        came, gone = self.inventory.search() if search else self.inventory.look()
        went = [self.known.pop(key) for key in gone]
        for key in gone:
            self.inventory.discard(key)
        for thing in came:
            assert id(thing) not in self.known
            self.known[id(thing)] = thing
            self.inventory.add(thing)
        return list(came), went

    @property
    def things(self) -> set[Any]:
        """What it thinks that the node has."""
        return set(self.known.values())


@pytest.fixture
def follower(inventory: Inventory) -> Follower:
    """Who looks."""
    return Follower(inventory)


def test_what_comes_and_goes(listed: CountingList, follower: Follower) -> None:
    """All at first, then what was appended or named and removed; nothing twice."""
    first, second, third = (Thing() for _ in range(3))
    listed += [first, second]
    assert follower.look() == ([first, second], [])
    assert follower.look() == ([], [])
    listed.append(third)
    assert follower.look() == ([third], [])
    listed.remove(first)
    follower.inventory.leaves(first)
    assert follower.look() == ([], [first])
    assert follower.look() == ([], [])


@pytest.mark.parametrize("number", [10, 1000])
def test_the_rest_is_not_looked_at(listed: CountingList, follower: Follower, number: int) -> None:
    """As little is taken from the list however long it is."""
    listed += [Thing() for _ in range(number)]
    follower.look()
    for come, go in ((1, 0), (0, 1), (1, 1), (0, 0)):
        listed.handed_out = 0
        listed += [Thing() for _ in range(come)]
        for thing in [list.__getitem__(listed, number // 2) for _ in range(go)]:
            listed.remove(thing)
            follower.inventory.leaves(thing)
        came, gone = follower.look()
        assert (len(came), len(gone)) == (come, go)
        assert listed.handed_out <= 6


def test_what_is_destroyed_and_listed_yet_stays(listed: CountingList, follower: Follower) -> None:
    """As after ``subscription.destroy()``, of which its node knows nothing."""
    first, second = Thing(), Thing()
    listed += [first, second]
    follower.look()
    for _ in range(2):
        follower.inventory.leaves(first)
        assert follower.look() == ([], [])
    third = Thing()
    listed.append(third)
    assert follower.look() == ([third], [])
    listed.remove(first)
    assert follower.look() == ([], [first])


def test_what_is_removed_and_comes_back_in_between(
    listed: CountingList, follower: Follower
) -> None:
    """Beside others it is found where it is now."""
    first, second, third, fourth = (Thing() for _ in range(4))
    listed += [first, second, third]
    follower.look()
    listed.remove(first)
    follower.inventory.leaves(first)
    listed.append(first)
    assert follower.look() == ([], [])
    for thing in (first, second):
        listed.remove(thing)
        follower.inventory.leaves(thing)
    listed += [fourth, first]
    assert follower.look() == ([fourth], [second])


def test_what_nobody_names_is_found(listed: CountingList, follower: Follower) -> None:
    """Whoever changes the list in another way is seen, also when its length is as before."""
    first, second, third = (Thing() for _ in range(3))
    listed += [first, second]
    follower.look()
    listed[:] = [first, third]
    assert follower.look() == ([third], [second])
    listed.insert(0, second)
    assert follower.look() == ([second], [])
    listed.clear()
    came, gone = follower.look()
    assert came == []
    assert set(gone) == {first, second, third}


def test_what_is_listed_twice(listed: CountingList, follower: Follower) -> None:
    """It comes once, and goes when it is listed no more."""
    first, second = Thing(), Thing()
    listed += [first, second, first]
    assert follower.look() == ([first, second], [])
    listed.remove(first)
    follower.inventory.leaves(first)
    assert follower.look() == ([], [])
    listed.remove(first)
    follower.inventory.leaves(first)
    assert follower.look() == ([], [first])
    listed += [first, first]
    assert follower.look() == ([first], [])


@pytest.mark.parametrize("is_named", [True, False])
def test_an_id_is_given_to_another(
    listed: CountingList, inventory: Inventory, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    """What has the id of one that is gone is not taken for it."""
    monkeypatch.setattr("aiorcl._serving.inventory.id", lambda thing: 1, raising=False)
    listed.append(Thing())
    for _ in range(3):
        came, gone = inventory.look()
        assert list(came) == listed
        for key in gone:
            inventory.discard(key)
        for thing in came:
            inventory.add(thing)
        if is_named:
            inventory.leaves(listed[0])
        del came, thing
        listed[:] = [Thing()]
    listed.clear()


class Slotted:
    """What allows no weak references."""

    __slots__ = ()


def test_what_cannot_be_referenced_weakly(listed: CountingList, follower: Follower) -> None:
    """It comes and goes as all others."""
    thing = Slotted()
    listed.append(thing)
    assert follower.look() == ([thing], [])
    listed.remove(thing)
    assert follower.look() == ([], [thing])


class Chooser(Node):
    """A node that says itself what timers it has."""

    chosen: Any = ()

    @property
    def timers(self) -> Any:
        """The chosen ones."""
        yield from self.chosen


def test_a_class_with_a_property_of_its_own(make_node: Any) -> None:
    """What the property says holds."""
    node = make_node(Chooser)
    follower = Follower(Inventory(node, "timers"))
    first, second = Thing(), Thing()
    for chosen in ([first], [second], [first, second], []):
        node.chosen = chosen
        follower.look()
        assert follower.things == set(chosen)


@pytest.mark.parametrize("seed", range(20))
def test_any_changes_between_two_looks(listed: CountingList, follower: Follower, seed: int) -> None:
    """Things that come, go, come back, and are destroyed while they are listed."""
    choose = random.Random(seed)
    away: list[Thing] = []
    for _ in range(300):
        for _ in range(choose.randrange(4)):
            what = choose.random()
            if what < 0.4 or not listed:
                listed.append(away.pop() if away and what < 0.1 else Thing())
                continue
            thing = choose.choice(listed)
            follower.inventory.leaves(thing)
            if what < 0.9:
                listed.remove(thing)
                away.append(thing)
        if choose.random() < 0.1:
            follower.look(search=True)
        else:
            follower.look()
        assert follower.things == set(listed)
