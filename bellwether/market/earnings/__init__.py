"""When companies tell their results: past days, and what is known of the next one."""
