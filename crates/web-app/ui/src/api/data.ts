// What somebody takes along, and how somebody goes.
import { householdPath, request } from './client';
import type { ArchiveProgress, DeletionPreview, HouseholdDeletionPreview } from './types';

const ME = '/api/people/current';

/** Of somebody who is logged in already; the code where there is a second factor. */
export interface Proof {
  password: string;
  code: string | null;
}

export function fetchDeletion(signal?: AbortSignal): Promise<DeletionPreview> {
  return request(`${ME}/deletion`, { signal });
}

/** `households` are those of the preview. */
export function deletePerson(proof: Proof, households: string[], language: 'en' | 'de'): Promise<void> {
  return request(`${ME}/deletion`, { method: 'POST', body: { ...proof, households, language } });
}

export function fetchHouseholdDeletion(household: string, signal?: AbortSignal): Promise<HouseholdDeletionPreview> {
  return request(`${householdPath(household)}/deletion`, { signal });
}

export function deleteHousehold(household: string, proof: Proof, language: 'en' | 'de'): Promise<void> {
  return request(`${householdPath(household)}/deletion`, { method: 'POST', body: { ...proof, language } });
}

/** From now on, and for two minutes, the browser may fetch the archive. */
export function permitArchive(proof: Proof): Promise<void> {
  return request(`${ME}/archive`, { method: 'POST', body: proof });
}

/** The browser itself fetches it. `id` is how its progress is asked for. */
export function archiveUrl(id: string): string {
  return `${ME}/archive?id=${encodeURIComponent(id)}`;
}

const progressPath = (id: string): string => `${ME}/archive/${encodeURIComponent(id)}`;

export function fetchArchiveProgress(id: string, signal?: AbortSignal): Promise<ArchiveProgress> {
  return request(progressPath(id), { signal });
}

export function stopArchive(id: string): Promise<void> {
  return request(progressPath(id), { method: 'DELETE' });
}
