"""What pytest leaves out where it collects doctests: modules whose host is not installed."""

from __future__ import annotations

from importlib.util import find_spec

#: Module of `pluralism.adapters` -> the package without which it cannot be imported.
_HOSTS = {
    "inspect_ai": "inspect_ai",
    "hf_evaluate": "evaluate",
    "torchmetrics": "torchmetrics",
    "lighteval": "lighteval",
    "helm": "helm",
}
collect_ignore_glob = ["pluralism/adapters/hf/*"] + [
    f"pluralism/adapters/{module}.py" for module, host in _HOSTS.items() if find_spec(host) is None
]
