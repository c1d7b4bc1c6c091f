/** A bare Fastify that parses what it is sent, and does no more; prints its address. */
import Fastify from 'fastify';

const app = Fastify({ bodyLimit: 8 * 1_048_576 });
app.addContentTypeParser('application/x-ndjson', { parseAs: 'string' }, (_request, body, done) => {
  const lines = String(body).split('\n');
  done(
    null,
    lines.map((line) => JSON.parse(line) as unknown),
  );
});
app.post('/readings', (request, reply) => reply.code(202).send({ accepted: (request.body as unknown[]).length }));
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
