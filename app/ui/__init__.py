"""The window: Qt widgets over the scene and the services."""
