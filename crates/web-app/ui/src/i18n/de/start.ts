export { account } from './account';
export { app } from './app';
export { now } from './now';
