//! A client of CloudFormation for one region, with the role of the account that is deployed to.

use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::config::SharedCredentialsProvider;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

/// A throttled or failed request is made so often in all, with growing pauses.
const ATTEMPTS: u32 = 8;

/// Where an endpoint is not AWS's own (`AWS_ENDPOINT_URL`, in tests) and which credentials are at hand is read as every AWS
/// tool does.
pub(crate) async fn client(region: &str, role: Option<&Role>) -> Client {
    Client::new(&config(region, role).await)
}

/// For clients of other services.
pub(crate) async fn config(region: &str, role: Option<&Role>) -> SdkConfig {
    let http =
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let region = Region::new(region.to_owned());
    let mine = aws_config::defaults(BehaviorVersion::latest()).http_client(http).region(region.clone());
    let mine = mine.retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS)).load().await;
    match role {
        None => mine,
        Some(role) => {
            let assumed = AssumeRoleProvider::builder(&role.arn)
                .session_name("faxdroid-deploy")
                .region(region)
                .external_id(&role.external_id)
                .configure(&mine)
                .build()
                .await;
            mine.into_builder().credentials_provider(SharedCredentialsProvider::new(assumed)).build()
        }
    }
}

/// A role of another account, with the word it asks for.
#[derive(Debug, Clone)]
pub(crate) struct Role {
    pub(crate) arn: String,
    pub(crate) external_id: String,
}
