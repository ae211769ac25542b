// A page of one release meets what another release left or brought.
import { expect, test } from '@playwright/test';
import { hydrated, signUp } from '../support/customer';

test('an open page that meets a newer API says so, and works again once it is loaded again', async ({ page }) => {
  const email = await signUp(page);
  await page.route('**/api/v1/me', (route) => route.fulfill({ json: { account: { address: email } } }));
  await page.goto('/account');
  await expect(page.getByRole('alert')).toContainText('FaxDroid has been renewed since this page was loaded.');

  await page.unroute('**/api/v1/me');
  await page.getByRole('link', { name: 'Load this page again' }).click();
  await expect(page.locator('#account-email')).toHaveText(email);
});

test('a page that the last release rendered loads its own files after the next release, and then the next one loads its', async ({
  page,
  request,
}) => {
  // What the bucket has: a release adds its files, whose content gives them other names, and takes none away.
  const bucket = new Map<string, { body: Buffer; contentType: string }>();
  const last = await (await request.get('/pricing')).text();
  let next = last;
  for (const file of new Set(last.match(/\/pkg\/[^"]+/g))) {
    const response = await request.get(file);
    const kept = { body: await response.body(), contentType: response.headers()['content-type'] };
    const renamed = file.replace('/faxdroid.', '/faxdroid.next');
    bucket.set(file, kept).set(renamed, kept);
    next = next.replaceAll(file, renamed);
  }
  let atTheEdge = last;
  const asked: string[] = [];
  await page.route('**/pricing', (route) => route.fulfill({ body: atTheEdge, contentType: 'text/html; charset=utf-8' }));
  await page.route('**/pkg/**', (route) => {
    const path = new URL(route.request().url()).pathname;
    asked.push(path);
    return route.fulfill(bucket.get(path) ?? { status: 404 });
  });
  const calculates = async () => {
    await hydrated(page);
    await page.getByLabel('Country').selectOption('MX');
    await page.getByLabel('Pages').fill('5');
    await expect(page.locator('#estimate')).toHaveText('$1.00');
  };

  await page.goto('/pricing');
  await calculates();
  expect(asked.length).toBeGreaterThanOrEqual(3);
  expect(asked.filter((file) => !last.includes(file))).toEqual([]);

  asked.length = 0;
  atTheEdge = next;
  await page.reload();
  await calculates();
  expect(asked.filter((file) => !next.includes(file))).toEqual([]);
});

test('an open page that asks the API in a way that it no longer understands says so', async ({ page }) => {
  await signUp(page);
  const problem = { type: '/developers', title: 'A field is missing.', status: 400, code: 'field_missing', detail: '', request_id: 'req_1', errors: [] };
  await page.route('**/api/v1/me', (route) =>
    route.fulfill({ status: 400, contentType: 'application/problem+json', body: JSON.stringify(problem) }),
  );
  await page.goto('/account');
  await expect(page.getByRole('alert')).toContainText('FaxDroid has been renewed since this page was loaded.');
});

test('a page loads files whose names change with their content, and the browser may keep them for a year', async ({
  page,
}) => {
  const files: string[] = [];
  page.on('response', (response) => {
    if (!response.url().includes('/pkg/')) return;
    files.push(new URL(response.url()).pathname);
    expect(response.headers()['cache-control']).toBe('public, max-age=31536000, immutable');
  });
  await page.goto('/send');
  await hydrated(page);
  expect(files.length).toBeGreaterThanOrEqual(3);
  for (const file of files) expect(file).toMatch(/^\/pkg\/faxdroid\.[\w-]{8,}\.(css|js|wasm)$/);
});

test('a page whose script is gone is still a page: its forms do without', async ({ page }) => {
  await page.route('**/pkg/*.{js,wasm}', (route) => route.fulfill({ status: 404 }));
  await page.goto('/pricing');
  await page.getByLabel('Country').selectOption('MX');
  await page.getByLabel('Pages').fill('5');
  await page.getByRole('button', { name: 'Calculate' }).click();
  await expect(page.locator('#estimate')).toHaveText('$1.00');
});
