"""The web face: the pages and the developer API. Each endpoint parses, asks `bellwether.queries` and renders."""
