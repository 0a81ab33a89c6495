//! H.248 gateways at shards of a simulated world, one behaviour per file.

mod acknowledgements;
mod amplification;
mod blocking;
mod forged;
mod homes;
mod loss;
mod returning;
mod stage;
mod too_long;
