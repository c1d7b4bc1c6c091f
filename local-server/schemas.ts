/** The HTTP interface as schemas: one source for validation, types and the OpenAPI document. */
import { type Static, Type } from 'typebox';
import { readingFlags } from '../core/reading.ts';

export const Reading = Type.Object(
  {
    sensorid: Type.String({ minLength: 1, maxLength: 256, description: 'Also taken under the name sensorId.' }),
    value: Type.Union([Type.Number(), Type.String({ description: 'A numeric string.' })]),
    timestamp: Type.Optional(
      Type.Union([
        Type.String({ description: 'ISO 8601.' }),
        Type.Number({ description: 'Seconds, milliseconds, microseconds or nanoseconds since 1970.' }),
      ]),
    ),
  },
  { additionalProperties: true, description: 'Without a timestamp, the time of arrival counts.' },
);

const Flags = Type.Array(Type.Enum(readingFlags), {
  description:
    'arrival-time: it brought no time. far-past, far-future: the clock of the device may be wrong. inexact: more digits were sent than are kept. Absent where there is none.',
});

const Unit = Type.String({ description: 'As it was sent. Absent where none was.' });

const Reason = Type.Object({
  field: Type.String(),
  rule: Type.String(),
  seen: Type.String(),
  part: Type.Optional(Type.Integer({ description: 'Which part of a record that has several, from 0.' })),
});

export const PutReadingsReply = Type.Object({
  accepted: Type.Integer({ description: 'Readings. A record may hold several.' }),
  leftOut: Type.Optional(
    Type.Integer({ description: 'Values of the accepted records that are no readings: texts, booleans, nulls.' }),
  ),
  replaced: Type.Optional(
    Type.Integer({
      description:
        'Accepted readings of which the history will have a later one of this request: the same sensor and time, another value. The archive keeps both. Counted for the first 100,000 readings; `GET /account` counts all.',
    }),
  ),
  rejectedCount: Type.Integer({ description: 'All that were rejected, also those that `rejected` does not list.' }),
  rejectedNote: Type.Optional(Type.String({ description: 'Given where `rejected` does not list all.' })),
  rejected: Type.Array(
    Type.Object({
      index: Type.Integer({ description: 'Position of the record in what was sent, from 0.' }),
      part: Type.Optional(
        Type.Integer({ description: 'Which part of the record, from 0. Its other parts are accepted.' }),
      ),
      reason: Type.String(),
      reasons: Type.Array(Reason),
    }),
  ),
  records: Type.Array(
    Type.Object({
      sequenceNumber: Type.String(),
      shardId: Type.String(),
      index: Type.Optional(
        Type.Integer({ description: 'Position in what was sent, from 0. Given where `rejected` does not list all.' }),
      ),
      readings: Type.Optional(Type.Integer({ description: 'Readings of the record; given where it is not one.' })),
      flags: Type.Optional(Flags),
    }),
    { description: 'What was accepted, in the order sent; of more than 10,000 the first.' },
  ),
  recordsNote: Type.Optional(Type.String({ description: 'Given where `records` does not list all.' })),
  ranges: Type.Optional(
    Type.Array(
      Type.Object({
        shardId: Type.String(),
        accepted: Type.Integer(),
        firstSequenceNumber: Type.String(),
        lastSequenceNumber: Type.String(),
      }),
      { description: 'What each shard took. Given where `records` does not list all.' },
    ),
  ),
});

export const SensorParams = Type.Object({ sensorId: Type.String() });

export const HistoryQuery = Type.Object({
  from: Type.Optional(Type.String({ description: 'As the timestamp of a reading, inclusive.' })),
  to: Type.Optional(
    Type.String({
      description: 'As the timestamp of a reading, inclusive. In milliseconds, it is the whole millisecond.',
    }),
  ),
  limit: Type.Optional(Type.String({ description: '1 to 1,000; 20 if not given.' })),
  order: Type.Optional(Type.String({ description: 'desc (newest first) or asc.' })),
  cursor: Type.Optional(Type.String({ description: 'nextCursor of the page before.' })),
});

export const HistoryReply = Type.Object({
  sensorId: Type.String(),
  readings: Type.Array(
    Type.Object({
      timestamp: Type.String({ description: 'UTC, with milliseconds, or up to nine digits where more were sent.' }),
      value: Type.Number(),
      unit: Type.Optional(Unit),
      flags: Type.Optional(Flags),
      key: Type.Optional(
        Type.String({
          description:
            'What makes it the reading that it is, in time order. Given where that is not its timestamp: readings that brought no time, or a finer one than milliseconds.',
        }),
      ),
    }),
  ),
  nextCursor: Type.Optional(Type.String()),
});

export const SensorsQuery = Type.Object({
  after: Type.Optional(Type.String({ description: 'Only ids that follow this one: the last of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
});

export const SensorsReply = Type.Object({
  sensors: Type.Array(
    Type.Object({
      sensorId: Type.String(),
      notice: Type.Optional(
        Type.String({
          description: 'Why the id may look like another one, where it does: "begins or ends with a blank".',
        }),
      ),
      count: Type.Integer({ description: 'Readings that the table holds.' }),
      latest: Type.Object(
        {
          timestamp: Type.String(),
          value: Type.Number(),
          unit: Type.Optional(Unit),
          flags: Type.Optional(Flags),
        },
        { description: 'One that is far in the future only where there is no other.' },
      ),
    }),
  ),
  more: Type.Boolean({ description: 'Whether ids follow the last one.' }),
});

const Count = (description: string) => Type.Integer({ description });

const verdicts = ['all stored', 'behind', 'problems', 'cannot tell'] as const;
const problemKinds = ['lost', 'given up', 'same number', 'missing', 'differs', 'failure record missing'] as const;

export const AccountReply = Type.Object({
  verdict: Type.Enum(verdicts),
  text: Type.String({ description: 'The verdict in words: all stored, behind 12 s, 3 problems, cannot tell (why).' }),
  why: Type.Optional(Type.String({ description: 'Why nobody can tell.' })),
  since: Type.String({ description: 'The account begins here. It knows nothing of what was before.' }),
  accepted: Type.Object(
    {
      http: Count('By POST /readings and the write routes.'),
      kinesis: Count('By PutRecord and PutRecords.'),
      lab: Count('Put by the lab.'),
    },
    { description: 'Records that clients were told of.' },
  ),
  fromOthers: Count('Records that the consumers read and that no client of this server was told of.'),
  archive: Type.Object({
    archived: Count('In the archive.'),
    givenUp: Count('With the failure destination.'),
    leftOut: Count('By filters, or in front of where the consumer began.'),
    pending: Count('Not settled yet.'),
  }),
  store: Type.Object({
    stored: Count('In the table.'),
    quarantined: Count('In the quarantine, whole.'),
    replaced: Count('A later record of its batch has the same sensor and time.'),
    givenUp: Count('With the failure destination.'),
    leftOut: Count('By filters, or in front of where the consumer began.'),
    pending: Count('Not settled yet.'),
  }),
  readBack: Count('Accepted records that were looked up in the stores: some of all, up to 20 a second.'),
  oldestPendingMillis: Count('Age of the oldest record that is not settled; 0 where there is none.'),
  overwrittenReadings: Type.Union(
    [
      Type.Object({
        inBatch: Count('By a later reading of its batch.'),
        inTable: Type.Union([Type.Integer(), Type.Null()], {
          description: 'By a reading of a later batch. Null where the table does not tell, as DynamoDB does not.',
        }),
      }),
      Type.Null(),
    ],
    {
      description:
        'Values that no history has any more: a later reading of the same sensor said the same time and another value. The archive has them. Null where the consumers run elsewhere.',
    },
  ),
  problems: Type.Array(
    Type.Object({
      kind: Type.Enum(problemKinds),
      side: Type.Optional(Type.Enum(['archive', 'store'] as const)),
      records: Type.Integer(),
      positions: Type.Array(
        Type.Object({
          shardId: Type.String(),
          sequenceNumber: Type.String(),
          partitionKey: Type.Optional(Type.String()),
        }),
        { description: 'The first ten.' },
      ),
      message: Type.String(),
    }),
  ),
});

export const ListQuery = Type.Object({
  prefix: Type.Optional(Type.String({ description: 'Only keys that begin so, for instance a day.' })),
  after: Type.Optional(Type.String({ description: 'Only keys that follow this one: the last of the page before.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 100 })),
});
export type ListQuery = Static<typeof ListQuery>;

export const ObjectsReply = Type.Object({
  objects: Type.Array(Type.Object({ key: Type.String(), size: Type.Integer({ description: 'Bytes as stored.' }) })),
  more: Type.Boolean({ description: 'Whether keys follow the last one.' }),
});

export const ObjectParams = Type.Object({ '*': Type.String({ description: 'The key.' }) });

export const QuarantineReply = Type.Object({
  records: Type.Array(
    Type.Object({
      key: Type.String(),
      reason: Type.String(),
      reasons: Type.Array(Reason),
      shardId: Type.String(),
      sequenceNumber: Type.String(),
      partitionKey: Type.String(),
      arrivedAt: Type.String(),
      quarantinedAt: Type.String(),
      bytes: Type.Integer({ description: 'How many bytes the record has.' }),
      raw: Type.String({
        description: 'The first 4,096 bytes, base64. GET /quarantine/{key} gives all of them.',
      }),
    }),
  ),
  more: Type.Boolean({
    description: 'Whether records follow the last one. A page may end before `limit`: it has at most 8 MiB of records.',
  }),
});

export const MetricsQuery = Type.Object({
  from: Type.Optional(Type.String({ description: 'ISO 8601; one hour before `to` if not given.' })),
  to: Type.Optional(Type.String({ description: 'ISO 8601; now if not given.' })),
});

export const MetricsReply = Type.Object({
  sensorId: Type.String(),
  statistics: Type.Array(
    Type.Object({
      minute: Type.String(),
      sampleCount: Type.Number(),
      sum: Type.Number(),
      minimum: Type.Number(),
      maximum: Type.Number(),
      average: Type.Number(),
    }),
  ),
});

export const HealthReply = Type.Object({
  status: Type.Literal('ok'),
  stack: Type.String(),
  adapters: Type.String(),
  uptimeSeconds: Type.Number(),
});

export const ReadyReply = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not ready')]),
  stack: Type.String(),
  adapters: Type.String(),
  problems: Type.Optional(
    Type.Array(
      Type.Object({
        what: Type.String({ description: 'What has the problem.' }),
        message: Type.String(),
        since: Type.String(),
        count: Type.Integer({ description: 'How often it was met since then.' }),
      }),
      { description: 'Absent for clients without the token, where the server asks for one.' },
    ),
  ),
});

export const LogIn = Type.Object({ token: Type.String({ minLength: 1, maxLength: 1_024 }) });

export const SessionReply = Type.Object({
  tokenRequired: Type.Boolean(),
  authenticated: Type.Boolean({ description: 'Whether this client may use the other routes.' }),
});
