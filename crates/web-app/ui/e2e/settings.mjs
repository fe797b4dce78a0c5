// The Settings screen: household, device, export, access tokens.
import { clean, examineAll, fitsIn320 } from './axe.mjs';
import { expect, watch } from './checks.mjs';
import { logIn, newPage, open, ready, test } from './screen.mjs';

export async function visitSettings(run, view) {
  const { base, shoot } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: Settings: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(base).origin);
  await page.goto(base);
  await logIn(page, run.login);
  await check('are opened', async () => {
    await page.getByRole('link', { name: 'Settings', exact: true }).locator('visible=true').first().click();
    await page.locator('#household-name').waitFor();
    await page.locator(test('hubs')).waitFor();
    await ready(page);
    await shoot(page, 'settings', view, { whole: true });
  });
  await check('nothing scrolls sideways at 320 px', () => fitsIn320(page, base, ['/settings', '/settings/people', '/settings/you']));
  await examineAll(run, view, check, await context.storageState(), [
    ['the settings', '/settings'],
    ['a new token', '/settings/you', (its) => its.getByRole('button', { name: 'New token' }).click()],
  ]);
  if (view.thorough) await thorough(run, view, page, check);
  await check('keep to the policy, to their origin, and free of errors', () => clean(seen, /status of (401|409|422)/));
  await context.close();
}

async function thorough(run, view, page, check) {
  const { base } = run;
  await check('the theme is chosen, kept, and let go', async () => {
    await open(page, `${base}/settings/you`);
    const other = view.theme === 'dark' ? 'light' : 'dark';
    await page.locator(`input[name=look][value=${other}]`).check({ force: true });
    await page.reload();
    await ready(page);
    expect((await page.locator('html').getAttribute('data-theme')) === other, 'not kept');
    await page.locator('input[name=look][value=auto]').check({ force: true });
    expect((await page.locator('html').getAttribute('data-theme')) === null, 'not let go');
  });
  await check('the language is chosen against the browser’s, and let go', async () => {
    await page.locator('input[name=language][value=de]').check({ force: true });
    await page.locator('h1', { hasText: 'Einstellungen' }).waitFor();
    await ready(page);
    await page.locator('input[name=language][value=auto]').check({ force: true });
    await page.locator('h1', { hasText: 'Settings' }).waitFor();
    await ready(page);
  });
  await check('everything is exported as CSV and as JSON', async () => {
    await open(page, `${base}/settings`);
    const today = new Date().toISOString().slice(0, 10);
    await page.locator('#export-from').fill(today);
    const sizes = [];
    for (const format of ['csv', 'json']) {
      await page.locator(`input[name=export-format][value=${format}]`).check({ force: true });
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
      const stream = await download.createReadStream();
      let content = '';
      for await (const chunk of stream) content += chunk;
      if (format === 'csv') expect(content.startsWith('start,hub,socket,name,room,'), content.slice(0, 80));
      else expect(Array.isArray(JSON.parse(content)), 'no list');
      sizes.push(`${download.suggestedFilename()}: ${(content.length / 1000).toFixed(0)} kB`);
    }
    return sizes.join(', ');
  });
  await check('one socket is exported alone, with its gaps, and with costs, but not in the finest steps', async () => {
    const choice = page.locator('#export-socket');
    const socket = await choice.locator('option').nth(1).getAttribute('value');
    await choice.selectOption(socket);
    await page.locator('#export-gaps').check();
    const asked = async () => new URL(await page.getByRole('link', { name: 'Download' }).getAttribute('href'), base).searchParams;
    expect((await asked()).get('gaps') === 'true', `${await asked()}`);
    const costs = page.locator('#export-costs');
    if ((await costs.count()) === 0) return 'without a tariff';
    await costs.check();
    const query = await asked();
    expect(`${query.get('hub')}:${query.get('socket')} ${query.get('cost')}` === `${socket} true`, `${query}`);
    await page.locator('input[name=export-bucket][value=tick]').check({ force: true });
    const ofTicks = await asked();
    expect(!ofTicks.has('cost') && !ofTicks.has('gaps') && (await costs.isDisabled()), `of ticks: ${ofTicks}`);
    await page.locator('input[name=export-bucket][value="1d"]').check({ force: true });
    await page.locator('input[name=export-format][value=csv]').check({ force: true });
    const answer = await page.request.get(`${base}${await page.getByRole('link', { name: 'Download' }).getAttribute('href')}`);
    const [head, ...rows] = (await answer.text()).trim().split('\r\n');
    expect(/,cost_[a-z]{3}$/.test(head) && rows.length > 0, `${answer.status()} ${head}`);
    return `${rows.length} rows with ${head}`;
  });
  await check('an access token is made, told once, works, and is revoked', async () => {
    await open(page, `${base}/settings/you`);
    const name = `Test of the page ${Date.now()}`;
    await page.getByRole('button', { name: 'New token' }).click();
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.locator('#token-name-note').filter({ hasText: 'Give the token a name' }).waitFor();
    await page.locator('#token-name').fill(name);
    await page.locator('#token-days').selectOption('30');
    await page.locator('#token-password').fill(run.login.password);
    await page.getByRole('button', { name: 'Create token' }).click();
    const token = await page.locator(test('new-token')).inputValue();
    expect(/^wlp_\S{20,}$/.test(token), `“${token}”`);
    await run.shoot(page, 'token', view, { whole: true });
    await page.getByRole('button', { name: 'I have it' }).click();
    expect(!(await page.content()).includes(token), 'it is still there');
    await page.reload();
    await page.locator('li', { hasText: name }).waitFor();
    expect(!(await page.content()).includes(token), 'it was told again');
    await page.getByRole('button', { name: `Revoke ${name}` }).click();
    await page.getByRole('button', { name: 'Revoke it' }).click();
    await page.locator('li', { hasText: name }).waitFor({ state: 'detached' });
  });
  if (run.mock) await mocked(run, view, page, check);
}

async function mocked(run, view, page, check) {
  const { base } = run;
  await check('the household gets another name and currency, and its own back', async () => {
    await open(page, `${base}/settings`);
    for (const [name, currency] of [['Lake house', 'CHF'], ['Home', 'EUR']]) {
      await page.locator('#household-name').fill(name);
      await page.locator('#household-currency').selectOption(currency);
      await page.locator('form button[type=submit]').first().click();
      await page.locator('header .name', { hasText: name }).waitFor();
      await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
    }
  });
  await check('who was slower is told, and sees what the other did', async () => {
    await open(page, `${base}/settings`);
    const rename = (name) =>
      page.evaluate(async (wanted) => {
        const path = '/api/households/h-demo/settings';
        const settings = await (await fetch(path)).json();
        const body = JSON.stringify({ ...settings, name: wanted });
        await fetch(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
      }, name);
    await rename('Theirs');
    await page.locator('#household-name').fill('Mine');
    await page.locator('form button[type=submit]').first().click();
    await page.getByRole('alert').filter({ hasText: 'Somebody else changed this' }).waitFor();
    expect((await page.locator('#household-name').inputValue()) === 'Theirs', 'the other’s name is not shown');
    await rename('Home');
  });
  await check('a member may not rename the household, a guest may not change it', async () => {
    for (const [email, fields] of [['member@example.org', 1], ['guest@example.org', 0]]) {
      const context = await run.newContext(view);
      const its = await newPage(context);
      await its.goto(base);
      await logIn(its, { email, password: 'x' });
      await open(its, `${base}/settings`);
      const open_ = its.locator('#household-name:enabled, #household-zone:enabled, #household-currency:enabled');
      expect((await open_.count()) === fields, `${email} may change ${await open_.count()} fields`);
      await context.close();
    }
  });
}
