import { useEffect } from 'preact/hooks';
import { Form, Outcome } from './components/field.tsx';
import { useSubmission } from './hooks.ts';
import { logIn } from './session.ts';

/** @param onDone Called when the server has taken the token. @param token Tried at once. */
export function Login({ onDone, token }: { onDone: () => void; token: string | undefined }) {
  const submission = useSubmission();
  const send = (given: string) =>
    submission.run(async () => {
      await logIn(given);
      onDone();
      return '';
    });
  useEffect(() => {
    document.title = 'Log in – IoT backend';
    if (token !== undefined) send(token);
  }, []);
  return (
    <>
      <header>
        <h1>IoT backend</h1>
      </header>
      <main id="main">
        <div class="view-title">
          <h2>Log in</h2>
          <p class="hint">This server asks for its token. It prints the token at its start, if it was given none.</p>
        </div>
        <Form label="Log in" onSubmit={(values) => send(values('token').trim())}>
          <div class="field">
            <label for="token">Token</label>
            <input id="token" name="token" type="password" autocomplete="current-password" />
          </div>
          <button>Log in</button>
        </Form>
        <Outcome submission={submission} />
      </main>
    </>
  );
}
