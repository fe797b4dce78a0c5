import type { Messages } from '../messages';

export const account: Messages['account'] = {
  menu: (name) => `Konto von ${name}`,
  household: 'Haushalt',
  appearance: 'Darstellung',
  auto: 'Auto',
  light: 'Hell',
  dark: 'Dunkel',
  logOut: 'Abmelden',
  yours: 'Ihr Konto',
};
