import pytest

from bot.store.store import Store
from tests.watch.scene import Scene


@pytest.fixture
def store_url(request):
    """SQLite, unless a test asks for both."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
async def scene(store):
    made = Scene(store)
    yield made
    await made.end()
