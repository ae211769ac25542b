//! Times as people read them.
