"""Numbers only: pure functions of arrays, without labels, exceptions or input and output.

Every ``jax.jit`` of the library lives here. The JAX kernels run under the caller's own precision
and may be differentiated, batched and jitted through; the host kernels (NumPy and SciPy) stand
where they are faster. Kernels assume checked input and report trouble by status codes.
"""

from .._lazy import attach

_EXPORTS = {
    "bradley_terry_log_likelihood": "_pairs_jax",
    "bradley_terry_utilities": "_pairs_jax",
    "brennan_prediger_agreement": "_agreement",
    "case_iii_log_likelihood": "_thurstone_jax",
    "chao_shen_entropy": "_entropy",
    "coin_confidence": "_confidence",
    "conger_agreement": "_agreement",
    "contingency": "_contingency",
    "cross_agreement": "_cross",
    "davidson_luce_normaliser": "_davidson_luce",
    "dawid_skene": "_rater_models",
    "dawid_skene_variances": "_rater_information",
    "dirichlet_entropy": "_entropy",
    "dirichlet_multinomial_mode": "_dirichlet",
    "dominance_counts": "_pareto",
    "elo_ratings": "_elo",
    "expected_richness": "_rarefaction",
    "fleiss_agreement": "_agreement",
    "grassberger_1988_entropy": "_entropy",
    "grassberger_entropy": "_entropy",
    "group_statistics": "_groups",
    "gwet_agreement": "_agreement",
    "hellinger": "_distances",
    "hypergeometric_votes": "_verdicts",
    "hypervolume_2d": "_pareto",
    "hypervolume_3d": "_pareto",
    "jonckheere": "_trend",
    "js_divergence": "_distances",
    "js_divergence_among": "_distances",
    "kl_divergence": "_distances",
    "krippendorff_agreement": "_agreement",
    "mace": "_rater_models",
    "manhattan": "_distances",
    "miller_madow_entropy": "_entropy",
    "nsb_entropy": "_nsb",
    "pad_pairs": "_pairs_jax",
    "pairwise_batch": "_pairwise",
    "pairwise_counts": "_pairwise",
    "plugin_entropy": "_entropy",
    "probability_largest": "_dirichlet",
    "quota_votes": "_verdicts",
    "renyi_entropy": "_diversity",
    "resampled_ratios": "_rates",
    "similarity_diversity": "_diversity",
    "total_variation": "_distances",
    "tsallis_entropy": "_diversity",
    "wasserstein": "_distances",
    "weighted_votes": "_verdicts",
    "widest_paths": "_tournament",
}

__getattr__, __dir__, __all__ = attach(__name__, _EXPORTS)
