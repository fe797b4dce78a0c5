// The History screen: every period, zooming, comparing, grouping, and that its address holds all of it.
import { canvasColors, expect, watch } from './checks.mjs';
import { changed, logIn, newPage, open, plain, ready, test, text } from './screen.mjs';

const PERIODS = ['day', 'week', 'month', 'year'];
const HIDDEN_MONTH = '/history/month/2025-12-01';
const chart = test('chart');

const path = (page) => new URL(page.url()).pathname;
const words = async (page, selector) => plain(await page.locator(selector).first().innerText());
/** A day so many days before today, as the household counts them. */
const dayBefore = (count) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(Date.now() - count * 864e5);
const number = (amount) => Number(plain(amount).replaceAll(/[^\d.-]/g, ''));

/** Draws a finger or the mouse over the chart, from one part of its width to another. */
async function drag(page, view, from, to) {
  await page.locator(chart).scrollIntoViewIfNeeded();
  const box = await page.locator(`${chart} canvas`).boundingBox();
  const at = (part) => ({ x: box.x + box.width * part, y: box.y + box.height / 2 });
  const [start, end] = [at(from), at(to)];
  if (!view.touch) {
    await page.mouse.move(start.x, start.y);
    await page.mouse.down();
    await page.mouse.move((start.x + end.x) / 2, start.y, { steps: 4 });
    await page.mouse.move(end.x, end.y, { steps: 4 });
    await page.mouse.up();
    return;
  }
  const client = await page.context().newCDPSession(page);
  const touch = (type, points) => client.send('Input.dispatchTouchEvent', { type, touchPoints: points });
  await touch('touchStart', [start]);
  for (let i = 1; i <= 8; i++) await touch('touchMove', [{ x: start.x + ((end.x - start.x) * i) / 8, y: start.y }]);
  await touch('touchEnd', []);
  await client.detach();
}

async function periods({ base, shoot }, view, page, check) {
  for (const kind of PERIODS) {
    await check(`a ${kind} has a drawn chart, a total and a table`, async () => {
      await open(page, `${base}/history/day`);
      await page.locator('.kinds a').nth(PERIODS.indexOf(kind)).click();
      await page.waitForURL(`**/history/${kind}`);
      await ready(page);
      expect((await canvasColors(page)) >= 3, 'nothing on the canvas');
      expect(/\d/.test(await text(page, 'day-total')), 'no total');
      expect((await page.locator('tbody tr').count()) > 5, 'no table');
      await shoot(page, `history-${kind}`, view, { whole: true });
      return `${plain(await text(page, 'day-total'))}, ${await text(page, 'coverage')}`;
    });
  }
  await check('a range of sixteen days has bars of six hours', async () => {
    await open(page, `${base}/history/range/${dayBefore(18)}/${dayBefore(2)}`);
    expect(/per 6 hours/.test(await text(page, 'readout')), await text(page, 'readout'));
    await shoot(page, 'history-range', view);
  });
  await check('a day of 23 hours says so', async () => {
    await open(page, `${base}/history/day/2026-03-29`);
    expect(/23 hours/.test(await words(page, 'main')), 'it does not');
  });
  await check('an address from before leads to its day', async () => {
    await open(page, `${base}/today/2026-01-01`);
    expect((await words(page, 'h1')).includes('1 Jan'), await words(page, 'h1'));
    await open(page, `${base}/today`);
    expect((await words(page, 'h1')).includes('Today'), await words(page, 'h1'));
  });
  await check('earlier and back: the month before, then this one', async () => {
    await open(page, `${base}/history/month`);
    await page.getByRole('button', { name: 'Previous month' }).click();
    await page.locator('h1').filter({ hasText: 'Last month' }).waitFor();
    await page.getByRole('button', { name: 'Today' }).click();
    await page.locator('h1').filter({ hasText: 'This month' }).waitFor();
    expect(await page.getByRole('button', { name: 'Next month' }).isDisabled(), 'the future can be opened');
  });
  await check('a date is jumped to', async () => {
    await page.getByRole('button', { name: 'Go to a date' }).click();
    await page.locator('input[type=date]').fill('2026-02-14');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/history/month/2026-02-01');
    expect((await words(page, 'h1')).includes('2026'), await words(page, 'h1'));
  });
}

async function zooming({ base }, view, page, check) {
  await check('dragging over a day zooms into its hours, and Back leads out', async () => {
    await open(page, `${base}/history/day/${dayBefore(1)}`);
    const whole = plain(await text(page, 'day-total'));
    await drag(page, view, 0.7, 0.95);
    await page.waitForURL('**/history/range/**');
    await ready(page);
    const part = plain(await text(page, 'day-total'));
    expect(number(part) > 0 && number(part) < number(whole), `${part} of ${whole}`);
    const zoomed = path(page);
    expect(/\/range\/\d{4}-\d\d-\d\dT\d\d:\d\d\/\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(zoomed), zoomed);
    await page.reload();
    await ready(page);
    expect(plain(await text(page, 'day-total')) === part && path(page) === zoomed, 'a reload changed it');
    await page.goBack();
    await page.waitForURL('**/history/day/**');
    return `${zoomed}: ${part}`;
  });
  await check('Shift and arrows mark, Enter zooms', async () => {
    await open(page, `${base}/history/month/${dayBefore(40)}`);
    await page.locator(chart).focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 6; i++) await page.keyboard.press('Shift+ArrowRight');
    const marked = plain(await text(page, 'readout'));
    expect(/kWh/.test(marked) && /–/.test(marked), marked);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/history/range/**');
    const [, , , from, to] = path(page).split('/');
    expect((Date.parse(to) - Date.parse(from)) / 864e5 === 7, `${from} to ${to}`);
    return marked;
  });
  await check('Escape lets go of what is marked, then of the bar', async () => {
    await ready(page);
    await page.locator(chart).focus();
    await page.keyboard.press('Home');
    const bar = await text(page, 'readout');
    await page.keyboard.press('Shift+ArrowRight');
    const marked = await changed(page, 'readout', bar);
    await page.keyboard.press('Escape');
    const alone = await changed(page, 'readout', marked);
    await page.keyboard.press('Escape');
    await changed(page, 'readout', alone);
  });
  await check('Enter opens the bar: a month of the year, then a day of the month', async () => {
    await open(page, `${base}/history/year?group=room`);
    await page.locator(chart).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/history/month/*-02-01?group=room');
    await ready(page);
    await page.locator(chart).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/history/day/*-02-01?group=room');
  });
  await check(view.touch ? 'a second tap on a bar opens it' : 'a click on a bar opens it', async () => {
    await open(page, `${base}/history/month/${dayBefore(40)}`);
    await page.locator(chart).scrollIntoViewIfNeeded();
    const box = await page.locator(`${chart} canvas`).boundingBox();
    const at = [box.x + box.width * 0.5, box.y + box.height / 2];
    if (view.touch) {
      const before = await text(page, 'readout');
      await page.touchscreen.tap(...at);
      await changed(page, 'readout', before);
      expect(path(page).startsWith('/history/month/'), 'the first tap left the month');
      await page.touchscreen.tap(...at);
    } else {
      await page.mouse.click(...at);
    }
    await page.waitForURL('**/history/day/**');
  });
}

/** How much June differs from May, worked out from the answers and not by the page. */
function difference(page) {
  return page.evaluate(async () => {
    const session = await (await fetch('/api/session')).json();
    const query = new URLSearchParams({ bucket: '1h', group: 'home', compare: 'previous' });
    query.set('from', '2026-06-01T00:00:00+02:00');
    query.set('to', '2026-07-01T00:00:00+02:00');
    const usage = await (await fetch(`/api/households/${session.households[0].id}/usage?${query}`)).json();
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone: usage.zone, day: '2-digit', hour: '2-digit' });
    const then = new Map(usage.compare.starts.map((at, i) => [local.format(at * 1000), usage.compare.energy_j[i]]));
    let [here, there] = [0, 0];
    usage.starts.forEach((at, i) => {
      const other = then.get(local.format(at * 1000)) ?? null;
      if (usage.total.energy_j[i] === null || other === null) return;
      here += usage.total.energy_j[i];
      there += other;
    });
    return Math.round((here / there - 1) * 100);
  });
}

async function comparing({ base, shoot }, view, page, check) {
  await check('a comparison says the difference of what both have measured, and both coverages', async () => {
    await open(page, `${base}/history/month/2026-06-01`);
    const asked = [];
    const note = (request) => request.url().includes('/usage?') && asked.push(request.url());
    page.on('request', note);
    await page.getByLabel('Compare with').selectOption('previous');
    await page.locator(test('comparison')).waitFor();
    await ready(page);
    page.off('request', note);
    expect(asked.length === 1, `asked ${asked.length} times: ${asked.join(' ')}`);
    const sentence = plain(await text(page, 'comparison'));
    const [, percent, direction] = /(\d+)% (less|more) than May 2026/.exec(sentence) ?? [];
    expect(percent !== undefined, sentence);
    const own = await difference(page);
    expect((direction === 'less' ? -1 : 1) * Number(percent) === own, `“${sentence}”, but ${own} %`);
    expect(/Measured: [\d.]+% of this period, [\d.]+% of the other/.test(sentence), sentence);
    await shoot(page, 'history-compare', view);
    return sentence;
  });
  await check('the bar under the cursor says what it was then', async () => {
    await page.locator(chart).focus();
    await page.keyboard.press('Home');
    await page.waitForFunction((s) => /then/.test(document.querySelector(s).textContent), test('spoken'));
    return plain(await text(page, 'spoken')).slice(0, 60);
  });
  await check('the address holds period, group and comparison', async () => {
    await page.getByRole('radio', { name: 'Rooms' }).check();
    await page.waitForURL('**/history/month/2026-06-01?group=room&compare=previous');
    await ready(page);
    const before = plain(await words(page, 'main'));
    await shoot(page, 'history-rooms', view);
    await page.reload();
    await ready(page);
    expect(plain(await words(page, 'main')) === before, 'the reload shows something else');
    await page.goBack();
    await page.locator('h2', { hasText: 'Sockets' }).waitFor();
    await page.goForward();
    await page.locator('h2', { hasText: 'Rooms' }).waitFor();
  });
}

async function table({ base, shoot }, view, page, check) {
  await check('the standing charge is a line of its own, and the sum is exact', async () => {
    await open(page, `${base}/history/month/2026-06-01`);
    const cells = await page.locator('tfoot td:nth-child(4)').allInnerTexts();
    const [energy, standing, all] = cells.map(number);
    expect(standing > 0 && Math.abs(energy + standing - all) < 0.011, cells.join(' | '));
    return cells.join(' + ');
  });
  await check('all rows are there when asked for', async () => {
    const before = await page.locator('tbody tr').count();
    await page.locator(test('fold')).click();
    const after = await page.locator('tbody tr').count();
    expect(after > before, `${before}, then ${after}`);
  });
  await check('what is hidden has no row, but counts', async () => {
    await open(page, base + HIDDEN_MONTH);
    await page.locator(test('fold')).click();
    const all = await words(page, 'main');
    expect(!all.includes('Christmas tree'), 'a hidden socket is named');
    expect(/1 hidden socket\b/.test(all), 'the hidden socket is not in the table');
  });
  await check('the load duration opens and says how much half of the time was above', async () => {
    await page.locator('details summary').last().click();
    await page.locator(test('duration')).waitFor();
    await ready(page);
    const facts = await page.locator(`${test('duration')} dd`).allInnerTexts();
    const watts = facts.map(number);
    expect(watts.length === 4 && watts.every((w, i) => i === 0 || w <= watts[i - 1]), facts.join(' | '));
    await shoot(page, 'history-duration', view, { whole: true });
    return facts.join(' ≥ ');
  });
  await check('CSV and JSON are downloads of the same period', async () => {
    for (const [name, sign] of [['CSV', 'start'], ['JSON', '']]) {
      const link = page.locator(`${test('export')} a`, { hasText: name });
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      expect(download.url().includes('/export?') && download.url().includes('bucket=1d'), download.url());
      const answer = await page.request.get(download.url());
      const body = await answer.text();
      expect(/attachment/.test(answer.headers()['content-disposition'] ?? ''), 'not an attachment');
      expect(body.length > 200 && body.startsWith(sign), body.slice(0, 80));
    }
    expect(path(page) === HIDDEN_MONTH, 'the page went away');
  });
  await check('a month of one socket shows its bars', async () => {
    await open(page, `${base}/history/month/2026-06-01`);
    await page.locator('tbody button').first().click();
    await page.locator(test('socket-total')).waitFor();
    await ready(page);
    expect((await canvasColors(page)) >= 2, 'nothing on the canvas');
    await shoot(page, 'history-socket', view);
    const alone = new URL(await page.locator(`${test('export')} a`).first().getAttribute('href'), base).searchParams;
    expect(new URL(page.url()).searchParams.get('socket') === `${alone.get('hub')}:${alone.get('socket')}`, `the export is of ${alone}`);
    await page.keyboard.press('Escape');
    await page.locator(test('day-total')).waitFor();
  });
}

async function waiting({ base, shoot }, view, page, check) {
  await check('while it loads, the old picture stays where it is', async () => {
    await open(page, `${base}/history/month/2026-06-01`);
    const height = () => page.locator('main section.card').first().evaluate((card) => card.getBoundingClientRect().height);
    const before = await height();
    let go = () => undefined;
    const held = new Promise((resolve) => (go = resolve));
    await page.route('**/usage?**', async (route) => {
      await held;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Previous month' }).click();
    await page.locator('.columns[aria-busy="true"]').waitFor();
    expect((await page.locator(`${chart} canvas`).count()) === 1, 'the chart is gone');
    expect((await height()) === before, `${before} px, then ${await height()}`);
    go();
    await ready(page);
    await page.unroute('**/usage?**');
    expect((await words(page, 'h1')).includes('May'), await words(page, 'h1'));
  });
  await check('where nothing was measured, it leads to the last day that was', async () => {
    await open(page, `${base}/history/day/2012-01-16`);
    await page.locator('main .card a.button').waitFor();
    await shoot(page, 'history-empty', view);
    await page.locator('main .card a.button').click();
    await page.locator(test('day-total')).waitFor();
  });
  await check('nothing scrolls sideways, from 320 px to 4K', async () => {
    const size = page.viewportSize();
    for (const [width, height] of view.touch ? [[320, 640]] : [[768, 900], [3840, 2160]]) {
      await page.setViewportSize({ width, height });
      for (const place of ['/history/week', '/history/year?compare=year', '/history/month?group=room', '/history/range/2026-02-01/2026-09-10']) {
        await open(page, base + place);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide <= width, `${place} is ${wide} px wide at ${width}`);
      }
      await shoot(page, `history-range-${width}`, view);
    }
    await page.setViewportSize(size);
  });
}

async function accessible(run, view, check, storageState) {
  const context = await run.newContext(view, { bypassCSP: true, reducedMotion: 'reduce', storageState });
  const page = await newPage(context);
  for (const place of ['/history/month/2026-06-01?compare=previous', '/history/year?group=room', '/history/week?socket=none']) {
    await check(`axe finds nothing on ${place}`, async () => {
      await open(page, run.base + place);
      await page.getByRole('button', { name: 'Go to a date' }).click();
      await page.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
      await page.locator(test('duration')).waitFor();
      await ready(page);
      await page.evaluate(run.axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
      expect(violations.length === 0, violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(', ')}`).join(' || '));
    });
  }
  await context.close();
}

/** Charts are for those who open them. */
async function lightStart(run, view, check, storageState) {
  const context = await run.newContext(view, { storageState });
  const page = await newPage(context);
  await check('Now starts without the chart', async () => {
    await open(page, run.base);
    const early = await page.evaluate(() =>
      performance.getEntriesByType('resource').filter((one) => one.startTime < 2000 && one.name.endsWith('.js')).map((one) => one.name),
    );
    const heavy = early.filter((name) => /History|Chart/.test(name));
    expect(early.length > 0 && heavy.length === 0, heavy.join(', '));
  });
  await context.close();
}

export async function walkHistory(run, view) {
  const check = (name, body) => run.checks.check(`history ${view.name} ${view.theme}: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(run.base).origin);
  await page.goto(run.base);
  await logIn(page, run.login);
  await periods(run, view, page, check);
  await zooming(run, view, page, check);
  await comparing(run, view, page, check);
  await table(run, view, page, check);
  await waiting(run, view, page, check);
  const state = await context.storageState();
  await accessible(run, view, check, state);
  if (view.touch) await lightStart(run, view, check, state);
  await check('keeps to the policy, to its origin, and free of errors', () => {
    expect(seen.csp.length === 0, seen.csp.join('; '));
    expect(seen.foreign.length === 0, seen.foreign.join('; '));
    expect(seen.errors.length === 0, seen.errors.join('; '));
  });
  await context.close();
}
