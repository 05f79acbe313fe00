"""Text encoders and the table of prompt embeddings that a bundle carries.

The encoder is frozen and only 2^K - 1 prompts exist (`MissingModalitySegLib.prompts` words them), so training and
inference read a table; the encoder itself is needed once. `python -m MissingModalitySegTraining.prompts minilm OUT`
makes a table.
"""
