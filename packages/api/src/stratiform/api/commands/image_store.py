"""Image stores and staging stores: the commands and what they answer."""

from stratiform.api.command import Command, Returns
from stratiform.api.parameter import LISTING, Parameter, Type, boolean, entity, refused, text
from stratiform.api.view import View, flag, string

IMAGE_STORE = View(
    "imagestore",
    (
        string("id", "the store's UUID"),
        string("name", "its name, or its url if it was given none"),
        string("zoneid", "UUID of its zone"),
        string("zonename", "name of its zone"),
        string("url", "where it is"),
        string("protocol", "how it is reached, for example nfs"),
        string("providername", "what it is made of, for example NFS"),
        string("scope", "ZONE, or REGION for one of all zones"),
        flag("readonly", "whether nothing new is put there"),
    ),
)

_EXAMPLE = {"id": "0190f3c2-4444-7000-8000-000000000001"}
_ZONE = entity("zoneid", "zone", "The zone that it serves; all if left out.")
_URL = "Where it is, for example nfs://server/path."
_FILTERS = (
    text("name", "The store's name."),
    entity("zoneid", "zone", "List the stores of this zone."),
    text("provider", "What it is made of, for example NFS."),
    text("protocol", "How it is reached, for example nfs."),
)

add_image_store = Command(
    name="addImageStore",
    description="Makes an image store.",
    parameters=(
        text("provider", "What it is made of: NFS.", required=True),
        Parameter("url", Type.STRING, _URL, length=2048),
        text("name", "Its name; its url if left out."),
        _ZONE,
    ),
    refused=refused("details"),
    returns=Returns.OBJECT,
    mutates=True,
    event="IMAGE.STORE.CREATE",
    view=IMAGE_STORE,
    object="imagestore",
    kind="image_store",
    example={"provider": "NFS", "url": "nfs://storage/secondary", "zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)

delete_image_store = Command(
    name="deleteImageStore",
    description="Removes an image store, or a staging store.",
    parameters=(entity("id", "image_store", "The store's UUID.", required=True),),
    returns=Returns.SUCCESS,
    mutates=True,
    event="IMAGE.STORE.DELETE",
    kind="image_store",
    example=_EXAMPLE,
)

list_image_stores = Command(
    name="listImageStores",
    description="Lists image stores.",
    parameters=(
        *LISTING,
        entity("id", "image_store", "The store's UUID."),
        *_FILTERS,
        boolean("readonly", "Whether nothing new is put there.", since="4.15.0"),
    ),
    returns=Returns.LIST,
    mutates=False,
    view=IMAGE_STORE,
    object="imagestore",
    kind="image_store",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)

create_secondary_staging_store = Command(
    name="createSecondaryStagingStore",
    description="Makes a staging store: a stop on the way from an image store that hosts do not reach.",
    parameters=(
        Parameter("url", Type.STRING, _URL, required=True, length=2048),
        text("provider", "What it is made of: NFS."),
        text("scope", "ZONE or REGION; ZONE if left out."),
        entity("zoneid", "zone", "The zone that it serves; needed by one of the scope ZONE."),
    ),
    refused=refused("details"),
    returns=Returns.OBJECT,
    mutates=True,
    event="IMAGE.STORE.CREATE",
    view=IMAGE_STORE,
    object="secondarystorage",
    kind="staging_store",
    example={"url": "nfs://storage/staging", "zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)

delete_secondary_staging_store = Command(
    name="deleteSecondaryStagingStore",
    description="Removes a staging store.",
    parameters=(entity("id", "staging_store", "The store's UUID.", required=True),),
    returns=Returns.SUCCESS,
    mutates=True,
    event="IMAGE.STORE.DELETE",
    kind="staging_store",
    example=_EXAMPLE,
)

list_secondary_staging_stores = Command(
    name="listSecondaryStagingStores",
    description="Lists staging stores.",
    parameters=(*LISTING, entity("id", "staging_store", "The store's UUID."), *_FILTERS),
    returns=Returns.LIST,
    mutates=False,
    view=IMAGE_STORE,
    object="imagestore",
    kind="staging_store",
    wrapper="listsecondarystagingstoreresponse",
    example={"zoneid": "0190f3c2-1111-7000-8000-000000000001"},
)
