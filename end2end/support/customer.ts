import { expect, type Page } from '@playwright/test';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

export const threePages = join(import.meta.dirname, '..', 'fixtures', 'three-pages.pdf');

/** Numbers of the simulated telephone network, see the developers' page. */
export const numbers = { delivered: '+1 500 555 0001', busy: '+1 500 555 0002' };

export const cards = {
  success: '4242 4242 4242 4242',
  declined: '4000 0000 0000 0002',
  requiresAction: '4000 0025 0000 3155',
};

export const password = 'a fax machine in every pocket';

export const newEmail = () => `${randomUUID()}@example.com`;

/** Opens an account through the form and confirms its address by the link in the mail; `mails` lists what was sent. */
export async function signUp(page: Page, email = newEmail(), mails = '/dev/mail') {
  await page.goto('/sign-up');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Open account' }).click();
  await expect(page).toHaveURL(/\/send\?notice=signed_up/);
  await page.goto(await linkInMail(page, email, 'confirm-email', mails));
  await page.getByRole('button', { name: /confirm/i }).click();
  await expect(page).toHaveURL(/notice=email_confirmed/);
  return email;
}

/** The address of a link in the newest mail to `email`, as the development page lists it. */
export async function linkInMail(page: Page, email: string, path: string, mails = '/dev/mail') {
  const message = page.getByRole('article').filter({ hasText: email }).first();
  const link = message.locator(`a[href*="${path}"]`).first();
  await expect(async () => {
    await page.goto(mails);
    await expect(link).toBeVisible({ timeout: 100 });
  }).toPass();
  return (await link.getAttribute('href'))!;
}

/** Buys the smallest package with a test card. */
export async function buyCredits(page: Page, card = cards.success) {
  await page.goto('/credits');
  await page.getByRole('button', { name: /^Buy Starter/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sandbox payment');
  await payWith(page, card);
}

/** Pays with a card what the payment page shows. */
export async function payWith(page: Page, card: string) {
  await page.getByLabel('Card number').fill(card);
  await page.getByRole('button', { name: 'Pay', exact: true }).click();
}

/** Everything up to a fax under way: the status page is open at the end. Needs scripts and credits. */
export async function send(page: Page, number: string) {
  await page.goto('/send');
  await hydrated(page);
  await page.getByLabel(/^Files/).setInputFiles(threePages);
  await expect(page.getByRole('img', { name: /page 3/i })).toBeVisible();
  await page.getByLabel('Fax number').fill(number);
  await page.getByRole('button', { name: /^Send (this )?fax/ }).click();
  await expect(page).toHaveURL(/\/faxes\/fax_/);
}

/** The islands of this page answer. */
export async function hydrated(page: Page) {
  await page.locator('html[data-hydrated]').waitFor({ state: 'attached' });
}
