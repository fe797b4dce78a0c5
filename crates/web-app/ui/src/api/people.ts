// People: their accounts, where they are logged in, who is in a household, and its hubs.
import { householdPath, request } from './client';
import type { Proof } from './data';
import type {
  AuditPage,
  CurrentPerson,
  Hub,
  HouseholdRef,
  InvitationView,
  Invited,
  Member,
  MemberChange,
  Members,
  NewSecondFactor,
  OpenSession,
  Role,
  Sent,
} from './types';

/** Letters come in the language of the page. */
type Language = 'en' | 'de';

export function signUp(wish: { email: string; name: string; language: Language }): Promise<Sent> {
  return request('/api/people', { method: 'POST', body: wish });
}

/** With a password it is somebody who signs up; without one a new address. */
export function confirm(secret: string, password?: string): Promise<{ email: string }> {
  return request('/api/confirmations', { method: 'POST', body: password === undefined ? { secret } : { secret, password } });
}

export function askForReset(email: string, language: Language): Promise<Sent> {
  return request('/api/password-resets', { method: 'POST', body: { email, language } });
}

export function setNewPassword(secret: string, password: string): Promise<void> {
  return request('/api/new-passwords', { method: 'POST', body: { secret, password } });
}

export function lookAtInvitation(secret: string): Promise<InvitationView> {
  return request('/api/invitations/look', { method: 'POST', body: { secret } });
}

/** As who is logged in, or as somebody new. */
export function acceptInvitation(
  secret: string,
  newcomer?: { name: string; password: string },
): Promise<{ household: string; email: string }> {
  return request('/api/invitations/accept', { method: 'POST', body: { secret, ...newcomer } });
}

const ME = '/api/people/current';

export function fetchMe(signal?: AbortSignal): Promise<CurrentPerson> {
  return request(ME, { signal });
}

export function rename(name: string): Promise<CurrentPerson> {
  return request(ME, { method: 'PUT', body: { name } });
}

export function changePassword(current: string, next: string): Promise<void> {
  return request(`${ME}/password`, { method: 'PUT', body: { current, new: next } });
}

export function changeEmail(wish: Proof & { email: string; language: Language }): Promise<Sent> {
  return request(`${ME}/email`, { method: 'PUT', body: wish });
}

export function beginSecondFactor(password: string): Promise<NewSecondFactor> {
  return request(`${ME}/second-factor`, { method: 'POST', body: { password } });
}

/** The app shows a code; the answer has the recovery codes, this once. */
export async function confirmSecondFactor(code: string): Promise<string[]> {
  const answer = await request<{ recovery_codes: string[] }>(`${ME}/second-factor`, { method: 'PUT', body: { code } });
  return answer.recovery_codes;
}

export function removeSecondFactor(password: string, code: string): Promise<void> {
  return request(`${ME}/second-factor/removal`, { method: 'POST', body: { password, code } });
}

export async function fetchSessions(signal?: AbortSignal): Promise<OpenSession[]> {
  return (await request<{ sessions: OpenSession[] }>('/api/sessions', { signal })).sessions;
}

export function closeOther(id: string): Promise<void> {
  return request(`/api/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

/** Everywhere, here too. */
export function closeAll(): Promise<void> {
  return request('/api/sessions', { method: 'DELETE' });
}

export function foundHousehold(name: string, zone: string): Promise<HouseholdRef> {
  return request('/api/households', { method: 'POST', body: { name, zone } });
}

export function fetchMembers(household: string, signal?: AbortSignal): Promise<Members> {
  return request(`${householdPath(household)}/members`, { signal });
}

function memberPath(household: string, person: string): string {
  return `${householdPath(household)}/members/${encodeURIComponent(person)}`;
}

export function changeMember(household: string, person: string, change: MemberChange): Promise<Member> {
  return request(memberPath(household, person), { method: 'PUT', body: change });
}

/** Of oneself: leave. */
export function removeMember(household: string, person: string): Promise<void> {
  return request(memberPath(household, person), { method: 'DELETE' });
}

interface Wish {
  email: string;
  role: Role;
  until: string | null;
  language: Language;
}

export function invite(household: string, wish: Wish): Promise<Invited> {
  return request(`${householdPath(household)}/invitations`, { method: 'POST', body: wish });
}

export function withdrawInvitation(household: string, email: string): Promise<void> {
  return request(`${householdPath(household)}/invitations/${encodeURIComponent(email)}`, { method: 'DELETE' });
}

/** The latest, or those before the entry of a number. */
export function fetchAudit(household: string, before: number | null, signal?: AbortSignal): Promise<AuditPage> {
  return request(`${householdPath(household)}/audit${before === null ? '' : `?before=${before}`}`, { signal });
}

/** Takes a hub in that shows this code. */
export function pairHub(household: string, code: string, name: string): Promise<Hub> {
  return request(`${householdPath(household)}/pairings`, { method: 'POST', body: { code, name } });
}

export function releaseHub(household: string, hub: string): Promise<void> {
  return request(`${householdPath(household)}/hubs/${encodeURIComponent(hub)}`, { method: 'DELETE' });
}
