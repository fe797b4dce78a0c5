import type { Messages } from '../messages';

export const newHome: Messages['newHome'] = {
  title: 'Benennen Sie Ihr Zuhause',
  lead: 'So sehen es Sie und alle, die Sie einladen. Ändern können Sie das jederzeit.',
  name: 'Name',
  example: 'Haus am See',
  needName: 'Geben Sie Ihrem Zuhause einen Namen.',
  zone: 'Zeitzone',
  zoneHint: 'Tage, Wochen und Preise folgen ihrer Uhr.',
  badZone: 'Der Server kennt diese Zeitzone nicht. Wählen Sie eine andere.',
  tooMany: 'Ihnen gehören schon so viele Zuhause, wie eine Person haben darf.',
  submit: 'Zuhause anlegen',
  invited: (email) =>
    `Hat Ihr Zuhause schon Wattline? Bitten Sie dessen Inhaber, ${email} einzuladen, und öffnen Sie den Link des Briefs.`,
};
