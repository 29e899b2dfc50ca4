"""Scripts of the build; never shipped."""
