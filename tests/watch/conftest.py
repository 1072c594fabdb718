import pytest

from bot.store.store import Store
from tests.watch.scene import Scene


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def scene(store):
    return Scene(store)
