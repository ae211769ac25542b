//! The deployed templates, played: what becomes of requests at CloudFront and its web ACL.

mod caching;
mod failures;
mod invalidations;
mod lambda;
mod listener;
mod load_balancer;
mod origins;
mod refusals;
mod support;
mod web_acl;
