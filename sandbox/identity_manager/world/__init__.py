"""The simulated world: people, managed systems, rules and jobs, all computed."""

from sandbox.identity_manager.world.world import SimulatedWorld, load_world

__all__ = ["SimulatedWorld", "load_world"]
