/** Which view is shown is in the address behind `#`, so that links and the back button work. */
import { formatRoute, parseRoute, type Parameters, type Route, type ViewName } from './address.ts';
import { Store } from './store.ts';

export const route = new Store<Route>(parseRoute(''));

export function followAddress(): void {
  const follow = () => route.set(parseRoute(location.hash));
  addEventListener('hashchange', follow);
  follow();
}

export function goTo(view: ViewName, parameters?: Parameters): void {
  location.hash = formatRoute(view, parameters);
}
