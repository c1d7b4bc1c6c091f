/** Update and Query. What comes from outside is set as text, never as HTML. */

const byId = (id) => document.getElementById(id);

/** The answer's JSON; an Error with the server's own words where it refused. */
async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error('The server does not answer. Is npm start still running?');
  }
  const body = await response.json();
  if (!response.ok) throw new Error(body.rejected?.[0]?.reason ?? body.detail);
  return body;
}

function show(element, text, bad = false) {
  element.textContent = text;
  element.classList.toggle('bad', bad);
}

function onSubmit(form, status, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      show(status, await work(Object.fromEntries(new FormData(form))));
    } catch (error) {
      show(status, error.message, true);
    }
  });
}

onSubmit(byId('update'), byId('update-status'), async ({ sensorid, value }) => {
  const reading = { sensorid, value, timestamp: new Date().toISOString() };
  const { records } = await request('/readings', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(reading),
  });
  byId('query').elements.sensorid.value = sensorid;
  return `Taken by ${records[0].shardId} as ${records[0].sequenceNumber}.`;
});

const table = document.querySelector('table');
const older = byId('older');
let next;

async function readHistory(sensorId, cursor) {
  const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
  const page = await request(`/sensors/${encodeURIComponent(sensorId)}/readings${query}`);
  if (cursor === undefined) table.tBodies[0].replaceChildren();
  for (const { timestamp, value } of page.readings) {
    const row = table.tBodies[0].insertRow();
    const time = document.createElement('time');
    time.dateTime = timestamp;
    time.title = `${timestamp} (UTC)`;
    time.textContent = new Date(timestamp).toLocaleString();
    row.insertCell().append(time);
    const cell = row.insertCell();
    cell.className = 'number';
    cell.textContent = String(value);
  }
  const count = table.tBodies[0].rows.length;
  table.caption.textContent = `${sensorId}, newest first, local time`;
  table.hidden = count === 0;
  next = page.nextCursor === undefined ? undefined : { sensorId, cursor: page.nextCursor };
  older.hidden = next === undefined;
  if (count === 0) return `Nothing is stored for ${sensorId}. Put a reading with Update above.`;
  return `${count} reading${count === 1 ? '' : 's'}${next === undefined ? '' : ', and older ones'}.`;
}

onSubmit(byId('query'), byId('query-status'), ({ sensorid }) => readHistory(sensorid));

older.addEventListener('click', async () => {
  try {
    show(byId('query-status'), await readHistory(next.sensorId, next.cursor));
  } catch (error) {
    show(byId('query-status'), error.message, true);
  }
});

function showPipeline({ mappings: [archive, store] }) {
  // The consumers of a deployed stack run elsewhere.
  if (archive === undefined) return;
  const counts = {
    archived: archive.records,
    stored: store.records,
    behind: Math.max(
      ...[archive, store].map(({ shards }) => shards.reduce((sum, { recordsBehind }) => sum + recordsBehind, 0)),
    ),
    givenUp: archive.givenUpRecords + store.givenUpRecords,
  };
  for (const [name, count] of Object.entries(counts)) {
    document.querySelector(`[data-count="${name}"]`).textContent = count.toLocaleString();
  }
}

const events = new EventSource('/events');
events.addEventListener('pipeline', ({ data }) => showPipeline(JSON.parse(data)));
events.addEventListener('open', async () => {
  show(byId('connection'), 'Live: records that each consumer is done with.');
  showPipeline(await request('/pipeline'));
});
events.addEventListener('error', () => show(byId('connection'), 'Not connected; trying again.', true));
