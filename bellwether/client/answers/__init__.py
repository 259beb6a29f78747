"""The shapes of the API's answers, declared here once: the client is typed by them, the service documented by them.

They are TypedDicts that pydantic reads like models of its own: an answer stays the plain JSON that was sent, type
checkers know its keys, and `pydantic.TypeAdapter` checks it. The service names them as its response models, from which
/openapi.json is made; its tests hold every answer to them, so that none need be checked while somebody waits for it.
"""
