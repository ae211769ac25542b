//! `/privacy`

use leptos::prelude::*;

use crate::components::{PageHeading, Prose};

/// What is stored, why, and for how long.
#[component]
pub fn Privacy() -> impl IntoView {
    view! {
        <PageHeading title="Privacy" lead="What we store, why, and for how long. There is no advertising here and nothing is sold." />
        <Prose>
            <h2>"What we store"</h2>
            <ul>
                <li>
                    <strong>"Your account: "</strong>
                    "e-mail address, sender name and number, and a hash of your password (argon2id) from which the password cannot be read. \
                     Kept until you close the account."
                </li>
                <li>
                    <strong>"Your documents: "</strong>
                    "the black-and-white pages we made of your files. A document that you uploaded and did not send is deleted by itself \
                     after 24 hours. A document that you sent is kept for 30 days after the end of its fax, so that you can look at it and send \
                     it again, unless you delete it before. It cannot be deleted while its fax is under way."
                </li>
                <li>
                    <strong>"Your faxes: "</strong>
                    "the number called, pages, price, times, and for each attempt what the telephone line said: outcome, pages confirmed, \
                     speed, and the name the far machine gave itself. It is your proof of delivery."
                </li>
                <li>
                    <strong>"The faxes you receive: "</strong>
                    "their pages, the number that called, the name the far machine gave itself, and the time. Kept until you delete them."
                </li>
                <li>
                    <strong>"Your statement: "</strong>
                    "purchases, charges and refunds. Bookkeeping law may oblige us to keep it after an account is closed."
                </li>
                <li>
                    <strong>"Technical logs: "</strong>
                    "time, path, status and the network address of requests, to find faults and fend off attacks. Neither documents nor \
                     passwords nor the contents of forms are logged."
                </li>
            </ul>
            <h2>"Cookies"</h2>
            <p>
                "Two, and only while you are signed in. One keeps your session; scripts cannot read it, and it ends after 30 days. The other, "
                <code>"faxdroid_signed_in"</code>
                ", contains nothing about you: it lets a page show the links for people who are signed in. No cookie follows you \
                 elsewhere, and nothing on this site is loaded from other companies."
            </p>
            <h2>"Who else sees what"</h2>
            <ul>
                <li>"The receiving fax machine gets your pages, with date, time and your sender line. Faxes cross the public telephone network, which does not encrypt them."</li>
                <li>"Telephone carriers see the number that is called and how long the call takes."</li>
                <li>"A payment provider, where you pay outside of the sandbox, sees the payment. Card numbers never reach our servers."</li>
                <li>"Authorities, where the law obliges us, and no further than it does."</li>
            </ul>
            <h2>"How it is protected"</h2>
            <p>
                "Pages of this site are the same for everybody and contain nothing of yours; your data is fetched by your browser, with \
                 your session. Another customer who asks for your fax is told that there is none."
            </p>
            <h2>"Your choices"</h2>
            <p>
                "You can read your data on this site and through the "<a href="/developers">"API"</a>", correct your sender line on the "
                <a href="/account">"account page"</a>", and delete documents. To close the account, or for a copy of everything, write to "
                <a href="mailto:support@faxdroid.com">"support@faxdroid.com"</a>
                " from the address of the account."
            </p>
        </Prose>
    }
    .into_any()
}
