// The whole shape: CloudFront and the WAF as the templates have them, the renderer under Lambda's own runtime, two servers behind
// load balancers, and real telephone lines. One after the other: they stop parts that the others need.
import { expect, test, type Page } from '@playwright/test';
import { execFileSync, execSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buyCredits, hydrated, send, signUp } from '../support/customer';

test.describe.configure({ mode: 'serial' });

const repository = resolve(import.meta.dirname, '..', '..');
const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');
const status = process.env.END2END_STATUS!;
const mails = `${status}/mail`;
/** A fax machine behind the carrier that knows T.38, and one of our own numbers. */
const numbers = { machine: '+1 202 555 0100', ours: '+12025550199' };

/** Has the stack do something, as the buttons of its page do. */
async function order(page: Page, path: string, form: Record<string, string> = {}) {
  const answer = await page.request.post(`${status}${path}`, { form });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
}

test('every one of the 22 components is shown, and those that are here are up', async ({ page }) => {
  await page.goto(status);
  const rows = page.locator('tbody tr');
  await expect(rows).toHaveCount(23);
  const shown = await rows.locator('td:first-child').allInnerTexts();
  expect(shown.filter(Boolean).map(Number)).toEqual(Array.from({ length: 22 }, (_, index) => index + 1));
  await expect(page.locator('td.down')).toHaveCount(0);
  await expect(page.locator('td.up')).toHaveCount(15);
});

test('a customer sends a document over the carrier’s trunk to a fax machine', async ({ page }) => {
  test.setTimeout(300_000);
  await signUp(page, undefined, mails);
  await buyCredits(page);
  await expect(page).toHaveURL(/\/credits\?notice=paid/);
  await send(page, numbers.machine);
  await expect(page.locator('#fax-status')).toHaveText(/delivered/i, { timeout: 240_000 });
  await expect(page.locator('#attempts tr')).toHaveCount(1);
  await expect(page.locator('#attempts tr')).toContainText('3');
  await page.goto('/credits');
  await hydrated(page);
  await expect(page.locator('#statement-view, #statement').first()).toContainText('-$0.30');
});

test('the second visit is served from the edge', async ({ page }) => {
  const first = await page.goto('/developers');
  expect(first?.headers()['x-cache']).toMatch(/Miss from cloudfront|LambdaGeneratedResponse/);
  const second = await page.goto('/developers');
  expect(second?.headers()['x-cache']).toBe('Hit from cloudfront');
  expect(Number(second?.headers().age)).toBeGreaterThanOrEqual(0);
});

test('a fax to a number of ours is announced by mail, stands in the inbox, and can be kept as a PDF', async ({ page, browser }) => {
  test.setTimeout(180_000);
  const list = (page: Page) => page.frameLocator('iframe[src="/api/v1/received-faxes"]');
  const email = await signUp(page, undefined, mails);
  await page.goto('/inbox');
  await expect(list(page).getByText('You have no fax number yet.')).toBeVisible();
  await order(page, '/numbers', { number: numbers.ours, email });
  await page.goto('/inbox');
  await expect(list(page).getByText('+1 202-555-0199')).toBeVisible();
  await expect(list(page).getByText('No fax has come in yet.')).toBeVisible();

  // The servers have to see the number before the carrier's call; they look every second.
  await page.waitForTimeout(2_000);
  await order(page, '/calls', { number: numbers.ours });
  await expect(async () => {
    await page.goto(mails);
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
  const without = await browser.newContext({
    javaScriptEnabled: false, storageState, baseURL: new URL(address).origin, ignoreHTTPSErrors: true,
  });
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

test('one server is taken away while a customer is at work, and no request fails', async ({ page }) => {
  test.setTimeout(120_000);
  await signUp(page, undefined, mails);
  const failed: string[] = [];
  page.on('response', (response) => {
    if (response.status() >= 400) failed.push(`${response.status()} ${response.url()}`);
  });
  page.on('requestfailed', (request) => failed.push(`${request.failure()?.errorText} ${request.url()}`));
  // Slower than the web ACL minds.
  const asked = page.evaluate(async () => {
    const end = Date.now() + 12_000;
    let count = 0;
    for (; Date.now() < end; count++) {
      await fetch('/api/v1/me').then((answer) => answer.text(), () => undefined);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return count;
  });
  await page.waitForTimeout(2_000);
  // As the auto scaling group takes an instance away: it ends what it is at.
  await order(page, '/servers/2/end');
  await page.waitForTimeout(2_000);
  await order(page, '/servers/2/start');
  expect(await asked).toBeGreaterThan(50);
  expect(failed).toEqual([]);

  // As a machine that fails: whatever it was at fails with it, and every later request finds the other one.
  await order(page, '/servers/2/kill');
  for (let visit = 0; visit < 10; visit++) {
    await page.goto('/account');
    await expect(page.locator('#account-email')).toContainText('@');
  }
  expect(failed).toEqual([]);
  await order(page, '/servers/2/start');
});

test('a new version is released while a page is open: the page goes on, and the next one is new', async ({ page }) => {
  test.setTimeout(120_000);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  const files = () => asked.filter((path) => path.startsWith('/pkg/')).map((path) => path.startsWith('/pkg/faxdroid.next'));
  const calculates = async () => {
    await page.getByLabel('Country').selectOption('MX');
    await page.getByLabel('Pages').fill('5');
    await expect(page.locator('#estimate')).toHaveText('$1.00');
  };
  await page.goto('/pricing');
  await hydrated(page);
  expect(files()).not.toContain(true);

  const next = mkdtempSync(join(tmpdir(), 'faxdroid-next-'));
  execFileSync('python3', [
    join(repository, 'end2end/support/next_release.py'), join(repository, 'target/site'), join(target, 'edge'), next,
  ]);
  const operator = await (await page.request.get(`${status}/operator`)).text();
  const said = execSync(
    `${operator} release local next-${Date.now()} --site ${next}/site --package ${next}/edge.zip --pages ${next}/pages.json --fallback ${target}/fallback`,
    { cwd: repository, encoding: 'utf8' },
  );
  rmSync(next, { recursive: true });
  expect(said).toContain('invalidating /*');

  await calculates();
  asked.length = 0;
  const again = await page.reload();
  expect(again?.headers()['x-cache']).not.toMatch(/Hit/);
  await hydrated(page);
  await calculates();
  expect(files()).toContain(true);
  expect(files()).not.toContain(false);
});

test('the renderer fails: what is cached stays, every other page is the fallback, and works', async ({ page }) => {
  await page.goto('/pricing');
  await order(page, '/renderer/fail');
  expect((await page.goto('/pricing'))?.status()).toBe(200);
  expect((await page.goto('/sign-up'))?.status()).toBe(503);
  await hydrated(page);
  await page.getByLabel('E-mail address').fill('someone@example.com');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByRole('button', { name: 'Open account' }).click();
  await expect(page.locator('#password-error')).not.toBeEmpty();
  await order(page, '/renderer/mend');
  // An error is kept for as long as the distribution says.
  await expect(async () => {
    expect((await page.goto('/sign-up'))?.status()).toBe(200);
  }).toPass({ timeout: 60_000 });
});
