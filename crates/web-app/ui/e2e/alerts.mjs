// The Alerts screen and its settings: what is open, seen, muted, over, and what the server refuses.
import { clean, examineAll, fitsIn320 } from './axe.mjs';
import { expect, watch } from './checks.mjs';
import { barFits, logIn, newPage, open, plain, ready, test } from './screen.mjs';

const OPEN = `${test('open-alerts')} > li`;
const TAB = 'nav a[href="/alerts"]';
const badge = async (page) => (await page.locator(`${TAB} .count`).locator('visible=true').first().innerText()).trim();
const told = async (page) => (await page.locator(`${OPEN} .said p:first-child`).allInnerTexts()).map(plain);

/** The mock's alerts as they were at the start; nobody has seen any. */
const anew = (page) => page.evaluate(() => fetch('/api/households/h-demo/alerts', { method: 'DELETE' }));

export async function visitAlerts(run, view) {
  const { base, shoot } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: Alerts: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(base).origin);
  await page.goto(base);
  await logIn(page, run.login);
  if (run.mock) await anew(page);
  await check('are reached by their tab', async () => {
    await page.locator(TAB).locator('visible=true').first().click();
    await page.locator(test('ended-alerts')).waitFor();
    await page.locator(test('watched')).waitFor();
    await ready(page);
    expect(new URL(page.url()).pathname === '/alerts', page.url());
    await shoot(page, 'alerts', view, { whole: true });
  });
  if (run.mock) await sentences(page, check);
  await check('nothing scrolls sideways at 320 px', () => fitsIn320(page, base, ['/alerts', '/settings/alerts']));
  if (view.touch) {
    await check('the tab bar holds six at 320 px', async () => {
      await page.setViewportSize({ width: 320, height: 640 });
      await open(page, `${base}/alerts`);
      await barFits(page);
      await shoot(page, 'alerts-320', view);
      await page.setViewportSize(view.viewport);
    });
  }
  const ask = async (its) => {
    const button = its.getByRole('button', { name: 'Mute' }).first();
    if ((await button.count()) > 0) await button.click();
  };
  const rule = (its) => its.getByRole('button', { name: 'Add a socket' }).click();
  await examineAll(run, view, check, await context.storageState(), [
    ['the alerts', '/alerts'],
    ['what is asked before muting', '/alerts', ask],
    ['their settings', '/settings/alerts', rule],
  ]);
  if (run.mock) await acknowledge(run, view, page, check);
  if (run.mock && view.thorough) {
    await mute(run, view, page, check);
    await settings(run, view, page, check);
    await others(run, view, check);
  }
  await check('keep to the policy, to their origin, and free of errors', () => clean(seen, /status of (409|422)/));
  await context.close();
}

async function sentences(page, check) {
  await check('are told in sentences, with names and figures, the last first', async () => {
    const all = await told(page);
    const expected = [
      /^Coffee maker has been on since (yesterday at )?\d\d:\d\d, about 870 W\.$/,
      /^Freezer used 0\.01 kWh (yesterday )?between \d\d:\d\d and \d\d:\d\d, usually 0\.04 kWh\.$/,
      /^\w+ will cost about €158, the budget is €145\.$/,
      /^Printer has sent nothing since (yesterday|\d+ \w+) at \d\d:\d\d, though its hub measures\.$/,
    ];
    expect(all.length === expected.length, all.join(' | '));
    for (const one of expected) expect(all.some((sentence) => one.test(sentence)), `${one} is none of ${all.join(' | ')}`);
    expect((await badge(page)) === '3', `the tab says ${await badge(page)}`);
    return all[0];
  });
  await check('what is over stands below, by day', async () => {
    const days = await page.locator(`${test('ended-alerts')} h3`).allInnerTexts();
    const words = plain(await page.locator(test('ended-alerts')).innerText());
    expect(days[0] === 'Yesterday' || days[0] === 'Today', days.join(', '));
    expect(/The hub “Upstairs” sent nothing from 03:00 to 03:45\./.test(words), words);
    expect((await page.locator(`${test('ended-alerts')} button`).count()) === 0, 'there are actions');
    return `${days.length} days`;
  });
  await check('lead to the day of the socket, and to the costs', async () => {
    await page.locator(OPEN, { hasText: 'Freezer used' }).getByRole('link', { name: 'Show day' }).click();
    await page.waitForURL(/\/history\/day\/\d{4}-\d\d-\d\d\?socket=.+:\d+$/);
    await ready(page);
    await page.goBack();
    await page.locator(OPEN, { hasText: 'will cost' }).getByRole('link', { name: 'Show costs' }).click();
    await page.waitForURL(/\/costs$/);
    await page.goBack();
    await page.locator(OPEN).first().waitFor();
    await ready(page);
  });
}

async function acknowledge(run, view, page, check) {
  await check('one is seen: it stays, its button is gone, and the tab counts one less', async () => {
    await open(page, `${run.base}/alerts`);
    const before = await told(page);
    const row = page.locator(OPEN, { hasText: 'Coffee maker' });
    const top = (await row.boundingBox()).y;
    await row.getByRole('button', { name: 'Seen' }).click();
    await row.getByText(/Seen \d\d:\d\d/).waitFor();
    await ready(page);
    expect((await row.getByRole('button', { name: 'Seen' }).count()) === 0, 'it can be seen again');
    expect((await told(page)).join() === before.join(), 'the order is another one');
    expect((await row.boundingBox()).y === top, 'it moved');
    expect((await badge(page)) === '2', `the tab says ${await badge(page)}`);
    expect(await row.evaluate((element) => element === document.activeElement), 'the focus is lost');
    await page.getByRole('status').filter({ hasText: 'Marked as seen.' }).waitFor({ state: 'attached' });
    await run.shoot(page, 'alerts-seen', view);
  });
  await check('a new one is announced, and only what is new', async () => {
    const news = page.locator(test('alert-news'));
    expect(((await news.textContent()) ?? '').trim() === '', 'it spoke without need');
    await anew(page);
    // What the page does when its network comes back.
    await page.evaluate(() => dispatchEvent(new Event('offline')));
    await page.locator(test('offline')).waitFor();
    await page.evaluate(() => dispatchEvent(new Event('online')));
    await news.filter({ hasText: '3 new alerts' }).waitFor({ state: 'attached' });
    expect((await badge(page)) === '3', `the tab says ${await badge(page)}`);
    await ready(page);
  });
}

async function mute(run, view, page, check) {
  const { base } = run;
  const row = page.locator(OPEN, { hasText: 'Freezer used' });
  await check('muting asks for how long, and is left by Escape', async () => {
    await open(page, `${base}/alerts`);
    await row.getByRole('button', { name: 'Mute' }).click();
    await row.getByRole('button', { name: 'For a day' }).waitFor();
    await run.shoot(page, 'alerts-mute', view);
    await page.keyboard.press('Escape');
    const button = row.getByRole('button', { name: 'Mute' });
    await button.waitFor();
    expect(await button.evaluate((element) => element === document.activeElement), 'the focus is lost');
  });
  await check('one is muted for a week, which also marks it as seen', async () => {
    await row.getByRole('button', { name: 'Mute' }).click();
    await row.getByRole('button', { name: 'For a week' }).click();
    await row.getByText(/Seen \d\d:\d\d · Muted until \d+ \w+, \d\d:\d\d/).waitFor();
    expect((await row.getByRole('button').count()) === 0, 'there are still buttons');
    expect((await badge(page)) === '2', `the tab says ${await badge(page)}`);
    const { alerts } = await page.evaluate(async () => (await fetch('/api/households/h-demo/settings')).json());
    const [, added] = alerts.mutes;
    const days = (added.until - Date.now() / 1000) / 86_400;
    expect(added.kind === 'unusual' && Math.abs(days - 7) < 0.01, JSON.stringify(alerts.mutes));
  });
  await check('what somebody else changed in between is not overwritten', async () => {
    const budget = page.locator(OPEN, { hasText: 'will cost' });
    await elsewhere(page);
    await budget.getByRole('button', { name: 'Mute' }).click();
    await budget.getByRole('button', { name: 'For a day' }).click();
    await budget.getByRole('alert').filter({ hasText: 'Somebody else changed this' }).waitFor();
    await budget.getByRole('button', { name: 'For a day' }).click();
    await budget.getByText(/Muted until/).waitFor();
  });
  await check('mutes are listed in the settings, and removed there', async () => {
    await page.getByRole('link', { name: 'Change what is watched' }).click();
    await page.waitForURL(/\/settings\/alerts$/);
    const list = page.locator(test('mutes'));
    await list.getByText('Unusual hour · Freezer').waitFor();
    await ready(page);
    const top = await page.locator(test('alerts-section')).evaluate((element) => element.getBoundingClientRect().top);
    expect(top < 200, `the section is ${top} px away`);
    await run.shoot(page, 'settings-alerts', view, { whole: true });
    for (const name of ['Remove: Unusual hour · Freezer', 'Remove: Budget · this home']) {
      await list.getByRole('button', { name }).click();
      await list.getByRole('button', { name }).waitFor({ state: 'detached' });
    }
    await list.getByText('Unusual hour · Game console').waitFor();
    await list.getByRole('status').filter({ hasText: 'told again' }).waitFor();
    await anew(page);
  });
}

/** Somebody else saves the settings: the next one who saves has an old revision. */
const elsewhere = (page, change = {}) =>
  page.evaluate(async (its) => {
    const path = '/api/households/h-demo/settings';
    const settings = await (await fetch(path)).json();
    const body = JSON.stringify({ ...settings, alerts: { ...settings.alerts, ...its } });
    await fetch(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
  }, change);

async function settings(run, view, page, check) {
  const section = page.locator(test('alerts-section'));
  const save = () => section.getByRole('button', { name: 'Save' }).click();
  const saved = () => section.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
  const rule = (n) => section.locator('fieldset fieldset').nth(n);
  const start = async () => {
    await open(page, `${run.base}/settings/alerts`);
    await section.locator('#alerts-webhook').waitFor();
  };
  await check('what is told is chosen, kept, and put back', async () => {
    await start();
    await section.locator('#alerts-hub-mins').selectOption({ label: '1 h' });
    await section.locator('#alerts-unusual').uncheck();
    await section.getByRole('button', { name: 'Add a socket' }).click();
    await save();
    await rule(2).getByText('Choose a socket.').waitFor();
    await rule(2).getByLabel('Socket', { exact: true }).selectOption({ label: 'Floor lamp · Living room' });
    await rule(2).getByLabel('More than, in watts').fill('1,500');
    await rule(2).getByLabel('For longer than').selectOption({ label: '1 h 30 min' });
    await save();
    await saved();
    await start();
    expect((await section.locator('#alerts-hub-mins').inputValue()) === '60', 'the minutes were not kept');
    expect(!(await section.locator('#alerts-unusual').isChecked()), 'the kind was not kept');
    expect((await rule(2).getByLabel('More than, in watts').inputValue()) === '1500', 'the watts were not kept');
    await rule(2).getByRole('button', { name: /^Remove Floor lamp/ }).click();
    await section.locator('#alerts-hub-mins').selectOption({ label: '15 min' });
    await section.locator('#alerts-unusual').check();
    await save();
    await saved();
  });
  await check('what cannot be meant is named at its field', async () => {
    await start();
    await section.locator('#alerts-webhook').fill('ftp://example.org');
    await rule(0).getByLabel('More than, in watts').fill('lots');
    await save();
    await section.locator('#alerts-webhook-note').filter({ hasText: 'begins with https://' }).waitFor();
    await rule(0).getByText('Enter whole watts from 1 to 20,000.').waitFor();
    expect((await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))) === 'true', 'the focus is not on what is wrong');
    await run.shoot(page, 'settings-alerts-wrong', view, { whole: true });
  });
  await check('what the server refuses is shown at the field it names', async () => {
    await start();
    await section.locator('#alerts-webhook').fill('https://example.org/refuse-me');
    await save();
    await section.locator('#alerts-webhook-note').filter({ hasText: 'begins with https://' }).waitFor();
    await section.locator('#alerts-webhook').fill('');
    await rule(1).getByLabel('More than, in watts').fill('1234');
    await save();
    await rule(1).getByText('The server did not accept this.').waitFor();
    expect((await rule(1).getByLabel('For longer than').getAttribute('aria-invalid')) === 'true', 'not marked as wrong');
  });
  await check('who was slower is told, and sees what the other did', async () => {
    await start();
    await elsewhere(page, { by_email: false });
    await section.locator('#alerts-budget').uncheck();
    await save();
    await section.getByRole('alert').filter({ hasText: 'Somebody else changed this' }).waitFor();
    expect(!(await section.locator('#alerts-email').isChecked()), 'the other’s choice is not shown');
    await section.locator('#alerts-email').check();
    await save();
    await saved();
  });
}

async function others(run, view, check) {
  const as = async (email, body) => {
    const context = await run.newContext(view);
    const page = await newPage(context);
    await page.goto(run.base);
    await logIn(page, { email, password: 'x' });
    await open(page, `${run.base}/alerts`);
    await body(page);
    await context.close();
  };
  await check('where nothing is amiss it says what is watched, and leads to the settings', () =>
    as('plain@example.org', async (page) => {
      await page.getByText('Nothing to report').waitFor();
      expect((await page.locator(`${TAB} .count`).count()) === 0, 'the tab counts something');
      const lines = await page.locator(`${test('watched')} li`).allInnerTexts();
      expect(lines.length === 4 && lines.some((line) => /nothing for 15 min/.test(line)), lines.join(' | '));
      await run.shoot(page, 'alerts-empty', view, { whole: true });
      await page.getByRole('link', { name: 'Change what is watched' }).click();
      await page.waitForURL(/\/settings\/alerts$/);
    }),
  );
  await check('a guest sees everything and does nothing', () =>
    as('guest@example.org', async (page) => {
      expect((await page.locator(OPEN).count()) === 4, 'not all alerts');
      expect((await page.locator('main button').count()) === 0, 'there are buttons');
      await run.shoot(page, 'alerts-guest', view, { whole: true });
      await open(page, `${run.base}/settings/alerts`);
      const section = page.locator(test('alerts-section'));
      await section.getByText('Unusual hour · Game console').waitFor();
      expect((await section.locator('form, button, input').count()) === 0, 'there are controls');
    }),
  );
}
