"""The contract of primary storage. Subclass, give a storage and a pool that it can reach."""

from collections.abc import Iterator
from itertools import product
from typing import ClassVar

import msgspec
import pytest

from stratiform.api.adapters.storage import PrimaryStorage
from stratiform.api.spec import PoolSpec, VolumeSpec
from stratiform.api.testing.abort import all_or_nothing
from stratiform.api.testing.contract import Contract, crosses, explained
from stratiform.framework.base.errors import Error

MIB = 1 << 20
VERBS = ("create root", "create data", "delete root", "delete data")
STORIES = [verbs for length in (1, 2, 3) for verbs in product(VERBS, repeat=length)]
"""Everything that can be asked about two disks in up to three verbs."""


class PrimaryStorageContract(Contract):
    """Idempotence in every order, disks that do not touch each other, nothing left behind by a failure."""

    protocol: ClassVar[type] = PrimaryStorage

    @pytest.fixture
    def storage(self) -> PrimaryStorage:
        """The storage: the plug-in's to define."""
        raise NotImplementedError("define the fixture `storage`")

    @pytest.fixture
    def pool(self) -> PoolSpec:
        """An empty pool that this storage can attach: the plug-in's to define."""
        raise NotImplementedError("define the fixture `pool`")

    @pytest.fixture
    def disks(self, pool: PoolSpec) -> dict[str, VolumeSpec]:
        """Two empty disks, `root` and `data`."""
        return {
            name: VolumeSpec(
                uuid=f"5f0e0f5c-0000-7000-8000-00000000000{device}",
                name=name,
                pool=pool,
                path=f"5f0e0f5c-0000-7000-8000-00000000000{device}",
                size=(device + 1) * 8 * MIB,
                device=device,
            )
            for device, name in enumerate(("root", "data"))
        }

    @pytest.fixture
    def lost(self) -> str:
        """The words for an image that is nowhere."""
        return "http://image.invalid/lost.qcow2"

    @pytest.fixture
    def adapter(self, storage: PrimaryStorage) -> object:
        """The storage."""
        return storage

    @pytest.fixture(autouse=True)
    def leave_nothing(
        self, storage: PrimaryStorage, pool: PoolSpec, disks: dict[str, VolumeSpec]
    ) -> Iterator[None]:
        """Attach the pool before, delete the disks after."""
        storage.attach(pool)
        yield
        for disk in disks.values():
            storage.delete(disk)

    def test_a_pool_tells_its_size(self, storage: PrimaryStorage, pool: PoolSpec) -> None:
        fact = storage.attach(pool)
        assert 0 <= fact.used <= fact.capacity
        assert fact.capacity > 0
        crosses(fact)

    def test_a_pool_may_be_attached_twice(self, storage: PrimaryStorage, pool: PoolSpec) -> None:
        assert storage.attach(pool).capacity == storage.attach(pool).capacity

    def test_attaching_again_keeps_the_disks(
        self, storage: PrimaryStorage, pool: PoolSpec, disks: dict[str, VolumeSpec]
    ) -> None:
        storage.create(disks["root"])
        storage.attach(pool)
        assert self.there(storage, disks["root"])

    def test_a_pool_that_is_left_and_attached_again_has_its_disks(
        self, storage: PrimaryStorage, pool: PoolSpec, disks: dict[str, VolumeSpec]
    ) -> None:
        """Every host may leave a pool; what others keep there stays. Left twice is left once."""
        storage.create(disks["root"])
        storage.detach(pool)
        storage.detach(pool)
        storage.attach(pool)
        assert {name: self.there(storage, disk) for name, disk in disks.items()} == {"root": True, "data": False}

    def test_a_disk_is_what_was_asked_for(
        self, storage: PrimaryStorage, disks: dict[str, VolumeSpec]
    ) -> None:
        fact = storage.create(disks["root"])
        assert (fact.uuid, fact.path) == (disks["root"].uuid, disks["root"].path)
        assert fact.size >= disks["root"].size
        crosses(fact)

    @pytest.mark.parametrize("verbs", STORIES, ids=" ".join)
    def test_any_story_told_twice_ends_the_same(
        self, storage: PrimaryStorage, disks: dict[str, VolumeSpec], verbs: tuple[str, ...]
    ) -> None:
        """Every verb is given twice, and afterwards as much is there as if each had been given once."""
        there = dict.fromkeys(disks, False)
        for verb in verbs:
            act, name = verb.split()
            if act == "create":
                assert storage.create(disks[name]) == storage.create(disks[name])
            else:
                storage.delete(disks[name])
                storage.delete(disks[name])
            there[name] = act == "create"
        assert {name: self.there(storage, disk) for name, disk in disks.items()} == there

    def test_an_image_that_is_nowhere_is_an_error_that_helps(
        self, storage: PrimaryStorage, disks: dict[str, VolumeSpec], lost: str
    ) -> None:
        with pytest.raises(Error) as raised:
            storage.create(msgspec.structs.replace(disks["root"], template=lost))
        explained(raised.value, lost)

    def test_a_failure_leaves_no_disk(
        self, storage: PrimaryStorage, disks: dict[str, VolumeSpec], lost: str
    ) -> None:
        with pytest.raises(Error):
            storage.create(msgspec.structs.replace(disks["root"], template=lost))
        assert not self.there(storage, disks["root"])

    @pytest.mark.parametrize("verb", ["create", "delete"])
    def test_what_is_ended_early_has_no_effect_or_all_of_it(
        self, storage: PrimaryStorage, disks: dict[str, VolumeSpec], verb: str
    ) -> None:
        """Wherever it looks; and what was aborted can be asked for again."""
        disk = disks["root"]

        def create() -> None:
            storage.create(disk)

        def delete() -> None:
            storage.delete(disk)

        before, call = (delete, create) if verb == "create" else (create, delete)
        all_or_nothing(before, call, lambda: self.there(storage, disk))

    @staticmethod
    def there(storage: PrimaryStorage, disk: VolumeSpec) -> bool:
        """Whether there is a disk, by asking for a larger one at its path: what is there stays as it is."""
        larger = msgspec.structs.replace(disk, size=disk.size * 4)
        found = storage.create(larger).size < larger.size
        if not found:
            storage.delete(disk)
        return found
