import { m as start, say } from '.';
import { login as deLogin } from './de/login';
import { providers as de } from './de/providers';
import { login as enLogin } from './en/login';
import { providers as en } from './en/providers';
import type { Messages } from './messages';

export * from '.';
export const m = {
  ...start,
  login: say<Messages['login']>({ en: enLogin, de: deLogin }),
  providers: say<Messages['providers']>({ en, de }),
};
