import { expect, test } from '@playwright/test';
import { buyCredits, cards, hydrated, numbers, password, send, signUp } from '../support/customer';

test('a customer signs up, buys credits, sends a document, watches it arrive and reads it on the statement', async ({
  page,
}) => {
  await signUp(page);
  await buyCredits(page);
  await expect(page).toHaveURL(/\/credits\?notice=paid/);

  await send(page, numbers.delivered);
  await expect(page.locator('#fax-status')).toHaveText(/delivered/i, { timeout: 30_000 });
  await expect(page.locator('#attempts tr')).toHaveCount(1);
  await expect(page.locator('#attempts tr')).toHaveAttribute('data-outcome', 'delivered');
  const attempts = page.getByRole('region', { name: 'All attempts' });
  expect(await attempts.evaluate((region) => region.scrollWidth <= region.clientWidth)).toBe(true);

  await page.goto('/credits');
  await hydrated(page);
  const statement = page.locator('#statement-view, #statement').first();
  await expect(statement).toContainText('$5.00');
  await expect(statement).toContainText('-$0.30');
  await expect(statement).toContainText('$4.70');
});

test('a busy number is called five times in view, and the whole price comes back', async ({ page }) => {
  test.slow();
  await signUp(page);
  await buyCredits(page);
  await send(page, numbers.busy);

  await expect(page.locator('#attempts tr')).toHaveCount(2, { timeout: 30_000 });
  await expect(page.locator('#attempts tr[data-outcome=busy]')).toHaveCount(5, { timeout: 60_000 });
  await expect(page.locator('#fax-status')).toHaveText(/refunded/i, { timeout: 30_000 });

  await page.goto('/credits');
  await hydrated(page);
  await expect(page.getByText('Refund').first()).toBeVisible();
  await expect(page.locator('main')).toContainText('$5.00');
});

test('a fax that waits between two attempts can be canceled, and the whole price comes back', async ({ page }) => {
  test.slow();
  await signUp(page);
  await buyCredits(page);
  await send(page, numbers.busy);
  // A call may begin between the look and the click; then the next pause serves.
  await expect(async () => {
    await page.getByRole('button', { name: 'Cancel this fax' }).click({ timeout: 20_000 });
    await expect(page.locator('#fax-status')).toHaveText(/canceled/i, { timeout: 3_000 });
  }).toPass();
  await expect(page.locator('#fax-sentence')).toContainText('$0.30');
});

test('a bank that asks is answered, and a declined card costs nothing', async ({ page }) => {
  await signUp(page);
  await buyCredits(page, cards.declined);
  await expect(page.getByText('The card was declined. No money was taken.').first()).toBeVisible();

  await buyCredits(page, cards.requiresAction);
  await page.getByRole('button', { name: 'Approve payment' }).click();
  await expect(page).toHaveURL(/\/credits\?notice=paid/);
  await hydrated(page);
  await expect(page.locator('main')).toContainText('$5.00');
});

test('whoever has sent nothing yet is led to the first fax', async ({ page }) => {
  await signUp(page);
  await page.goto('/faxes');
  await expect(page.getByText('You have not sent a fax yet.')).toBeVisible();
  await page.getByRole('link', { name: 'Send your first fax' }).click();
  await expect(page).toHaveURL(/\/send$/);
});

test('a page of a customer asks whoever is signed out to sign in, and is shown afterwards', async ({ page }) => {
  const email = await signUp(page);
  await page.goto('/account');
  await expect(page.locator('#account')).toContainText('Confirmed');
  await expect(page.getByRole('button', { name: 'Send the confirmation again' })).toBeHidden();
  await page.getByRole('button', { name: 'Sign out of this browser' }).click();
  await page.goto('/account');
  await expect(page.getByLabel('Current password')).toBeHidden();
  await page.locator('main').getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(/\/account/);
  await expect(page.getByLabel('Current password')).toBeVisible();
});

test('faxes are found again by number and by status', async ({ page }) => {
  await signUp(page);
  await buyCredits(page);
  await send(page, numbers.delivered);
  await page.goto('/faxes');
  await hydrated(page);
  await expect(page.locator('#fax-list li')).toHaveCount(1);
  await page.getByRole('searchbox').fill('no such document');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.getByText('No fax matches.')).toBeVisible();
  await page.getByRole('searchbox').fill('5550001');
  await page.getByRole('button', { name: 'Search' }).click();
  await expect(page.locator('#fax-list li')).toHaveCount(1);
});
