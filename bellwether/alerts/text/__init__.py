"""What alerts and digests say."""
