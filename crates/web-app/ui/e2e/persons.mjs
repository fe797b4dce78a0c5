// People for the checks, made by the API as the page would: nobody is left changed for the next check.
import { expect } from './checks.mjs';

export const PASSWORD = 'four words in a row';
let count = 0;
export const address = (name = 'person') => `${name}-${Date.now()}-${++count}@example.org`;

/** Asks as somebody, or as nobody; a context of its own, so that no page is logged in by it. */
async function asking(run, email, work) {
  const context = await run.newContext({ viewport: { width: 400, height: 400 }, theme: 'light', touch: false });
  const post = async (path, data) => {
    const response = await context.request.post(run.base + path, { data });
    expect(response.ok(), `${path}: ${response.status()}`);
    return response.status() === 204 ? null : response.json();
  };
  if (email) await post('/api/session', { email, password: PASSWORD });
  const answer = await work(post);
  await context.close();
  return answer;
}

export const secretOf = (link) => new URL(link).hash.slice(1);

/** Somebody with an account and no home. */
export async function newcomer(run, name = 'Nora New') {
  const email = address('nora');
  await asking(run, null, async (post) => {
    const { link } = await post('/api/people', { email, name, language: 'en' });
    await post('/api/confirmations', { secret: secretOf(link), password: PASSWORD });
  });
  return { email, password: PASSWORD };
}

/** The link of an invitation into the home of somebody. */
export async function invitation(run, { email, role = 'guest', until = null, by = 'silent@example.org' }) {
  return asking(run, by, async (post) => {
    const { households } = await post('/api/session', { email: by, password: PASSWORD });
    const { link } = await post(`/api/households/${households[0].id}/invitations`, { email, role, until, language: 'en' });
    return link;
  });
}

/** Somebody who lives in a home of their own. */
export async function resident(run, name = 'Rita Resident') {
  const who = await newcomer(run, name);
  await asking(run, null, async (post) => {
    await post('/api/session', who);
    await post('/api/households', { name: 'Lake house', zone: 'Europe/Berlin' });
  });
  return who;
}
