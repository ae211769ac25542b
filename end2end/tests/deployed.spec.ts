// What must work wherever the site is deployed: no test card, no test number, no mail that a test could read. Against QA:
// script/test deployed https://www.qa.faxdroid.com. Nothing is sent and nothing is paid there.
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from '@playwright/test';
import { hydrated, newEmail, password, threePages } from '../support/customer';

test('the price of a fax is worked out in the browser', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('link', { name: 'Pricing' }).first().click();
  await hydrated(page);
  await page.getByLabel('Country').selectOption('MX');
  await page.getByLabel('Pages').fill('5');
  await expect(page.locator('#estimate')).toHaveText('$1.00');
});

test('a customer opens an account, sees every page of a document as it will arrive, and what it costs', async ({
  page,
}) => {
  const email = newEmail();
  await page.goto('/sign-up');
  await page.getByLabel('E-mail address').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Open account' }).click();
  await expect(page).toHaveURL(/\/send\?notice=signed_up/);

  await page.goto('/send');
  await hydrated(page);
  await page.getByLabel(/^Files/).setInputFiles(threePages);
  await expect(page.getByRole('img', { name: /page 3/i })).toBeVisible({ timeout: 30_000 });
  await page.getByLabel('Fax number').fill('+1 500 555 0001');
  await expect(page.locator('main')).toContainText('$0.30');

  await page.goto('/account');
  await expect(page.locator('#account-email')).toHaveText(email);
});

test('a wrong password is refused beside its field', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByLabel('E-mail address').fill(newEmail());
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page).toHaveURL(/\/sign-in\?.*error=/);
  await expect(page.getByRole('alert').first()).toBeVisible();
});

test('the smoke test passes on this site, and on no other', ({ baseURL }) => {
  const smoke = resolve(import.meta.dirname, '../../script/smoke');
  expect(execFileSync(smoke, [baseURL!], { encoding: 'utf8' })).toBe(`${baseURL} works\n`);
  expect(() => execFileSync(smoke, [`${baseURL}/developers`], { stdio: 'ignore' })).toThrow();
});
