"""The web face: the pages and the developer API. Each endpoint parses, asks `bellwether.ask.forecasts` and renders."""
