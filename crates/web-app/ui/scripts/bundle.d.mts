import type { Rolldown } from 'vite';

export const WORKER: string;
export function noteScreens(bundle: Rolldown.OutputBundle): void;
export function fillWorker(bundle: Rolldown.OutputBundle, html: string): void;
