// The same page for a reader whose browser asks for German.
import { expect } from './checks.mjs';
import { barFits, logIn, newPage, open, plain, ready, test, text } from './screen.mjs';

/** Words that would mean that a text escaped its catalogue. Names of sockets and rooms are the household's own. */
const ENGLISH = /\b(Right now|Using power|Just changed|idle sockets?|Whole home|of the day|Log in|Log out|Password|Today|Now|Yesterday|Share|Peak|The server)\b/;

async function speaksGerman(page, ...expected) {
  const words = plain(await page.locator('body').innerText());
  for (const one of expected) expect(words.includes(one), `“${one}” is missing in: ${words.slice(0, 300)}`);
  const found = ENGLISH.exec(words);
  expect(!found, `says “${found?.[0]}”`);
}

export async function checkGerman(run, view) {
  const check = (name, body) => run.checks.check(`German: ${name}`, body);
  const german = { ...view, name: `${view.name}-de` };
  const context = await run.newContext(view, { locale: 'de-DE' });
  const page = await newPage(context);
  await check('the log-in', async () => {
    await open(page, run.base);
    await speaksGerman(page, 'Ihr Zuhause in Watt', 'Passwort', 'Anmelden');
    expect((await page.locator('html').getAttribute('lang')) === 'de', 'the document is not marked as German');
  });
  await check('Now, with a comma in its numbers', async () => {
    await logIn(page, run.login);
    await page.waitForFunction(() => /\d/.test(document.querySelector('[data-testid="today-kwh"]')?.textContent ?? ''));
    await speaksGerman(page, 'Gerade jetzt', 'Braucht Strom', 'Gerade geändert');
    const energy = plain(await text(page, 'today-kwh'));
    expect(/^\d[\d.]*,\d+ kWh$|^< 0,01 kWh$/.test(energy), `“${energy}”`);
    const standby = plain(await text(page, 'standby-cost'));
    expect(/^Standby(, [\d.]+(,\d\d)? \S+ im Jahr)?$/.test(standby), `“${standby}”`);
    if (run.mock) expect(/€ im Jahr$/.test(standby), `“${standby}”`);
    await run.shoot(page, 'now', german, { whole: true });
    return energy;
  });
  await check('History, with a comma and a space before the per cent sign', async () => {
    await page.getByRole('link', { name: 'Verlauf', exact: true }).locator('visible=true').first().click();
    await page.locator('tbody tr').first().waitFor();
    await ready(page);
    await speaksGerman(page, 'Ganzes Zuhause', 'Wh je 15 Minuten', 'Steckdosen', 'Kosten');
    const total = plain(await text(page, 'day-total'));
    expect(/^(\d[\d.]*,\d+|< 0,01)\s*kWh$/.test(total), `“${total}”`);
    const coverage = plain(await text(page, 'coverage'));
    expect(/^\d+(,\d)? % des bisherigen Tages wurden gemessen$/.test(coverage), `“${coverage}”`);
    await run.shoot(page, 'history', german, { whole: true });
    return `${total}, ${coverage}`;
  });
  await check('a gap, in words', async () => {
    await page.getByRole('button', { name: 'Vorheriger Tag' }).click();
    await page.locator('h1').filter({ hasText: 'Gestern' }).waitFor();
    await ready(page);
    const broken = page.locator('tbody tr:has(.part) button');
    if ((await broken.count()) === 0) return 'no socket had one';
    await broken.first().click();
    await page.locator('[data-testid="runs"]').waitFor();
    await page.locator('[data-testid="gaps"]').waitFor();
    const sentence = plain(await text(page, 'gaps'));
    expect(/^Nicht gemessen: .*\d/.test(sentence), `“${sentence}”`);
    return sentence;
  });
  await check('Sockets', async () => {
    await open(page, `${run.base}/sockets`);
    await speaksGerman(page, 'Steckdosen', 'Standby', 'Kosten');
    await run.shoot(page, 'sockets', german, { whole: true });
    await page.locator('main ul a[href^="/sockets/"]').first().click();
    await page.locator('main dl dd').first().waitFor();
    await ready(page);
    await speaksGerman(page, 'Gerade jetzt', 'Letzte 365 Tage', 'Verlauf zeigen');
  });
  await check('Costs, with its figures as a German writes them', async () => {
    await open(page, `${run.base}/costs`);
    await speaksGerman(page, 'Monat für Monat', 'gemessen');
    await run.shoot(page, 'costs', german, { whole: true });
    if (!run.mock) return 'without the mock’s tariffs';
    const cost = plain(await text(page, 'month-cost'));
    expect(/^\d+,\d\d €$/.test(cost), `“${cost}”`);
    await page.getByRole('button', { name: 'City power day and night bearbeiten' }).click();
    await speaksGerman(page, 'Gültig ab', 'ct je kWh', 'Grundpreis', 'Jede Stunde der Woche');
    const price = await page.locator('form fieldset input[inputmode=decimal]').first().inputValue();
    expect(price === '25,4', `the price is typed “${price}”`);
    return `${cost}, ${price} ct`;
  });
  if (run.mock) {
    await check('what the server refuses, in the page’s words and not in its own', async () => {
      await page.locator('#tariff-name').fill('Please refuse me');
      await page.getByRole('button', { name: 'Speichern' }).click();
      await page.locator('#tariff-name-note').filter({ hasText: 'Geben Sie einen Namen mit höchstens 80 Zeichen an.' }).waitFor();
      await speaksGerman(page);
      await open(page, `${run.base}/settings`);
      await page.locator('#alerts-webhook').fill('https://example.org/refuse-me');
      await page.locator('#alerts-webhook').press('Enter');
      await page.locator('#alerts-webhook-note').filter({ hasText: 'die mit https:// beginnt' }).waitFor();
      await speaksGerman(page);
      await page.route('**/api/households/*/settings', async (route) => {
        if (route.request().method() !== 'PUT') return route.fallback();
        const problem = { title: 'Unprocessable', status: 422, detail: 'The server says why.', field: 'successions[0].until' };
        await route.fulfill({ status: 422, contentType: 'application/problem+json', body: JSON.stringify(problem) });
      });
      await page.locator('#household-name').fill('Seehaus');
      await page.locator('#household-name').press('Enter');
      await page.getByRole('alert').filter({ hasText: 'Der Server hat das nicht angenommen. Bitte prüfen Sie Ihre Eingaben.' }).waitFor();
      await speaksGerman(page);
      await page.unroute('**/api/households/*/settings');
    });
  }
  await check('Alerts, with their times and figures as a German writes them', async () => {
    await open(page, `${run.base}/alerts`);
    await speaksGerman(page, 'Meldungen', 'Worauf geachtet wird');
    await run.shoot(page, 'alerts', german, { whole: true });
    if (!run.mock) return 'without the mock’s alerts';
    const sentences = plain(await page.locator(test('open-alerts')).innerText());
    expect(/Coffee maker ist seit (gestern um )?\d\d:\d\d an, etwa 870 W\./.test(sentences), sentences);
    expect(/Freezer brauchte 0,01 kWh (gestern )?zwischen \d\d:\d\d und \d\d:\d\d, sonst 0,04 kWh\./.test(sentences), sentences);
    expect(/Der \S+ wird etwa 158 € kosten, das Budget ist 145 €\./.test(sentences), sentences);
    return sentences.split('\n')[0];
  });
  await check('the tab bar at 320 px', async () => {
    await page.setViewportSize({ width: 320, height: 640 });
    await ready(page);
    await barFits(page);
    await run.shoot(page, 'alerts-320', german);
    await page.setViewportSize(view.viewport);
  });
  await check('Settings', async () => {
    await open(page, `${run.base}/settings`);
    await speaksGerman(page, 'Einstellungen', 'Zeitzone', 'Soll nicht anbleiben', 'Hubs', 'Herunterladen', 'Zuhause', 'Ihr Konto');
    await run.shoot(page, 'settings', german, { whole: true });
  });
  await context.close();
}
