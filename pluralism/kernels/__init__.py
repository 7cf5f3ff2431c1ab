"""Numbers only: pure functions of arrays, without labels, exceptions or input and output.

Every ``jax.jit`` of the library lives here. The JAX kernels run under the caller's own precision
and may be differentiated, batched and jitted through; the host kernels (NumPy and SciPy) stand
where they are faster. Kernels assume checked input and report trouble by status codes.
"""

from .._lazy import attach

_EXPORTS = {
    "case_iii_log_likelihood": "_thurstone_jax",
    "coin_confidence": "_confidence",
    "davidson_luce_normaliser": "_davidson_luce",
    "elo_ratings": "_elo",
    "plugin_entropy": "_entropy",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)
