//! Bounded queues between shards, returns and doorbells.
