/** The lab's part of the HTTP interface, as schemas. */
import { Type } from 'typebox';
import { catalogue, consumers, type FaultName, type FaultTarget } from './catalogue.ts';

const Nullable = <Schema extends Type.TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

export const ScoreReply = Type.Object({
  run: Nullable(Type.String({ description: 'Null before the first run.' })),
  startedAt: Nullable(Type.String()),
  sent: Type.Integer(),
  accepted: Type.Integer({ description: 'Records that the server took, duplicates and what is no reading included.' }),
  refused: Type.Integer({ description: 'Turned down at the door, with the reason.' }),
  archived: Type.Integer({ description: 'Accepted records that the archive holds.' }),
  stored: Type.Integer({ description: 'Different readings that the table holds.' }),
  quarantined: Type.Integer({ description: 'Accepted records that the quarantine holds.' }),
  pending: Type.Integer({ description: 'Accepted records that not both consumers are done with.' }),
  givenUp: Type.Integer({ description: 'Accepted records that the failure destination holds.' }),
  lost: Type.Integer({
    description:
      "Accepted records that every consumer's checkpoint is past and that are in neither the archive nor the failure destination.",
  }),
  missingInTable: Type.Integer({
    description:
      "Archived records that every consumer's checkpoint is past and that are in neither table, quarantine nor failure destination.",
  }),
  duplicatesDropped: Type.Integer({
    description: 'Records in the archive that repeat a reading; the table holds one.',
  }),
  repeatsInArchive: Type.Integer({ description: 'Lines of overlapping objects, as retries with other bounds leave.' }),
  outOfOrder: Type.Integer({ description: 'Readings behind a later one of their device.' }),
  latencyMillis: Nullable(
    Type.Object(
      { p50: Type.Number(), p99: Type.Number() },
      { description: 'From the sending to the table; null where nothing was measured here.' },
    ),
  ),
});

export const StartFleet = Type.Object({
  devices: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 10 })),
  rate: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 10_000,
      default: 10,
      description: 'Payloads per second of the whole fleet; 0 for as fast as they are taken.',
    }),
  ),
  faults: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0,
      description:
        'Share of bad, duplicate, late and out-of-order payloads. Bad ones are refused at the door over http; by kinesis they reach the quarantine.',
    }),
  ),
  transport: Type.Optional(Type.Enum(['http', 'kinesis'], { default: 'http' })),
  seed: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2 ** 32 - 1, description: 'The same seed, the same readings.' }),
  ),
  durationSeconds: Type.Optional(
    Type.Number({ minimum: 0, maximum: 86_400, default: 0, description: '0 until it is stopped.' }),
  ),
});

const KindCounts = Type.Object({
  planned: Type.Integer(),
  sent: Type.Integer(),
  accepted: Type.Integer(),
  refused: Type.Integer(),
});

export const FleetReply = Type.Object({
  running: Type.Boolean(),
  run: Nullable(Type.String()),
  options: Nullable(
    Type.Object({
      devices: Type.Integer(),
      rate: Type.Number(),
      faults: Type.Number(),
      transport: Type.String(),
      seed: Type.Integer(),
      durationSeconds: Type.Number(),
    }),
  ),
  counts: Nullable(
    Type.Object({
      byKind: Type.Record(Type.String(), KindCounts),
      total: KindCounts,
      reasons: Type.Record(Type.String(), Type.Integer()),
      retries: Type.Integer(),
      skipped: Type.Integer(),
    }),
  ),
  seconds: Type.Number(),
  failure: Type.Optional(Type.String({ description: 'What ended the run before its time.' })),
});

const targets: FaultTarget[] = [...new Set(catalogue.map(({ target }) => target))];
const names: FaultName[] = [...new Set(catalogue.map(({ fault }) => fault))];

export const InjectFault = Type.Object(
  {
    target: Type.Enum(targets),
    fault: Type.Enum(names),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Ends after so many strikes: calls, or records.' }),
    ),
    seconds: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'Ends after this time, by the virtual clock.' }),
    ),
    delayMillis: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 120_000, description: 'For what is slow; 2,000 if not given.' }),
    ),
    function: Type.Optional(
      Type.Enum([...consumers], { description: 'For poison: the function that throws; store-readings if not given.' }),
    ),
    neighbours: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 999,
        description: 'For poison: healthy readings around it; 7 if not given.',
      }),
    ),
  },
  {
    description: [
      'Without count and seconds a fault is at work until it is removed.',
      ...catalogue.map(({ target, fault, does, rule, source }) => `${target} ${fault}: ${does} ${rule} (${source})`),
    ].join('\n\n'),
  },
);

export const FaultReply = Type.Object({
  id: Type.String(),
  target: Type.String(),
  fault: Type.String(),
  struck: Type.Integer({ description: 'How often so far.' }),
  remaining: Type.Optional(Type.Integer({ description: 'Strikes that are left.' })),
  endsAt: Type.Optional(Type.String()),
  secondsLeft: Type.Optional(Type.Integer()),
  delayMillis: Type.Optional(Type.Integer()),
  function: Type.Optional(Type.String()),
});

export const FaultsReply = Type.Object({ faults: Type.Array(FaultReply) });

export const CatalogueReply = Type.Object({
  faults: Type.Array(FaultReply),
  catalogue: Type.Array(
    Type.Object({
      target: Type.String(),
      fault: Type.String(),
      does: Type.String(),
      rule: Type.String({ description: 'What the pipeline does about it, and why.' }),
      source: Type.String({ description: 'Where AWS documents the rule.' }),
    }),
    { description: 'What can be injected.' },
  ),
});

export const FaultParams = Type.Object({ id: Type.String() });

export const ShardParams = Type.Object({ shardId: Type.String() });

const ShardReply = Type.Object({
  shardId: Type.String(),
  parentShardIds: Type.Array(Type.String()),
  startingHashKey: Type.String(),
  endingHashKey: Type.String(),
});

export const SplitReply = Type.Object({
  shards: Type.Array(ShardReply, { description: 'The two that take what the closed one took.' }),
});

export const MergeShards = Type.Object({
  adjacentShardId: Type.String({
    description: 'An open shard whose hash keys begin or end next to those of this one.',
  }),
});

export const MergeReply = Type.Object({ shard: ShardReply });

export const AdvanceClock = Type.Object({
  advanceSeconds: Type.Number({
    exclusiveMinimum: 0,
    maximum: 31_622_400,
    description:
      'At most a year at a time; the clock never goes back. What no consumer has read when its retention ends is lost, as on AWS.',
  }),
});

export const ClockReply = Type.Object({
  now: Type.String(),
  offsetMillis: Type.Number({ description: "How far ahead of the machine's clock." }),
});

export const MappingParams = Type.Object({
  mapping: Type.String({ description: 'Name of the function, or id of the mapping, as GET /pipeline has them.' }),
});

export const ChangeMapping = Type.Object(
  {
    enabled: Type.Optional(
      Type.Boolean({ description: 'False stops the consumer; true lets it go on at its checkpoint.' }),
    ),
    batchSize: Type.Optional(Type.Integer()),
    maximumBatchingWindowInSeconds: Type.Optional(Type.Integer()),
    parallelizationFactor: Type.Optional(Type.Integer()),
    maximumRetryAttempts: Type.Optional(Type.Integer()),
    maximumRecordAgeInSeconds: Type.Optional(Type.Integer()),
    bisectBatchOnFunctionError: Type.Optional(Type.Boolean()),
    reportBatchItemFailures: Type.Optional(Type.Boolean()),
    tumblingWindowInSeconds: Type.Optional(Type.Integer()),
    filterCriteria: Type.Optional(Type.Object({ filters: Type.Array(Type.Object({ pattern: Type.String() })) })),
  },
  {
    minProperties: 1,
    description:
      'What to change; the settings are those of core/pipeline.ts. The change lasts until the server ends. As on AWS, the starting position cannot be changed.',
  },
);

export const MappingReply = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.String({ description: 'Updating, Disabling or Enabling until the invocations in flight are done.' }),
  stateTransitionReason: Type.String(),
  lastModified: Type.String(),
  lastProcessingResult: Type.String(),
  settings: Type.Record(Type.String(), Type.Unknown()),
});
