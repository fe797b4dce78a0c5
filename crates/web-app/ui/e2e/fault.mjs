// Errors on the server's side, with the reference by which they are found there.
import { examine } from './axe.mjs';
import { expect } from './checks.mjs';
import { logIn, newPage, open, ready, test } from './screen.mjs';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

async function fail(page, address, method = 'GET') {
  await page.route(address, async (route) => {
    if (route.request().method() !== method) return route.fallback();
    const problem = { type: 'about:blank', title: 'Internal Server Error', status: 500, trace_id: TRACE };
    await route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problem) });
  });
}

/** It is whole, and nothing is wider than the page for it; what is said aloud does without it. */
async function fits(page, within) {
  await page.setViewportSize({ width: 320, height: 640 });
  await ready(page);
  const shown = within.locator(test('reference'));
  expect((await shown.locator('code').textContent()) === TRACE, await shown.textContent());
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  expect(width <= 320, `${width} px wide`);
  for (const said of await page.locator('[role=alert], [role=status]').allTextContents()) expect(!said.includes(TRACE), said);
}

export async function checkFault(run, view) {
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: an error of the server: ${name}`, body);
  const context = await run.newContext(view, { bypassCSP: true, permissions: ['clipboard-read', 'clipboard-write'] });
  const page = await newPage(context);
  const body = page.locator('body');
  await check('at the log-in', async () => {
    await fail(page, '**/api/session', 'POST');
    await open(page, run.base);
    await page.locator('#email').fill(run.login.email);
    await page.locator('#password').fill(run.login.password);
    await page.locator('button[type=submit]').click();
    await page.locator(test('reference')).waitFor();
    await fits(page, body);
    await run.shoot(page, 'fault-login', view);
    await page.unroute('**/api/session');
  });
  await check('in place of a screen, where it is copied', async () => {
    await open(page, run.base);
    await logIn(page, run.login);
    await fail(page, '**/usage?**');
    await open(page, `${run.base}/history`);
    await fits(page, page.locator('.notice'));
    const before = await page.locator('.notice').boundingBox();
    await page.getByRole('button', { name: 'Copy the reference' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor({ state: 'attached' });
    expect((await page.evaluate(() => navigator.clipboard.readText())) === TRACE, 'something else was copied');
    const after = await page.locator('.notice').boundingBox();
    expect(before.width === after.width && before.height === after.height, 'the page moved');
    await examine(page, run.axe);
    await run.shoot(page, 'fault-screen', view);
    await page.unroute('**/usage?**');
  });
  await check('at a form and at a part of a card', async () => {
    await fail(page, '**/api/households/*/settings', 'PUT');
    await fail(page, '**/api/tokens');
    await open(page, `${run.base}/settings`);
    await page.locator('#household-name').fill('Another name');
    await page.locator('#household-name').press('Enter');
    await page.locator('.bad').waitFor();
    await fits(page, page.locator('.bad'));
    await examine(page, run.axe);
    await run.shoot(page, 'fault-form', view, { whole: true });
    await open(page, `${run.base}/settings/you`);
    await fits(page, page.locator('section', { has: page.locator('#tokens-title') }));
    await examine(page, run.axe);
    await run.shoot(page, 'fault-part', view, { whole: true });
  });
  await context.close();
}
