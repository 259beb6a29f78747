"""Alerts for programs: sent to addresses that owners of keys have named, by the Standard Webhooks convention."""
