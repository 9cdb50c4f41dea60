"""Operations played, one after the other: what is sent, what is done, and what must come in between."""
