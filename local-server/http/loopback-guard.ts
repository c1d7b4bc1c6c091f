/**
 * A server on loopback is for this machine. A web page from elsewhere could still reach it through a name of its own
 * that points to 127.0.0.1 (DNS rebinding); the Host header gives that away.
 */
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem-details.ts';

const loopback = /^(localhost|([a-z0-9-]+\.)*localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

export function isLoopback(host: string): boolean {
  return host === '::1' || loopback.test(host);
}

export function guardLoopback(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host } = request;
    if (loopback.test(host)) return;
    await sendProblem(reply, {
      status: 421,
      detail: `This server is for this machine and not reached as ${host}. Start it with --host to serve others.`,
    });
  });
}
