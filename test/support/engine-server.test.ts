import { createServer } from 'node:http';
import { expect, test } from '@jest/globals';
import { listen } from './engine-server.ts';

test('a server of a test does not tell clients to leave after some time, and keeps their connections', async () => {
  const server = createServer((_request, response) => void response.end());
  const listening = await listen(server);
  try {
    const { headers } = await fetch(listening.url);
    expect(headers.get('connection')).toBe('keep-alive');
    expect(headers.get('keep-alive')).toBeNull();
  } finally {
    await listening.close();
  }
});
