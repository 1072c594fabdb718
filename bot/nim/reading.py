"""What every noun's reads share: the question's ledger and the environment's catalogue."""

from bot.nim.asking import Asking
from bot.nim.catalogue import Catalogue
from bot.nim.wire.states import States
from bot.ports import Files


class Reading:
    def __init__(self, asking: Asking, catalogue: Catalogue, states: States, files: Files) -> None:
        self._asking = asking
        self._catalogue = catalogue
        self._states = states
        self._files = files

    @property
    def _person_type(self) -> str:
        return self._asking.config.person.entity_type
