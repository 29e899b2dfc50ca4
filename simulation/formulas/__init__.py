"""Published formulas as pure functions: each returns its value, its inputs, its source and what it is valid for."""
