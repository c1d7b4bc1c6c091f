/** The layers of docs/design.md as rules. Arrows point inwards only. */
const wiring = '(^|/)(module|tokens|[a-z-]*container)\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'core-is-pure',
      comment: 'The core imports nothing but itself: no SDK, no framework, no Node module (docs/adr/0001).',
      severity: 'error',
      from: { path: '^core/' },
      to: { pathNot: '^core/' },
    },
    {
      name: 'adapters-know-only-the-core',
      comment: 'An adapter implements ports of the core; it knows no handler, no server and no infrastructure.',
      severity: 'error',
      from: { path: '^adapters/' },
      to: { path: '^(handlers|infra|local-server|test|bench)/' },
    },
    {
      name: 'adapters-do-not-know-each-other',
      comment: 'adapters/aws and adapters/memory stay exchangeable; what they share belongs into the core.',
      severity: 'error',
      from: { path: '^adapters/([^/]+)/' },
      to: { path: '^adapters/([^/]+)/', pathNot: '^adapters/$1/' },
    },
    {
      name: 'handlers-know-no-server',
      comment: 'A handler runs in Lambda: nothing of the laptop, of the infrastructure or of the tests.',
      severity: 'error',
      from: { path: '^handlers/' },
      to: { path: '^(infra|local-server|test|bench)/' },
    },
    {
      name: 'nothing-imports-the-server-or-the-infrastructure',
      comment: 'local-server/ and infra/ are outermost.',
      severity: 'error',
      from: { path: '^(core|adapters|handlers)/' },
      to: { path: '^(infra|local-server)/' },
    },
    {
      name: 'inversify-only-in-wiring',
      comment:
        'Classes take what they need through the constructor; only module.ts, tokens.ts and *container.ts know the container.',
      severity: 'error',
      from: { path: '^(core|adapters|handlers|infra|local-server)/', pathNot: wiring },
      to: { path: 'node_modules/(inversify|reflect-metadata|@inversifyjs)' },
    },
    {
      name: 'cdktf-only-in-infra',
      comment: 'The tool is archived upstream: a move to another one touches infra/ alone.',
      severity: 'error',
      from: { path: '^(core|adapters|handlers|local-server)/' },
      to: { path: 'node_modules/(cdktf|constructs|@cdktf)' },
    },
    {
      name: 'sdk-only-at-the-edge',
      comment:
        'AWS SDK clients live in adapters/aws, in the simulator (an AWS client like any other), in tests and benchmarks. The server checks the signatures of clients.',
      severity: 'error',
      from: {
        path: '^(core|handlers|infra|local-server|adapters/(memory|node))/',
        pathNot: '^local-server/(simulator/|aws-api/signature\\.ts$)',
      },
      to: { path: 'node_modules/(@aws-sdk|@smithy)' },
    },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-unresolved',
      comment: 'An import that resolves to nothing breaks at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
