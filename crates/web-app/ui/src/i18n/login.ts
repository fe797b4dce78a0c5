import { m as start, say } from '.';
import { login as de } from './de/login';
import { login as en } from './en/login';
import type { Messages } from './messages';

export * from '.';
export const m = { ...start, login: say<Messages['login']>({ en, de }) };
