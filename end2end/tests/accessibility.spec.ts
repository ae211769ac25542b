import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { buyCredits, hydrated, numbers, send, signUp, threePages } from '../support/customer';

const publicPages = [
  '/',
  '/pricing',
  '/pricing?country=NG&pages=3',
  '/sign-up',
  '/sign-up?error=email:email_invalid&error=password:password_too_short&email=nobody',
  '/sign-in',
  '/send',
  '/faxes',
  '/inbox',
  '/credits',
  '/account',
  '/forgot-password',
  '/reset-password?token=0',
  '/confirm-email?token=0',
  '/faq',
  '/developers',
  '/terms',
  '/privacy',
  '/error',
  '/no/such/page',
];

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`axe finds nothing, ${colorScheme}`, () => {
    test.use({ colorScheme });

    for (const path of publicPages) {
      test(`on ${path}`, async ({ page }) => {
        await page.goto(path);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
      });
    }

    test('on the pages of a customer', async ({ page }) => {
      test.slow();
      const check = async () => {
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(({ id, nodes }) => `${page.url()} ${id}: ${nodes.map((node) => node.html).join(' ')}`);
        expect.soft(found).toEqual([]);
      };
      await signUp(page);
      await page.goto('/credits');
      await page.getByRole('button', { name: /^Buy Starter/ }).click();
      await hydrated(page);
      await check();
      await buyCredits(page);
      await hydrated(page);
      await check();
      await page.goto('/send');
      await hydrated(page);
      await check();
      await page.getByLabel(/^Files/).setInputFiles(threePages);
      await expect(page.getByRole('img', { name: /page 3/i })).toBeVisible();
      await check();
      await send(page, numbers.delivered);
      await expect(page.locator('#fax-status')).toHaveText(/delivered/i, { timeout: 30_000 });
      await check();
      for (const path of ['/faxes', '/inbox', '/account']) {
        await page.goto(path);
        // What came in is a frame of the API's; that page has no islands.
        if (path !== '/inbox') await hydrated(page);
        await page.waitForLoadState('networkidle');
        await check();
      }
    });
  });
}
