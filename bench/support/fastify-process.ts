/**
 * A bare Fastify that parses what it is sent, and does no more; prints its address. With `--keep` it also keeps the bytes of
 * every body, which a stream cannot do without.
 */
import Fastify from 'fastify';

const kept: Buffer[] = [];
const keep = process.argv.includes('--keep') ? (body: string) => kept.push(Buffer.from(body)) : () => 0;

const app = Fastify({ bodyLimit: 8 * 1_048_576 });
app.addContentTypeParser('application/x-ndjson', { parseAs: 'string' }, (_request, body, done) => {
  keep(String(body));
  const lines = String(body).split('\n');
  done(
    null,
    lines.map((line) => JSON.parse(line) as unknown),
  );
});
const parseJson = app.getDefaultJsonParser('error', 'error');
app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
  keep(String(body));
  void parseJson(request, String(body), done);
});
app.post('/readings', (request, reply) => reply.code(202).send({ accepted: (request.body as unknown[]).length }));
process.stdout.write(`${await app.listen({ port: 0, host: '127.0.0.1' })}\n`);
