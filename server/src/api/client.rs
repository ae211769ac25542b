//! Where a request comes from: the address at the other end of the connection, or the one that our own proxies name.
//!
//! Every proxy appends to `X-Forwarded-For` whom it was called by; what stands before the entries of our own proxies was
//! written by the caller and is worth nothing. So entries are counted from the end, as many as `trusted_proxies` says.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::problem::ApiProblem;
use crate::app::App;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The network address of the caller, as far as one customer is told from another by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientIp(pub(crate) IpAddr);

impl FromRequestParts<App> for ClientIp {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiProblem> {
        let connection: &ConnectInfo<SocketAddr> = parts.extensions.get().ok_or_else(ApiProblem::internal)?;
        Ok(Self::of(connection.0.ip(), &parts.headers, app.config.trusted_proxies))
    }
}

impl ClientIp {
    fn of(peer: IpAddr, headers: &HeaderMap, trusted_proxies: usize) -> Self {
        let lines = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok());
        let entries: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
        let named = trusted_proxies.checked_sub(1).and_then(|last| entries.iter().rev().nth(last));
        // Without the entry the request has not come through our proxies.
        Self(network(named.and_then(|entry| address(entry)).unwrap_or(peer)))
    }
}

/// Some load balancers append the port too.
fn address(entry: &str) -> Option<IpAddr> {
    entry.parse().ok().or_else(|| entry.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

/// A customer has a whole /64 of IPv6 to call from (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(forwarded_for: &[&'static str], trusted_proxies: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded_for {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        ClientIp::of("10.0.0.1".parse().unwrap(), &headers, trusted_proxies).0.to_string()
    }

    #[test]
    fn nobody_is_believed_when_no_proxy_is_trusted() {
        assert_eq!(client(&[], 0), "10.0.0.1");
        assert_eq!(client(&["203.0.113.7"], 0), "10.0.0.1");
    }

    #[test]
    fn what_stands_before_the_entries_of_our_proxies_is_not_read() {
        assert_eq!(client(&["203.0.113.7"], 1), "203.0.113.7");
        assert_eq!(client(&["6.6.6.6, 203.0.113.7"], 1), "203.0.113.7");
        assert_eq!(client(&["6.6.6.6", "6.6.6.7, 203.0.113.7, 198.51.100.1"], 2), "203.0.113.7");
    }

    #[test]
    fn without_the_entry_of_our_proxies_the_connection_counts() {
        assert_eq!(client(&[], 1), "10.0.0.1");
        assert_eq!(client(&["203.0.113.7"], 2), "10.0.0.1");
        assert_eq!(client(&["6.6.6.6, unknown"], 1), "10.0.0.1");
        assert_eq!(client(&["6.6.6.6"], usize::MAX), "10.0.0.1");
    }

    #[test]
    fn an_address_is_read_in_every_form() {
        assert_eq!(client(&["203.0.113.7:4711"], 1), "203.0.113.7");
        assert_eq!(client(&["::ffff:203.0.113.7"], 1), "203.0.113.7");
        assert_eq!(client(&["2001:db8:1:2:3:4:5:6"], 1), "2001:db8:1:2::");
        assert_eq!(client(&["[2001:db8:1:2:3:4:5:6]:443"], 1), "2001:db8:1:2::");
    }
}
