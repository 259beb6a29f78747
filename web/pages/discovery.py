"""What browsers, home screens and search engines ask for by name: icons, the manifest, robots.txt and the sitemap."""

from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

from web.dependencies import ServicesOf
from web.pages.forecast_view import stock_address
from web.pages.render import asset, base_address, static_file

_A_DAY = {"Cache-Control": "public, max-age=86400"}
_FOUND = (
    "/",
    "/market",
    "/compare",
    "/risk",
    "/watchlist",
    "/track-record",
    "/how-it-works",
    "/developers",
    "/privacy",
)
#: what shows a crawler nothing new; charts are not among it, for previews of links are asked for by crawlers too
_UNSEEN = ("/api/", "/suggest", "/*sort=", "/*.csv", "/risk?", "/subscribe/", "/subscription/", "/channels/")
router = APIRouter(include_in_schema=False)


@router.get("/favicon.ico")
async def favicon() -> FileResponse:
    """The icon of those who ask for it unasked."""
    return FileResponse(static_file("favicon.ico"), headers=_A_DAY, media_type="image/x-icon")


@router.get("/apple-touch-icon.png")
async def touch_icon() -> FileResponse:
    """The icon on a phone's home screen."""
    return FileResponse(static_file("touch-icon.png"), headers=_A_DAY, media_type="image/png")


@router.get("/manifest.webmanifest")
async def manifest() -> JSONResponse:
    """What the page is called on a home screen, and how it looks there."""
    icons = [
        {"src": asset(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
        for size in (192, 512)
    ]
    body = {
        "name": "Bellwether",
        "short_name": "Bellwether",
        "description": "Where a stock may be in days, weeks or months: a range of prices with its track record.",
        "start_url": "/",
        "display": "minimal-ui",
        "background_color": "#f4f6f8",
        "theme_color": "#1f5fa8",
        "icons": icons,
    }
    return JSONResponse(body, headers=_A_DAY, media_type="application/manifest+json")


@router.get("/robots.txt")
async def robots(request: Request) -> PlainTextResponse:
    """What search engines need not ask for."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in _UNSEEN),
        "",
        f"Sitemap: {base_address(request)}/sitemap.xml",
    ]
    return PlainTextResponse("\n".join(lines) + "\n", headers=_A_DAY)


@router.get("/sitemap.xml")
def sitemap(request: Request, services: ServicesOf) -> Response:
    """Every page, and one for each symbol that is served."""
    base = base_address(request)
    paths = (*_FOUND, *(stock_address(instrument.symbol) for instrument in services.universe))
    found = "".join(f"<url><loc>{escape(base + path)}</loc></url>\n" for path in paths)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{found}</urlset>\n'
    return Response(body, headers=_A_DAY, media_type="application/xml")
