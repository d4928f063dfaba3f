from alembic import command
from alembic.config import Config

from calendula.database import Database, schema
from calendula.settings import Settings


def test_models_and_migrations_agree(database_url: str) -> None:
    """The tables that the migrations make are the tables that the models describe."""
    database = Database.from_settings(Settings(database_url=database_url))
    config = Config()
    config.set_main_option("script_location", str(schema.migrations()))
    with database.writer.begin() as connection:
        config.attributes["connection"] = connection
        command.check(config)
    database.close()
