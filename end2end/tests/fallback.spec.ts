// The renderer fails at every request: CloudFront serves the fallback, and the site works in the browser all the same.
import { expect, test } from '@playwright/test';
import { buyCredits, hydrated, linkInMail, newEmail, numbers, password, send } from '../support/customer';

test('every page is there, with its title and one heading', async ({ page }) => {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // The page itself has status 503, which the browser notes.
    if (message.type() === 'error' && !message.text().includes('status of 503')) problems.push(message.text());
  });
  for (const path of ['/', '/pricing', '/sign-up', '/sign-in', '/faq', '/developers', '/terms', '/privacy']) {
    const response = await page.goto(path);
    expect(response?.status()).toBe(503);
    await hydrated(page);
    await expect(page).toHaveTitle(/FaxDroid/);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
  }
  expect(problems).toEqual([]);
});

test('an unknown address is said to be none', async ({ page }) => {
  await page.goto('/no/such/page');
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/no page|not found/i);
});

test('a form that the API cannot take leads to a page that says so', async ({ page }) => {
  await page.route('**/api/v1/sessions', async (route) => {
    const shell = await page.request.get('/');
    await route.fulfill({ status: 503, contentType: 'text/html; charset=utf-8', body: await shell.text() });
  });
  await page.goto('/sign-in');
  await hydrated(page);
  await page.getByLabel('E-mail address').fill(newEmail());
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Something went wrong on our side');
});

test('the calculator answers in place', async ({ page }) => {
  await page.goto('/pricing');
  await hydrated(page);
  await page.getByLabel('Country').selectOption('MX');
  await page.getByLabel('Pages').fill('5');
  await expect(page.locator('#estimate')).toHaveText('$1.00');
});

test('links load their pages, so that the renderer is asked again', async ({ page }) => {
  await page.goto('/');
  await hydrated(page);
  const navigation = page.waitForRequest((request) => request.isNavigationRequest() && request.url().endsWith('/pricing'));
  await page.getByRole('link', { name: 'Pricing' }).first().click();
  await navigation;
  await hydrated(page);
  await expect(page.locator('#estimate')).toBeVisible();
});

test('an error of a form stands beside its field', async ({ page }) => {
  await page.goto('/sign-up');
  await hydrated(page);
  await page.getByLabel('E-mail address').fill(newEmail());
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Open account' }).click();
  await expect(page.locator('#password-error')).not.toBeEmpty();
});

test('a customer signs up, buys credits, sends a document and watches it arrive', async ({ page }) => {
  const email = newEmail();
  await page.goto('/sign-up');
  await hydrated(page);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Open account' }).click();
  await expect(page).toHaveURL(/\/send\?notice=signed_up/);
  const link = new URL(await linkInMail(page, email, 'confirm-email'));
  await page.goto(link.pathname + link.search);
  await page.getByRole('button', { name: /confirm/i }).click();
  await expect(page).toHaveURL(/notice=email_confirmed/);

  await buyCredits(page);
  await expect(page).toHaveURL(/\/credits\?notice=paid/);
  await send(page, numbers.delivered);
  await expect(page.locator('#fax-status')).toHaveText(/delivered/i, { timeout: 30_000 });
});
