"""Numbers only: pure functions of arrays, without labels, exceptions or input and output.

Every ``jax.jit`` of the library lives here. The JAX kernels run under the caller's own precision
and may be differentiated, batched and jitted through; the host kernels (NumPy and SciPy) stand
where they are faster. Kernels assume checked input and report trouble by status codes.
"""

from .._lazy import attach

_EXPORTS = {
    "bradley_terry_log_likelihood": "_pairs_jax",
    "bradley_terry_utilities": "_pairs_jax",
    "case_iii_log_likelihood": "_thurstone_jax",
    "chao_shen_entropy": "_entropy",
    "coin_confidence": "_confidence",
    "contingency": "_contingency",
    "davidson_luce_normaliser": "_davidson_luce",
    "dirichlet_entropy": "_entropy",
    "dominance_counts": "_pareto",
    "elo_ratings": "_elo",
    "expected_richness": "_rarefaction",
    "grassberger_1988_entropy": "_entropy",
    "grassberger_entropy": "_entropy",
    "hellinger": "_distances",
    "hypervolume_2d": "_pareto",
    "hypervolume_3d": "_pareto",
    "jonckheere": "_trend",
    "js_divergence": "_distances",
    "js_divergence_among": "_distances",
    "kl_divergence": "_distances",
    "manhattan": "_distances",
    "miller_madow_entropy": "_entropy",
    "nsb_entropy": "_nsb",
    "pad_pairs": "_pairs_jax",
    "pairwise_batch": "_pairwise",
    "pairwise_counts": "_pairwise",
    "plugin_entropy": "_entropy",
    "renyi_entropy": "_diversity",
    "resampled_ratios": "_rates",
    "similarity_diversity": "_diversity",
    "total_variation": "_distances",
    "tsallis_entropy": "_diversity",
    "wasserstein": "_distances",
    "widest_paths": "_tournament",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)
