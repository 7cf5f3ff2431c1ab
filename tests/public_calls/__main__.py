"""Print the answers, to ten digits, of every function that takes a seed, in its example."""

from __future__ import annotations

import inspect
import json
import warnings

from . import FUNCTIONS, digits, first_call, function, is_repeatable

answers = {}
warnings.simplefilter("ignore")
for namespace, name in FUNCTIONS:
    thing = function(namespace, name)
    if "seed" in inspect.signature(thing).parameters and namespace != "plots":
        call = first_call(namespace, name)
        if is_repeatable(thing, call.kwargs):
            answers[f"{namespace}.{name}"] = digits(thing(*call.args, **call.kwargs))
print(json.dumps(answers))
