export const newHome = {
  title: 'Name your home',
  lead: 'It is what you and everybody you invite will see. You can change it at any time.',
  name: 'Name',
  example: 'Lake house',
  needName: 'Give your home a name.',
  zone: 'Time zone',
  zoneHint: 'Days, weeks and prices follow its clock.',
  badZone: 'The server does not know this time zone. Choose another one.',
  tooMany: 'You own as many homes as one person may.',
  submit: 'Create the home',
  invited: (email: string): string =>
    `Does your home have Wattline already? Ask its owner to invite ${email}, and open the link of the letter.`,
};
