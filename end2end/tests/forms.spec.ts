import { expect, test } from '@playwright/test';
import { writeFileSync } from 'node:fs';
import { buyCredits, hydrated, newEmail, password, signUp, threePages } from '../support/customer';

test.describe('an error stands beside its field', () => {
  test('when signing up', async ({ page }) => {
    await page.goto('/sign-up');
    await page.getByLabel('E-mail address').fill('nobody@');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Open account' }).click();
    await expect(page.getByLabel('E-mail address')).toHaveAccessibleDescription(/not an e-mail address/);
    await expect(page.getByLabel('Password', { exact: true })).toHaveAccessibleDescription(/at least 8 characters/);
    await expect(page.getByLabel('E-mail address')).toHaveValue('nobody@');
  });

  test('when signing up twice', async ({ page }) => {
    const email = await signUp(page);
    await page.goto('/sign-up');
    await page.getByLabel('E-mail address').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Open account' }).click();
    await expect(page.getByLabel('E-mail address')).toHaveAccessibleDescription(/already an account/);
  });

  test('when signing in with a wrong password', async ({ page }) => {
    await page.goto('/sign-in');
    await page.getByLabel('E-mail address').fill(newEmail());
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByText('E-mail address and password do not match.').first()).toBeVisible();
  });

  test('when uploading what is no document', async ({ page }, info) => {
    await signUp(page);
    await page.goto('/send');
    await hydrated(page);
    const file = info.outputPath('letter.pdf');
    writeFileSync(file, Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0, 0]));
    await page.getByLabel(/^Files/).setInputFiles(file);
    await expect(page.getByLabel(/^Files/)).toHaveAccessibleDescription(/cannot be faxed/);
  });

  test('when typing a number that cannot be dialed', async ({ page }) => {
    await signUp(page);
    await page.goto('/send');
    await hydrated(page);
    await page.getByLabel(/^Files/).setInputFiles(threePages);
    await page.getByLabel('Fax number').fill('911');
    await page.getByLabel('Fax number').press('Enter');
    await expect(page.getByLabel('Fax number')).toHaveAccessibleDescription(/emergency/i);
  });

  test('when paying with what is no test card', async ({ page }) => {
    await signUp(page);
    await buyCredits(page, '1234');
    await expect(page.getByLabel('Card number')).toHaveAccessibleDescription(/test cards/);
  });

  test('when changing the password with a wrong one', async ({ page }) => {
    await signUp(page);
    await page.goto('/account');
    await page.getByLabel('Current password').fill('not my password');
    await page.getByLabel('New password').fill(password);
    await page.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByLabel('Current password')).toHaveAccessibleDescription(/not your current password/);
  });

  test('when a fax costs more than the balance holds', async ({ page }) => {
    await signUp(page);
    await page.goto('/send');
    await hydrated(page);
    await page.getByLabel(/^Files/).setInputFiles(threePages);
    await page.getByLabel('Fax number').fill('+1 500 555 0001');
    await page.getByRole('button', { name: /^Send (this )?fax/ }).click();
    await expect(page.getByText(/credits do not cover/i).first()).toBeVisible();
  });
});
