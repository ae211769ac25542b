//! `/faq`

use faxdroid_contract::faxes::MAX_ATTEMPTS;
use leptos::prelude::*;

use crate::components::PageHeading;

/// Questions and answers. Each answer opens without scripts.
#[component]
pub fn Faq() -> impl IntoView {
    view! {
        <PageHeading title="Questions and answers" lead="How faxing with FaxDroid works, in plain words." />
        <div class="grid max-w-3xl gap-10">
            <Group title="Documents">
                <Question text="Which files can I send?">
                    "PDF, PNG, JPEG, TIFF, plain text, and documents of Word, Excel, PowerPoint and LibreOffice. You can choose up to \
                     20 files together; they become one fax in the order in which you chose them. Together they may have 50 MB \
                     and 200 pages."
                </Question>
                <Question text="Why does the preview look so rough?">
                    "Because a fax is black and white, about 200 dots per inch. The preview is exactly the image that goes over the line. \
                     Photographs become patterns of dots, and light grey text may vanish: what you cannot read in the preview, nobody \
                     can read on paper. It is better to know before you pay."
                </Question>
                <Question text="Fine or standard?">
                    "Fine has twice as many lines per page. It is what we choose unless you say otherwise, and what small print needs. \
                     Standard takes about half the time on the line. Both cost the same."
                </Question>
                <Question text="Can I send a PDF with a password?">
                    "No. Please save it without the password first. We say so when you upload it, and nothing is charged."
                </Question>
            </Group>
            <Group title="Numbers">
                <Question text="How do I write the number?">
                    "With its country code, as in +1 212 555 0100. Spaces, dots, dashes and parentheses do not matter. Numbers with an \
                     extension cannot be dialed, because a fax machine cannot press the keys."
                </Question>
                <Question text="Which countries do you reach?">
                    "Those in the "<a href="/pricing">"price table"</a>". We do not dial emergency numbers, premium-rate numbers, short \
                     codes or countries outside of the table."
                </Question>
                <Question text="Can I receive faxes?">
                    "Yes, on a number of your own. Write to us, and we assign one to your account. What comes in stands in your "
                    <a href="/inbox">"inbox"</a>", page by page and as a PDF, and a mail tells you of it."
                </Question>
            </Group>
            <Group title="Delivery">
                <Question text="When is a fax delivered?">
                    "When the far machine has confirmed every page. That is the machine\u{2019}s own word in the fax protocol; whether \
                     somebody takes the paper out of the tray, no fax service can know."
                </Question>
                <Question text="What happens when the number is busy?">
                    {format!("We try again. A fax has up to {MAX_ATTEMPTS} attempts: the first call and four retries, with pauses in between that \
                     grow from a few minutes to most of an hour. The page of the fax shows each attempt, what the line said, and when the next call is due.")}
                </Question>
                <Question text="And when no attempt succeeds?">
                    "The whole price returns to your balance by itself, and your statement shows it. The same happens at once when the \
                     number is not in service."
                </Question>
                <Question text="Can I stop a fax?">
                    "Yes, until every page has arrived. The whole price returns at once. A call that is under way is hung up; pages \
                     that have arrived by then cannot be called back."
                </Question>
                <Question text="Can I choose when you call?">
                    "Yes: at once, or only from 8:00 to 18:00 by the clock where the number is. Retries keep to it, too. Programs may ask for \
                     other hours."
                </Question>
                <Question text="How long does it take?">
                    "Half a minute to a minute a page, at the speed of telephone lines. Pages full of pictures take longer. The page \
                     where you send shows the time we expect for your document."
                </Question>
            </Group>
            <Group title="Money">
                <Question text="When am I charged?">
                    "When you send, the price is set aside from your credits. It is spent when the fax is delivered, and it comes back \
                     whole when the fax fails or you cancel it. The price you saw does not change on the way."
                </Question>
                <Question text="Do credits expire?">"No."</Question>
                <Question text="What if only some of the pages arrived?">
                    "Then the attempt has failed, and the next call goes on with the first page that the far machine has not confirmed, \
                     under a line that says so. The page of the fax shows which pages went in which call. If the last attempt fails, too, \
                     the refund is still the whole price."
                </Question>
            </Group>
            <Group title="Privacy">
                <Question text="Who can see my documents?">
                    "Only you, signed in, and the machine you send them to. A document that you uploaded and did not send is deleted after \
                     24 hours. More is on the page about "<a href="/privacy">"privacy"</a>"."
                </Question>
                <Question text="What stands at the top of each page?">
                    "Date and time, the sender\u{2019}s name and number from your account, the number that is called, and the page \
                     number. US law asks for it. You set name and number on your "<a href="/account">"account page"</a>"."
                </Question>
            </Group>
        </div>
    }
    .into_any()
}

#[component]
fn Group(
    /// What the questions are about.
    title: &'static str,
    /// The questions.
    children: Children,
) -> impl IntoView {
    view! {
        <section>
            <h2 class="mb-3 font-display text-2xl font-semibold tracking-tight">{title}</h2>
            <div class="divide-y divide-line rounded-2xl border border-line bg-surface">{children()}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Question(
    /// The question.
    text: &'static str,
    /// The answer.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="group px-5 py-1 open:pb-5">
            <summary class="flex cursor-pointer list-none items-center justify-between gap-4 rounded-md py-3.5 font-semibold [&::-webkit-details-marker]:hidden">
                {text}
                <span aria-hidden="true" class="font-mono text-xl leading-none text-accent group-open:rotate-45 motion-safe:transition-transform">"+"</span>
            </summary>
            <p class="max-w-prose text-muted [&_a]:text-accent [&_a]:underline [&_a]:underline-offset-2">{children()}</p>
        </details>
    }
    .into_any()
}
