// One's own account: name, address, password, two steps, and where one is logged in.
import { expect } from './checks.mjs';
import { submit, stranger } from './outside.mjs';
import { address, newcomer, PASSWORD, resident } from './persons.mjs';
import { logIn, open, test } from './screen.mjs';

export async function checkAccount(run, view) {
  const { base } = run;
  const check = (name, make, body) =>
    run.checks.check(`${view.name} ${view.theme}: account: ${name}`, () =>
      stranger(run, view, async (page) => {
        const who = await make(run);
        await open(page, base);
        await logIn(page, who);
        await open(page, `${base}/settings/you`);
        return body(page, who);
      }),
    );
  const note = (page, id, words) => page.locator(`#${id}-note`).filter({ hasText: words }).waitFor();
  const done = (page, words) => page.getByRole('status').filter({ hasText: words }).waitFor();

  await check('another name is shown everywhere', resident, async (page) => {
    await page.locator('#my-name').fill('');
    await submit(page);
    await note(page, 'my-name', 'Enter a name.');
    await page.locator('#my-name').fill('Rita Renamed');
    await submit(page);
    await done(page, 'Saved.');
    await page.getByRole('button', { name: /Account of Rita Renamed/ }).waitFor();
  });
  await check('another password, and what is wrong beside its field', resident, async (page) => {
    await page.getByRole('button', { name: 'Change the password' }).click();
    expect((await page.evaluate(() => document.activeElement.id)) === 'current-password', 'the focus is elsewhere');
    const form = page.getByRole('form', { name: 'Change the password' });
    await page.locator('#current-password').fill('wrong');
    await page.locator('#new-password').fill('short');
    await form.locator('button[type=submit]').click();
    await note(page, 'new-password', 'At least 8 characters.');
    await page.locator('#new-password').fill('another four words here');
    await form.locator('button[type=submit]').click();
    await note(page, 'current-password', 'That is not your password.');
    expect((await page.locator('#new-password').inputValue()) === 'another four words here', 'what was typed is gone');
    await page.locator('#current-password').fill(PASSWORD);
    await form.locator('button[type=submit]').click();
    await done(page, 'The password is changed.');
  });
  await check('another address is confirmed by its letter', resident, async (page) => {
    const email = address('rita');
    await page.getByRole('button', { name: 'Change the address' }).click();
    await page.locator('#new-email').fill(email);
    await page.locator('#email-password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Send the letter' }).click();
    await done(page, `A letter is on its way to ${email}.`);
    await page.getByRole('link', { name: 'This is a demonstration' }).click();
    await page.getByRole('button', { name: 'Confirm the address' }).click();
    await page.getByText(`From now on you log in as ${email}.`).waitFor();
    await page.getByRole('link', { name: 'To Wattline' }).click();
    await page.getByRole('button', { name: /Account of/ }).click();
    await page.locator('#account-panel').filter({ hasText: email }).waitFor();
  });
  await check('two steps are turned on, with codes for the day the phone is lost, and off', resident, async (page) => {
    const part = page.locator(test('two-step'));
    await part.getByRole('button', { name: 'Turn it on' }).click();
    await page.locator('#factor-password').fill('wrong');
    await part.getByRole('button', { name: 'Go on' }).click();
    await note(page, 'factor-password', 'That is not your password.');
    await page.locator('#factor-password').fill(PASSWORD);
    await part.getByRole('button', { name: 'Go on' }).click();
    await part.getByRole('img', { name: /QR code/ }).waitFor();
    const key = await page.locator(test('key')).textContent();
    expect(/^([A-Z2-7]{4} )+[A-Z2-7]{1,4}$/.test(key), `“${key}”`);
    await page.locator('#first-code').fill('000000');
    await part.getByRole('button', { name: 'Turn it on' }).click();
    await note(page, 'first-code', 'not the right one now');
    await page.locator('#first-code').fill('123456');
    await part.getByRole('button', { name: 'Turn it on' }).click();
    const codes = page.locator(test('recovery-codes'));
    expect((await codes.locator('li').count()) === 10, 'there are not ten');
    const [file] = await Promise.all([page.waitForEvent('download'), codes.getByRole('button', { name: 'Download' }).click()]);
    let content = '';
    for await (const chunk of await file.createReadStream()) content += chunk;
    expect(content.includes(await codes.locator('li').first().textContent()), content);
    await codes.getByRole('button', { name: 'I have them' }).click();
    await part.filter({ hasText: '10 recovery codes left' }).waitFor();
    await page.reload();
    await part.getByRole('button', { name: 'Turn it off' }).click();
    await page.locator('#off-password').fill(PASSWORD);
    await page.locator('#off-code').fill('999999');
    await part.getByRole('button', { name: 'Turn it off' }).click();
    await note(page, 'off-code', 'not the right one now');
    await page.locator('#off-code').fill('7QK2M-XW9PT');
    await part.getByRole('button', { name: 'Turn it off' }).click();
    await done(page, 'Two-step log-in is off.');
    return file.suggestedFilename();
  });
  await check('a browser is logged out elsewhere, then all of them', resident, async (page) => {
    const list = page.locator(test('sessions'));
    expect((await list.locator('li').first().textContent()).includes('this browser'), 'this one is not first');
    await page.getByRole('button', { name: 'Log out Firefox on Windows' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Log out Firefox on Windows' }).click();
    await page.getByRole('button', { name: 'Log it out' }).click();
    await done(page, 'Firefox on Windows is logged out.');
    await list.locator('li', { hasText: 'Firefox on Windows' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Log out everywhere' }).click();
    await page.getByRole('button', { name: 'Log out everywhere' }).click();
    await page.locator('#email').waitFor();
    await page.reload();
    await page.locator('#email').waitFor();
  });
  await check('without a home there is still an account to look after', newcomer, async (page) => {
    await page.locator(test('you')).waitFor();
    await page.getByRole('link', { name: 'Name your home' }).click();
    await page.locator('#home-name').waitFor();
  });
}
