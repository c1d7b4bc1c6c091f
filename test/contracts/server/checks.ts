/** What each route and each operation does. The keys are as `routes.ts` names them. */
import { doorChecks } from './aws-checks.ts';
import { dataChecks } from './data-checks.ts';
import { labChecks } from './lab-checks.ts';
import { pageChecks } from './page-checks.ts';
import { s3Checks } from './s3-checks.ts';
import { type Checks, SENSOR } from './fixture.ts';

export const checks: Readonly<Record<string, Checks>> = {
  ...pageChecks,
  ...dataChecks,
  ...labChecks,
  ...doorChecks,
  ...s3Checks,
};

interface InvalidRequest {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string;
  readonly status: number;
  readonly says: string;
}

const json = 'application/json';
const history = `/sensors/${encodeURIComponent(SENSOR)}/readings`;
const post = { method: 'POST', type: json };
const get = { method: 'GET' };

/** Wrong on purpose; answered in problem details on both sides alike. */
export const invalidRequests: readonly InvalidRequest[] = [
  { ...post, path: '/readings', body: '{"sensorid":', status: 400, says: 'The body is not JSON' },
  { ...post, path: '/readings', body: '[]', status: 422, says: 'no reading' },
  { ...post, path: '/readings', body: '{"sensorid":"a","value":null}', status: 422, says: '' },
  {
    ...post,
    path: '/readings',
    body: `{"sensorid":"a","value":1,"x":"${'x'.repeat(1_048_576)}"}`,
    status: 422,
    says: '',
  },
  { ...post, path: '/readings', type: 'text/csv', body: 'a,1', status: 415, says: json },
  { ...get, path: '/readings', status: 405, says: 'it takes POST' },
  { method: 'PUT', path: '/archive', status: 405, says: 'it takes GET, HEAD' },
  { ...get, path: '/nowhere', status: 404, says: '/docs' },
  { ...get, path: '/archive/2026-01-01/1.ndjson.gz', status: 404, says: 'GET /archive lists what there is' },
  { ...get, path: '/archive/%0a', status: 404, says: 'GET /archive' },
  { ...get, path: '/failures/nothing', status: 404, says: 'GET /failures lists what there is' },
  { ...get, path: '/quarantine/nothing', status: 404, says: 'GET /quarantine lists what there is' },
  { ...get, path: '/archive?limit=0', status: 400, says: 'limit' },
  { ...get, path: '/archive?limit=1001', status: 400, says: 'limit' },
  { ...get, path: '/quarantine?limit=many', status: 400, says: 'limit' },
  { ...get, path: `${history}?limit=0`, status: 400, says: 'limit' },
  { ...get, path: `${history}?from=yesterday`, status: 400, says: 'from' },
  { ...get, path: `${history}?cursor=mine`, status: 400, says: 'cursor' },
  { ...get, path: `${history}?order=up`, status: 400, says: 'order' },
  { ...get, path: '/metrics/sensors/a?from=2026-01-02&to=2026-01-01', status: 400, says: 'from: is after to' },
  { ...get, path: '/metrics/sensors/a?to=tomorrow', status: 400, says: 'ISO 8601' },
  { ...post, path: '/lab/fleet', body: '{"devices":0}', status: 400, says: 'devices' },
  { ...post, path: '/lab/faults', body: '{"target":"moon","fault":"full"}', status: 400, says: 'target' },
  { ...post, path: '/lab/clock', body: '{"advanceSeconds":-1}', status: 400, says: 'advanceSeconds' },
];
