"""How an endpoint gets the services: `def endpoint(services: ServicesOf)`."""

from typing import Annotated

from fastapi import Depends, Request

from bellwether.services import Services


async def services_of(request: Request) -> Services:
    """What the app was created with."""
    services: Services = request.app.state.services
    return services


ServicesOf = Annotated[Services, Depends(services_of)]
