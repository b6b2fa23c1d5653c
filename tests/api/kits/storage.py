"""Fakes of a primary storage."""

import pytest

from stratiform.api.spec import PoolFact, PoolSpec, VolumeFact
from stratiform.api.testing.storage import PrimaryStorageContract
from stratiform.framework.agents import abort
from stratiform.framework.base.errors import Error


class NoImage(Error):
    """There is no image {image}. Register it again."""

    code = "no_image"


class Storage:
    def __init__(self):
        self.disks = {}

    def attach(self, pool):
        return PoolFact(capacity=1 << 30, used=sum(fact.size for fact in self.disks.values()))

    def detach(self, pool):
        pass

    def create(self, volume):
        if volume.template is not None:
            raise NoImage(image=volume.template)
        abort.current().check()
        fact = VolumeFact(uuid=volume.uuid, path=volume.path, size=volume.size)
        return self.disks.setdefault(volume.path, fact)

    def delete(self, volume):
        self.disks.pop(volume.path, None)


class TestRight(PrimaryStorageContract):
    kind = Storage

    @pytest.fixture
    def storage(self):
        return self.kind()

    @pytest.fixture
    def pool(self):
        return PoolSpec(uuid="pool", url="test://pool")


class MakesItAgain(Storage):
    def create(self, volume):
        self.delete(volume)
        return super().create(volume)


class TestMakesItAgain(TestRight):
    kind = MakesItAgain
    caught_by = {
        "test_any_story_told_twice_ends_the_same",
        "test_attaching_again_keeps_the_disks",
        "test_a_pool_that_is_left_and_attached_again_has_its_disks",
    }


class DeletesThePool(Storage):
    def delete(self, volume):
        self.disks.clear()


class TestDeletesThePool(TestRight):
    kind = DeletesThePool
    caught_by = {"test_any_story_told_twice_ends_the_same"}


class FormatsWhatItAttaches(Storage):
    def attach(self, pool):
        self.disks.clear()
        return super().attach(pool)


class TestFormatsWhatItAttaches(TestRight):
    kind = FormatsWhatItAttaches
    caught_by = {
        "test_attaching_again_keeps_the_disks",
        "test_a_pool_that_is_left_and_attached_again_has_its_disks",
    }


class ClearsWhatItLeaves(Storage):
    def detach(self, pool):
        self.disks.clear()


class TestClearsWhatItLeaves(TestRight):
    kind = ClearsWhatItLeaves
    caught_by = {"test_a_pool_that_is_left_and_attached_again_has_its_disks"}


class LeavesOnlyOnce(Storage):
    there = True

    def attach(self, pool):
        self.there = True
        return super().attach(pool)

    def detach(self, pool):
        if not self.there:
            raise NoImage(image="?")
        self.there = False


class TestLeavesOnlyOnce(TestRight):
    kind = LeavesOnlyOnce
    caught_by = {"test_a_pool_that_is_left_and_attached_again_has_its_disks"}


class LeavesHalfADisk(Storage):
    def create(self, volume):
        if volume.template is not None:
            self.disks[volume.path] = VolumeFact(uuid=volume.uuid, path=volume.path, size=1)
        return super().create(volume)


class TestLeavesHalfADisk(TestRight):
    kind = LeavesHalfADisk
    caught_by = {"test_a_failure_leaves_no_disk"}


class MakesItEmpty(Storage):
    def create(self, volume):
        fact = VolumeFact(uuid=volume.uuid, path=volume.path, size=volume.size)
        return self.disks.setdefault(volume.path, fact)


class TestMakesItEmpty(TestRight):
    kind = MakesItEmpty
    caught_by = {"test_an_image_that_is_nowhere_is_an_error_that_helps", "test_a_failure_leaves_no_disk"}


class DeletesOnlyOnce(Storage):
    def delete(self, volume):
        del self.disks[volume.path]


class TestDeletesOnlyOnce(TestRight):
    kind = DeletesOnlyOnce
    caught_by = {"test_any_story_told_twice_ends_the_same"}


class LeavesWhatItCopied(Storage):
    def create(self, volume):
        if abort.current().asked:
            self.disks[volume.path] = VolumeFact(uuid=volume.uuid, path=volume.path, size=1)
        return super().create(volume)


class TestLeavesWhatItCopied(TestRight):
    kind = LeavesWhatItCopied
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}


class DeletesBeforeItLooks(Storage):
    def delete(self, volume):
        super().delete(volume)
        abort.current().check()


class TestDeletesBeforeItLooks(TestRight):
    kind = DeletesBeforeItLooks
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}


class TellsOfADiskThatItDidNotMake(Storage):
    def create(self, volume):
        fact = VolumeFact(uuid=volume.uuid, path=volume.path, size=volume.size)
        return fact if abort.current().asked else super().create(volume)


class TestTellsOfADiskThatItDidNotMake(TestRight):
    kind = TellsOfADiskThatItDidNotMake
    caught_by = {"test_what_is_ended_early_has_no_effect_or_all_of_it"}
