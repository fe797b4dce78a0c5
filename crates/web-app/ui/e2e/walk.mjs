// One person's way through the whole page, once per viewport and theme.
import { canvasColors, expect, watch } from './checks.mjs';
import { changed, logIn, newPage, open, plain, ready, test, text } from './screen.mjs';

const CLOCK_GAP = /Not measured: \d\d:\d\d–\u2060?\d\d:\d\d \(\d+ (min|h \d+ min)\)/;
const ONE_SOCKET_BYTES = 60_000;

/** How often the socket that is shown alone ran; null where it was not measured. */
async function runsShown(page) {
  await ready(page);
  const found = page.locator(test('runs'));
  return (await found.count()) === 0 ? null : Number(await found.getAttribute('data-runs'));
}

export async function walk(run, view) {
  const { base, shoot } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(base).origin);
  const fineAnswers = [];
  page.on('requestfinished', async (request) => {
    const query = new URL(request.url()).searchParams;
    const seconds = (Date.parse(query.get('to')) - Date.parse(query.get('from'))) / 1000;
    // The last hour of all sockets belongs to Now; it is ready before one goes there.
    if (query.get('bucket') !== 'tick' || seconds <= 3600) return;
    const { responseBodySize } = await request.sizes().catch(() => ({ responseBodySize: 0 }));
    fineAnswers.push({ one: query.has('hub') && query.has('socket'), bytes: responseBodySize });
  });

  await check('shows the log-in', async () => {
    await open(page, base);
    await page.locator('#email').waitFor();
    await shoot(page, 'login', view);
  });
  if (view.thorough) {
    await check('a wrong password gets one clear sentence', async () => {
      await page.locator('#email').fill(run.login.email);
      await page.locator('#password').fill('wrong');
      await page.locator('button[type=submit]').click();
      const alert = page.getByRole('alert').filter({ hasText: /\w/ });
      await alert.waitFor();
      const sentence = await alert.textContent();
      expect(sentence.trim() === 'Wrong e-mail or password.', `said “${sentence}”`);
      await ready(page);
      await shoot(page, 'login-error', view);
    });
  }
  await check('logs in and shows the whole home in watts', async () => {
    await logIn(page, run.login);
    expect(/\d/.test(await text(page, 'home-watts')), `“${await text(page, 'home-watts')}”`);
    await page.locator('section li a').first().waitFor();
    await page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="today-kwh"]')?.textContent ?? ''));
    expect(/ W · Wattline$/.test(plain(await page.title())), `title “${await page.title()}”`);
    await shoot(page, 'now', view, { whole: true });
    return await text(page, 'home-watts');
  });
  if (view.thorough) {
    await check('the number changes by itself', async () => {
      const before = await text(page, 'home-watts');
      return `${before} → ${await changed(page, 'home-watts', before)}`;
    });
  }
  await check('opens History with a drawn chart and a table', async () => {
    await page.getByRole('link', { name: 'History', exact: true }).locator('visible=true').first().click();
    await page.locator('tbody tr').first().waitFor();
    await ready(page);
    expect(new URL(page.url()).pathname === '/history/day', page.url());
    const colors = await canvasColors(page);
    expect(colors >= 3, `only ${colors} colours on the canvas`);
    expect(/measured/.test(await text(page, 'coverage')), 'no coverage beside the total');
    await shoot(page, 'history', view, { whole: view.touch });
    return `${await text(page, 'day-total')}, ${colors} colours`;
  });
  await check('the table and the legend name the layers in the same order', async () => {
    const names = (selector) => page.locator(selector).evaluateAll((all) => all.map((one) => one.textContent.trim()));
    const legend = await names('.parts button .name');
    const table = await names('tbody .name');
    expect(legend.length > 0 && legend.every((name, i) => name === table[i]), `${legend} but ${table.slice(0, 7)}`);
  });
  await check('arrow keys move the readout, and it is spoken', async () => {
    await page.locator(test('chart')).focus();
    const none = await text(page, 'readout');
    await page.keyboard.press('Home');
    const first = await changed(page, 'readout', none);
    await page.keyboard.press('ArrowRight');
    const second = await changed(page, 'readout', first);
    expect(/\d/.test(second), `“${first}” then “${second}”`);
    await page.waitForFunction((s) => document.querySelector(s).textContent.trim().length > 10, test('spoken'));
    await page.keyboard.press('Escape');
    await changed(page, 'readout', second);
  });
  if (view.touch) {
    await check('a tap on the chart moves the readout', async () => {
      const before = await text(page, 'readout');
      await page.locator(test('chart')).scrollIntoViewIfNeeded();
      const box = await page.locator(test('chart')).boundingBox();
      await page.touchscreen.tap(box.x + box.width * 0.2, box.y + box.height / 2);
      await changed(page, 'readout', before);
    });
    await check('the tab bar covers nothing at the end of the page', async () => {
      const { end, bar } = await page.evaluate(() => {
        scrollTo(0, document.documentElement.scrollHeight);
        const box = (selector) => document.querySelector(selector).getBoundingClientRect();
        return { end: box('main > :last-child').bottom, bar: box('nav.tabs').top };
      });
      expect(end <= bar - 8, `content ends at ${end}, the bar begins at ${bar}`);
      await page.evaluate(() => scrollTo(0, 0));
    });
  }
  let runsToday = 0;
  await check('the refrigerator alone shows its cycles', async () => {
    await page.locator('tbody button', { hasText: /refrigerator|fridge/i }).first().click();
    await page.waitForURL(/socket=/);
    runsToday = (await runsShown(page)) ?? 0;
    await shoot(page, 'socket', view);
    return await text(page, 'runs');
  });
  await check('Back shows all sockets again', async () => {
    await page.goBack();
    await page.locator(test('day-total')).waitFor();
    await page.goForward();
    await page.locator(test('runs')).waitFor();
  });
  await check('the previous day is reached by its button', async () => {
    await page.getByRole('button', { name: 'Previous day' }).click();
    await page.locator('h1').filter({ hasText: 'Yesterday' }).waitFor();
    expect(/\/history\/day\/\d{4}-\d\d-\d\d/.test(page.url()), page.url());
    const runs = await runsShown(page);
    expect(Math.max(runs ?? 0, runsToday) >= 3, `${runs} cycles yesterday, ${runsToday} today`);
    return runs === null ? 'not measured, and it says so' : await text(page, 'runs');
  });
  const place = page.url();
  await check('a reload keeps the place', async () => {
    await page.reload();
    await page.locator('h1').filter({ hasText: 'Yesterday' }).waitFor();
    await ready(page);
    expect(page.url() === place, page.url());
    await shoot(page, 'yesterday-socket', view);
  });
  await check('only the ticks of the one socket are fetched', () => {
    expect(fineAnswers.length > 0, 'none was asked for');
    expect(fineAnswers.every((answer) => answer.one), 'all sockets were asked for');
    const most = Math.max(...fineAnswers.map((answer) => answer.bytes));
    expect(most < ONE_SOCKET_BYTES, `${most} bytes`);
    return `at most ${(most / 1000).toFixed(1)} kB`;
  });
  await check('yesterday as a whole', async () => {
    await open(page, base + new URL(place).pathname);
    await shoot(page, 'yesterday', view);
    return (await page.locator(test('day-total')).count()) > 0 ? await text(page, 'day-total') : 'not measured, and it says so';
  });
  await check('a socket with a gap says when it was', async () => {
    const broken = page.locator('tbody tr:has(.part) button');
    if ((await broken.count()) === 0) return 'no socket had one';
    const fold = page.locator(test('fold'));
    if ((await fold.count()) > 0) await fold.click();
    const known = broken.filter({ hasText: 'Refrigerator 2' }).or(broken.filter({ hasText: 'Refrigerator' }));
    const named = (await known.count()) > 0;
    await (named ? known : broken).last().click();
    await page.locator(test('runs')).waitFor();
    await page.locator(test('gaps')).waitFor();
    await ready(page);
    const sentence = plain(await text(page, 'gaps'));
    expect(sentence.startsWith('Not measured: '), `“${sentence}”`);
    if (named) expect(CLOCK_GAP.test(sentence), `“${sentence}”`);
    await shoot(page, 'gap', view);
    return sentence;
  });
  await check('nothing scrolls sideways at 320 px', async () => {
    const size = page.viewportSize();
    await page.setViewportSize({ width: 320, height: 640 });
    for (const path of ['/', '/history', new URL(place).pathname + new URL(place).search]) {
      await open(page, base + path);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width <= 320, `${path} is ${width} px wide`);
    }
    await page.setViewportSize(size);
  });
  await checkAxe(run, view, check, await context.storageState(), place);
  if (view.thorough) {
    await check('a lost session asks for the log-in and leads back to the place', async () => {
      await open(page, place);
      await context.clearCookies();
      await page.getByRole('button', { name: 'Previous day' }).click();
      await page.locator('#email').waitFor();
      const lost = page.url();
      await logIn(page, run.login);
      expect(page.url() === lost && lost.includes('/history/'), `${lost}, then ${page.url()}`);
    });
  }
  await check('logs out', async () => {
    await page.getByRole('button', { name: /Account of/ }).click();
    await ready(page);
    await shoot(page, 'menu', view);
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.locator('#email').waitFor();
    await page.goto(base);
    await page.locator('#email').waitFor();
  });
  await check('keeps to the policy, to its origin, and free of errors', () => {
    expect(seen.csp.length === 0, seen.csp.join('; '));
    expect(seen.foreign.length === 0, seen.foreign.join('; '));
    expect(seen.errors.length === 0, seen.errors.join('; '));
  });
  await context.close();
}

/** axe needs its own script on the page, which the policy rightly refuses: hence a context that ignores it. */
async function checkAxe({ base, axe, newContext }, view, check, storageState, place) {
  const context = await newContext(view, { bypassCSP: true, reducedMotion: 'reduce', storageState });
  const page = await newPage(context);
  const examine = async () => {
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    expect(
      found.violations.length === 0,
      found.violations.map((v) => `${v.id} at ${v.nodes.map((n) => n.target).join(', ')}: ${v.nodes[0]?.failureSummary}`).join(' || '),
    );
  };
  await check('axe finds nothing on Now', async () => {
    await open(page, base);
    await page.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)));
    await examine();
  });
  await check('axe finds nothing on History', async () => {
    await open(page, `${base}/history`);
    await page.locator(test('chart')).focus();
    await page.keyboard.press('Home');
    await examine();
  });
  await check('axe finds nothing on one socket, with the menu open', async () => {
    await open(page, place);
    await page.getByRole('button', { name: /Account of/ }).click();
    await examine();
  });
  await context.clearCookies();
  await check('axe finds nothing on the log-in', async () => {
    await open(page, base);
    await page.locator('button[type=submit]').click();
    await examine();
  });
  await context.close();
}
