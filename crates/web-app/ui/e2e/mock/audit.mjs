// Who did what to a home.
const PAGE = 50;
const DAY_MS = 864e5;
const written = new Map();
let number = 0;

function put(household, entry) {
  written.set(household, [{ number: ++number, ...entry }, ...(written.get(household) ?? [])]);
}

export function note(household, person, action, about = '') {
  put(household, { at: new Date().toISOString(), by: person.id, by_name: person.name, action, about });
}

// Years of a home in which somebody often changed something.
const [robin, jo] = [{ by: 'p-robin', by_name: 'Robin Demo' }, { by: 'p-jo', by_name: 'Jo Member' }];
const PAST = [
  [robin, 'household_founded', 'Home'],
  [robin, 'hub_added', 'Cellar'],
  [robin, 'member_invited', 'member@example.org: member'],
  [jo, 'member_joined', 'member'],
  [robin, 'token_made', 'Grafana'],
  [{ by: 'p-gone', by_name: null }, 'hub_labelled', 'Cellar'],
  [robin, 'member_changed', 'Sam Guest: guest'],
  [robin, 'hub_released', 'Old hub'],
  [{ by: null, by_name: null }, 'settings_changed', ''],
];
for (let i = 0; i < 70; i++) {
  const [who, action, about] = PAST[i] ?? (i % 3 === 0 ? [jo, 'settings_changed', ''] : [robin, 'hub_labelled', 'Upstairs']);
  put('h-demo', { at: new Date(Date.now() - (80 - i) * DAY_MS).toISOString(), ...who, action, about });
}

export function auditOf(household, before) {
  const all = (written.get(household) ?? []).filter((one) => before === null || one.number < Number(before));
  return [200, { entries: all.slice(0, PAGE), more: all.length > PAGE }];
}
