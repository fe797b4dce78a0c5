// Those who are not logged in: two steps, signing up, new passwords, and the links of letters.
import { clean } from './axe.mjs';
import { expect, watch } from './checks.mjs';
import { address, invitation, newcomer, PASSWORD } from './persons.mjs';
import { logIn, newPage, open, plain, ready, test } from './screen.mjs';

export const submit = (page) => page.locator('main button[type=submit]').first().click();
const focused = (page) => page.evaluate(() => document.activeElement?.id ?? '');

/** A page that nobody is logged in on, watched. */
export async function stranger(run, view, work) {
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(run.base).origin);
  const answer = await work(page);
  clean(seen, /status of (401|403|404|409|422|429)/);
  await context.close();
  return answer;
}

/** Opens a letter's link; the secret is to leave the address bar. */
async function openLetter(page, link) {
  await page.goto('about:blank');
  await open(page, link);
  expect(!page.url().includes('#'), `the secret is still there: ${page.url()}`);
}

async function says(page, words) {
  await page.getByRole('alert').filter({ hasText: words }).waitFor();
}

export async function checkOutside(run, view) {
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: outside: ${name}`, () => stranger(run, view, body));
  const { base } = run;
  const start = async (page, email, password) => {
    await open(page, base);
    await page.locator('#email').fill(email);
    await page.locator('#password').fill(password);
    await submit(page);
  };

  await check('the log-in in two steps', async (page) => {
    await start(page, 'careful@example.org', 'demo');
    await page.locator('#code').waitFor();
    expect((await focused(page)) === 'code', `the focus is on ${await focused(page)}`);
    const field = page.locator('#code');
    expect((await field.getAttribute('autocomplete')) === 'one-time-code', 'a phone does not offer the code');
    await submit(page);
    await says(page, 'Enter the code.');
    await field.fill('000000');
    await submit(page);
    await says(page, 'not the right one now');
    await page.getByRole('button', { name: 'Back' }).click();
    expect((await focused(page)) === 'password', `the focus is on ${await focused(page)}`);
    expect((await page.locator('#email').inputValue()) === 'careful@example.org', 'the address is gone');
    await submit(page);
    await field.waitFor();
    await field.fill('123 456');
    await submit(page);
    await page.getByRole('button', { name: /Account of Ada Careful/ }).waitFor();
  });
  await check('the log-in with a recovery code', async (page) => {
    await start(page, 'careful@example.org', 'demo');
    await page.getByRole('button', { name: 'Use a recovery code' }).click();
    expect((await focused(page)) === 'code', `the focus is on ${await focused(page)}`);
    await page.locator('#code').fill('7QK2M-XW9PT');
    await submit(page);
    await page.getByRole('button', { name: /Account of Ada Careful/ }).waitFor();
  });
  await check('too many tries are told, and when the next one is due', async (page) => {
    await start(page, 'demo@example.org', 'often');
    await says(page, 'Please wait 3 minutes');
    await open(page, `${base}/forgotten`);
    await page.locator('#email').fill('often@example.org');
    await submit(page);
    await says(page, 'Please wait 3 minutes');
    expect((await page.locator('#email').inputValue()) === 'often@example.org', 'what was typed is gone');
  });
  await check('somebody signs up, names a home, and is led to the hubs', async (page) => {
    await open(page, base);
    await page.getByRole('link', { name: 'Create an account' }).click();
    await page.locator('#name').waitFor();
    await submit(page);
    await page.locator('#name-note').filter({ hasText: 'Enter a name.' }).waitFor();
    expect((await focused(page)) === 'name', `the focus is on ${await focused(page)}`);
    await page.locator('#name').fill('Ada');
    await page.locator('#email').fill('closed@example.org');
    await submit(page);
    await says(page, 'Nobody may sign up here');
    const email = address('ada');
    await page.locator('#email').fill(email);
    await submit(page);
    await page.getByText(`We have sent a letter to ${email}.`).waitFor();
    await page.getByRole('link', { name: 'This is a demonstration' }).click();
    await page.locator('#password').waitFor();
    expect(!page.url().includes('#'), page.url());
    await page.locator('#password').fill('short');
    await submit(page);
    await page.locator('#password-note').filter({ hasText: 'At least 8 characters.' }).waitFor();
    await page.locator('#password').fill(PASSWORD);
    await submit(page);
    await page.locator('#home-name').waitFor();
    await submit(page);
    await page.locator('#home-name-note').filter({ hasText: 'Give your home a name.' }).waitFor();
    await page.locator('#home-name').fill('Tree house');
    await page.locator('#home-zone').selectOption('Europe/Vienna');
    await submit(page);
    await page.locator('header .name', { hasText: 'Tree house' }).waitFor();
    await page.getByRole('link', { name: 'Add a hub' }).click();
    await page.waitForURL(/\/settings\/hubs$/);
    await page.locator('#hub-code').waitFor();
    return email;
  });
  await check('a new password by letter', async (page) => {
    const { email } = await newcomer(run);
    await open(page, base);
    await page.getByRole('link', { name: 'Forgotten your password?' }).click();
    await page.locator('#email').fill(email);
    await page.getByRole('button', { name: 'Send me the link' }).click();
    await page.getByRole('link', { name: 'This is a demonstration' }).click();
    await page.locator('#password').fill('another four words here');
    await submit(page);
    await page.getByRole('button', { name: 'To the log-in' }).click();
    await logIn(page, { email, password: 'another four words here' });
    await page.locator('#home-name').waitFor();
  });
  await check('links that are used up, too old or not whole say so, and where to get another', async (page) => {
    for (const path of ['/welcome', '/confirm', '/new-password', '/invitation', '/invitation#expired']) {
      await openLetter(page, base + path);
      await page.locator(test('bad-link')).waitFor();
    }
    await openLetter(page, `${base}/new-password#expired`);
    await page.locator('#password').fill(PASSWORD);
    await submit(page);
    await page.getByRole('link', { name: 'Ask for a new link' }).click();
    await page.waitForURL(/\/forgotten$/);
    await openLetter(page, `${base}/welcome#expired`);
    await page.locator('#password').fill(PASSWORD);
    await submit(page);
    await page.getByRole('link', { name: 'Sign up again' }).waitFor();
    // A second link in the same tab is only another hash.
    await page.evaluate(() => (location.hash = 'another'));
    await page.waitForFunction(() => location.hash === '');
  });
  await check('an invitation for somebody new', async (page) => {
    const email = address('bob');
    await openLetter(page, await invitation(run, { email, until: new Date(Date.now() + 20 * 864e5).toISOString() }));
    const words = plain(await page.locator('main').innerText());
    expect(/Alex Still invites you to Cabin/.test(words) && /As a guest.*Until \d/s.test(words), words);
    await page.locator('#name').fill('Bob');
    await page.locator('#password').fill(PASSWORD);
    await submit(page);
    await page.locator('header .name', { hasText: 'Cabin' }).waitFor();
    expect(new URL(page.url()).pathname === '/', page.url());
  });
  await check('an invitation for somebody known, who logs in with it', async (page) => {
    const who = await newcomer(run);
    await openLetter(page, await invitation(run, { email: who.email, role: 'member' }));
    expect((await page.locator('#email').inputValue()) === who.email, 'the address is not filled in');
    await page.locator('#password').fill('wrong');
    await submit(page);
    await says(page, 'Wrong e-mail or password.');
    await page.locator('#password').fill(PASSWORD);
    await submit(page);
    await page.locator('header .name', { hasText: 'Cabin' }).waitFor();
  });
  await check('an invitation for another than who is logged in', async (page) => {
    const mine = await newcomer(run, 'Mia Mine');
    const theirs = await newcomer(run, 'Tom Theirs');
    await open(page, base);
    await logIn(page, mine);
    await openLetter(page, await invitation(run, { email: theirs.email }));
    await page.locator(test('other-address')).filter({ hasText: `You are logged in as ${mine.email}` }).waitFor();
    await page.getByRole('button', { name: 'Log out and go on' }).click();
    await page.locator('#password').fill(PASSWORD);
    await submit(page);
    await page.getByRole('button', { name: /Account of Tom Theirs/ }).waitFor();
    await ready(page);
    expect((await page.locator('header .name').textContent()) === 'Cabin', 'not in the home');
  });
  await check('an invitation for who is logged in takes one click', async (page) => {
    const who = await newcomer(run, 'Ona One');
    await open(page, base);
    await logIn(page, who);
    await openLetter(page, await invitation(run, { email: who.email, role: 'member' }));
    await page.getByRole('button', { name: 'Join Cabin' }).click();
    await page.locator('header .name', { hasText: 'Cabin' }).waitFor();
  });
}
