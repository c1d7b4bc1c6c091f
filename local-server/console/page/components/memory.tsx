import { memoryWords } from '../memory.ts';
import { pipeline } from '../state.ts';
import { useStore } from '../store.ts';
import { Mark } from './notice.tsx';

/** Says that the memory of the server is full or filling, or what was dropped, in every view. */
export function Memory() {
  const memory = useStore(pipeline)?.memory;
  const words = memoryWords(memory);
  return (
    <div role={memory?.state === 'full' ? 'alert' : 'status'}>
      {words !== undefined && (
        <p class={memory?.state === 'full' ? 'failure' : 'notice'}>
          <Mark sign="!" /> {words}
        </p>
      )}
    </div>
  );
}
