"""Events as the standard of server-sent events has them, read by httpx-sse."""

try:
    from httpx_sse import EventSource
except ModuleNotFoundError as error:
    _SENTENCE = "The stream is read with httpx-sse, which is not installed: please run `pip install httpx-sse`."
    raise ModuleNotFoundError(_SENTENCE, name=error.name) from error

__all__ = ["EventSource"]
