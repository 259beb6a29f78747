"""Which process does what, where several share a database: their leases, and what each is made of."""
