//! Queues in Amazon SQS, each with a dead-letter queue to which its redrive policy moves what nobody could handle.
//!
//! SQS delays a message by 15 minutes at most (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html>);
//! one that is due later comes too early, and whoever receives it puts it back for what is left of its delay.

use std::sync::Arc;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message as SqsMessage, MessageSystemAttributeName, SendMessageBatchRequestEntry};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use jiff::Timestamp;
use url::Url;

use super::{DeadLetter, Message, OutgoingMessage, Queue, QueueError, QueueName};
use crate::clock::Clock;
use crate::config::Queues;

/// What SQS takes in one request.
const BATCH: usize = 10;
const LONGEST_DELAY: i64 = 900;
/// A dead letter that was looked at is hidden so long.
const LOOKED_AT: i32 = 60;

/// Queues kept by SQS.
pub struct SqsQueue {
    client: Client,
    clock: Arc<dyn Clock>,
    queues: Queues,
}

impl SqsQueue {
    /// Region and credentials come from where the AWS SDK looks for them: environment, profile, instance.
    pub async fn new(queues: &Queues, clock: Arc<dyn Clock>) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let mut aws = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http);
        if let Some(endpoint) = &queues.endpoint {
            aws = aws.endpoint_url(endpoint.as_str());
        }
        Self { client: Client::new(&aws.load().await), clock, queues: queues.clone() }
    }

    fn url(&self, queue: QueueName) -> Result<&str, QueueError> {
        given(match queue {
            QueueName::Retries => &self.queues.retries_url,
            QueueName::Refunds => &self.queues.refunds_url,
        })
    }

    fn dead_letters_url(&self, queue: QueueName) -> Result<&str, QueueError> {
        given(match queue {
            QueueName::Retries => &self.queues.retries_dead_letters_url,
            QueueName::Refunds => &self.queues.refunds_dead_letters_url,
        })
    }

    /// Whole seconds from now, never too few: a message that comes too early comes twice.
    fn delay(&self, deliver_at: Timestamp) -> i32 {
        let wait = deliver_at.as_millisecond() - self.clock.now().as_millisecond();
        let seconds = wait.max(0).saturating_add(999) / 1000;
        i32::try_from(seconds.min(LONGEST_DELAY)).unwrap_or_default()
    }
}

#[async_trait::async_trait]
impl Queue for SqsQueue {
    async fn send(&self, queue: QueueName, messages: &[OutgoingMessage]) -> Result<Vec<String>, QueueError> {
        let url = self.url(queue)?;
        let mut taken = Vec::with_capacity(messages.len());
        for batch in messages.chunks(BATCH) {
            let mut request = self.client.send_message_batch().queue_url(url);
            for (index, message) in batch.iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .message_body(&message.payload)
                    .delay_seconds(self.delay(message.deliver_at));
                request = request.entries(entry.build().map_err(failed)?);
            }
            let answer = match request.send().await {
                Ok(answer) => answer,
                // What was taken before must not be sent again for it.
                Err(error) if !taken.is_empty() => {
                    let error = &failed(error) as &dyn std::error::Error;
                    tracing::warn!(queue = queue.as_str(), error, "messages_left_behind");
                    break;
                }
                Err(error) => return Err(failed(error)),
            };
            for refused in answer.failed() {
                let (code, queue) = (refused.code(), queue.as_str());
                tracing::warn!(queue, code, sender_fault = refused.sender_fault(), "message_refused");
            }
            let sent =
                answer.successful().iter().filter_map(|sent| batch.get(sent.id().parse::<usize>().ok()?));
            taken.extend(sent.map(|message| message.id.clone()));
        }
        Ok(taken)
    }

    async fn receive(
        &self,
        queue: QueueName,
        max: u32,
        visibility: Duration,
    ) -> Result<Vec<Message>, QueueError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(self.url(queue)?)
            .max_number_of_messages(at_once(max))
            .visibility_timeout(i32::try_from(visibility.as_secs()).unwrap_or(i32::MAX))
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .send()
            .await
            .map_err(failed)?;
        let message = |message: &SqsMessage| {
            Some(Message {
                payload: message.body()?.to_owned(),
                receipt: message.receipt_handle()?.to_owned(),
                receives: receives(message),
            })
        };
        Ok(answer.messages().iter().filter_map(message).collect())
    }

    async fn acknowledge(&self, queue: QueueName, receipt: &str) -> Result<(), QueueError> {
        let request = self.client.delete_message().queue_url(self.url(queue)?).receipt_handle(receipt);
        request.send().await.map_err(failed)?;
        Ok(())
    }

    async fn dead_letters(&self, queue: QueueName, max: u32) -> Result<Vec<DeadLetter>, QueueError> {
        let url = self.dead_letters_url(queue)?;
        let mut letters = Vec::new();
        while letters.len() < max as usize {
            let wanted = max.saturating_sub(u32::try_from(letters.len()).unwrap_or(u32::MAX));
            let answer = self
                .client
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(at_once(wanted))
                .visibility_timeout(LOOKED_AT)
                .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
                .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
                .send()
                .await
                .map_err(failed)?;
            if answer.messages().is_empty() {
                break;
            }
            letters.extend(answer.messages().iter().filter_map(|message| {
                Some(DeadLetter {
                    payload: message.body()?.to_owned(),
                    receipt: message.receipt_handle()?.to_owned(),
                    receives: receives(message),
                    sent_at: attribute(message, &MessageSystemAttributeName::SentTimestamp)
                        .and_then(|sent| Timestamp::from_millisecond(sent).ok()),
                })
            }));
        }
        Ok(letters)
    }

    /// Sent before it is deleted: between the two it is in both queues, which handlers bear.
    async fn redrive(&self, queue: QueueName, letter: &DeadLetter) -> Result<(), QueueError> {
        let request = self.client.send_message().queue_url(self.url(queue)?).message_body(&letter.payload);
        request.send().await.map_err(failed)?;
        self.discard(queue, letter).await
    }

    async fn discard(&self, queue: QueueName, letter: &DeadLetter) -> Result<(), QueueError> {
        let url = self.dead_letters_url(queue)?;
        let request = self.client.delete_message().queue_url(url).receipt_handle(&letter.receipt);
        request.send().await.map_err(failed)?;
        Ok(())
    }
}

fn given(url: &Option<Url>) -> Result<&str, QueueError> {
    let missing = || QueueError("the address of the queue is not set".into());
    url.as_ref().map(Url::as_str).ok_or_else(missing)
}

fn at_once(max: u32) -> i32 {
    i32::try_from(max).unwrap_or(i32::MAX).clamp(1, BATCH as i32)
}

fn attribute(message: &SqsMessage, name: &MessageSystemAttributeName) -> Option<i64> {
    message.attributes()?.get(name)?.parse().ok()
}

fn receives(message: &SqsMessage) -> u32 {
    let receives = attribute(message, &MessageSystemAttributeName::ApproximateReceiveCount);
    receives.and_then(|receives| u32::try_from(receives).ok()).unwrap_or(1)
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> QueueError {
    QueueError(Box::new(error))
}
