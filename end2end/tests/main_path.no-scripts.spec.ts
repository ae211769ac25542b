import { expect, test } from '@playwright/test';
import { buyCredits, numbers, signUp, threePages } from '../support/customer';

test('without scripts a customer does all the same: sign up, buy, upload, check, send, follow, read the statement', async ({
  page,
}) => {
  await signUp(page);
  await buyCredits(page);
  await expect(page).toHaveURL(/\/credits\?notice=paid/);

  await page.goto('/send');
  await page.getByLabel(/^Files/).setInputFiles(threePages);
  await page.getByRole('button', { name: /upload/i }).click();
  await expect(page).toHaveURL(/document=doc_/);
  const pages = page.frameLocator('iframe[src*="/api/v1/documents/"]');
  await expect(pages.getByRole('img')).toHaveCount(3);

  await page.getByLabel('Fax number').fill(numbers.delivered);
  await page.getByRole('button', { name: /price/i }).click();
  await expect(page).toHaveURL(/quote=quo_/);
  await expect(page.frameLocator('iframe[src*="/api/v1/quotes/"]').getByText('$0.30').first()).toBeVisible();

  await page.getByRole('button', { name: /send/i }).last().click();
  await expect(page).toHaveURL(/\/faxes\/fax_/);
  const status = page.frameLocator('iframe[src*="/api/v1/faxes/"]');
  await expect(status.getByText(/delivered/i).first()).toBeVisible({ timeout: 30_000 });

  await page.goto('/credits');
  const statement = page.frameLocator('iframe[src*="/api/v1/transactions"]');
  await expect(statement.getByText('-$0.30')).toBeVisible();
});

test('without scripts an error stands beside its field and what was typed is still there', async ({ page }) => {
  await page.goto('/sign-up');
  await page.getByLabel('E-mail address').fill('nobody');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Open account' }).click();
  await expect(page.getByLabel('E-mail address')).toHaveValue('nobody');
  await expect(page.getByLabel('E-mail address')).toHaveAccessibleDescription(/not an e-mail address/);
  await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(/at least 8 characters/);
});
