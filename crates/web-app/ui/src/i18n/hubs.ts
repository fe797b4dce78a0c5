import { m as start, say } from '.';
import { hubs as de } from './de/hubs';
import { hubs as en } from './en/hubs';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, hubs: say<Messages['hubs']>({ en, de }) };
