"""TwinSight's fronts and use cases: services, command line, scene, window and the wiring of them all."""
