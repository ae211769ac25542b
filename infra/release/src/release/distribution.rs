//! Invalidations at CloudFront.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_cloudfront::Client;
use aws_sdk_cloudfront::error::DisplayErrorContext;
use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};

const POLL: Duration = Duration::from_secs(2);
/// "It usually takes … less than two minutes".
const PATIENCE: Duration = Duration::from_secs(900);

#[derive(Debug)]
pub(crate) struct Distribution {
    client: Client,
    id: String,
}

impl Distribution {
    pub(crate) fn new(config: &aws_config::SdkConfig, id: &str) -> Self {
        Self { client: Client::new(config), id: id.to_owned() }
    }

    /// Lets the caches forget `paths` and waits until they have; `progress` is told how long it has waited. `reference` names
    /// the invalidation: asked for again, it is the same one.
    pub(crate) async fn invalidate(
        &self,
        paths: Vec<String>,
        reference: &str,
        progress: impl Fn(Duration),
    ) -> anyhow::Result<()> {
        let paths = Paths::builder().quantity(i32::try_from(paths.len())?).set_items(Some(paths)).build()?;
        let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build()?;
        let created = self
            .client
            .create_invalidation()
            .distribution_id(&self.id)
            .invalidation_batch(batch)
            .send()
            .await;
        let created =
            created.map_err(|error| anyhow::anyhow!("invalidation: {}", DisplayErrorContext(error)))?;
        let id =
            created.invalidation().context("CloudFront gave the invalidation no identifier")?.id().to_owned();
        let begin = tokio::time::Instant::now();
        loop {
            let asked = self.client.get_invalidation().distribution_id(&self.id).id(&id).send().await;
            let asked = asked
                .map_err(|error| anyhow::anyhow!("invalidation {id}: {}", DisplayErrorContext(error)))?;
            if asked
                .invalidation()
                .is_some_and(|invalidation| invalidation.status().eq_ignore_ascii_case("Completed"))
            {
                return Ok(());
            }
            if begin.elapsed() > PATIENCE {
                bail!(
                    "the invalidation {id} is still in progress after {PATIENCE:?}; run the release again to go on waiting"
                );
            }
            progress(begin.elapsed());
            tokio::time::sleep(POLL).await;
        }
    }
}
