// The Sockets screen: the list, one socket, and what its people may change.
import { clean, examineAll, fitsIn320 } from './axe.mjs';
import { expect, watch } from './checks.mjs';
import { logIn, newPage, open, plain, ready, test, text } from './screen.mjs';

const ROW = 'main ul a[href^="/sockets/"]';
const names = (page) => page.locator(`${ROW} .name`).evaluateAll((all) => all.map((one) => one.textContent.trim()));

export async function visitSockets(run, view) {
  const { base, shoot } = run;
  const check = (name, body) => run.checks.check(`${view.name} ${view.theme}: Sockets: ${name}`, body);
  const context = await run.newContext(view);
  const page = await newPage(context);
  const seen = watch(page, new URL(base).origin);
  await page.goto(base);
  await logIn(page, run.login);
  let place = '/sockets';
  await check('are listed by room, with what they do and what they cost', async () => {
    await page.getByRole('link', { name: 'Sockets', exact: true }).locator('visible=true').first().click();
    await page.locator(ROW).first().waitFor();
    await ready(page);
    const rows = page.locator(ROW);
    const row = plain(await rows.first().innerText());
    expect(/\d/.test(row) && /(W|Idle|No data)/.test(row), `“${row}”`);
    await shoot(page, 'sockets', view, { whole: true });
    return `${await rows.count()} sockets`;
  });
  await check('can be sorted by name', async () => {
    await page.locator('input[name=sort][value=name]').check({ force: true });
    await ready(page);
    const sections = await page.locator('main section.card').evaluateAll((all) =>
      all.map((one) => [...one.querySelectorAll('.name')].map((name) => name.textContent.trim())),
    );
    const sorted = sections.every((list) => list.join() === list.toSorted((a, b) => a.localeCompare(b, undefined, { numeric: true })).join());
    expect(sorted, JSON.stringify(sections[0]));
  });
  await check('one of them tells its figures and leads to its history', async () => {
    await page.locator(ROW).first().click();
    await page.waitForURL(/\/sockets\/.+:\d+$/);
    await page.locator('main dl dd').first().waitFor();
    await ready(page);
    place = new URL(page.url()).pathname;
    await shoot(page, 'socket-page', view, { whole: true });
    await page.getByRole('link', { name: 'Show its history' }).click();
    await page.waitForURL(/\/history.*socket=/);
    await page.goBack();
    await page.locator(test('socket-now')).waitFor();
    return await text(page, 'socket-now');
  });
  await check('an unknown one says so', async () => {
    await open(page, `${base}/sockets/nobody:99`);
    await page.locator('main .notice').waitFor();
  });
  await check('nothing scrolls sideways at 320 px', () => fitsIn320(page, base, ['/sockets', place]));
  await examineAll(run, view, check, await context.storageState(), [
    ['the list', '/sockets', (its) => its.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)))],
    ['one socket', place, (its) => its.locator('details').evaluateAll((all) => all.forEach((one) => (one.open = true)))],
  ]);
  if (run.mock && view.thorough) await change(run, view, page, check);
  await check('keep to the policy, to their origin, and free of errors', () => clean(seen, /status of (409|422)/));
  await context.close();
}

async function change(run, view, page, check) {
  const { base } = run;
  const saved = () => page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
  const find = async (name) => {
    await open(page, `${base}/sockets`);
    await page.locator(ROW, { hasText: name }).first().click();
    await page.locator('#socket-name').waitFor();
    await ready(page);
  };
  await check('a name, a room and an icon are changed and kept', async () => {
    await find('Toaster');
    await page.locator('#socket-name').fill('Waffle iron');
    await page.getByRole('button', { name: 'Guest room', exact: true }).click();
    await page.locator('input[name=icon][value=heater]').check({ force: true });
    await page.locator('form button[type=submit]').first().click();
    await saved();
    await open(page, `${base}/sockets`);
    const room = page.locator('section', { hasText: 'Guest room' });
    await room.locator('.name', { hasText: 'Waffle iron' }).waitFor();
    await find('Waffle iron');
    expect(await page.locator('input[name=icon][value=heater]').isChecked(), 'the icon was not kept');
    await page.locator('#socket-name').fill('Toaster');
    await page.getByRole('button', { name: 'Kitchen', exact: true }).click();
    await page.locator('input[name=icon][value=toaster]').check({ force: true });
    await page.locator('form button[type=submit]').first().click();
    await saved();
  });
  await check('without a name it is not saved, and says why', async () => {
    await page.locator('#socket-name').fill('  ');
    await page.locator('form button[type=submit]').first().click();
    await page.locator('#socket-name-note').filter({ hasText: 'Give the socket a name' }).waitFor();
    expect((await page.locator('#socket-name').getAttribute('aria-invalid')) === 'true', 'not marked as wrong');
  });
  await check('a hidden one is folded away at the end, and on Now', async () => {
    await find('Hair dryer');
    await page.getByLabel(/Hide from the lists/).check();
    await page.locator('form button[type=submit]').first().click();
    await saved();
    await open(page, `${base}/sockets`);
    const folded = page.locator('details', { hasText: 'hidden sockets' });
    await folded.locator('summary').click();
    await folded.locator('.name', { hasText: 'Hair dryer' }).waitFor();
    await open(page, base);
    expect(!(await page.locator('main').innerText()).includes('Hair dryer'), 'it is still on Now');
    await open(page, `${base}/sockets`);
    await page.locator('details summary').click();
    await page.locator(ROW, { hasText: 'Hair dryer' }).click();
    await page.locator('#socket-name').waitFor();
    await page.getByLabel(/Hide from the lists/).uncheck();
    await page.locator('form button[type=submit]').first().click();
    await saved();
  });
  await check('a plug is replaced by another, and that is undone', async () => {
    await find('Monitor left');
    await page.locator('summary', { hasText: 'Replace this plug' }).click();
    await page.getByRole('button', { name: 'Hand the history over' }).click();
    await page.locator('#replace-into-note').filter({ hasText: 'Choose a socket' }).waitFor();
    await page.locator('#replace-into').selectOption({ label: 'Monitor right · Study' });
    await page.getByLabel('Hide the old plug').uncheck();
    await run.shoot(page, 'replace', view, { whole: true });
    await page.getByRole('button', { name: 'Hand the history over' }).click();
    const line = page.locator('li', { hasText: /^.*Before .* its history belongs to Monitor right/ });
    await line.waitFor();
    const sentence = plain(await line.locator('span').innerText());
    await line.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('status').filter({ hasText: 'Undone' }).waitFor();
    return sentence;
  });
  await check('two sockets become one, and two again', async () => {
    await find('Desk lamp');
    await page.locator('summary', { hasText: 'Merge into another socket' }).click();
    await page.locator('#merge-into').selectOption({ label: 'Printer · Study' });
    await page.getByRole('button', { name: 'Merge', exact: true }).click();
    await page.locator('li', { hasText: 'Is part of Printer' }).waitFor();
    await open(page, `${base}/sockets`);
    expect(!(await page.locator('section .name').allInnerTexts()).includes('Desk lamp'), 'it is still listed on its own');
    await page.locator('details summary').click();
    await page.locator(ROW, { hasText: 'Desk lamp' }).click();
    await page.locator('li', { hasText: 'Is part of Printer' }).getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('status').filter({ hasText: 'Undone' }).waitFor();
  });
  await check('who was slower is told, sees what the other did, and may try again', async () => {
    await find('Desk lamp');
    await page.evaluate(async () => {
      const { households } = await (await fetch('/api/session')).json();
      const path = `/api/households/${households[0].id}/settings`;
      const settings = await (await fetch(path)).json();
      await fetch(path, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(settings) });
    });
    await page.locator('summary', { hasText: 'Merge into another socket' }).click();
    await page.locator('#merge-into').selectOption({ label: 'Printer · Study' });
    const merge = page.getByRole('button', { name: 'Merge', exact: true });
    await merge.click();
    await page.getByRole('alert').filter({ hasText: 'Somebody else changed this' }).waitFor();
    await merge.click();
    await page.locator('li', { hasText: 'Is part of Printer' }).getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('status').filter({ hasText: 'Undone' }).waitFor();
  });
  await check('a guest sees everything and changes nothing', async () => {
    const context = await run.newContext(view);
    const guest = await newPage(context);
    await guest.goto(base);
    await logIn(guest, { email: 'guest@example.org', password: 'x' });
    await open(guest, `${base}/sockets`);
    expect((await names(guest)).length > 10, 'no list');
    await guest.locator(ROW).first().click();
    await guest.locator(test('socket-now')).waitFor();
    await ready(guest);
    expect((await guest.locator('main form, main button').count()) === 0, 'there are controls');
    await open(guest, `${base}/costs`);
    expect((await guest.locator('main form').count()) === 0, 'there are forms on Costs');
    expect((await guest.getByRole('button', { name: /tariff|budget|Edit|Delete/i }).count()) === 0, 'there are controls on Costs');
    await context.close();
  });
}
