"""What tenants may use and what they have used: quotas, the ledger, prices."""
