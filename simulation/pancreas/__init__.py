"""Operations on the pancreas: what they remove along its axis, and their figures."""
