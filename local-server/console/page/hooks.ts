/** What views share: asking the server, following its events, and time that goes on. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { RequestFailed } from './api.ts';
import type { LiveEvents } from './live-events.ts';
import { live, serverNow } from './state.ts';
import { useStore } from './store.ts';

export interface Answer<Value> {
  /** The last good answer. */
  readonly value: Value | undefined;
  readonly error: RequestFailed | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

/** Asks when the key changes, when the connection is back, and on `reload`. The key must name all that `load` uses. */
export function useAnswer<Value>(key: string, load: (signal: AbortSignal) => Promise<Value>): Answer<Value> {
  const { epoch } = useStore(live.connection);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ key: string; value?: Value; error?: RequestFailed; loading: boolean }>({
    key,
    loading: true,
  });
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const controller = new AbortController();
    setState((before) => (before.key === key ? { ...before, loading: true } : { key, loading: true }));
    latest.current(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) setState({ key, value, loading: false });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) {
          setState((before) => ({ ...before, key, error: asFailure(error), loading: false }));
        }
      },
    );
    return () => controller.abort();
  }, [key, epoch, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const current = state.key === key;
  return {
    value: current ? state.value : undefined,
    error: current ? state.error : undefined,
    loading: current ? state.loading : true,
    reload,
  };
}

/** Calls the listener for each event of the type while the component is there. */
export function useLive<Type extends keyof LiveEvents>(type: Type, listener: (data: LiveEvents[Type]) => void): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => live.on(type, (data) => latest.current(data)), [type]);
}

/** Does something after events, or after some were missed, at most once in so many milliseconds, and once after the last of them. */
export function useAfter(types: readonly (keyof LiveEvents)[], millis: number, action: () => void): void {
  const latest = useRef(action);
  latest.current = action;
  const key = types.join();
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current();
      }, millis);
    };
    // Of what was missed nobody knows what it was.
    const stops = [...types, 'missed' as const].map((type) => live.on(type, soon));
    return () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    };
  }, [key, millis]);
}

/** The server's time, every second. */
export function useServerNow(): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

export interface Submission {
  readonly busy: boolean;
  readonly error: RequestFailed | undefined;
  readonly message: string;
  /** Runs the work; what it returns is said, what it throws is shown. */
  readonly run: (work: () => Promise<string>) => void;
}

/** A request that a person started: it is said how it ended, at the place where it was started. */
export function useSubmission(): Submission {
  const [state, setState] = useState<Omit<Submission, 'run'>>({ busy: false, error: undefined, message: '' });
  const run = useCallback((work: () => Promise<string>) => {
    setState({ busy: true, error: undefined, message: '' });
    work().then(
      (message) => setState({ busy: false, error: undefined, message }),
      (error: unknown) => setState({ busy: false, error: asFailure(error), message: '' }),
    );
  }, []);
  return { ...state, run };
}

function asFailure(error: unknown): RequestFailed {
  return error instanceof RequestFailed
    ? error
    : new RequestFailed(0, error instanceof Error ? error.message : String(error));
}
