"""What a doctor's day looks like, for the OpenAPI document. A test compares it."""

from calendula.clinic.answers import Responses

DAY: Responses = {}
