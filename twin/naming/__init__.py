"""Names of the branches of the liver's two venous trees: proposed by geometry, corrected by a person."""
