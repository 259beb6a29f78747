"""What a broker or a portfolio tool exports, read as the securities in it. Quantities and prices are not kept."""
