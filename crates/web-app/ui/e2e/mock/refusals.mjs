// Refusals as the real service words them: the page must not show these sentences.
export const refuse = (status, detail, field, more = {}) => [status, { title: 'Refused', detail, ...(field && { field }), ...more }];

export const badLink = () => refuse(404, 'This link is not valid: it was used already, or is too old. Please ask for a new one.', 'secret');
export const wrongPassword = (field) => refuse(422, 'That is not your password.', field);
export const wrongCode = () => refuse(422, 'That code is not the right one now.', 'code');
export const shortPassword = (field) => refuse(422, 'A password has at least 8 characters and at most 1024.', field);
export const tooMany = () => [...refuse(429, 'That was too often. Please wait a little and try again.'), { 'retry-after': '150' }];
export const badEmail = () => refuse(422, 'That is not an e-mail address.', 'email');
export const notFound = () => refuse(404, 'There is nothing at this address.');
export const notOwner = () => refuse(403, 'Only an owner of the household may do this.');

export const isEmail = (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text ?? '');
/** Any password is right but this one; this one, too often. */
export const isWrong = (password) => password === 'wrong' || password === 'wrong wrong';
export const isTooOften = (text) => /^often/.test(text ?? '');
