// Logging in through a provider, what becomes of it, and the accounts that are connected.
import { expect } from './checks.mjs';
import { stranger } from './outside.mjs';
import { PASSWORD, resident } from './persons.mjs';
import { logIn, open, test } from './screen.mjs';

const REFUSALS = ['cancelled', 'unverified', 'address-known', 'away', 'expired', 'closed', 'taken', 'too-often', 'later', 'failed'];

const form = (page) => page.locator('form:has(#identity-password)');

/** Screens of those who are not logged in, as new-screens.mjs looks at them. */
export const OUTCOMES = [
  ['log-in-away', '/', (page) => page.locator('.providers button').last().click().then(() => page.locator('.providers').getByRole('alert').waitFor())],
  ...['connected', 'code', ...REFUSALS].map((outcome) => [`continue-${outcome}`, `/continue#${outcome}`]),
];

/** The same for somebody who has connected accounts. */
export const CONNECTED = [
  [
    'connected-wrong',
    '/settings/you',
    async (page) => {
      await page.locator('#identity-password').fill('wrong');
      await form(page).locator('button[name=remove]').first().click();
      await page.locator('#identity-password-note').waitFor();
    },
  ],
  ['continue-taken-inside', '/continue#taken'],
];

export async function checkProviders(run, view) {
  const { base } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: providers: ${name}`, () => stranger(run, view, body));

  await check('there and back, and the code of the app', async (page) => {
    await open(page, base);
    await page.getByRole('button', { name: 'Continue with Home ID' }).click();
    await page.getByRole('heading', { name: 'One more step' }).waitFor();
    expect(!page.url().includes('#'), `the outcome is still there: ${page.url()}`);
    await page.locator('#code').fill('000000');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('#code-note').filter({ hasText: 'not the right one now' }).waitFor();
    await page.locator('#code').fill('123 456');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: /Account of Ada Careful/ }).waitFor();
  });
  await check('every refusal has words of its own, and a way on', async (page) => {
    const seen = new Set();
    for (const outcome of REFUSALS) {
      await page.goto('about:blank');
      await open(page, `${base}/continue#${outcome}`);
      seen.add(await page.locator(test('provider-outcome')).getByRole('status').textContent());
      await page.getByRole('link', { name: 'To the log-in' }).waitFor();
    }
    expect(seen.size === REFUSALS.length, `${seen.size} texts for ${REFUSALS.length} refusals`);
    await page.getByRole('link', { name: 'To the log-in' }).click();
    await page.locator('#email').waitFor();
  });
  await check('an account is connected and removed, with the password', async (page) => {
    await open(page, base);
    await logIn(page, await resident(run));
    await open(page, `${base}/settings/you`);
    const connect = form(page).getByRole('button', { name: 'Connect Home ID' });
    await connect.click();
    await page.locator('#identity-password-note').filter({ hasText: 'Enter your password.' }).waitFor();
    await page.locator('#identity-password').fill('wrong');
    await connect.click();
    await page.locator('#identity-password-note').filter({ hasText: 'That is not your password.' }).waitFor();
    await page.locator('#identity-password').fill(PASSWORD);
    await connect.click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    await page.getByRole('link', { name: 'To your account' }).click();
    await page.locator('#identity-password').fill(PASSWORD);
    await page.locator('#identity-password').press('Enter');
    await form(page).getByRole('button', { name: 'Remove: Home ID Rita Resident' }).click();
    await page.getByRole('status').filter({ hasText: 'It is removed.' }).waitFor();
    await page.getByText('None is connected.').waitFor();
  });
}
