export const account = {
  menu: (name: string): string => `Account of ${name}`,
  household: 'Household',
  appearance: 'Appearance',
  auto: 'Auto',
  light: 'Light',
  dark: 'Dark',
  logOut: 'Log out',
  yours: 'Your account',
};
