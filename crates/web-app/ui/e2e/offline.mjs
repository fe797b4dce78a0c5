// The installed page without its server: what it keeps, that it says so, and that logging out forgets.
import { expect } from './checks.mjs';
import { startMock } from './mock-server.mjs';
import { logIn, newPage, open, ready, test, text } from './screen.mjs';

export async function checkOffline(run, view) {
  const check = (name, body) => run.checks.check(`offline: ${name}`, body);
  // Its own server, to be stopped for real: a browser that is told to be offline may still let its worker through.
  let server = run.mock ? await startMock() : null;
  const base = server?.url ?? run.base;
  const context = await run.newContext(view, { serviceWorkers: 'allow' });
  const page = await newPage(context);
  const goAway = async () => (server ? server.stop() : context.setOffline(true));
  const comeBack = async () => {
    if (server) server = await startMock(Number(new URL(base).port));
    else await context.setOffline(false);
  };
  try {
    await check('the manifest and its pictures can be installed', async () => {
      await page.goto(base);
      await page.locator('#email').waitFor();
      const found = await page.evaluate(async () => {
        const manifest = await (await fetch(document.querySelector('link[rel=manifest]').href)).json();
        const sizes = [];
        for (const icon of manifest.icons) {
          const response = await fetch(icon.src);
          const image = await createImageBitmap(await response.blob()).catch(() => null);
          sizes.push([icon.sizes, response.headers.get('content-type'), image ? `${image.width}x${image.height}` : null]);
        }
        return { sizes, display: manifest.display, purposes: manifest.icons.map((icon) => icon.purpose) };
      });
      for (const [said, type, real] of found.sizes) {
        expect(type.startsWith('image/') && (said === 'any' || said === real), `${said} is ${real}, ${type}`);
      }
      expect(found.display === 'standalone' && found.purposes.includes('maskable'), JSON.stringify(found));
    });
    await check('the worker keeps the page, and nothing of the API', async () => {
      await logIn(page, run.login);
      await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
      const kept = await page.evaluate(async () => {
        const urls = [];
        for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) urls.push(new URL(request.url).pathname);
        return urls;
      });
      expect(kept.includes('/') && kept.some((path) => path.endsWith('.js')), kept.join());
      expect(!kept.some((path) => path.startsWith('/api')), kept.join());
      return `${kept.length} files`;
    });
    await check('without the server the last known state is shown, and since when', async () => {
      await page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="today-kwh"]')?.textContent ?? ''));
      await open(page, `${base}/sockets`);
      await open(page, `${base}/costs`);
      await open(page, base);
      await page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="today-kwh"]')?.textContent ?? ''));
      await goAway();
      await page.reload();
      await page.locator(test('offline')).filter({ hasText: /As of \d/ }).waitFor();
      await ready(page);
      expect(/\d/.test(await text(page, 'home-watts')), `“${await text(page, 'home-watts')}”`);
      expect(/kWh/.test(await text(page, 'today-kwh')), `“${await text(page, 'today-kwh')}”`);
      await run.shoot(page, 'offline', view, { whole: true });
      return await text(page, 'offline');
    });
    await check('the other screens open as well', async () => {
      await page.getByRole('link', { name: 'Sockets', exact: true }).locator('visible=true').first().click();
      await page.locator('main ul a[href^="/sockets/"]').first().waitFor();
      await page.getByRole('link', { name: 'Costs', exact: true }).locator('visible=true').first().click();
      await page.locator(`${test('bills')} li`).first().waitFor();
      await page.locator('nav a[href="/alerts"]').locator('visible=true').first().click();
      await page.locator(test('watched')).waitFor();
    });
    await check('when the server is back the page notices by itself', async () => {
      await page.getByRole('link', { name: 'Now', exact: true }).locator('visible=true').first().click();
      await comeBack();
      await page.locator(test('offline')).waitFor({ state: 'detached' });
      await page.getByRole('status').filter({ hasText: 'Live' }).waitFor({ state: 'attached' });
    });
    await check('logging out forgets what was kept', async () => {
      await open(page, `${base}/settings/you`);
      await page.locator('main').getByRole('button', { name: 'Log out', exact: true }).click();
      await page.locator('#email').waitFor();
      const kept = await page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes('kept')));
      expect(kept.length === 0, kept.join());
      await goAway();
      await page.reload();
      await page.locator('main .notice').waitFor();
      expect(!/\d+ W/.test(await page.locator('body').innerText()), 'it still knows something');
    });
  } finally {
    await context.close();
    server?.stop();
  }
}
