import type { Messages } from '../messages';

export const hubs: Messages['hubs'] = {
  title: 'Hubs',
  about: 'Was bei Ihnen misst, etwa ein Raspberry Pi mit schaltbaren Steckdosen.',
  add: 'Hub hinzufügen',
  none: 'Es gibt noch keinen Hub.',
  noneGuest: 'Es gibt noch keinen Hub. Ein Inhaber kann einen hinzufügen.',
  sockets: (n, count) => (n === 1 ? '1 Steckdose' : `${count} Steckdosen`),
  howRun: 'Führen Sie auf dem Raspberry Pi dies aus:',
  howThen: 'Es zeigt acht Buchstaben, die einige Minuten lang gelten.',
  code: 'Code',
  codeHint: 'Die acht Buchstaben, etwa ABCD-EFGH.',
  needCode: 'Geben Sie alle acht Buchstaben ein.',
  badCode: 'Mit diesem Code wartet kein Hub. Vielleicht ist er zu alt: Beginnen Sie das Koppeln auf dem Raspberry Pi noch einmal.',
  name: 'Name',
  nameHint: 'Zum Beispiel, wo er steht.',
  defaultName: 'Hub',
  needName: 'Geben Sie dem Hub einen Namen.',
  taken: 'Dieser Hub gehört zu einem anderen Zuhause. Er muss dort erst abgegeben werden.',
  submit: 'Diesen Hub hinzufügen',
  added: (name) => `„${name}“ ist hinzugefügt. Seine Steckdosen erscheinen, sobald er sendet.`,
  giveUp: 'Abgeben',
  giveUpOf: (name) => `${name} abgeben`,
  giveUpWhy: (name) =>
    `Was „${name}“ gemessen hat, bleibt im Verlauf dieses Zuhauses. Ab jetzt kommt nichts mehr von ihm an, und er kann zu einem anderen Zuhause hinzugefügt werden.`,
  giveUpYes: 'Jetzt abgeben',
  givenUp: (name) => `„${name}“ ist abgegeben. Sein Verlauf bleibt.`,
};
