"""The errors of the emulator: one exception which carries what the API says about a mistake, and
the JSON shape it is said in."""

from __future__ import annotations

from typing import Any

TYPES = {
    401: "invalid_request_error",
    403: "permission_error",
    429: "rate_limit_error",
}

MESSAGES = {
    400: "The request is not valid.",
    401: "Incorrect API key provided. Check the key you send.",
    403: "You are not allowed to do this.",
    404: "There is nothing here.",
    408: "The request took too long.",
    409: "The request conflicts with another one.",
    422: "The request could not be processed.",
    429: "Rate limit reached. Try again later.",
    500: "The server had an error while processing your request.",
    503: "The server is overloaded. Try again later.",
}


class ApiError(Exception):
    """A mistake to be told to the caller as `status` and an error object."""

    def __init__(
        self,
        status: int,
        message: str | None = None,
        *,
        param: str | None = None,
        code: str | None = None,
        type: str | None = None,
    ) -> None:
        self.status = status
        self.message: str = message or MESSAGES.get(status, f"The emulator was asked for {status}.")
        self.param = param
        self.code = code
        self.type: str = type or TYPES.get(status, default_type(status))
        super().__init__(self.message)

    def body(self) -> dict[str, Any]:
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }


def default_type(status: int) -> str:
    return "server_error" if status >= 500 else "invalid_request_error"


def missing(param: str) -> ApiError:
    return ApiError(
        400,
        f"You must provide the parameter '{param}'.",
        param=param,
        code="missing_required_parameter",
    )


def invalid(param: str, why: str) -> ApiError:
    return ApiError(400, f"Invalid '{param}': {why}.", param=param, code="invalid_value")


def unknown(what: str, identifier: str, *, code: str | None = None) -> ApiError:
    return ApiError(404, f"No such {what}: '{identifier}'.", param="id", code=code)
