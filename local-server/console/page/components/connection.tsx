import { live } from '../state.ts';
import { useStore } from '../store.ts';
import { Mark } from './notice.tsx';

const words = {
  connecting: ['…', 'Connecting…'],
  live: ['●', 'Live'],
  lost: ['✕', 'Not connected. Trying again every second; what you see may be old.'],
} as const;

/** Whether what the page shows is what happens. */
export function Connection() {
  const { state } = useStore(live.connection);
  const [sign, text] = words[state];
  return (
    <p class={`connection ${state}`} role="status" data-connection={state}>
      <Mark sign={sign} /> {text}
    </p>
  );
}
