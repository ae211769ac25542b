//! `/terms`

use leptos::prelude::*;

use crate::components::{PageHeading, Prose};

/// The terms of service.
#[component]
pub fn Terms() -> impl IntoView {
    view! {
        <PageHeading title="Terms of service" lead="What we promise, what we ask of you, and what neither of us can promise." />
        <Prose>
            <h2>"1. The service"</h2>
            <p>
                "FaxDroid sends documents that you upload to fax numbers that you name. \u{201c}We\u{201d} is the operator of this \
                 site, \u{201c}you\u{201d} is whoever holds the account. By opening an account you agree to these terms."
            </p>
            <h2>"2. Your account"</h2>
            <p>
                "You need an e-mail address that is yours, and you confirm it before the first fax. Keep your password to yourself: \
                 what is done with your account is done in your name. You may close the account at any time: write to "
                <a href="mailto:support@faxdroid.com">"support@faxdroid.com"</a>"."
            </p>
            <h2>"3. Prices, credits and refunds"</h2>
            <ul>
                <li>"You buy credits in advance. Credits are kept in US dollars and do not expire. They are not a deposit and earn no interest."</li>
                <li>
                    "The price of a fax is its number of pages, times the multiplier of its destination, times the price per page in the "
                    <a href="/pricing">"price table"</a>". You see it before you send, and a price you accepted is not raised afterwards."
                </li>
                <li>
                    "When you send, the price is set aside. When the far machine confirms every page, it is spent. "
                    <strong>"When the last attempt fails, the whole price returns to your balance, without a request from you."</strong>
                </li>
                <li>"A fax that you cancel before its delivery is refunded whole and at once. A call under way is hung up."</li>
                <li>"When a payment is disputed through a bank, the credits bought with it are taken off the balance until the dispute is decided."</li>
            </ul>
            <h2>"4. Attempts"</h2>
            <p>
                "A fax has one attempt and up to four retries, with pauses that grow. When the telephone network says that a number does \
                 not exist, there is no second attempt and the refund follows at once. Failures of our own lines do not count as attempts."
            </p>
            <h2>"5. What a delivery is"</h2>
            <p>
                "A fax counts as delivered when the receiving machine has confirmed every page in the fax protocol. We cannot know whether \
                 the machine had paper, toner or a reader, and we do not promise that a fax arrives before a deadline. Please leave room \
                 before one."
            </p>
            <h2>"6. Acceptable use"</h2>
            <p>"You send only what you may send. In particular you do not use FaxDroid for"</p>
            <ul>
                <li>
                    "unsolicited advertisements. The Telephone Consumer Protection Act (47 U.S.C. 227) and the rules of the FCC \
                     (47 CFR 64.1200) forbid them without the recipient\u{2019}s consent or an established business relationship, and ask \
                     for an opt-out notice on those that are allowed. You, as the sender, answer for that;"
                </li>
                <li>"faxes with a false or missing sender, harassment, threats, fraud, or pages made to waste the recipient\u{2019}s paper;"</li>
                <li>"emergency calls: emergency numbers are refused, and FaxDroid is no way to call for help;"</li>
                <li>"anything that the law of your country or the recipient\u{2019}s forbids."</li>
            </ul>
            <p>
                "We print date, time, your sender line and the page number at the top of each page (47 CFR 68.318(d)). The sender line \
                 must be truthful. When an account is used against this section we may stop its faxes and close it; unspent credits \
                 that were not the fruit of the abuse are paid back."
            </p>
            <h2>"7. Your documents"</h2>
            <p>
                "They stay yours. We use them for nothing but sending them and showing them to you. How long they are kept is on the page \
                 about "<a href="/privacy">"privacy"</a>"."
            </p>
            <h2>"8. The sandbox"</h2>
            <p>
                "Where a page says \u{201c}sandbox\u{201d}, no card is charged and no money moves; credits bought there are for trying the \
                 service and are worth nothing outside of it. Test numbers reach a simulated line and nobody\u{2019}s fax machine."
            </p>
            <h2>"9. Liability"</h2>
            <p>
                "We run the service with care, and we do not promise that it is never interrupted. If it fails you, we return what you paid \
                 for the faxes concerned. Beyond that we are not liable for indirect losses, as far as the law lets us say so; nothing \
                 here limits a liability that the law does not let us limit."
            </p>
            <h2>"10. Changes"</h2>
            <p>
                "When these terms change, we write to you before the change applies. Faxes already accepted are delivered or refunded on the \
                 terms under which you sent them."
            </p>
        </Prose>
    }
    .into_any()
}
