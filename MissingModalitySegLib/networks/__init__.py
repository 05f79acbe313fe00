"""The three published models and their baselines, as torch modules that see tensors only.

Every segmentation network keeps one contract:

- `network(x, code)` with `x` (B, K, D, H, W) and `code` (B, K) of zeros and ones gives logits (B, R, D, H, W). What a
  masked channel holds never reaches the output (`inputs.mask_channels`).
- `network.fold(code)` with one code (K,) gives a network of its own, without anything the code makes constant, that
  maps x (B, K, D, H, W) to the same logits: what inference runs.
- `registry.build({"architecture": …, "config": {…}})` makes any of them from the network section of a manifest.

“D:” in a docstring says where something differs from the paper, or was decided because the paper leaves it open.
"""
