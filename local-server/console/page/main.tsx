import { render } from 'preact';
import { App } from './app.tsx';
import { Login } from './login.tsx';
import { followAddress } from './route.ts';
import { followSession, readSession, takeTokenOfAddress } from './session.ts';
import { start } from './state.ts';

const root = document.getElementById('console');
if (root === null) throw new Error('the page has no place for the console');
const place = root;
const token = takeTokenOfAddress();

function open(tokenRequired: boolean): void {
  followAddress();
  start();
  if (tokenRequired) followSession();
  render(<App canLogOut={tokenRequired} />, place);
}

readSession().then(
  ({ tokenRequired, authenticated }) => {
    if (authenticated) open(tokenRequired);
    else render(<Login token={token} onDone={() => open(true)} />, place);
  },
  () => open(false), // The console says that nothing answers.
);
