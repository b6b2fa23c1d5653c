"""The commands that each role may call: CloudStack's default roles, for the commands that there are so far.

They are what CloudStack's annotations and the rules its database begins with grant together.
"""

from collections.abc import Mapping

from stratiform.api.principal import Role

USER = frozenset(
    """
    createNetwork createSSHKeyPair createSecurityGroup createTags deleteNetwork deleteSSHKeyPair deleteTags
    deleteUserKeys deployVirtualMachine destroyVirtualMachine expungeVirtualMachine getUserKeys listAccounts listApis
    listAsyncJobs listCapabilities listDiskOfferings listEventTypes listEvents listHypervisors
    listIpForwardingRules listNetworkOfferings listNetworks listOsCategories listOsTypes
    listPortForwardingRules listProjects listPublicIpAddresses listSSHKeyPairs listSecurityGroups
    listServiceOfferings listTags listTemplates listUserKeys listUsers listVirtualMachines listVolumes listZones login
    logout queryAsyncJobResult rebootVirtualMachine recoverVirtualMachine registerSSHKeyPair registerTemplate
    registerUserKeys resetSSHKeyForVirtualMachine startVirtualMachine stopVirtualMachine updateUser
    updateVirtualMachine
    """.split()  # noqa: SIM905 -- read as a table
)

DOMAIN_ADMIN = USER | frozenset(
    """
    configureInternalLoadBalancerElement configureVirtualRouterElement createAccount createDomain
    createServiceOffering createUser deleteAccount deleteDomain deleteServiceOffering deleteUser
    disableAccount disableUser enableAccount enableUser listConfigurations listDomainChildren listDomains
    listInternalLoadBalancerElements listRouters listVirtualRouterElements lockAccount lockUser updateAccount
    updateConfiguration
    """.split()  # noqa: SIM905 -- read as a table
)

RESOURCE_ADMIN = USER | frozenset(
    """
    addHost configureInternalLoadBalancerElement configureVirtualRouterElement createAccount
    createServiceOffering createUser deleteAccount deleteHost deleteServiceOffering deleteUser disableAccount
    disableUser enableAccount enableUser listClusters listDomainChildren listDomains listHosts
    listInternalLoadBalancerElements listPods listRouters listStoragePools listSystemVms
    listVirtualRouterElements lockAccount lockUser updateAccount
    """.split()  # noqa: SIM905 -- read as a table
)

GRANTED: Mapping[Role, frozenset[str]] = {
    Role.USER: USER,
    Role.DOMAIN_ADMIN: DOMAIN_ADMIN,
    Role.RESOURCE_ADMIN: RESOURCE_ADMIN,
}
"""Per role the commands it may call; a role that is not here may call every command."""
