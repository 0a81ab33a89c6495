//! Fixed block pools, leases and gather lists.
