import process from 'node:process';

/**
 * Runs one built bundle as Lambda's runtime does: imports the module, looks up the handler by its name, and invokes it
 * with JSON. Talks to `lambda-process.ts` over IPC; standard output is the function's log.
 */
const [file, handlerName] = process.argv.slice(2);

const describe = (error) => ({ errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') });

let handler;
try {
  ({ [handlerName]: handler } = await import(file));
  if (typeof handler !== 'function') throw new TypeError(`${file} exports no function ${handlerName}`);
  process.send({ type: 'ready' });
} catch (error) {
  process.send({ type: 'failed', error: describe(error) }, () => process.exit(1));
}

process.on('message', async ({ id, event, timeoutMillis }) => {
  const deadline = Date.now() + timeoutMillis;
  const context = { awsRequestId: `request-${id}`, getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()) };
  try {
    process.send({ type: 'answer', id, payload: (await handler(JSON.parse(event), context)) ?? null });
  } catch (error) {
    process.send({ type: 'answer', id, error: describe(error) });
  }
});
