"""What is decided once a crawl, before any other component exists: faulty settings, the preset, replay, the guard."""

from newscrawl.addons.checks import CHECKS, SettingsAddon
from newscrawl.addons.guarding import GuardAddon
from newscrawl.addons.presets import PRESETS, PresetAddon
from newscrawl.addons.replaying import ReplayAddon

__all__ = ["CHECKS", "PRESETS", "GuardAddon", "PresetAddon", "ReplayAddon", "SettingsAddon"]
