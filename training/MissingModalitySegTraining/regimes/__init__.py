"""What is trained and how, one file per method: each reads like its paper, and `loop` does the rest."""
