import { expect, test, type Page } from '@playwright/test';
import { buyCredits, cards, newEmail, numbers, password, payWith, signUp, threePages } from '../support/customer';

/** Everything that has been chosen so far is still on the page. */
async function expectDraft(page: Page, number: string) {
  const pages = page.frameLocator('iframe[src*="/api/v1/documents/"]');
  await expect(pages.getByRole('img')).toHaveCount(3);
  await expect(page.getByLabel('Fax number')).toHaveValue(number);
  await expect(page.getByLabel('Resolution')).toHaveValue('standard');
}

/** Uploads, chooses a number and standard resolution, and asks for the price. */
async function askForPrice(page: Page, number: string) {
  await page.goto('/send');
  await page.getByLabel(/^Files/).setInputFiles(threePages);
  await page.getByRole('button', { name: 'Upload' }).click();
  await page.getByLabel('Fax number').fill(number);
  await page.getByLabel('Resolution').selectOption('standard');
  await page.getByRole('button', { name: 'Show the price' }).click();
}

test('a number that cannot be dialed costs neither the document nor what was chosen', async ({ page }) => {
  await signUp(page);
  await askForPrice(page, '911');
  await expect(page.getByLabel('Fax number')).toHaveAccessibleDescription(/Emergency/);
  await expectDraft(page, '911');

  await page.getByLabel('Fax number').fill(numbers.delivered);
  await page.getByRole('button', { name: 'Show the price' }).click();
  await expect(page.frameLocator('iframe[src*="/api/v1/quotes/"]').getByText('$0.30').first()).toBeVisible();
  await expectDraft(page, numbers.delivered);
});

test('who lacks credits buys some and sends the fax that waits', async ({ page }) => {
  await signUp(page);
  await askForPrice(page, numbers.delivered);
  await page.getByRole('button', { name: 'Send this fax' }).click();
  await expect(page).toHaveURL(/\/credits\?/);
  await expect(page.getByText(/credits do not cover/i).first()).toBeVisible();

  await page.getByRole('button', { name: /^Buy Starter/ }).click();
  await payWith(page, cards.declined);
  await expect(page.getByLabel('Card number')).toHaveAccessibleDescription(/declined/);
  await payWith(page, cards.success);
  await expect(page).toHaveURL(/\/send\?.*notice=paid/);
  await expectDraft(page, numbers.delivered);
  await page.getByRole('button', { name: 'Send this fax' }).click();
  await expect(page).toHaveURL(/\/faxes\/fax_/);
});

test('who has not confirmed his address keeps his fax', async ({ page }) => {
  await page.goto('/sign-up');
  await page.getByLabel('E-mail address').fill(newEmail());
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Open account' }).click();
  await askForPrice(page, numbers.delivered);
  await page.getByRole('button', { name: 'Send this fax' }).click();
  await expect(page.getByText(/confirm your e-mail address/i).first()).toBeVisible();
  await expectDraft(page, numbers.delivered);
  await expect(page.getByRole('button', { name: 'Send this fax' })).toBeVisible();
});

test('who has been signed out signs in and finds his fax again', async ({ page, context }) => {
  const email = await signUp(page);
  await askForPrice(page, '911');
  await context.clearCookies();
  await page.getByLabel('Fax number').fill(numbers.delivered);
  await page.getByRole('button', { name: 'Show the price' }).click();
  await expect(page).toHaveURL(/\/sign-in\?/);
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill('not it, sorry');
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await expect(page).toHaveURL(/\/send\?/);
  await expectDraft(page, numbers.delivered);
});

test('the view of a fax has the button that fits: cancel between attempts, then send again', async ({ page }) => {
  test.slow();
  await signUp(page);
  await buyCredits(page);
  await askForPrice(page, numbers.busy);
  await page.getByRole('button', { name: 'Send this fax' }).click();
  const view = page.frameLocator('iframe[src*="/api/v1/faxes/"]');
  // A call may begin between the look and the click; then the next pause serves.
  await expect(async () => {
    await view.getByRole('button', { name: 'Cancel this fax' }).click({ timeout: 20_000 });
    await expect(page).toHaveURL(/notice=fax_canceled/, { timeout: 3_000 });
  }).toPass();
  await expect(view.getByText(/whole price, \$0\.30, is back/)).toBeVisible();
  await expect(page.getByRole('button', { name: 'Cancel this fax' })).toHaveCount(0);

  const first = new URL(page.url()).pathname;
  await view.getByRole('button', { name: 'Send again' }).click();
  await expect(page).toHaveURL(/\/faxes\/fax_.*notice=fax_created/);
  expect(new URL(page.url()).pathname).not.toBe(first);
});
