// What is one's own: taking it along, and going for good.
import { examine } from './axe.mjs';
import { expect } from './checks.mjs';
import { stranger } from './outside.mjs';
import { PASSWORD, resident } from './persons.mjs';
import { logIn, open, test } from './screen.mjs';

export async function checkData(run, view) {
  const { base } = run;
  const check = (name, path, body) =>
    run.checks.check(`${view.name} ${view.theme}: data: ${name}`, () =>
      stranger(run, view, async (page) => {
        const who = await resident(run);
        await open(page, base);
        await logIn(page, who);
        await open(page, base + path);
        return body(page, who);
      }),
    );
  const note = (page, id, words) => page.locator(`#${id}-note`).filter({ hasText: words }).waitFor();

  await check('the archive is fetched by the browser, with its progress', '/settings/you', async (page) => {
    const card = page.locator(test('your-data'));
    await card.getByRole('button', { name: 'Download my data' }).click();
    await page.locator('#archive-password').fill('wrong');
    await card.getByRole('button', { name: 'Download', exact: true }).click();
    await note(page, 'archive-password', 'That is not your password.');
    await page.locator('#archive-password').fill(PASSWORD);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      card.getByRole('button', { name: 'Download', exact: true }).click(),
    ]);
    expect(download.suggestedFilename() === 'wattline-data.zip', download.suggestedFilename());
    await card.getByRole('status').filter({ hasText: 'The archive is complete.' }).waitFor();
    let size = 0;
    for await (const piece of await download.createReadStream()) size += piece.length;
    expect(size > 0, 'the archive is empty');
    return `${size} bytes`;
  });
  await check('a home is deleted, and what goes is said before', '/settings', async (page) => {
    await page.getByRole('button', { name: 'Delete this home' }).press('Enter');
    await page.getByText('The home “Lake house”').waitFor();
    // Who came by a key goes on inside, and not from the top of the page.
    const place = await page.evaluate(() => document.activeElement?.className ?? 'nowhere');
    expect(/inside/.test(place), `the focus is in ${place}`);
    await page.keyboard.press('Tab');
    const field = await page.evaluate(() => document.activeElement?.id);
    expect(field === 'delete-home-password', `the next field is ${field}`);
    await page.locator('#delete-home-password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Delete the home for good' }).click();
    await page.getByRole('heading', { name: 'Lake house' }).waitFor({ state: 'detached' });
    await page.locator('#home-name').waitFor();
  });
  await check('who is gone cannot log in any more', '/settings/you', async (page, who) => {
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByText('The home “Lake house”').waitFor();
    await page.locator('#delete-me-password').fill('wrong');
    await page.getByRole('button', { name: 'Delete me for good' }).click();
    await note(page, 'delete-me-password', 'That is not your password.');
    await page.locator('#delete-me-password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Delete me for good' }).click();
    await page.locator('#email').waitFor();
    await page.locator('#email').fill(who.email);
    await page.locator('#password').fill(PASSWORD);
    await page.locator('main button[type=submit]').first().click();
    await page.getByRole('alert').filter({ hasText: 'Wrong' }).waitFor();
  });
  await run.checks.check(`${view.name} ${view.theme}: data: axe finds nothing on what would go`, async () => {
    const who = await resident(run);
    const context = await run.newContext(view, { bypassCSP: true, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await open(page, base);
    await logIn(page, who);
    for (const [path, buttons] of [['/settings', ['Delete this home']], ['/settings/you', ['Delete my account', 'Download my data']]]) {
      await open(page, base + path);
      for (const name of buttons) await page.getByRole('button', { name }).click();
      await page.getByText('The home “Lake house”').waitFor();
      await examine(page, run.axe);
    }
    await context.close();
  });
}
