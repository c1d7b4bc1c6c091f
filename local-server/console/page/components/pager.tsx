import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

/** Pages that follow each other by the last key of the one before. */
export function usePages(): {
  readonly after: string | undefined;
  readonly buttons: (more: boolean, lastKey: string | undefined) => JSX.Element | null;
} {
  const [keys, setKeys] = useState<readonly string[]>([]);
  return {
    after: keys.at(-1),
    buttons: (more, lastKey) =>
      keys.length === 0 && !more ? null : (
        <div class="buttons">
          <button type="button" class="small" disabled={keys.length === 0} onClick={() => setKeys(keys.slice(0, -1))}>
            Previous page
          </button>
          <button
            type="button"
            class="small"
            disabled={!more || lastKey === undefined}
            onClick={() => lastKey !== undefined && setKeys([...keys, lastKey])}
          >
            Next page
          </button>
        </div>
      ),
  };
}
