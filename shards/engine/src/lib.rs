//! The io_uring socket engine inside a glommio executor.
