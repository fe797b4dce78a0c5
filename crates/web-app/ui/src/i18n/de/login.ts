import type { Messages } from '../messages';

export const login: Messages['login'] = {
  title: 'Anmelden',
  heading: 'Ihr Zuhause in Watt',
  lead: 'Sehen Sie, was jetzt Strom braucht und was ihn heute gebraucht hat.',
  email: 'E-Mail',
  password: 'Passwort',
  show: 'Passwort zeigen',
  hide: 'Passwort verbergen',
  submit: 'Anmelden',
  busy: 'Anmeldung läuft …',
  needEmail: 'Geben Sie Ihre E-Mail-Adresse ein.',
  needPassword: 'Geben Sie Ihr Passwort ein.',
  wrong: 'E-Mail oder Passwort ist falsch.',
  later: 'Die Anmeldung ist gerade nicht möglich. Versuchen Sie es gleich noch einmal.',
  unreachable: 'Der Server ist nicht erreichbar. Prüfen Sie die Verbindung und versuchen Sie es noch einmal.',
};
