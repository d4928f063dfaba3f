from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from calendula.access.roles import Role
from calendula.http.fields import Body, Id, Instant, Name, one_of


class NewKey(Body):
    """A key to be made."""

    name: Annotated[Name, Field(description="Who or what will use it.", examples=["front desk"])]
    role: Annotated[Role, one_of(Role)]
    doctor_id: Annotated[
        Id | None, Field(description="Whose key it is: for the role doctor, and only there.")
    ] = None
    expires_at: Annotated[
        Instant | None, Field(description="Without it, the key is good until it is revoked.")
    ] = None


class KeyInfo(BaseModel):
    """What may be seen of a key."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    handle: str = Field(description="The middle part of the key, by which people know it.")
    name: str
    role: Role
    doctor_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute or so.")
    revoked_at: datetime | None


class NewKeyInfo(KeyInfo):
    """A key that was just made."""

    key: str = Field(description="The key itself. Nobody can see it again.")
