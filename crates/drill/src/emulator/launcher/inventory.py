"""A list of all that exists in the emulator, whenever somebody asks for it."""

import json
import os
import signal
import sys

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

# Where a thing says how far its removal is, by kind: a stack, a key, a task (what ECS wants of it), all else of ECS.
STATES = ("StackStatus", "KeyState", "desiredStatus", "status")


def inventory():
    """Everything that every service holds, and the state of what is on its way out."""
    found = {}
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith("ministack.services."):
            continue
        service = module_name.split(".")[2]
        for kind, store in list(vars(module).items()):
            if not isinstance(store, (AccountRegionScopedDict, AccountScopedDict)):
                continue
            for key in list(store._data):
                region = key[1] if isinstance(store, AccountRegionScopedDict) else ""
                value = store._data.get(key)
                state = next(filter(None, map(value.get, STATES)), None) if isinstance(value, dict) else None
                found[service, kind.lstrip("_"), region, str(key[-1])] = state
    names = ("service", "kind", "region", "key", "state")
    return [dict(zip(names, (*one, state))) for one, state in sorted(found.items())]


def answer(path):
    """Writes the inventory to this file whenever the process gets SIGUSR1."""

    def write(*_):
        partial = path + ".partial"
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(inventory(), file)
        os.replace(partial, path)

    signal.signal(signal.SIGUSR1, write)
