import { useEffect, useRef } from 'preact/hooks';
import type { JSX } from 'preact';
import { Memory } from './components/memory.tsx';
import { Scoreboard } from './components/scoreboard.tsx';
import { formatRoute, type ViewName, viewNames } from './address.ts';
import { route } from './route.ts';
import { logOut } from './session.ts';
import { useStore } from './store.ts';
import { Archive } from './views/archive.tsx';
import { Devices } from './views/devices.tsx';
import { History } from './views/history.tsx';
import { Lab } from './views/lab.tsx';
import { Metrics } from './views/metrics.tsx';
import { Quarantine } from './views/quarantine.tsx';
import { Stream } from './views/stream.tsx';

interface View {
  readonly title: string;
  readonly about: string;
  readonly Content: (props: { parameters: URLSearchParams }) => JSX.Element;
}

const views: Readonly<Record<ViewName, View>> = {
  devices: {
    title: 'Devices',
    about: 'Send readings, one or many, and see which sensors there are.',
    Content: Devices,
  },
  history: { title: 'History', about: 'What the table holds of a sensor.', Content: History },
  stream: {
    title: 'Stream',
    about: 'Shards, the two consumers, and what they do with batches that fail.',
    Content: Stream,
  },
  archive: { title: 'Archive', about: 'Every record that the stream took, as it was sent.', Content: Archive },
  quarantine: { title: 'Quarantine', about: 'Records that are no readings, with the reason.', Content: Quarantine },
  metrics: { title: 'Metrics', about: 'What CloudWatch would show of a sensor.', Content: Metrics },
  lab: { title: 'Lab', about: 'Make things fail, and see that nothing is lost.', Content: Lab },
};

export function App({ canLogOut }: { canLogOut: boolean }) {
  const { view, parameters } = useStore(route);
  const { title, about, Content } = views[view];
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = useRef(view);
  useEffect(() => {
    document.title = `${title} – IoT backend`;
    // Not on the first view: a page that opens begins at its top.
    if (shown.current === view) return;
    shown.current = view;
    heading.current?.focus();
    scrollTo(0, 0);
  }, [view, title]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The address after # is the view's.
          event.preventDefault();
          heading.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <header>
        <h1>IoT backend</h1>
        <nav class="views" aria-label="Views">
          <ul>
            {viewNames.map((name) => (
              <li key={name}>
                <a href={formatRoute(name)} aria-current={name === view ? 'page' : undefined}>
                  {views[name].title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </header>
      <Scoreboard />
      <Memory />
      <main id="main">
        <div class="view-title">
          <h2 ref={heading} tabIndex={-1}>
            {title}
          </h2>
          <p class="hint">{about}</p>
        </div>
        <Content key={view} parameters={parameters} />
      </main>
      <footer>
        <a href="/docs">API</a>
        {canLogOut && <button onClick={() => void logOut()}>Log out</button>}
      </footer>
    </>
  );
}
