// Logging in through a provider of identities.
import { request } from './client';
import type { Proof } from './data';
import type { Identity, Provider } from './types';

type Language = 'en' | 'de';

export async function fetchProviders(signal?: AbortSignal): Promise<Provider[]> {
  return (await request<{ providers: Provider[] }>('/api/providers', { signal })).providers;
}

/** Where the browser goes. */
export async function beginAt(provider: string, language: Language): Promise<string> {
  const path = `/api/providers/${encodeURIComponent(provider)}/flows`;
  return (await request<{ url: string }>(path, { method: 'POST', body: { language } })).url;
}

export function secondStep(code: string): Promise<void> {
  return request('/api/second-steps', { method: 'POST', body: { code } });
}

const MINE = '/api/people/current/identities';

export async function fetchIdentities(signal?: AbortSignal): Promise<Identity[]> {
  return (await request<{ identities: Identity[] }>(MINE, { signal })).identities;
}

/** Where the browser goes. */
export async function connectAt(wish: Proof & { provider: string; language: Language }): Promise<string> {
  return (await request<{ url: string }>(MINE, { method: 'POST', body: wish })).url;
}

export function removeIdentity(id: string, password: string): Promise<void> {
  return request(`${MINE}/${encodeURIComponent(id)}/removal`, { method: 'POST', body: { password } });
}
