import { render } from 'preact';
import { App } from './app.tsx';
import { followAddress } from './route.ts';
import { start } from './state.ts';

const root = document.getElementById('console');
if (root === null) throw new Error('the page has no place for the console');
followAddress();
start();
render(<App />, root);
