"""What closing a date answers, for the OpenAPI document. A test compares it."""

from calendula.clinic.answers import Responses

CLOSING: Responses = {}
