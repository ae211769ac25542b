import { expect, test, type Page } from '@playwright/test';
import { buyCredits, hydrated, newEmail, numbers, password, signUp, threePages } from '../support/customer';

/** Tabs on until `name` has the focus, as somebody without a mouse does. */
async function tabTo(page: Page, role: 'button' | 'textbox' | 'link', name: RegExp) {
  const wanted = page.getByRole(role, { name });
  for (let step = 0; step < 80; step++) {
    if (await wanted.first().evaluate((element) => element === document.activeElement).catch(() => false)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not reach the ${role} ${name}`);
}

test.beforeEach(({}, info) => test.skip(info.project.name === 'phone', 'phones have no Tab key'));

test('the first Tab offers to skip to the content', async ({ page }) => {
  await page.goto('/');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.locator('#main')).toBeFocused();
});

test('an account is opened without a mouse', async ({ page }) => {
  await page.goto('/sign-up');
  await tabTo(page, 'textbox', /E-mail address/);
  await page.keyboard.type(newEmail());
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/notice=signed_up/);
});

test('a fax is sent without a mouse', async ({ page }) => {
  await signUp(page);
  await buyCredits(page);
  await page.goto('/send');
  await hydrated(page);
  // The browser's own file dialog is beyond a page; everything else is typed.
  await page.getByLabel(/^Files/).setInputFiles(threePages);
  await tabTo(page, 'textbox', /Fax number/);
  await page.keyboard.type(numbers.delivered);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /^Send (this )?fax/ })).toBeVisible();
  await tabTo(page, 'button', /^Send (this )?fax/);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/faxes\/fax_/);
});
