"""Operations on plain arrays that inference and training share: numpy and torch, nothing that knows about files."""
