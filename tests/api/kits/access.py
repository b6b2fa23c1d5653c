"""Fakes of an access plug-in."""

import pytest

from stratiform.api.access import All, Any, Equals, Everything, Nothing, SharedWith, Within, holds
from stratiform.api.principal import Role
from stratiform.api.testing.access import AccessContract

CALLABLE = {"deployVirtualMachine", "listVirtualMachines", "destroyVirtualMachine", "listZones"}


class Rules:
    name = "rules"
    order = 1

    def may_call(self, who, command):
        return who.role is Role.ADMIN or command in CALLABLE

    def visible(self, who, action, kind):
        if who.role is Role.ADMIN:
            return Everything()
        if action == "deployVirtualMachine" and kind in ("network", "template"):
            return Any((self.own(who), SharedWith(who.account)))
        return self.own(who)

    def own(self, who):
        return Equals("owner", who.account) if who.role is Role.USER else Within("scope", who.scope)

    def may_use(self, who, action, kind, entity):
        return self.may_call(who, action) and holds(self.visible(who, action, kind), entity)


class TestRight(AccessContract):
    kind = Rules

    @pytest.fixture
    def access(self):
        return self.kind()


class ChecksByItsOwnRule(Rules):
    def may_use(self, who, action, kind, entity):
        return who.role is Role.ADMIN or entity.get("owner") == who.account


class TestChecksByItsOwnRule(TestRight):
    kind = ChecksByItsOwnRule
    caught_by = {"test_a_check_and_a_list_agree", "test_a_domain_admin_has_its_domain_and_those_below"}


class ForgetsTheSlash(Rules):
    def own(self, who):
        own = super().own(who)
        return Within("scope", own.path.rstrip("/")) if isinstance(own, Within) else own


class TestForgetsTheSlash(TestRight):
    kind = ForgetsTheSlash
    caught_by = {"test_a_domain_admin_has_its_domain_and_those_below"}


class ShowsTheDomain(Rules):
    def own(self, who):
        return Within("scope", who.scope)


class TestShowsTheDomain(TestRight):
    kind = ShowsTheDomain
    caught_by = {"test_a_user_has_what_its_account_owns_and_no_more"}


class LetsTheSharedBeDeleted(Rules):
    def may_call(self, who, command):
        return command == "deleteNetwork" or super().may_call(who, command)

    def visible(self, who, action, kind):
        return super().visible(who, "deployVirtualMachine", kind)


class TestLetsTheSharedBeDeleted(TestRight):
    kind = LetsTheSharedBeDeleted
    caught_by = {"test_what_is_shared_may_be_used_but_not_deleted"}


class SharesWithAll(Rules):
    def visible(self, who, action, kind):
        visible = super().visible(who, action, kind)
        return Everything() if isinstance(visible, Any) else visible


class TestSharesWithAll(TestRight):
    kind = SharesWithAll
    caught_by = {"test_what_is_shared_with_one_is_not_shared_with_all"}


class LetsEveryoneDoWhatIsNew(Rules):
    def may_call(self, who, command):
        return who.role is Role.ADMIN or command != "createZone"


class TestLetsEveryoneDoWhatIsNew(TestRight):
    kind = LetsEveryoneDoWhatIsNew
    caught_by = {"test_who_is_no_root_admin_runs_no_cloud"}


class AnswersWithWhatCannotBeSent(Rules):
    def visible(self, who, action, kind):
        return All([super().visible(who, action, kind)])


class TestAnswersWithWhatCannotBeSent(TestRight):
    kind = AnswersWithWhatCannotBeSent
    caught_by = {"test_a_filter_crosses_a_socket"}


class HidesFromTheRootAdmin(Rules):
    def visible(self, who, action, kind):
        visible = super().visible(who, action, kind)
        return Nothing() if kind == "template" and who.role is Role.ADMIN else visible


class TestHidesFromTheRootAdmin(TestRight):
    kind = HidesFromTheRootAdmin
    caught_by = {"test_the_root_admin_has_everything"}
