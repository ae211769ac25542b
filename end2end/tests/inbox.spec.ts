import { expect, test, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { signUp } from '../support/customer';

const number = '+12025550199';

/** Asks the exchange for something, see support/exchange.mjs. */
async function ask(page: Page, path: string, query: Record<string, string>) {
  const answer = await page.request.post(`http://127.0.0.1:3121${path}?${new URLSearchParams(query)}`);
  expect(answer.ok(), await answer.text()).toBe(true);
}

const list = (page: Page) => page.frameLocator('iframe[src="/api/v1/received-faxes"]');

test('a fax to a number of ours is announced by mail, stands in the inbox, and can be kept as a PDF', async ({ page, browser }) => {
  test.setTimeout(180_000);
  const email = await signUp(page);
  await page.goto('/inbox');
  await expect(list(page).getByText('You have no fax number yet.')).toBeVisible();
  await ask(page, '/numbers', { number, email });
  await page.goto('/inbox');
  await expect(list(page).getByText('+1 202-555-0199')).toBeVisible();
  await expect(list(page).getByText('No fax has come in yet.')).toBeVisible();

  // The server has to see the number before the carrier's call; it looks every second.
  await page.waitForTimeout(2_000);
  await ask(page, '/calls', { number });
  await expect(async () => {
    await page.goto('/dev/mail');
    await expect(page.getByRole('article').filter({ hasText: email }).filter({ hasText: 'A fax from +1 202-555-0100, 2 pages' })).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 120_000 });

  await page.goto('/inbox');
  await list(page).getByRole('link', { name: '+1 202-555-0100' }).click();
  await expect(page).toHaveURL(/\/inbox\/rcv_/);
  const address = page.url();
  const fax = page.frameLocator('iframe[src*="/api/v1/received-faxes/rcv_"]');
  await expect(fax.getByText('Every page arrived.')).toBeVisible();
  await expect(fax.getByRole('img')).toHaveCount(2);
  const width = await fax.getByRole('img', { name: 'Page 1' }).evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth));
  expect(width).toBe(1728);
  const downloading = page.waitForEvent('download');
  await fax.getByRole('link', { name: 'Download as PDF' }).click();
  const pdf = readFileSync(await (await downloading).path());
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdf.toString('latin1').match(/\/CCITTFaxDecode/g)).toHaveLength(2);

  // The same without scripts, and for nobody else.
  const storageState = await page.context().storageState();
  const without = await browser.newContext({ javaScriptEnabled: false, storageState, baseURL: new URL(address).origin });
  const plain = await without.newPage();
  await plain.goto('/inbox');
  await list(plain).getByRole('link', { name: '+1 202-555-0100' }).click();
  const again = plain.frameLocator('iframe[src*="/api/v1/received-faxes/rcv_"]');
  await expect(again.getByRole('img')).toHaveCount(2);
  await again.getByRole('button', { name: 'Delete this fax' }).click();
  await expect(plain).toHaveURL(/\/inbox\?notice=received_fax_deleted/);
  await expect(list(plain).getByText('No fax has come in yet.')).toBeVisible();
  await without.close();
});
