"""Which attributes of an estimator are more, or less, than settings: what they are for.

A class states it in ``attribute_roles``, a dict of names, and so do its bases:

``"place"``
    A parameter that names where something is written. No answer depends on it, and neither a file
    that is loaded nor a capsule that is replayed may choose it. So is every parameter whose
    annotation is a path, unless it has another role.
``"source"``
    A path that is read, and where nothing is written.
``"manner"``
    A parameter on which nothing depends but what is shown meanwhile.
``"extent"``
    A parameter of a search that may be changed while the search goes on in its storage.
``"unsaved"``
    What a fitted estimator knows, and files leave out.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["place", "source", "manner", "extent", "unsaved"]


def with_role(cls: type, *roles: Role) -> set[str]:
    """The attributes of a class that have one of some roles.

    Parameters
    ----------
    cls : type
    *roles : {"place", "source", "manner", "extent", "unsaved"}

    Returns
    -------
    set of str

    Examples
    --------
    >>> from eegkit.classifiers import CNNBiGRU
    >>> from eegkit.roles import with_role
    >>> sorted(with_role(CNNBiGRU, "place", "manner"))
    ['checkpoint_dir', 'verbose']
    """
    stated: dict[str, Role] = {}
    for base in reversed(cls.__mro__):
        stated |= vars(base).get("attribute_roles", {})
    return {name for name, role in stated.items() if role in roles}


def places(cls: type) -> set[str]:
    """The parameters that name where something is written: stated ones, and other paths."""
    hints = getattr(cls, "parameter_types", {})
    paths = {name for name, hint in hints.items() if "PathLike" in str(hint)}
    return with_role(cls, "place") | (paths - with_role(cls, "source"))
