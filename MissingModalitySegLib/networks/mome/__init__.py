"""`mome`: the mixture of modality experts and its baselines, networks that see one image of one modality at a time.

Equation and table numbers are those of Zhang et al., "A Foundation Model for Brain Lesion Segmentation with Mixture of
Modality Experts" (MICCAI 2024, arXiv 2405.10246). "D:" marks a decision where the paper is silent.
"""
